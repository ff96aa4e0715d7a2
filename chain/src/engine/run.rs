//! Starting and stopping the engine.

use crate::engine::application::{AppError, Application};
use crate::engine::codec::WireCodec;
use crate::engine::config::EngineConfig;
use crate::engine::context::{EngineContext, ValidatorId};
use crate::engine::driver::Driver;
use crate::engine::signing::{ChainVerifier, NodeSigner};
use arc_malachitebft_app_channel::app::types::Keypair;
use arc_malachitebft_app_channel::app::types::codec::Codec;
use arc_malachitebft_app_channel::{
    ConsensusContext, EngineBuilder, EngineHandle, NetworkContext, NetworkIdentity, RequestContext, SyncContext, WalContext,
};
use arc_malachitebft_signing::Signer;
use probity_credit::digest::Digest;
use probity_ledger::keys::SecretKey;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long the engine's parts get to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// How often an idle engine asks whether a block is wanted.
const IDLE_POLL: Duration = Duration::from_millis(20);

/// How often a stopping engine looks whether its log is closed.
const RELEASE_POLL: Duration = Duration::from_millis(5);

/// Why the engine did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A setting is out of range.
    #[error("engine setting {setting}: {reason}")]
    Config {
        /// Its name.
        setting: &'static str,
        /// What is expected.
        reason: String,
    },
    /// The library did not start.
    #[error("the consensus engine did not start: {0}; is the port free and the home directory writable?")]
    Start(String),
    /// The library stopped by itself.
    #[error(
        "the consensus engine stopped by itself: read the log before restarting; after a failure of its write-ahead log, a restart from an incomplete log could sign twice"
    )]
    Stopped,
    /// The application failed.
    #[error("the application failed: {0}")]
    Application(#[from] AppError),
    /// The application panicked.
    #[error("the application panicked")]
    Panicked,
    /// The application broke its contract.
    #[error("the application broke its contract: {rule}")]
    Contract {
        /// Which rule.
        rule: &'static str,
    },
}

/// The secrets of a node.
pub struct EngineKeys {
    /// The consensus key; without one the node follows and does not vote. A key outside the validator set does no harm: the node
    /// votes from the height on where it is in the set.
    pub consensus: Option<SecretKey>,
    /// The key of the node's network identity, for nothing else.
    pub network: SecretKey,
}

fn keypair(network: &SecretKey) -> Keypair {
    Keypair::ed25519_from_bytes(*network.to_bytes()).expect("any 32 bytes are an Ed25519 seed")
}

/// The id of the node with this network key, for the `/p2p/` end of its address.
pub fn peer_id(network: &SecretKey) -> String {
    keypair(network).public().to_peer_id().to_string()
}

/// Runs the engine until `shutdown` turns true or its sender is gone; then it finishes the call it is in and stops.
///
/// Await it to its end: dropping the future leaves the engine's parts running with nobody to answer them.
///
/// # Errors
/// [`EngineError`], when it can't start, or when the application or the library fails.
pub async fn run<A: Application>(
    config: EngineConfig,
    keys: EngineKeys,
    app: Arc<A>,
    mut shutdown: watch::Receiver<bool>,
) -> Result<(), EngineError> {
    let library = config.to_library()?;
    let chain_id = app.chain_id();
    let wal = config.home.join("consensus.wal");
    let signer = keys.consensus.map(|key| NodeSigner { chain_id, key: Arc::new(key) });
    let identity = identity(&config.moniker, keypair(&keys.network), signer.as_ref()).await?;
    let (mut channels, mut handle) = EngineBuilder::new(EngineContext, library)
        .with_default_wal(WalContext::new(wal.clone(), WireCodec))
        .with_default_network(NetworkContext::new(identity, WireCodec))
        .with_default_sync(SyncContext::new(WireCodec))
        .with_default_consensus(consensus(chain_id, signer.as_ref(), &keys.network))
        .with_default_request(RequestContext::new(16))
        .build()
        .await
        .map_err(|e| EngineError::Start(format!("{e:#}")))?;

    let mut driver = Driver::new(&config, signer, app, channels.network.clone());
    let mut idle = tokio::time::interval(IDLE_POLL);
    let stopping = async move {
        let _ = shutdown.wait_for(|stop| *stop).await; // an error: the sender is gone
    };
    tokio::pin!(stopping);
    let outcome = loop {
        let step = tokio::select! {
            biased;
            () = &mut stopping => break Ok(()),
            _ = &mut handle.handle => return Err(EngineError::Stopped),
            message = channels.consensus.recv() => match message {
                Some(message) => driver.handle(message).await,
                None => Err(EngineError::Stopped),
            },
            _ = idle.tick(), if driver.is_waiting() => driver.stop_waiting_if_due().await,
        };
        if let Err(error) = step {
            break Err(error);
        }
    };
    // nobody answers any more: messages still queued must not be waited for
    drop(channels);
    drop(driver);
    stop(handle).await;
    released(&wal).await;
    outcome
}

async fn identity(moniker: &str, keypair: Keypair, signer: Option<&NodeSigner>) -> Result<NetworkIdentity, EngineError> {
    let Some(signer) = signer else {
        return Ok(NetworkIdentity::new(moniker.into(), keypair, None));
    };
    let start = |e: String| EngineError::Start(e);
    let key = signer.key.public();
    let peer = keypair.public().to_peer_id().to_bytes();
    let proof = signer.sign_validator_proof(key.0.to_vec(), peer).await.map_err(|e| start(e.to_string()))?;
    let proof = WireCodec.encode(&proof).map_err(|e| start(e.to_string()))?;
    Ok(NetworkIdentity::new_validator(moniker.into(), keypair, key.to_string(), proof))
}

fn consensus(chain_id: Digest, signer: Option<&NodeSigner>, network: &SecretKey) -> ConsensusContext<EngineContext> {
    let verifier = Box::new(ChainVerifier { chain_id });
    match signer {
        Some(signer) => ConsensusContext::new_validator(ValidatorId(signer.key.public()), verifier, Box::new(signer.clone())),
        // an address is asked for; that of a key which never votes stands for "none"
        None => ConsensusContext::new_full_node(ValidatorId(network.public()), verifier),
    }
}

async fn stop(handle: EngineHandle) {
    let reason = || Some("shutdown".to_owned());
    handle.actor.get_cell().stop_children_and_wait(reason(), Some(STOP_TIMEOUT)).await;
    handle.actor.stop(reason());
    if tokio::time::timeout(STOP_TIMEOUT, handle.handle).await.is_err() {
        tracing::warn!("the consensus engine did not stop in time");
    }
}

/// Waits until the write-ahead log is closed. Its thread is told to end and not waited for by the library: an engine that starts again in
/// this process would find the log locked, and not start.
async fn released(wal: &Path) {
    let Ok(file) = File::open(wal) else { return };
    let deadline = Instant::now() + STOP_TIMEOUT;
    while matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
        if Instant::now() >= deadline {
            tracing::warn!("the write-ahead log was not closed in time");
            return;
        }
        tokio::time::sleep(RELEASE_POLL).await;
    }
}
