//! An institution's commitment for a month.

use crate::error::TxError;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::month::Month;
use probity_credit::tree::{SLOT_BITS, TREE_DEPTH};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A slot of the registry tree, 0..512: one (institution, domain).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, Serialize)]
#[serde(transparent)]
pub struct Slot(u16);

/// The number is no slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("registry slots are numbered from 0 to 511: {0} is none of them")]
pub struct SlotError(pub u16);

impl Slot {
    /// Number of slots.
    pub const COUNT: u16 = 1 << SLOT_BITS;

    /// Checks the number.
    ///
    /// # Errors
    /// [`SlotError`].
    pub fn new(number: u16) -> Result<Self, SlotError> {
        if number < Self::COUNT { Ok(Self(number)) } else { Err(SlotError(number)) }
    }

    /// The number.
    pub fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl BorshDeserialize for Slot {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        Self::new(u16::deserialize_reader(reader)?).map_err(|e| std::io::Error::new(std::io::ErrorKind::InvalidData, e))
    }
}

impl<'de> Deserialize<'de> for Slot {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(<u16 as Deserialize>::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

/// The root of an institution's files of one domain for a month.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishCommitment {
    /// The sender's slot for the domain.
    pub slot: Slot,
    /// The month that the files describe.
    pub month: Month,
    /// 0 for a month's first publication; a correction adds 1.
    pub sequence: u32,
    /// Schema of the files.
    pub schema: Digest,
    /// Root of the file tree.
    pub root: FieldBytes,
    /// Number of files.
    pub files: u32,
    /// Digest of the signed list of who got a file or lost one, against the publication before; none without changes.
    pub membership: Option<Digest>,
}

impl PublishCommitment {
    pub(super) fn check_structure(&self) -> Result<(), TxError> {
        let limit = 8u64.pow(TREE_DEPTH as u32);
        if u64::from(self.files) > limit {
            return Err(TxError::TooManyFiles { files: self.files, limit });
        }
        Ok(())
    }
}
