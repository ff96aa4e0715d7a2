//! Schemas and policies.

use crate::address::Address;
use crate::error::TxError;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::Digest;
use probity_credit::policy::Policy;
use probity_credit::schema::Schema;
use serde::{Deserialize, Serialize};

/// Registers a schema, or a version of one that has grown.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterSchema {
    /// The schema.
    pub schema: Schema,
}

/// Registers a policy of the sender.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterPolicy {
    /// The policy.
    pub policy: Policy,
}

/// Ends a policy: no proof against a later anchor counts.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetirePolicy {
    /// Policy id.
    pub policy: Digest,
}

impl RegisterSchema {
    pub(super) fn check_structure(&self) -> Result<(), TxError> {
        self.schema.check().map_err(|e| TxError::SchemaRefused { reason: e.to_string() })
    }
}

impl RegisterPolicy {
    pub(super) fn check_structure(&self, sender: &Address) -> Result<(), TxError> {
        if self.policy.owner == sender.0 { Ok(()) } else { Err(TxError::NotPolicyOwner { owner: Address(self.policy.owner) }) }
    }
}
