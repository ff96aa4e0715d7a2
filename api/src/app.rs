//! What all handlers share.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use probity_chain::node::Node;
use probity_credit::digest::Digest;
use probity_ledger::genesis::Genesis;
use probity_verifier::Verifier;
use tokio::sync::{Semaphore, watch};

use crate::auth::keys::KeyRing;
use crate::config::Config;
use crate::http::idempotency::Answers;
use crate::institutions::faucet::Faucet;
use crate::institutions::parameters::Parameters;
use crate::institutions::shards::Shards;
use crate::lenders::Lenders;
use crate::lenders::recorder::Recorder;
use crate::lenders::store::Requests;
use crate::metrics::Metrics;
use crate::problem::{Problem, Rule};
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
    pub answers: Arc<Answers>,
    /// Lenders that ask through this node.
    pub lenders: Lenders,
    /// Their requests.
    pub requests: Requests,
    /// Records their answers.
    pub recorder: Recorder,
    /// Leaf files of the identity tree.
    pub shards: Shards,
    /// Proving keys to give out.
    pub parameters: Parameters,
    /// The faucet.
    pub faucet: Option<Faucet>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Proofs being verified for the API, and those that wait for it.
    pub desk: Desk,
    /// Turns true when the node stops.
    pub stopping: watch::Sender<bool>,
}

/// Bounds the verifications that clients can cause: at most one a processor, and not too many in line.
pub struct Desk {
    line: Semaphore,
    at_work: Semaphore,
}

impl Default for Desk {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        Self { line: Semaphore::new(LINE_MAX), at_work: Semaphore::new(processors) }
    }
}

/// Verifications that may wait in line.
const LINE_MAX: usize = 256;

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

    /// As [`App::blocking`], for work that verifies a proof.
    ///
    /// # Errors
    /// [`Rule::Overloaded`], and those of `work`.
    pub async fn verifying<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Shared) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let _line = self.desk.line.try_acquire().map_err(|_| Rule::Overloaded)?;
        let _at_work = self.desk.at_work.acquire().await.map_err(Problem::internal)?;
        self.blocking(work).await
    }

    /// What `waited` gives, unless `patience` ends or the node stops before.
    pub async fn wait<T>(&self, patience: Duration, waited: impl Future<Output = T>) -> Option<T> {
        let mut stopping = self.stopping.subscribe();
        tokio::select! {
            done = waited => Some(done),
            () = tokio::time::sleep(patience) => None,
            _ = stopping.wait_for(|s| *s) => None,
        }
    }

    /// The chain's genesis.
    pub fn genesis(&self) -> &Genesis {
        self.node.genesis()
    }

    /// The newest state.
    pub fn newest(&self) -> View<'_> {
        View::newest(&self.node)
    }
}

/// This node's clock, milliseconds since 1970.
pub fn now_unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
