//! Openings to customers.

use super::PublicationArgs;
use crate::command::authority::legal_id_text;
use crate::error::CliError;
use crate::files;
use crate::output::Output;
use crate::progress::Progress;
use clap::Args;
use probity_issuer::LegalId;
use probity_issuer::institution::Roster;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What is handed out to whom.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct HandoutArgs {
    /// Which publication.
    #[command(flatten)]
    publication: PublicationArgs,
    /// File of the institution's key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// A new folder with one file a customer for --all, else the file.
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Everybody's.
    #[arg(long, conflicts_with_all = ["position", "legal_id"])]
    all: bool,
    /// The opening of the customer at this position.
    #[arg(long, value_name = "NUMBER", conflicts_with = "legal_id")]
    position: Option<u32>,
    /// The opening of this customer; `-` reads the legal identity from stdin.
    #[arg(long, value_name = "TEXT", requires = "roster", required_unless_present_any = ["all", "position"])]
    legal_id: Option<String>,
    /// Customers' positions, from the identity authority.
    #[arg(long, value_name = "FILE")]
    roster: Option<PathBuf>,
}

#[derive(Serialize)]
struct HandedOut<'a> {
    openings: u32,
    path: &'a Path,
}

pub(super) fn run(args: &HandoutArgs, output: &Output) -> Result<(), CliError> {
    let (publication, key) = (args.publication.find()?, files::read_key(&args.key)?);
    let openings = if args.all {
        let progress = Progress::new(output);
        publication.hand_out(&args.out, &key, &mut |p| progress.at(p.stage, p.done, p.total.unwrap_or(0)))?;
        publication.facts().files
    } else {
        files::write_json(&args.out, &publication.opening(position(args)?, &key)?)?;
        1
    };
    let shown = HandedOut { openings, path: &args.out };
    output.result(&shown, || format!("{openings} openings are in {}: hand them to verified customers only.", args.out.display()));
    Ok(())
}

fn position(args: &HandoutArgs) -> Result<u32, CliError> {
    match (args.position, &args.legal_id, &args.roster) {
        (Some(position), _, _) => Ok(position),
        (None, Some(typed), Some(roster)) => {
            let text = legal_id_text(typed)?;
            let found = Roster::read(files::open(roster)?)?.position(LegalId::new(&text)?);
            found.ok_or_else(|| CliError::Usage("the roster does not have this customer".into()))
        }
        _ => Err(CliError::Usage("say whose: --all, --position, or --legal-id with --roster".into())),
    }
}
