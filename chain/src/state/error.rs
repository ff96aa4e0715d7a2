//! Failures of storage: the node stops with them, for it never goes on with unknown state.

use probity_credit::codec::CodecError;
use probity_credit::digest::Digest;

/// Why state cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// RocksDB failed.
    #[error("the database failed: {0}. Check disk space and the disk's health")]
    Database(#[from] rocksdb::Error),
    /// A stored value does not decode.
    #[error("a stored {what} is corrupted: {source}. Restore the node from its peers with an empty data directory")]
    Corrupted {
        /// What was read.
        what: &'static str,
        /// Why it does not decode.
        source: CodecError,
    },
    /// Something that must be there is not.
    #[error("a stored {what} is missing. Restore the node from its peers with an empty data directory")]
    Missing {
        /// What was looked for.
        what: &'static str,
    },
    /// The state tree refused.
    #[error("the state tree failed: {reason}. Restore the node from its peers with an empty data directory")]
    Tree {
        /// What the library said.
        reason: String,
    },
    /// Written by another version of this program.
    #[error(
        "the database has format {found}, this program reads format {expected}: use the program that wrote it, or an empty data directory"
    )]
    Format {
        /// Ours.
        expected: u32,
        /// The database's.
        found: u32,
    },
    /// The database of another chain.
    #[error("the database belongs to chain {found}, the genesis is of chain {expected}: use another data directory")]
    OtherChain {
        /// The genesis's.
        expected: Digest,
        /// The database's.
        found: Digest,
    },
    /// A block that does not follow the tip.
    #[error("block {found} cannot be written after block {tip}")]
    NotNext {
        /// Height of the tip.
        tip: u64,
        /// Height of the block.
        found: u64,
    },
}

impl StateError {
    pub(super) fn corrupted(what: &'static str) -> impl FnOnce(CodecError) -> Self {
        move |source| Self::Corrupted { what, source }
    }
}
