//! `probityd keys`: API keys.

use clap::Subcommand;
use probity_ledger::address::Address;

use super::{CommandError, HomeArg};
use crate::app::now_unix_ms;
use crate::auth::keys::{self, NewKey, Role};
use crate::config::Config;
use crate::home::Home;
use crate::lenders;

/// `probityd keys`.
#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Make a key and print it, this once.
    Add {
        #[command(flatten)]
        home: HomeArg,
        /// What its holder may do.
        #[arg(long)]
        role: Role,
        /// For a lender's key: name or address, if several lenders are configured.
        #[arg(long)]
        lender: Option<String>,
        /// Whose it is, in your words.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// List keys, but not the keys themselves.
    List(HomeArg),
    /// Revoke a key; a running node knows within a second.
    Revoke {
        #[command(flatten)]
        home: HomeArg,
        /// The key's id: its first part.
        id: String,
    },
}

pub(super) fn run(command: KeysCommand) -> Result<(), CommandError> {
    match command {
        KeysCommand::Add { home, role, lender, note } => {
            let home = home.get();
            let lender = if role == Role::Lender { Some(lender_of(&home, lender)?) } else { None };
            let key = NewKey::draw(role, lender, note, now_unix_ms())?;
            keys::add(&home.api_keys(), key.entry)?;
            println!("{}", key.text.as_str());
            Ok(())
        }
        KeysCommand::List(home) => {
            for key in keys::list(&home.get().api_keys())? {
                let lender = key.lender.map(|l| l.to_string()).unwrap_or_default();
                println!("{}\t{}\t{lender}\t{}", key.id, key.role.name(), key.note);
            }
            Ok(())
        }
        KeysCommand::Revoke { home, id } => Ok(keys::revoke(&home.get().api_keys(), &id)?),
    }
}

fn lender_of(home: &Home, named: Option<String>) -> Result<Address, CommandError> {
    let lenders = lenders::load(home, &Config::load(&home.config())?.lenders)?;
    match named {
        Some(name) => {
            let found = lenders.iter().find(|(address, lender)| lender.name.as_str() == name || address.to_string() == name);
            found.map(|(address, _)| *address).ok_or(CommandError::LenderUnknown { name })
        }
        None if lenders.len() == 1 => Ok(*lenders.first_key_value().expect("one").0),
        None => {
            let known: Vec<&str> = lenders.values().map(|l| l.name.as_str()).collect();
            Err(CommandError::LenderAmbiguous { known: known.join(", ") })
        }
    }
}
