//! A node from its folder: opened, run, stopped.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use probity_chain::engine::{self, EngineError, EngineKeys};
use probity_chain::node::{Node, OpenError};
use probity_ledger::address::Address;
use probity_ledger::genesis::{GENESIS_BYTES_MAX, Genesis, GenesisError};
use probity_ledger::name::Name;
use probity_verifier::{RegistryError, Verifier};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::app::{App, Desk, Shared, now_unix_ms};
use crate::auth::keys::{KeyRing, KeysError};
use crate::config::{Config, ConfigError};
use crate::files::{self, FileError};
use crate::home::Home;
use crate::http::idempotency::Answers;
use crate::http::server;
use crate::institutions::faucet::Faucet;
use crate::institutions::parameters::Parameters;
use crate::institutions::shards::Shards;
use crate::lenders;
use crate::lenders::recorder::{self, Recorder};
use crate::lenders::store::Requests;
use crate::metrics::Metrics;
use crate::router::router;
use crate::sender::Sender;

/// How often old files are deleted.
const CLEAN_EVERY: Duration = Duration::from_secs(600);
/// How often answered requests are looked through for those to forget: each is read.
const FORGET_EVERY: Duration = Duration::from_secs(24 * 3600);

/// Why a node does not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The genesis.
    #[error("the genesis is refused: {0}")]
    Genesis(#[from] GenesisError),
    /// A verifying key of the chain's, or one that it would get.
    #[error(transparent)]
    Keys(#[from] RegistryError),
    /// API keys.
    #[error(transparent)]
    ApiKeys(#[from] KeysError),
    /// The database.
    #[error(transparent)]
    Chain(#[from] OpenError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The faucet's key is not the genesis's faucet.
    #[error(
        "the configured faucet key is of account {found}, the genesis's faucet is another or there is none: remove [faucet] or set its key"
    )]
    FaucetKey {
        /// The key's account.
        found: Address,
    },
    /// Two lenders with one key.
    #[error("lender {name} has the key or address of another one: every lender has its own")]
    LenderKey {
        /// Its name.
        name: Name,
    },
    /// Stored proof requests.
    #[error("the stored proof requests cannot be read: see the log")]
    Requests,
    /// The port.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A task panicked.
    #[error("a part of the node stopped unexpectedly: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// A node that is opened and listens, but does not run yet.
pub struct Opened {
    app: Shared,
    listener: TcpListener,
    keys: EngineKeys,
}

/// Opens the node that lives in `home`.
///
/// # Errors
/// [`RunError`].
pub async fn open(home: &Home) -> Result<Opened, RunError> {
    let mut config = Config::load(&home.config())?;
    let genesis = Genesis::from_json(&files::read_existing(&home.genesis(), GENESIS_BYTES_MAX)?)?;
    let verifier = Arc::new(Verifier::from_genesis(&genesis)?);
    let consensus = config.keys.validator.as_ref().map(|path| files::read_key(&home.resolve(path))).transpose()?;
    let network = files::read_key(&home.resolve(&config.keys.network))?;
    config.engine.home = home.resolve(&config.engine.home);
    files::make_folder(&config.engine.home)?;

    let lenders = lenders::load(home, &config.lenders)?;
    if lenders.len() != config.lenders.len() {
        let twice = config.lenders.iter().find(|l| !lenders.values().any(|known| known.name == l.name));
        return Err(RunError::LenderKey { name: twice.unwrap_or(&config.lenders[0]).name.clone() });
    }
    let faucet = match &config.faucet {
        None => None,
        Some(faucet) => {
            let key = files::read_key(&home.resolve(&faucet.key))?;
            let address = Address::of(&key.public());
            if genesis.faucet != Some(address) {
                return Err(RunError::FaucetKey { found: address });
            }
            Some(Faucet { account: Sender::new(address, key), amount_max: faucet.amount_max })
        }
    };
    let own = consensus.as_ref().map(|key| key.public());
    let chain_id = genesis.chain_id();
    let (path, limits, proofs) = (home.database(), config.mempool, Arc::clone(&verifier));
    let node = tokio::task::spawn_blocking(move || -> Result<Node, RunError> {
        let node = Node::open(&path, genesis, own, limits, proofs.clone())?;
        // those that were adopted: prepared now, so that no block waits for it
        for circuit in node.circuits().map_err(OpenError::from)? {
            proofs.circuit(&circuit)?;
        }
        Ok(node)
    });
    let node = node.await??;
    let address = config.api.listen;
    let listener = TcpListener::bind(address).await.map_err(|source| RunError::Listen { address, source })?;
    let app = App {
        node: Arc::new(node),
        chain_id,
        verifier,
        keys: KeyRing::open(home.api_keys())?,
        answers: Arc::new(Answers::open(home.idempotency())?),
        lenders,
        requests: Requests::open(home.requests()).map_err(|_| RunError::Requests)?,
        recorder: Recorder::default(),
        shards: Shards::open(home.shards())?,
        parameters: Parameters::at(home.parameters()),
        faucet,
        metrics: Arc::new(Metrics::register()),
        desk: Desk::default(),
        stopping: watch::Sender::new(false),
        config,
    };
    Ok(Opened { app: Arc::new(app), listener, keys: EngineKeys { consensus, network } })
}

impl Opened {
    /// Where the API listens.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// What handlers share.
    pub fn app(&self) -> &Shared {
        &self.app
    }

    /// Runs engine, API and recorder until `stop` is done or one of them fails.
    ///
    /// # Errors
    /// [`RunError`].
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), RunError> {
        let Self { app, listener, keys } = self;
        let address = listener.local_addr().map_err(|source| RunError::Listen { address: app.config.api.listen, source })?;
        tracing::info!(chain = %app.chain_id, height = app.node.status().height, %address, lenders = app.lenders.len(), "the node starts");
        // the API stops before the engine: answers under way may still wait for blocks
        let api_stopped = app.stopping.subscribe();
        let (stop_engine, engine_stopped) = watch::channel(false);
        let mut engine = tokio::spawn(engine::run(app.config.engine.clone(), keys, Arc::clone(&app.node), engine_stopped));
        let recorder = tokio::spawn(recorder::run(app.clone(), api_stopped.clone()));
        let cleaner = tokio::spawn(clean(app.clone(), api_stopped.clone()));
        let asked = async move {
            let mut stopped = api_stopped;
            // an error: the sender is gone, and so is the node
            let _ = stopped.wait_for(|s| *s).await;
        };
        let mut api = tokio::spawn(server::serve(listener, router(app.clone()), app.config.limits, Arc::clone(&app.metrics), asked));

        let address = app.config.api.listen;
        let listen = |source| RunError::Listen { address, source };
        tokio::pin!(stop);
        let (mut engine_done, mut api_done) = (false, false);
        let outcome = tokio::select! {
            () = &mut stop => Ok(()),
            ended = &mut engine => { engine_done = true; flatten(ended).and(Err(EngineError::Stopped.into())) }
            ended = &mut api => { api_done = true; ended.map_err(RunError::from).and_then(|r| r.map_err(listen)) }
        };
        tracing::info!("the node stops");
        app.stopping.send_replace(true);
        let api_end = if api_done { Ok(()) } else { api.await.map_err(RunError::from).and_then(|r| r.map_err(listen)) };
        recorder.await?;
        cleaner.await?;
        stop_engine.send_replace(true);
        let engine_end = if engine_done { Ok(()) } else { flatten(engine.await) };
        outcome.and(api_end).and(engine_end)
    }
}

fn flatten(ended: Result<Result<(), EngineError>, tokio::task::JoinError>) -> Result<(), RunError> {
    Ok(ended??)
}

/// Deletes what is too old, now and then.
async fn clean(app: Shared, mut stop: watch::Receiver<bool>) {
    let mut forgot: Option<Instant> = None;
    loop {
        tokio::select! {
            _ = stop.wait_for(|s| *s) => return,
            () = tokio::time::sleep(CLEAN_EVERY) => {}
        }
        let forgets = forgot.is_none_or(|at| at.elapsed() >= FORGET_EVERY);
        // a failure is logged where it is made, and the next round tries again
        let done = app
            .blocking(move |app| {
                app.answers.clean().map_err(crate::problem::Problem::internal)?;
                app.requests.clean(now_unix_ms())?;
                if forgets { app.requests.forget(now_unix_ms(), app.config.retention.answered_ms()) } else { Ok(()) }
            })
            .await;
        if forgets && done.is_ok() {
            forgot = Some(Instant::now());
        }
    }
}
