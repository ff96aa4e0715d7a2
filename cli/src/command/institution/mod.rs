//! `probity institution`: from records to commitments, and openings to customers.

mod handout;
mod ingest;
mod publish;

use crate::args::{Global, SenderArgs};
use crate::chain::{ChainView, Follower};
use crate::command::proved;
use crate::error::CliError;
use crate::output::{self, Output};
use clap::{Args, Subcommand};
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::month::Month;
use probity_issuer::institution::{Home, Publication, publications};
use probity_ledger::address::Address;
use probity_ledger::name::Name;
use probity_ledger::state_key;
use probity_ledger::state_value::{DomainSlot, Institution};
use probity_ledger::transaction::Slot;
use serde::Serialize;
use std::path::PathBuf;

/// Where the institution's publications are.
#[derive(Debug, Clone, Args)]
pub struct DirArg {
    /// The institution's directory; keep it on an encrypted disk.
    #[arg(long, value_name = "FOLDER", env = "PROBITY_INSTITUTION")]
    pub dir: PathBuf,
}

/// Which publication: the newest of the domain, unless month and number are given.
#[derive(Debug, Clone, Args)]
pub struct PublicationArgs {
    /// Where it is.
    #[command(flatten)]
    pub dir: DirArg,
    /// The domain.
    #[arg(long)]
    pub domain: Domain,
    /// Its month.
    #[arg(long, value_name = "YYYY-MM")]
    pub month: Option<Month>,
    /// Its number within the month.
    #[arg(long, value_name = "NUMBER")]
    pub sequence: Option<u32>,
}

impl PublicationArgs {
    fn find(&self) -> Result<Publication, CliError> {
        let fits = |p: &Publication| {
            let f = p.facts();
            f.domain == self.domain && self.month.is_none_or(|m| f.month == m) && self.sequence.is_none_or(|s| f.sequence == s)
        };
        let found = publications(&self.dir.dir)?.into_iter().rfind(fits);
        found.ok_or_else(|| CliError::Usage("there is no such publication here: run `probity institution ingest` first".into()))
    }
}

/// What to do as an institution.
#[derive(Debug, Subcommand)]
pub enum InstitutionCommand {
    /// Make the directory for an institution that the node's chain admitted.
    Init {
        /// Where.
        #[command(flatten)]
        dir: DirArg,
        /// The institution's address.
        #[arg(long)]
        address: Address,
    },
    /// Read records from CSV into a new publication. A malformed row is named, and then nothing is published.
    Ingest {
        /// What to read.
        #[command(flatten)]
        args: ingest::IngestArgs,
    },
    /// Commit to a publication on the chain, and write the membership list for the identity authority.
    Publish {
        /// Which.
        #[command(flatten)]
        publication: PublicationArgs,
        /// Who signs and pays.
        #[command(flatten)]
        sender: SenderArgs,
        /// The membership list, to be given to the identity authority; it names positions, never values.
        #[arg(long, value_name = "FILE")]
        list: PathBuf,
    },
    /// Write openings with signed receipts, for customers.
    Handout {
        /// Which.
        #[command(flatten)]
        args: handout::HandoutArgs,
    },
    /// Take back a publication over which nothing was signed.
    Discard {
        /// Which.
        #[command(flatten)]
        publication: PublicationArgs,
    },
}

pub(super) fn run(command: InstitutionCommand, global: &Global, output: &Output) -> Result<(), CliError> {
    match command {
        InstitutionCommand::Init { dir, address } => {
            let client = global.client()?;
            let chain_id = ChainView::fetch(&client)?.chain_id;
            let institution = on_chain(&proved::at_tip(&client, Some(chain_id))?, &address)?;
            Home::init(&dir.dir, chain_id, address)?;
            shown(chain_id, institution, output);
            Ok(())
        }
        InstitutionCommand::Ingest { args } => ingest::run(&args, global, output),
        InstitutionCommand::Publish { publication, sender, list } => publish::run(&publication, &sender, &list, global, output),
        InstitutionCommand::Handout { args } => handout::run(&args, output),
        InstitutionCommand::Discard { publication } => {
            let found = publication.find()?;
            let facts = found.facts().clone();
            found.discard()?;
            output.result(&facts, || format!("publication {} number {} was discarded", facts.month, facts.sequence));
            Ok(())
        }
    }
}

/// The institution's entry, proved.
fn on_chain(follower: &Follower<'_>, address: &Address) -> Result<Institution, CliError> {
    let todo = "have it admitted first: `probity tx admit-institution`";
    proved::entry(follower, &state_key::institution(address), || format!("institution {address}"), todo)
}

/// Its slot for a domain.
fn slot_of(institution: &Institution, domain: Domain) -> Result<Slot, CliError> {
    let found = institution.slots.iter().find(|s| s.domain == domain).map(|s| s.slot);
    found.ok_or_else(|| CliError::Usage(format!("{} was not admitted for domain {domain}", institution.name)))
}

#[derive(Serialize)]
struct Shown {
    chain_id: Digest,
    institution: Address,
    name: Name,
    slots: Vec<DomainSlot>,
}

fn shown(chain_id: Digest, institution: Institution, output: &Output) {
    let shown = Shown { chain_id, institution: institution.address, name: institution.name, slots: institution.slots };
    output.result(&shown, || {
        let rows = shown.slots.iter().map(|s| [s.domain.to_string(), s.slot.to_string()]);
        format!("{} ({})\n{}", shown.name, shown.institution, output::table(["domain", "slot"], rows))
    });
}
