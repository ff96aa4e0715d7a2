//! Records in.

use super::{DirArg, on_chain, slot_of};
use crate::args::Global;
use crate::chain::Follower;
use crate::command::proved;
use crate::error::CliError;
use crate::files;
use crate::output::Output;
use crate::progress::Progress;
use clap::Args;
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::month::Month;
use probity_issuer::institution::{Home, IngestOptions, Mapping, Publication, PublicationFacts, Roster, UnknownCustomers, ingest};
use probity_ledger::state_key;
use probity_ledger::state_value::{SchemaEntry, SlotState};
use serde::Serialize;
use std::path::PathBuf;

/// What is read.
#[derive(Debug, Clone, Args)]
pub struct IngestArgs {
    /// Where the publication goes.
    #[command(flatten)]
    dir: DirArg,
    /// The records: CSV with a header, one row a customer.
    #[arg(long, value_name = "FILE")]
    records: PathBuf,
    /// Which column is which feature: TOML.
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
    /// Customers' positions, from the identity authority.
    #[arg(long, value_name = "FILE")]
    roster: PathBuf,
    /// Id of the schema on the chain.
    #[arg(long, value_name = "ID")]
    schema: Digest,
    /// What kind of data it is.
    #[arg(long)]
    domain: Domain,
    /// The month that the records describe.
    #[arg(long, value_name = "YYYY-MM")]
    month: Month,
    /// Leave out customers who are not in the roster, and count them.
    #[arg(long)]
    skip_unknown: bool,
}

#[derive(Serialize)]
struct Ingested<'a> {
    publication: &'a PublicationFacts,
    records: u64,
    skipped: u64,
}

pub(super) fn run(args: &IngestArgs, global: &Global, output: &Output) -> Result<(), CliError> {
    let (home, client) = (Home::open(&args.dir.dir)?, global.client()?);
    let follower = proved::at_tip(&client, Some(home.chain_id()))?;
    let institution = on_chain(&follower, &home.institution())?;
    let slot = slot_of(&institution, args.domain)?;
    let state: Option<SlotState> = follower.entry(&state_key::slot(slot))?;
    let options = IngestOptions {
        chain_id: home.chain_id(),
        institution: institution.public_key,
        slot,
        domain: args.domain,
        month: args.month,
        sequence: next_sequence(state.as_ref(), args.month)?,
        unknown_customers: if args.skip_unknown { UnknownCustomers::Skip } else { UnknownCustomers::Refuse },
        baseline: state.as_ref().and_then(|s| baseline(&home, s, slot)),
    };
    let schema = schema(&follower, &args.schema)?;
    let mapping = files::read(&args.mapping, files::JSON_BYTES_MAX)?;
    let mapping = Mapping::from_toml(&String::from_utf8_lossy(&mapping))?;
    let roster = Roster::read(files::open(&args.roster)?)?;
    let records = files::open(&args.records)?;
    let bytes = records.metadata().ok().map(|m| m.len());
    let name = args.records.display().to_string();
    let progress = Progress::new(output);
    let mut on_progress = |p: probity_issuer::Progress| progress.at(p.stage, p.done, p.total.unwrap_or(0));
    let report = ingest(home.dir(), &name, records, bytes, &mapping, &schema.schema, &roster, options, &mut on_progress)?;
    drop(progress);
    let facts = report.publication.facts();
    let shown = Ingested { publication: facts, records: report.records, skipped: report.skipped };
    output.result(&shown, || {
        let changes = if facts.membership.is_some() { "changed: the identity authority has to count them" } else { "unchanged" };
        format!(
            "{} records read, {} left out, {} files in slot {} for {}, number {}\nroot       {}\ncustomers  {changes}\n\
             `probity institution publish` commits to it.",
            shown.records, shown.skipped, facts.files, facts.slot, facts.month, facts.sequence, facts.root
        )
    });
    Ok(())
}

/// A month begins with 0, a correction adds 1, and months do not go back.
fn next_sequence(state: Option<&SlotState>, month: Month) -> Result<u32, CliError> {
    match state.and_then(SlotState::newest) {
        Some(newest) if newest.month == month => Ok(newest.sequence.saturating_add(1)),
        Some(newest) if newest.month > month => {
            Err(CliError::Usage(format!("{} is published already: correct it, an older month is no longer taken", newest.month)))
        }
        _ => Ok(0),
    }
}

/// Who has a file in the publication that changes are counted against, if that publication is here. While another waits to be counted,
/// there is none: the chain then takes no publication without its list.
fn baseline(home: &Home, state: &SlotState, slot: probity_ledger::transaction::Slot) -> Option<Vec<u32>> {
    let counted = state.counted().filter(|_| state.waiting.is_empty())?;
    let own = Publication::open(home.dir(), slot, counted.month, counted.sequence).ok()?;
    (own.facts().root == counted.root).then(|| own.positions())
}

fn schema(follower: &Follower<'_>, id: &Digest) -> Result<SchemaEntry, CliError> {
    let todo = "register it first: `probity tx register-schema`";
    proved::entry(follower, &state_key::schema(id), || format!("schema {id}"), todo)
}
