//! Validators' signed approvals: of admissions, and of decisions about circuits.

use crate::error::TxError;
use crate::keys::{PublicKey, SecretKey, Signature};
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::Digest;
use serde::{Deserialize, Serialize};

/// Most approvals of a decision.
pub const APPROVALS_MAX: usize = 256;

/// A validator's signature under a decision.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The validator's key.
    pub validator: PublicKey,
    /// Over the decision's digest, which names chain and kind and covers every field but the approvals.
    pub signature: Signature,
}

impl Approval {
    /// Signs a decision.
    pub fn sign(decision: &Digest, secret: &SecretKey) -> Self {
        Self { validator: secret.public(), signature: secret.sign(decision) }
    }
}

/// Each validator once, each signature good. Whether they are validators, and with which power, is for the chain.
pub(super) fn check_approvals(approvals: &[Approval], decision: &Digest) -> Result<(), TxError> {
    if approvals.len() > APPROVALS_MAX || !approvals.is_sorted_by(|a, b| a.validator < b.validator) {
        return Err(TxError::ApprovalList { limit: APPROVALS_MAX as u64 });
    }
    for approval in approvals {
        approval.validator.verify(decision, &approval.signature).map_err(|_| TxError::BadApproval { validator: approval.validator })?;
    }
    Ok(())
}
