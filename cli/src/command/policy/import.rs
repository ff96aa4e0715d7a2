//! A card and the lender's terms make a policy.

use super::CARD_BYTES_MAX;
use crate::error::CliError;
use crate::files;
use crate::output::Output;
use clap::{Args, ValueEnum};
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::nullifier::ScopeKind;
use probity_credit::schema::Schema;
use probity_ledger::address::Address;
use probity_scorecard::{ImportOptions, import};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Whose scope a policy's nullifiers are in.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ScopeArg {
    /// The lender's own.
    Lender,
    /// The consortium's.
    Consortium,
}

/// What a policy says beyond its card.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// The card: CSV with the columns variable, bin and points.
    card: PathBuf,
    /// The schema's file.
    #[arg(long, value_name = "FILE")]
    schema: PathBuf,
    /// Name that applicants read.
    #[arg(long)]
    name: String,
    /// The lender's address.
    #[arg(long, value_name = "ADDRESS")]
    owner: Address,
    /// Score needed.
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true)]
    cut_off: i32,
    /// The policy's file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The circuit: how many files an applicant can use.
    #[arg(long, default_value = "eligibility-3")]
    circuit: CircuitId,
    /// A variable that the lender puts in its request; up to four, in order.
    #[arg(long = "request", value_name = "NAME")]
    request: Vec<String>,
    /// Categories of request variables in order of their codes: a JSON object of lists. Without it the card's order counts.
    #[arg(long, value_name = "FILE")]
    request_categories: Option<PathBuf>,
    /// Decimal digits by which a variable's edges are scaled to its feature's unit, `name=digits`.
    #[arg(long = "scale", value_name = "NAME=DIGITS")]
    scales: Vec<String>,
    /// Trust weights per cent: bank, employer, landlord, utility, telecom, court, insurance, register.
    #[arg(long, value_delimiter = ',', value_name = "PER CENT", default_value = "100,100,100,100,100,100,100,100")]
    weights: Vec<u8>,
    /// What is left of a file's weight after 0, 1, .. 11 months, per cent.
    #[arg(long, value_delimiter = ',', value_name = "PER CENT", default_value = "100,100,100,100,100,100,100,100,100,100,100,100")]
    decay: Vec<u8>,
    /// Let applicants leave files out; then missing values must score worst.
    #[arg(long)]
    incomplete: bool,
    /// Do not ask who the applicant is.
    #[arg(long)]
    hide_person: bool,
    /// Whose scope: one grant a person and window.
    #[arg(long, value_enum, default_value = "lender")]
    scope: ScopeArg,
}

#[derive(Serialize)]
struct Imported<'a> {
    policy: Digest,
    allowance: i64,
    attributes: usize,
    file: &'a Path,
}

pub(super) fn run(args: ImportArgs, output: &Output) -> Result<(), CliError> {
    let card = files::read(&args.card, CARD_BYTES_MAX)?;
    let schema: Schema = files::read_json(&args.schema, "a schema")?;
    let request_categories = match &args.request_categories {
        Some(path) => files::read_json(path, "an object of lists of categories")?,
        None => BTreeMap::new(),
    };
    let options = ImportOptions {
        name: args.name,
        owner: args.owner.0,
        circuit: args.circuit,
        cut_off: args.cut_off,
        request: args.request,
        request_categories,
        scales: args.scales.iter().map(|s| scale(s)).collect::<Result<_, _>>()?,
        weights: per_cent("--weights", args.weights)?,
        decay: per_cent("--decay", args.decay)?,
        complete: !args.incomplete,
        show_person: !args.hide_person,
        scope: match args.scope {
            ScopeArg::Lender => ScopeKind::Lender,
            ScopeArg::Consortium => ScopeKind::Consortium,
        },
    };
    let policy = import(&card, &schema, options)?;
    files::write_json(&args.out, &policy)?;
    let shown = Imported { policy: policy.id(), allowance: policy.allowance(), attributes: policy.attributes.len(), file: &args.out };
    output.result(&shown, || {
        let (all, lost, file) = (shown.attributes, shown.allowance, args.out.display());
        format!("policy  {}\n{all} attributes; an applicant may lose {lost} points of the best.\n`probity tx register-policy --key YOUR.key {file}` registers it.", shown.policy)
    });
    Ok(())
}

fn per_cent<const N: usize>(option: &str, numbers: Vec<u8>) -> Result<[u8; N], CliError> {
    numbers.try_into().map_err(|_| CliError::Usage(format!("{option} takes {N} numbers, separated by commas")))
}

fn scale(text: &str) -> Result<(String, u8), CliError> {
    let parsed = text.rsplit_once('=').and_then(|(name, digits)| digits.parse().ok().map(|d| (name.to_owned(), d)));
    parsed.ok_or_else(|| CliError::Usage("a scale is written name=digits, for example income=2".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_scales_are_read_exactly() {
        assert_eq!(scale("income=2").unwrap(), ("income".into(), 2));
        assert_eq!(scale("a=b=3").unwrap(), ("a=b".into(), 3));
        for bad in ["income", "income=", "income=-1", "income=300"] {
            assert_eq!(scale(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
        assert_eq!(per_cent::<2>("--weights", vec![1, 2]).unwrap(), [1, 2]);
        assert!(per_cent::<2>("--weights", vec![1]).unwrap_err().to_string().contains("2 numbers"));
    }
}
