//! `probity authority`: the identity authority's work.

mod people;
mod publish;

pub(super) use people::legal_id_text;

use crate::args::{Global, SenderArgs};
use crate::chain::ChainView;
use crate::error::CliError;
use crate::files;
use crate::output::Output;
use clap::{Args, Subcommand};
use probity_credit::digest::Digest;
use probity_issuer::authority::Authority;
use probity_ledger::keys::PublicKey;
use serde::Serialize;
use std::path::PathBuf;

/// Where the authority's records are.
#[derive(Debug, Clone, Args)]
pub struct DirArg {
    /// The authority's directory; keep it on an encrypted disk.
    #[arg(long, value_name = "FOLDER", env = "PROBITY_AUTHORITY")]
    pub dir: PathBuf,
}

impl DirArg {
    fn open(&self) -> Result<Authority, CliError> {
        Ok(Authority::open(&self.dir)?)
    }
}

/// Somebody and the key that they bring.
#[derive(Debug, Clone, Args)]
pub struct PersonArgs {
    /// Where the records are.
    #[command(flatten)]
    dir: DirArg,
    /// File of the authority's key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Who it is, as papers say; `-` reads it from stdin, so that it is in no history of commands.
    #[arg(long, value_name = "TEXT")]
    legal_id: String,
    /// What the person's wallet wrote with `probity wallet enrol`.
    #[arg(long, value_name = "FILE")]
    enrolment: PathBuf,
    /// The registration to hand to the person.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// What to do as the identity authority.
#[derive(Debug, Subcommand)]
pub enum AuthorityCommand {
    /// Make the directory for the authority of the node's chain.
    Init {
        /// Where.
        #[command(flatten)]
        dir: DirArg,
        /// File of the authority's key.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Give a person a position for life and attest their key. Check papers first.
    Register {
        /// Who.
        #[command(flatten)]
        person: PersonArgs,
    },
    /// Replace a person's key: the old one ends with the next update, the new one begins with the first anchor of a month.
    Rotate {
        /// Who.
        #[command(flatten)]
        person: PersonArgs,
    },
    /// End a person's key: it is lost or stolen.
    Revoke {
        /// Where the records are.
        #[command(flatten)]
        dir: DirArg,
        /// Who; `-` reads it from stdin.
        #[arg(long, value_name = "TEXT")]
        legal_id: String,
    },
    /// Tell an institution its customers' positions.
    Roster {
        /// Where the records are.
        #[command(flatten)]
        dir: DirArg,
        /// The institution's customers: CSV with a column `legal_id`.
        #[arg(long, value_name = "FILE")]
        customers: PathBuf,
        /// The roster to hand back.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Give positions to customers who have none; otherwise they are left out.
        #[arg(long)]
        reserve: bool,
    },
    /// Count publications against the institutions' signed membership lists.
    Cover {
        /// Where the records are.
        #[command(flatten)]
        dir: DirArg,
        /// The lists, as `probity institution publish` wrote them.
        #[arg(required = true, value_name = "FILE")]
        lists: Vec<PathBuf>,
    },
    /// Write a new leaf file, give it to the node, and announce it on the chain. After a failure do it again.
    Publish {
        /// Where the records are.
        #[command(flatten)]
        dir: DirArg,
        /// Who signs and pays.
        #[command(flatten)]
        sender: SenderArgs,
    },
    /// Give the newest leaf file to the node again, or copy it.
    Shards {
        /// Where the records are.
        #[command(flatten)]
        dir: DirArg,
        /// Copy it to this new folder.
        #[arg(long, value_name = "FOLDER", required_unless_present = "upload")]
        out: Option<PathBuf>,
        /// Give it to the node.
        #[arg(long)]
        upload: bool,
    },
    /// Show where the authority stands.
    Status {
        /// Where the records are.
        #[command(flatten)]
        dir: DirArg,
    },
}

pub(super) fn run(command: AuthorityCommand, global: &Global, output: &Output) -> Result<(), CliError> {
    match command {
        AuthorityCommand::Init { dir, key } => {
            let chain_id = ChainView::fetch(&global.client()?)?.chain_id;
            let authority = Authority::init(&dir.dir, chain_id, files::read_key(&key)?.public())?;
            status(&authority, output);
            Ok(())
        }
        AuthorityCommand::Register { person } => people::register(&person, output),
        AuthorityCommand::Rotate { person } => people::rotate(&person, output),
        AuthorityCommand::Revoke { dir, legal_id } => people::revoke(&dir, &legal_id, output),
        AuthorityCommand::Roster { dir, customers, out, reserve } => people::roster(&dir, &customers, &out, reserve, output),
        AuthorityCommand::Cover { dir, lists } => publish::cover(&dir, &lists, global, output),
        AuthorityCommand::Publish { dir, sender } => publish::publish(&dir, &sender, global, output),
        AuthorityCommand::Shards { dir, out, upload } => publish::shards(&dir, out.as_deref(), upload, global, output),
        AuthorityCommand::Status { dir } => {
            status(&dir.open()?, output);
            Ok(())
        }
    }
}

#[derive(Serialize)]
struct Status {
    chain_id: Digest,
    authority: PublicKey,
    positions_used: u32,
    waiting_rotations: usize,
    newest_leaf_file: Option<u64>,
    outstanding_leaf_file: Option<u64>,
}

fn status(authority: &Authority, output: &Output) {
    let shown = Status {
        chain_id: authority.chain_id(),
        authority: authority.public_key(),
        positions_used: authority.positions_used(),
        waiting_rotations: authority.waiting_rotations(),
        newest_leaf_file: authority.newest_leaf_file(),
        outstanding_leaf_file: authority.outstanding().map(|u| u.sequence),
    };
    output.result(&shown, || {
        let number = |n: Option<u64>| n.map_or_else(|| "none".to_owned(), |n| n.to_string());
        format!(
            "chain                {}\nkey                  {}\npositions given out  {}\nkeys that wait       {} (for the first anchor of a month)\n\
             newest leaf file     {}\non its way           {}",
            shown.chain_id,
            shown.authority,
            shown.positions_used,
            shown.waiting_rotations,
            number(shown.newest_leaf_file),
            number(shown.outstanding_leaf_file)
        )
    });
}
