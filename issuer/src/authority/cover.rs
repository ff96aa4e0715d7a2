//! Covering a publication: its members are counted only against leaves that are really there.

use super::entry::{CoverEntry, Entry};
use super::{Authority, AuthorityError};
use crate::store::{self, StoreError};
use probity_credit::domain::Domain;
use probity_ledger::delivery::{Delivery, MembershipList};
use probity_ledger::keys::PublicKey;
use probity_ledger::state_value::Publication;
use probity_ledger::transaction::Slot;

const LISTS_DIR: &str = "membership-lists";

/// A publication as the chain has it.
#[derive(Debug, Clone)]
pub struct Published {
    /// Its slot.
    pub slot: Slot,
    /// The slot's domain.
    pub domain: Domain,
    /// The current key of the slot's institution.
    pub institution: PublicKey,
    /// Waiting, staged or live in the slot.
    pub publication: Publication,
}

/// What a cover changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoverReport {
    /// Who got a file.
    pub added: usize,
    /// Who lost one.
    pub removed: usize,
    /// Members now.
    pub members: usize,
}

impl Authority {
    /// Counts a publication against its membership list, and keeps the signed list so that an auditor can recount.
    ///
    /// # Errors
    /// [`AuthorityError`], the first rule broken; nothing is counted then.
    pub fn cover(&mut self, list: &MembershipList, published: &Published) -> Result<CoverReport, AuthorityError> {
        self.check_settled()?;
        list.check()?;
        self.check_same(list, published)?;
        list.check_root()?;
        let terms = &list.terms;
        let (slot, domain) = (published.slot, published.domain);
        let positions: Vec<u32> = terms.members.iter().map(|m| m.position).collect();
        if let Some(&position) = positions.last().filter(|p| **p >= self.positions_used()) {
            return Err(AuthorityError::UnknownPosition { position });
        }
        let members = self.state.slots.get(&slot);
        if members.is_some_and(|m| m.domain != domain) {
            return Err(AuthorityError::OtherDomain { slot });
        }
        if members.is_some_and(|m| (terms.month, terms.sequence) < m.counted) {
            return Err(AuthorityError::OlderPublication { slot, month: terms.month, sequence: terms.sequence });
        }
        let nobody = vec![];
        let (current, confirmed) = members.map_or((&nobody, &nobody), |m| (&m.current, &m.confirmed));
        match published.publication.membership {
            Some(expected) if expected != terms.digest() => {
                return Err(AuthorityError::MembershipDigest { expected, found: terms.digest() });
            }
            None if *confirmed != positions => {
                let (added, removed) = (lacking(&positions, confirmed).len(), lacking(confirmed, &positions).len());
                return Err(AuthorityError::HiddenChanges { slot, added, removed });
            }
            _ => {}
        }
        let (added, removed) = (lacking(&positions, current), lacking(current, &positions));
        self.state.counts_after(domain, &added, &removed).map_err(|position| AuthorityError::TooManyFiles { position })?;
        self.keep(list)?;
        let report = CoverReport { added: added.len(), removed: removed.len(), members: positions.len() };
        let waits = published.publication.membership.is_some();
        let (month, sequence) = (terms.month, terms.sequence);
        self.record(&[Entry::Cover(CoverEntry { slot, domain, month, sequence, added, removed, waits })])?;
        Ok(report)
    }

    fn check_same(&self, list: &MembershipList, published: &Published) -> Result<(), AuthorityError> {
        let (terms, publication) = (&list.terms, &published.publication);
        let same = [
            ("chain", terms.chain_id == self.chain_id()),
            ("slot", terms.slot == published.slot),
            ("institution", terms.institution == published.institution),
            ("month", terms.month == publication.month),
            ("sequence number", terms.sequence == publication.sequence),
            ("root", terms.root == publication.root),
            ("number of files", terms.members.len() == publication.files as usize),
        ];
        same.iter().find(|s| !s.1).map_or(Ok(()), |(what, _)| Err(AuthorityError::OtherPublication { what }))
    }

    /// Keeps the evidence before it is counted.
    fn keep(&self, list: &MembershipList) -> Result<(), AuthorityError> {
        let (dir, terms) = (self.dir.join(LISTS_DIR), &list.terms);
        store::private_dir(&dir)?;
        match store::write_new(&dir.join(format!("{}-{}-{}.bin", terms.slot, terms.month, terms.sequence)), &list.encode()) {
            Ok(()) | Err(StoreError::Exists { .. }) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }
}

/// Elements of `a` that `b` lacks; both rising.
fn lacking(a: &[u32], b: &[u32]) -> Vec<u32> {
    a.iter().copied().filter(|x| b.binary_search(x).is_err()).collect()
}
