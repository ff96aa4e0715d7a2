//! The rules of the identity authority, each with its own refusal. None names a person.

use crate::legal::LegalIdError;
use crate::store::StoreError;
use probity_credit::digest::Digest;
use probity_credit::month::Month;
use probity_ledger::delivery::DeliveryError;
use probity_ledger::keys::PublicKey;
use probity_ledger::transaction::Slot;

/// Why the authority refuses.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Reading or writing fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something handed over is not what it should be.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// No legal identity.
    #[error(transparent)]
    LegalId(#[from] LegalIdError),
    /// Another key than the directory's.
    #[error("this directory belongs to the authority with the key {expected}: sign with it")]
    Key {
        /// The authority's key.
        expected: PublicKey,
    },
    /// Nobody of this legal identity.
    #[error("nobody with this legal identity has a position: register the person first, or correct the spelling")]
    NotRegistered,
    /// A second registration.
    #[error("this person has had a key before: to replace it use `rotate`, the position stays")]
    Registered,
    /// Rotation without a first key.
    #[error("this person never had a key: use `register`")]
    NeverHeld,
    /// No key to revoke or attest.
    #[error("this person has no key now: rotate to a new one")]
    NoKey,
    /// A commitment that somebody has or had.
    #[error("this commitment is or was another key's: the wallet must make a new identity")]
    CommitmentTaken,
    /// No usable age recipient.
    #[error("the recipient is no age X25519 key: take the enrolment that the wallet wrote")]
    Recipient,
    /// All positions given out.
    #[error("all 2^27 positions are given out")]
    Full,
    /// An update is on its way.
    #[error(
        "leaf file {sequence} is on its way to the chain: `probity authority publish` sends it again or learns what became of it; then do this"
    )]
    Outstanding {
        /// Number of the leaf file.
        sequence: u64,
    },
    /// Nothing is on its way.
    #[error("no update is prepared: nothing is to be confirmed or abandoned")]
    NothingOutstanding,
    /// Another root.
    #[error("the chain's newest identity root is not the one of leaf file {sequence}: it is not included yet, or was refused")]
    OtherRoot {
        /// Number of the leaf file.
        sequence: u64,
    },
    /// A list for another chain or publication.
    #[error("the membership list is for another {what} than the publication on the chain: ask the institution for the right one")]
    OtherPublication {
        /// What differs.
        what: &'static str,
    },
    /// A slot that changed its domain.
    #[error("slot {slot} was counted for another domain before")]
    OtherDomain {
        /// The slot.
        slot: Slot,
    },
    /// A publication older than one that was counted.
    #[error("slot {slot}: {month} number {sequence} is older than what was counted last")]
    OlderPublication {
        /// The slot.
        slot: Slot,
        /// Month of the list.
        month: Month,
        /// Its sequence number.
        sequence: u32,
    },
    /// Not the digest on chain.
    #[error(
        "the membership list has the digest {found}, the chain says {expected}: the institution gave another list than it committed to"
    )]
    MembershipDigest {
        /// On the chain.
        expected: Digest,
        /// Of the list.
        found: Digest,
    },
    /// Changes that the chain was not told of.
    #[error(
        "slot {slot}: the commitment says that customers did not change, but the list has {added} new and lacks {removed}: tell the validators"
    )]
    HiddenChanges {
        /// The slot.
        slot: Slot,
        /// New members.
        added: usize,
        /// Members gone.
        removed: usize,
    },
    /// A position nobody has.
    #[error("the membership list has position {position}, which was never given out")]
    UnknownPosition {
        /// The position.
        position: u32,
    },
    /// More than 63 files of one domain.
    #[error("position {position} would have more than 63 files of one domain")]
    TooManyFiles {
        /// The position.
        position: u32,
    },
    /// A customer list that cannot be read.
    #[error("line {line} of the customer list: {reason}")]
    CustomerList {
        /// The line.
        line: u64,
        /// What is expected.
        reason: &'static str,
    },
    /// A leaf file that was never written.
    #[error("there is no leaf file {sequence} with a shard {shard}")]
    NoShard {
        /// Number of the leaf file.
        sequence: u64,
        /// Number of the shard.
        shard: u32,
    },
    /// Encryption to a recipient fails.
    #[error("sealing an opening fails: {0}")]
    Sealing(String),
}
