//! What the journal holds: one entry a decision.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::field::FieldBytes;
use probity_credit::month::Month;
use probity_ledger::transaction::{Slot, UpdateIdentities};

/// A subject's key and where its openings are sealed to.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Key {
    pub(super) commitment: FieldBytes,
    pub(super) recipient: String,
}

/// A leaf file that was written, with the payload that announces it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Update {
    pub(super) sequence: u64,
    pub(super) payload: UpdateIdentities,
    /// Whose next key is in it.
    pub(super) rotated: Vec<u32>,
}

/// The members of a publication, against those counted before.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct CoverEntry {
    pub(super) slot: Slot,
    pub(super) domain: Domain,
    pub(super) month: Month,
    pub(super) sequence: u32,
    pub(super) added: Vec<u32>,
    pub(super) removed: Vec<u32>,
    /// Whether the chain waits for an update that covers it.
    pub(super) waits: bool,
}

/// One decision. The numbers of the variants are part of the format.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub(super) enum Entry {
    /// The next position goes to somebody.
    Reserve { legal: Digest, person: FieldBytes, salt: [u8; 16] } = 0,
    /// A first key.
    Attach { position: u32, key: Key } = 1,
    /// No key any more.
    Revoke { position: u32 } = 2,
    /// The old key ends, the new one waits.
    Rotate { position: u32, key: Key } = 3,
    /// A publication counted.
    Cover(CoverEntry) = 4,
    /// A leaf file written.
    Update(Update) = 5,
    /// It is on the chain.
    Confirm { sequence: u64 } = 6,
    /// The chain refused it.
    Abandon { sequence: u64 } = 7,
}
