//! What all handlers share.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use probity_chain::node::Node;
use probity_credit::digest::Digest;
use probity_ledger::genesis::Genesis;
use probity_verifier::Verifier;

use crate::auth::keys::KeyRing;
use crate::config::Config;
use crate::http::idempotency::Answers;
use crate::institutions::faucet::Faucet;
use crate::institutions::shards::Shards;
use crate::lenders::Lenders;
use crate::lenders::recorder::Recorder;
use crate::lenders::store::Requests;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::view::View;

/// The node with everything the API keeps.
pub struct App {
    /// Settings.
    pub config: Config,
    /// The chain.
    pub node: Arc<Node>,
    /// The chain's id.
    pub chain_id: Digest,
    /// Keys of the circuits.
    pub verifier: Arc<Verifier>,
    /// API keys.
    pub keys: KeyRing,
    /// Answers to repeated requests.
    pub answers: Answers,
    /// Lenders that ask through this node.
    pub lenders: Lenders,
    /// Their requests.
    pub requests: Requests,
    /// Records their answers.
    pub recorder: Recorder,
    /// Leaf files of the identity tree.
    pub shards: Shards,
    /// The faucet.
    pub faucet: Option<Faucet>,
    /// Counters.
    pub metrics: Arc<Metrics>,
}

/// As handlers hold it.
pub type Shared = Arc<App>;

impl App {
    /// Runs what waits for the disk or computes for long, away from the threads that answer.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Shared) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let app = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&app)).await.map_err(Problem::internal)?
    }

    /// The chain's genesis.
    pub fn genesis(&self) -> &Genesis {
        self.node.genesis()
    }

    /// The newest state.
    pub fn newest(&self) -> View<'_> {
        View::newest(&self.node)
    }

    /// Waits until the chain grows beyond `height`, or `patience` ends; says whether it grew.
    pub async fn grown(&self, height: u64, patience: Duration) -> bool {
        let mut tip = self.node.follow();
        tokio::time::timeout(patience, tip.wait_for(|t| t.height > height)).await.is_ok_and(|grew| grew.is_ok())
    }
}

/// This node's clock, milliseconds since 1970.
pub fn now_unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
