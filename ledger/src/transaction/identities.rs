//! The identity authority's updates.

use super::publication::Slot;
use crate::error::TxError;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::month::Month;
use serde::{Deserialize, Serialize};

/// Most publications that one update covers: every slot once.
pub const COVERS_MAX: usize = 512;

/// A publication whose membership changes the new identity root counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cover {
    /// Registry slot.
    pub slot: Slot,
    /// Month of the publication.
    pub month: Month,
    /// Its sequence number.
    pub sequence: u32,
}

/// A new identity root; the next anchor shows it, together with the publications it covers.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateIdentities {
    /// The root it replaces: an update made from an older tree is refused.
    pub previous_root: FieldBytes,
    /// Root of the identity tree.
    pub root: FieldBytes,
    /// Digest of the leaf file, from which anyone recomputes the root.
    pub leaf_file: Digest,
    /// Shards of the leaf file.
    pub shards: u32,
    /// Positions ever given out; never falls.
    pub positions_used: u32,
    /// Keys rotated in place since the last anchor; only for the first anchor of a month.
    pub rotations: u32,
    /// Publications counted, ascending by slot.
    pub covers: Vec<Cover>,
}

impl UpdateIdentities {
    pub(super) fn check_structure(&self) -> Result<(), TxError> {
        if self.covers.len() > COVERS_MAX || !self.covers.is_sorted_by(|a, b| a.slot < b.slot) {
            return Err(TxError::CoverList { limit: COVERS_MAX as u64 });
        }
        Ok(())
    }
}
