//! What can be typed.

use crate::client::{Client, ClientError, Transport};
use crate::command::Command;
use clap::{Args as ClapArgs, Parser};
use std::path::PathBuf;

/// Prove that you are creditworthy without showing your records.
#[derive(Debug, Parser)]
#[command(name = "probity", version, propagate_version = true, max_term_width = 110)]
pub struct Args {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, ClapArgs)]
pub struct Global {
    /// Write JSON to stdout, and failures as JSON to stderr.
    #[arg(long, global = true)]
    pub json: bool,
    /// Address of a node.
    #[arg(long, global = true, value_name = "URL", env = "PROBITY_NODE", default_value = "http://127.0.0.1:8645")]
    pub node: String,
    /// Allow http without encryption to other machines.
    #[arg(long, global = true)]
    pub allow_http: bool,
}

impl Global {
    /// A client of the node, with the API key in PROBITY_API_KEY if there is one.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn client(&self) -> Result<Client, ClientError> {
        let key = std::env::var("PROBITY_API_KEY").ok().filter(|k| !k.is_empty());
        Ok(self.client_without_key()?.with_api_key(key))
    }

    /// A client that names nobody: for wallets, which no node should tell from each other.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn client_without_key(&self) -> Result<Client, ClientError> {
        Client::new(&self.node, if self.allow_http { Transport::AnyHttp } else { Transport::Protected })
    }
}

/// Who signs and pays a transaction.
#[derive(Debug, Clone, ClapArgs)]
pub struct SenderArgs {
    /// File of the key that signs and pays.
    #[arg(long = "key", value_name = "FILE")]
    pub key: PathBuf,
    /// The account, if its key was rotated: not the one that began with this key.
    #[arg(long, value_name = "ADDRESS")]
    pub account: Option<probity_ledger::address::Address>,
}

impl SenderArgs {
    /// Reads the key.
    ///
    /// # Errors
    /// [`crate::files::FileError`].
    pub fn sender(&self) -> Result<crate::send::Sender, crate::files::FileError> {
        let key = crate::files::read_key(&self.key)?;
        Ok(match self.account {
            Some(account) => crate::send::Sender::for_account(key, account),
            None => crate::send::Sender::new(key),
        })
    }
}
