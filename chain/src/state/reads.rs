//! What the node can look up: blocks, certificates, receipts, proofs, listings.

use super::columns::{BLOCKS, CERTIFICATES, EVIDENCE, LISTINGS, RECEIPTS, TRANSACTIONS, column};
use super::store::write_synced;
use super::tree::TreeStore;
use super::{StateError, Store};
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::codec;
use probity_credit::digest::Digest;
use probity_ledger::block::{BLOCK_BYTES_MAX, Block};
use probity_ledger::certificate::{Certificate, Equivocation};
use probity_ledger::receipt::{Event, Receipt};
use probity_ledger::state_key::StateKey;
use probity_ledger::state_proof::StateProof;
use probity_ledger::transaction::TxId;
use rocksdb::{Direction, IteratorMode, WriteBatch};

/// Longest stored certificate or list of receipts.
const DERIVED_BYTES_MAX: usize = 4 * BLOCK_BYTES_MAX;

/// What can be listed in the order it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Institutions by address.
    Institutions,
    /// Lenders by address.
    Lenders,
    /// Schemas by id.
    Schemas,
    /// Policies by id.
    Policies,
    /// Records by context digest.
    Records,
    /// Publications by transaction.
    Commitments,
    /// Identity updates by transaction.
    IdentityUpdates,
    /// Anchors by height (the id is zero).
    Anchors,
}

impl Listing {
    pub(super) fn key(self, height: u64, index: u32) -> [u8; 13] {
        let mut key = [self as u8; 13];
        key[1..9].copy_from_slice(&height.to_be_bytes());
        key[9..].copy_from_slice(&index.to_be_bytes());
        key
    }
}

/// A place in a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// Height of the block.
    pub height: u64,
    /// Index of the transaction in it.
    pub index: u32,
}

/// The text is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is the text that the previous page gave: start again without one")]
pub struct CursorError;

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.height, self.index)
    }
}

impl std::str::FromStr for Cursor {
    type Err = CursorError;
    fn from_str(s: &str) -> Result<Self, CursorError> {
        let (height, index) = s.split_once('-').ok_or(CursorError)?;
        let cursor = Self { height: height.parse().map_err(|_| CursorError)?, index: index.parse().map_err(|_| CursorError)? };
        if cursor.to_string() == s { Ok(cursor) } else { Err(CursorError) }
    }
}

/// Where a transaction was included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Located {
    /// Height of the block.
    pub height: u64,
    /// Index in it.
    pub index: u32,
}

/// What a receipt adds to the listings.
pub(super) fn listed(receipt: &Receipt) -> impl Iterator<Item = (Listing, Digest)> + '_ {
    receipt.events.iter().filter_map(|event| match event {
        Event::InstitutionRegistered { institution, .. } => Some((Listing::Institutions, institution.0)),
        Event::LenderRegistered { lender } => Some((Listing::Lenders, lender.0)),
        Event::SchemaRegistered { schema } => Some((Listing::Schemas, *schema)),
        Event::PolicyRegistered { policy, .. } => Some((Listing::Policies, *policy)),
        Event::ProofRecorded { context, .. } => Some((Listing::Records, *context)),
        Event::CommitmentPublished { .. } => Some((Listing::Commitments, receipt.transaction)),
        Event::IdentitiesUpdated { .. } => Some((Listing::IdentityUpdates, receipt.transaction)),
        Event::Transferred { .. } | Event::KeyRotated { .. } | Event::CommitmentStaged { .. } | Event::PolicyRetired { .. } => None,
        // there is a known number of circuits: they are looked up one by one
        Event::CircuitAdopted { .. } | Event::CircuitRetired { .. } | Event::CircuitStopped { .. } => None,
    })
}

impl Store {
    fn stored<T: BorshDeserialize + BorshSerialize>(
        &self,
        name: &'static str,
        what: &'static str,
        key: &[u8],
    ) -> Result<Option<T>, StateError> {
        let bytes = self.db.get_pinned_cf(column(&self.db, name), key)?;
        bytes.map(|bytes| codec::decode(what, &bytes, DERIVED_BYTES_MAX).map_err(StateError::corrupted(what))).transpose()
    }

    /// A committed block.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn block(&self, height: u64) -> Result<Option<Block>, StateError> {
        self.stored(BLOCKS, "block", &height.to_be_bytes())
    }

    /// The encoded block, as it was agreed on.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn block_bytes(&self, height: u64) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.db.get_cf(column(&self.db, BLOCKS), height.to_be_bytes())?)
    }

    /// What made a block final.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn certificate(&self, height: u64) -> Result<Option<Certificate>, StateError> {
        self.stored(CERTIFICATES, "certificate", &height.to_be_bytes())
    }

    /// The receipts of a block, in the order of its transactions.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn receipts(&self, height: u64) -> Result<Option<Vec<Receipt>>, StateError> {
        self.stored(RECEIPTS, "receipts", &height.to_be_bytes())
    }

    /// Where a transaction was included.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn locate(&self, id: &TxId) -> Result<Option<Located>, StateError> {
        self.stored(TRANSACTIONS, "transaction's place", &id.0)
    }

    /// An entry of the state after a committed height, with its proof.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn prove(&self, height: u64, key: &StateKey) -> Result<StateProof, StateError> {
        let (value, path) = TreeStore::new(&self.db).prove(height, key)?;
        Ok(StateProof::new(height, *key, value, &path))
    }

    /// Up to `limit` entries of a listing after `cursor`, oldest first.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn list_after(&self, listing: Listing, cursor: Option<Cursor>, limit: usize) -> Result<Vec<(Cursor, Digest)>, StateError> {
        let from = match cursor {
            // no block has 2^32 transactions, so the successor exists
            Some(c) => listing.key(c.height, c.index.saturating_add(1)),
            None => listing.key(0, 0),
        };
        self.list(listing, IteratorMode::From(&from, Direction::Forward), limit)
    }

    /// Up to `limit` entries of a listing before `cursor`, newest first.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn list_before(&self, listing: Listing, cursor: Option<Cursor>, limit: usize) -> Result<Vec<(Cursor, Digest)>, StateError> {
        let from = match cursor {
            Some(Cursor { height, index: 0 }) => match height.checked_sub(1) {
                Some(before) => listing.key(before, u32::MAX),
                None => return Ok(Vec::new()),
            },
            Some(c) => listing.key(c.height, c.index - 1),
            None => listing.key(u64::MAX, u32::MAX),
        };
        self.list(listing, IteratorMode::From(&from, Direction::Reverse), limit)
    }

    fn list(&self, listing: Listing, mode: IteratorMode<'_>, limit: usize) -> Result<Vec<(Cursor, Digest)>, StateError> {
        let mut out = Vec::new();
        for entry in self.db.iterator_cf(column(&self.db, LISTINGS), mode).take(limit) {
            let (key, id) = entry?;
            let (Ok(key), Ok(id)) = (<[u8; 13]>::try_from(&*key), <[u8; 32]>::try_from(&*id)) else {
                return Err(StateError::Missing { what: "listing entry of the right length" });
            };
            if key[0] != listing as u8 {
                break;
            }
            let height = u64::from_be_bytes(key[1..9].try_into().expect("eight bytes"));
            let index = u32::from_be_bytes(key[9..].try_into().expect("four bytes"));
            out.push((Cursor { height, index }, Digest(id)));
        }
        Ok(out)
    }

    /// Keeps the evidence of an equivocation.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn keep_evidence(&self, evidence: &[Equivocation]) -> Result<(), StateError> {
        let mut batch = WriteBatch::default();
        for item in evidence {
            let key = Digest::of_value(probity_credit::hash::label::sha256::VOTE, item);
            batch.put_cf(column(&self.db, EVIDENCE), key.0, codec::encode(item));
        }
        write_synced(&self.db, batch)
    }

    /// The equivocations this node has seen.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn evidence(&self) -> Result<Vec<Equivocation>, StateError> {
        let entries = self.db.iterator_cf(column(&self.db, EVIDENCE), IteratorMode::Start);
        entries.map(|entry| codec::decode("evidence", &entry?.1, DERIVED_BYTES_MAX).map_err(StateError::corrupted("evidence"))).collect()
    }
}
