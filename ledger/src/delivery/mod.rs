//! What institutions, the identity authority and subjects hand to each other outside the chain.
//!
//! A subject sends an [`Enrolment`] and gets a [`Registration`]. The authority gives out a leaf file in [`IdentityShard`]s, each
//! institution a [`FileOpening`] with a signed [`InclusionReceipt`] to each customer and a [`MembershipList`] to the authority; a
//! [`RegistrySnapshot`] says what the registry held at an anchor. With shard, openings and snapshot a wallet proves offline.
//!
//! Everything here comes from outside: use [`Delivery::decode`] or [`Delivery::from_json`], which limit, decode and check. Whether a
//! signer is who the chain says is for the reader to compare.

mod identity;
mod membership;
mod opening;
mod registry;

pub use identity::{
    Applicant, Enrolment, IdentityShard, LeafFile, RECIPIENT_CHARS, Registration, RegistrationTerms, SEALED_BYTES_MAX, SHARD_DEPTH,
    SHARD_LEAVES, SHARDS_MAX, SealedOpening, shards_for,
};
pub use membership::{MEMBERS_MAX, Member, MembershipList, MembershipTerms};
pub use opening::{FileOpening, InclusionReceipt, ReceiptTerms};
pub use registry::{LiveSlot, RegistrySnapshot};

use crate::keys::KeyError;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::codec::{self, CodecError};
use probity_credit::month::Month;
use probity_credit::tree::{POSITION_BITS, TreeError};
use serde::de::DeserializeOwned;

/// Why something that was handed over is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// Not the canonical encoding, or too long.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// Not the JSON of this kind of delivery.
    #[error("{what} is not the expected JSON: {reason}")]
    Json {
        /// The kind of delivery.
        what: &'static str,
        /// What the decoder saw.
        reason: String,
    },
    /// A position beyond the tree.
    #[error("position {position} is outside the tree: positions have 27 bits")]
    Position {
        /// The position.
        position: u32,
    },
    /// The signature does not hold.
    #[error("{what} is not signed by the key it names: {reason}; ask its sender for a new one")]
    Signature {
        /// The kind of delivery.
        what: &'static str,
        /// What is wrong with key or signature.
        reason: KeyError,
    },
    /// The recipient is not one of age's X25519 keys.
    #[error("the recipient must be an age X25519 key: `age1` and 58 further lower-case letters and digits")]
    Recipient,
    /// A shard's arrays have the wrong length.
    #[error(
        "a shard has {SHARD_LEAVES} leaves, five levels above them and an index below {SHARDS_MAX}: ask the authority for this one again"
    )]
    ShardShape,
    /// Openings that do not belong to the leaves.
    #[error("shard {shard}: each leaf that is not 0 has one sealed opening of at most {SEALED_BYTES_MAX} bytes, in order of the leaves")]
    SealedOpenings {
        /// The shard.
        shard: u32,
    },
    /// A leaf file lists no or too many shards.
    #[error("a leaf file has 1 to {SHARDS_MAX} shards, this one {0}")]
    ShardCount(usize),
    /// The path does not have nine levels.
    #[error("the path of a file has nine levels, this one {0}")]
    PathLength(usize),
    /// The file is not what the receipt confirms.
    #[error("the file is not the one of the receipt's leaf: its institution gave out another opening")]
    FileLeaf,
    /// The path does not lead to the receipt's root.
    #[error("the path does not lead from the file to the receipt's root")]
    FilePath,
    /// Unordered or repeated positions, an empty leaf, or too many.
    #[error("members are listed by rising position, each once and with a leaf other than 0, at most {MEMBERS_MAX}")]
    Members,
    /// The leaves do not give the root.
    #[error("the {what} do not lead to the root that is named")]
    Root {
        /// Which leaves.
        what: &'static str,
    },
    /// Slots out of order.
    #[error("slots are listed rising, each once")]
    SlotOrder,
    /// A publication of a month after the anchor's.
    #[error("slot {slot} is of month {month}, after the anchor's")]
    LaterMonth {
        /// The slot.
        slot: u16,
        /// Its month.
        month: Month,
    },
    /// A tree could not be built.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// Something handed over outside the chain.
pub trait Delivery: BorshSerialize + BorshDeserialize {
    /// What errors call it.
    const WHAT: &'static str;
    /// Longest canonical encoding.
    const BYTES_MAX: usize;

    /// Checks everything that can be checked from the delivery alone, signatures included.
    ///
    /// # Errors
    /// [`DeliveryError`], the first rule broken.
    fn check(&self) -> Result<(), DeliveryError>;

    /// The canonical bytes.
    fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Decodes canonical bytes and checks them.
    ///
    /// # Errors
    /// [`DeliveryError`].
    fn decode(bytes: &[u8]) -> Result<Self, DeliveryError> {
        let value: Self = codec::decode(Self::WHAT, bytes, Self::BYTES_MAX)?;
        value.check()?;
        Ok(value)
    }

    /// Decodes JSON and checks it; the text may be three times as long as the canonical bytes.
    ///
    /// # Errors
    /// [`DeliveryError`].
    fn from_json(text: &[u8]) -> Result<Self, DeliveryError>
    where
        Self: DeserializeOwned,
    {
        let limit = 3 * Self::BYTES_MAX;
        if text.len() > limit {
            return Err(CodecError::TooLong { what: Self::WHAT, len: text.len(), limit }.into());
        }
        let value: Self = serde_json::from_slice(text).map_err(|e| DeliveryError::Json { what: Self::WHAT, reason: e.to_string() })?;
        value.check()?;
        Ok(value)
    }
}

fn check_position(position: u32) -> Result<(), DeliveryError> {
    if u64::from(position) >> POSITION_BITS == 0 { Ok(()) } else { Err(DeliveryError::Position { position }) }
}

#[cfg(test)]
mod tests;
