//! `probity keys`: signing keys of accounts.

use crate::error::CliError;
use crate::files;
use crate::output::Output;
use clap::Subcommand;
use probity_ledger::address::Address;
use probity_ledger::keys::{PublicKey, SecretKey};
use serde::Serialize;
use std::path::PathBuf;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a key and write it to a new file that only you can read.
    New {
        /// The file.
        file: PathBuf,
    },
    /// Show public key and address of a key.
    Show {
        /// The file.
        file: PathBuf,
    },
}

#[derive(Serialize)]
struct Shown {
    file: PathBuf,
    public_key: PublicKey,
    address: Address,
}

pub(super) fn run(command: KeysCommand, output: &Output) -> Result<(), CliError> {
    let (file, key) = match command {
        KeysCommand::New { file } => {
            let key = SecretKey::generate();
            files::write_key(&file, &key)?;
            (file, key)
        }
        KeysCommand::Show { file } => {
            let key = files::read_key(&file)?;
            (file, key)
        }
    };
    let public_key = key.public();
    let shown = Shown { file, public_key, address: Address::of(&public_key) };
    output.result(&shown, || format!("public key  {}\naddress     {}", shown.public_key, shown.address));
    Ok(())
}
