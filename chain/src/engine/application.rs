//! What the engine needs of the application, in plain data.

use probity_credit::digest::Digest;
use probity_ledger::certificate::{Certificate, Equivocation, ValidatorSet};
use probity_ledger::keys::PublicKey;
use std::time::Duration;

/// A failure inside the application (storage, corrupted state): the engine stops with it, it never goes on with unknown state.
#[derive(Debug, thiserror::Error)]
#[error("{context}: {source}")]
pub struct AppError {
    /// What was being done.
    pub context: &'static str,
    /// Why it failed.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl AppError {
    /// An error met while doing `context`.
    pub fn new(context: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { context, source: source.into() }
    }
}

/// A block this node proposes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// The block's hash: what is voted on.
    pub hash: Digest,
    /// The whole block, 1 to `max_block_bytes` bytes.
    pub bytes: Vec<u8>,
}

/// How a block came to this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A proposer sends it, to be voted on: its time is compared with this node's clock.
    Proposed,
    /// Two thirds decided it: a peer gives it to a node that catches up.
    Decided,
}

/// A block received from the network, complete, of the length and content that its sender signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The height it is for: always the one after the tip.
    pub height: u64,
    /// The round it is sent in; it may have been built in an earlier one.
    pub round: u32,
    /// The earlier round whose prevotes it rests on, if it is proposed again.
    pub valid_round: Option<u32>,
    /// The proposer of (height, round), see [`ValidatorSet::proposer`].
    pub proposer: PublicKey,
    /// How it came.
    pub origin: Origin,
    /// The whole block.
    pub bytes: Vec<u8>,
}

/// What the application says of a [`Candidate`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A valid block with this hash, now stored durably.
    Valid(Digest),
    /// A block with this hash, against the rules for this reason: this node votes against it. The hash commits to all of the bytes;
    /// bytes that do not fit together are [`Verdict::Malformed`].
    Invalid {
        /// The block's hash.
        hash: Digest,
        /// For the log.
        reason: String,
    },
    /// A block with this hash whose time does not fit this node's clock: this node votes against it now, and looks again when it comes
    /// again. Two thirds may have found it in time.
    Untimely {
        /// The block's hash.
        hash: Digest,
        /// For the log.
        reason: String,
    },
    /// No block at all, for this reason.
    Malformed {
        /// For the log.
        reason: String,
    },
}

/// A stored valid block of a height not yet decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// The round it was first stored for.
    pub round: u32,
    /// As in [`Candidate::valid_round`].
    pub valid_round: Option<u32>,
    /// As in [`Candidate::proposer`].
    pub proposer: PublicKey,
    /// The block's hash.
    pub hash: Digest,
    /// The whole block.
    pub bytes: Vec<u8>,
}

/// The state machine replicated by the engine.
///
/// Methods are called one at a time, never concurrently, on a thread where blocking is allowed. An error stops the engine.
///
/// **Undecided blocks.** The engine's log holds votes and hashes, never blocks. [`propose`](Self::propose) and
/// [`validate`](Self::validate) must therefore store a valid block durably *before* they return, by (height, hash) with the round
/// it came in; [`commit`](Self::commit) moves the decided one and deletes the others of that height in the same atomic write.
pub trait Application: Send + Sync + 'static {
    /// The chain's id, part of everything signed.
    fn chain_id(&self) -> Digest;

    /// Height of the newest committed block; 0 when there is only the genesis.
    fn tip(&self) -> u64;

    /// First height whose block and certificate are still stored; 1 while none is pruned.
    fn base(&self) -> u64;

    /// The validators that decide `height`, at most one above the tip: read from committed state alone.
    ///
    /// # Errors
    /// When they can't be read.
    fn validators(&self, height: u64) -> Result<ValidatorSet, AppError>;

    /// Whether a block is worth making now. While not, the engine waits up to its heartbeat between blocks.
    fn wants_block(&self) -> bool;

    /// Builds the block of (height, round), within `budget`, and stores it. Asked again for the same height and round, also after a
    /// crash, it gives the same bytes: another block would be an equivocation.
    ///
    /// # Errors
    /// When it can't be built or stored.
    fn propose(&self, height: u64, round: u32, budget: Duration) -> Result<Proposed, AppError>;

    /// Checks a block and stores it if it is valid. A pure function of committed state and the bytes, but for [`Verdict::Untimely`]: all
    /// nodes must agree. The round
    /// and proposer of the candidate may differ between nodes when a block is proposed again; a block that names its round and
    /// proposer is checked against [`ValidatorSet::proposer`] of that round.
    ///
    /// # Errors
    /// When it can't be checked or stored: not when it is invalid.
    fn validate(&self, candidate: &Candidate) -> Result<Verdict, AppError>;

    /// The stored undecided blocks of a height.
    ///
    /// # Errors
    /// When they can't be read.
    fn undecided(&self, height: u64) -> Result<Vec<Undecided>, AppError>;

    /// Commits the stored block that the certificate decides, one above the tip, durably, with the certificate.
    ///
    /// # Errors
    /// When it can't be committed.
    fn commit(&self, certificate: Certificate) -> Result<(), AppError>;

    /// Takes note of contradicting messages validators signed. Evidence is local: to have consequences it must go into a block.
    ///
    /// # Errors
    /// When it can't be noted.
    fn misbehaviour(&self, evidence: Vec<Equivocation>) -> Result<(), AppError>;

    /// The decided block of a height with its certificate, for nodes that catch up.
    ///
    /// # Errors
    /// When it can't be read.
    fn decided(&self, height: u64) -> Result<Option<(Vec<u8>, Certificate)>, AppError>;
}
