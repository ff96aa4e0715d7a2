//! `probityd lenders`: lenders that ask through this node.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use probity_ledger::address::Address;
use probity_ledger::keys::SecretKey;
use probity_ledger::name::Name;

use super::{CommandError, HomeArg};
use crate::config::{Config, LenderConfig};
use crate::files;
use crate::home::Home;
use crate::lenders;

/// `probityd lenders`.
#[derive(Debug, Subcommand)]
pub(super) enum LendersCommand {
    /// Add a lender with a new or a given key; takes effect when the node starts.
    Add {
        #[command(flatten)]
        home: HomeArg,
        /// How you call it.
        name: Name,
        /// A file with its key; a new one is made unless given.
        #[arg(long)]
        key_file: Option<PathBuf>,
    },
    /// List lenders with addresses and public keys.
    List(HomeArg),
}

pub(super) fn run(command: LendersCommand) -> Result<(), CommandError> {
    match command {
        LendersCommand::Add { home, name, key_file } => {
            let home = home.get();
            let mut config = Config::load(&home.config())?;
            add(&home, &mut config, &name, key_file.as_deref())?;
            Ok(files::replace(&home.config(), config.to_toml().as_bytes())?)
        }
        LendersCommand::List(home) => {
            let home = home.get();
            for (address, lender) in lenders::load(&home, &Config::load(&home.config())?.lenders)? {
                println!("{}\t{address}\t{}", lender.name, lender.account.public_key());
            }
            Ok(())
        }
    }
}

/// Puts a lender's key into the node's folder and the lender into the configuration, and says who it is.
pub(super) fn add(home: &Home, config: &mut Config, name: &Name, given: Option<&Path>) -> Result<(), CommandError> {
    let key = given.map_or_else(|| Ok(SecretKey::generate()), files::read_key)?;
    let address = Address::of(&key.public());
    // names may hold anything printable: the file is named by the address
    let file = PathBuf::from("keys").join(format!("lender-{}.key", &address.to_string()[..16]));
    config.lenders.push(LenderConfig { name: name.clone(), key: file.clone(), address: None });
    config.check()?;
    files::create_key(&home.resolve(&file), &key)?;
    println!("{name}\t{address}\t{}\t{}", key.public(), home.resolve(&file).display());
    Ok(())
}
