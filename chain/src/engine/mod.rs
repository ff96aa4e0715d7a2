//! Byzantine-fault-tolerant consensus on opaque blocks: the only module that sees the consensus library.
//!
//! [`run()`] drives an [`Application`]: it asks for a block when it is this node's turn, lets it check the blocks of others, and hands
//! it each decided block with a [`Certificate`](probity_ledger::certificate::Certificate) that anyone can check without this module.
//! Validators agree on block hashes; the bytes travel in signed parts. Proposers take turns by
//! [`ValidatorSet::proposer`](probity_ledger::certificate::ValidatorSet::proposer).
//!
//! The engine never interprets a block, never stores one, and never goes on after the application failed.

mod application;
mod codec;
mod codec_sync;
mod config;
mod context;
mod driver;
mod metrics;
mod parts;
mod run;
mod signing;

#[cfg(test)]
mod tests;

pub use application::{AppError, Application, Candidate, Origin, Proposed, Undecided, Verdict};
pub use config::{EngineConfig, MAX_BLOCK_BYTES, SyncSettings, Timeouts};
pub use metrics::{metrics_text, register_metrics};
pub use run::{EngineError, EngineKeys, peer_id, run};
