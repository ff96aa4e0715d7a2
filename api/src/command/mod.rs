//! What `probityd` does for each of its commands.

mod approve;
mod init;
mod keys;
mod lenders;
mod network;
mod start;
mod status;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use probity_ledger::error::TxError;
use probity_ledger::genesis::GenesisError;
use probity_ledger::name::NameError;
use probity_params::KeyError;

use crate::auth::keys::KeysError;
use crate::config::ConfigError;
use crate::files::FileError;
use crate::home::Home;
use crate::run::RunError;

pub use init::{Beginning, begin};

/// A node of a Probity chain with its HTTP API.
#[derive(Debug, Parser)]
#[command(name = "probityd", version, about)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

/// The node's folder.
#[derive(Debug, Clone, clap::Args)]
pub struct HomeArg {
    /// The node's folder.
    #[arg(long, env = "PROBITYD_HOME", default_value = "probityd-home")]
    home: PathBuf,
}

impl HomeArg {
    fn get(&self) -> Home {
        Home::new(&self.home)
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Begin a chain with this node as its one validator.
    Init(init::InitArgs),
    /// Begin a chain with several validators on this machine, each with a folder of its own.
    InitNetwork(network::NetworkArgs),
    /// Run the node.
    Start(HomeArg),
    /// Ask a running node how it is.
    Status(HomeArg),
    /// API keys.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Lenders that ask through this node.
    #[command(subcommand)]
    Lenders(lenders::LendersCommand),
    /// Approve an admission, or a decision about a circuit, with this node's validator key.
    Approve(approve::ApproveArgs),
    /// Print program and protocol version.
    Version,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// API keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The genesis.
    #[error("the genesis is refused: {0}")]
    Genesis(#[from] GenesisError),
    /// A name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The node.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A verifying key.
    #[error("{}: {source}", path.display())]
    VerifyingKey {
        /// Its file.
        path: PathBuf,
        /// Why it is refused.
        source: KeyError,
    },
    /// No verifying keys.
    #[error("{}: no verifying keys (files ending in .vk) of known circuits: make them with `probity params setup`", path.display())]
    NoVerifyingKeys {
        /// The folder.
        path: PathBuf,
    },
    /// A folder that is a node already.
    #[error("{} is a node already: choose another folder", path.display())]
    HomeTaken {
        /// The folder.
        path: PathBuf,
    },
    /// A number out of range.
    #[error("{what} must lie between {least} and {most}")]
    Range {
        /// Which.
        what: &'static str,
        /// Least allowed.
        least: u64,
        /// Most allowed.
        most: u64,
    },
    /// No such lender.
    #[error("no lender {name:?} is configured: see `probityd lenders list`")]
    LenderUnknown {
        /// The name or address given.
        name: String,
    },
    /// Several lenders, none named.
    #[error("say which lender the key is for with --lender: {known}")]
    LenderAmbiguous {
        /// The names.
        known: String,
    },
    /// No validator key.
    #[error("this node has no validator key: only validators approve")]
    NotValidator,
    /// Nothing that validators approve.
    #[error("the file holds nothing that validators approve: {reason}")]
    Admission {
        /// Why.
        reason: String,
    },
    /// A bad admission.
    #[error("the admission is refused: {0}")]
    AdmissionRefused(#[from] TxError),
    /// Nobody answers.
    #[error("the node does not answer at {address}: {source}; is it running?")]
    Unreachable {
        /// Where.
        address: std::net::SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The runtime.
    #[error("the program could not start its threads: {0}")]
    Runtime(std::io::Error),
}

/// Does what was asked.
///
/// # Errors
/// [`CommandError`].
pub fn run(args: Args) -> Result<(), CommandError> {
    match args.command {
        Command::Init(args) => init::run(&args),
        Command::InitNetwork(args) => network::run(&args),
        Command::Start(home) => start::run(&home.get()),
        Command::Status(home) => status::run(&home.get()),
        Command::Keys(command) => keys::run(command),
        Command::Lenders(command) => lenders::run(command),
        Command::Approve(args) => approve::run(&args),
        Command::Version => {
            println!("probityd {}, protocol version {}", env!("CARGO_PKG_VERSION"), probity_ledger::block::PROTOCOL_VERSION);
            Ok(())
        }
    }
}
