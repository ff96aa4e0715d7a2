//! Admissions: institutions and lenders, by the validators' signed approval.

use super::approval::{Approval, check_approvals};
use super::check_key;
use crate::address::Address;
use crate::error::TxError;
use crate::keys::PublicKey;
use crate::name::Name;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::hash::label;
use probity_credit::nullifier::ScopeKind;
use serde::{Deserialize, Serialize};

/// Longest window of a lender's scope, months.
pub const WINDOW_MONTHS_MAX: u16 = 120;

/// Admits an institution. Each of its domains gets a registry slot of its own.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterInstitution {
    /// How people know it.
    pub name: Name,
    /// The key its account begins with; its address follows from it.
    pub public_key: PublicKey,
    /// What kinds of data it holds, ascending.
    pub domains: Vec<Domain>,
    /// Last height at which the approvals count.
    pub approved_until_height: u64,
    /// More than two thirds of the voting power, ascending by validator.
    pub approvals: Vec<Approval>,
}

/// Whose nullifier scope a lender's policies must use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LenderKind {
    /// Its own scope, with a window of its own length.
    Independent,
    /// The consortium's: a grant of any member is visible to all, against loan stacking.
    ConsortiumMember,
}

impl LenderKind {
    /// The scope that policies of such a lender must use.
    pub fn scope(self) -> ScopeKind {
        match self {
            Self::Independent => ScopeKind::Lender,
            Self::ConsortiumMember => ScopeKind::Consortium,
        }
    }
}

/// Admits a lender.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterLender {
    /// How people know it.
    pub name: Name,
    /// The key its account begins with; its address follows from it.
    pub public_key: PublicKey,
    /// Length of its own scope's window, whole months.
    pub window_months: u16,
    /// Whose scope its policies use.
    pub kind: LenderKind,
    /// Last height at which the approvals count.
    pub approved_until_height: u64,
    /// More than two thirds of the voting power, ascending by validator.
    pub approvals: Vec<Approval>,
}

impl RegisterInstitution {
    /// What validators sign: chain and all fields but the approvals.
    pub fn admission_digest(&self, chain_id: &Digest) -> Digest {
        Digest::of_value(
            label::sha256::ADMISSION,
            &(chain_id, "institution", &self.name, &self.public_key, &self.domains, self.approved_until_height),
        )
    }

    /// The address it will act under.
    pub fn address(&self) -> Address {
        Address::of(&self.public_key)
    }

    pub(super) fn check_structure(&self, chain_id: &Digest) -> Result<(), TxError> {
        check_key(&self.public_key)?;
        if self.domains.is_empty() || !self.domains.is_sorted_by(|a, b| a < b) {
            return Err(TxError::DomainList);
        }
        check_approvals(&self.approvals, &self.admission_digest(chain_id))
    }
}

impl RegisterLender {
    /// What validators sign: chain and all fields but the approvals.
    pub fn admission_digest(&self, chain_id: &Digest) -> Digest {
        Digest::of_value(
            label::sha256::ADMISSION,
            &(chain_id, "lender", &self.name, &self.public_key, self.window_months, self.kind, self.approved_until_height),
        )
    }

    /// The address it will act under.
    pub fn address(&self) -> Address {
        Address::of(&self.public_key)
    }

    pub(super) fn check_structure(&self, chain_id: &Digest) -> Result<(), TxError> {
        check_key(&self.public_key)?;
        if !(1..=WINDOW_MONTHS_MAX).contains(&self.window_months) {
            return Err(TxError::WindowMonths { months: self.window_months, limit: WINDOW_MONTHS_MAX });
        }
        check_approvals(&self.approvals, &self.admission_digest(chain_id))
    }
}
