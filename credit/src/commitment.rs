//! What an institution publishes, and the anchors the chain makes of it.

use crate::digest::Digest;
use crate::domain::Domain;
use crate::field::{F, FieldBytes};
use crate::hash::{self, label};
use crate::month::Month;
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// The leaf of a registry slot: `H(root; domain, month, schema, root)`.
pub fn root_leaf(domain: Domain, month: Month, schema: &Digest, root: F) -> F {
    hash::hash(label::poseidon::ROOT, &[F::from(domain.index() as u64), F::from(u64::from(month.0)), schema.to_field(), root])
}

/// Both roots at one height: what a request names and a proof is about.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Anchor {
    /// Height of the block that wrote it.
    pub height: u64,
    /// Root of the identity tree.
    pub identity_root: FieldBytes,
    /// Root of the registry tree.
    pub registry_root: FieldBytes,
    /// Month of the block's time; no root in the registry is of a later one.
    pub month: Month,
}
