//! `probity verify`: an audit bundle, checked with no network.

use crate::error::CliError;
use crate::files;
use crate::output::{self, Output};
use probity_credit::digest::Digest;
use probity_credit::statement::Opening;
use probity_verifier::AuditBundle;
use probity_verifier::audit::{self, Audited, BUNDLE_BYTES_MAX, Refused, Step};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// `probity verify`.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// The bundle, as `probity audit record --bundle` writes it.
    pub file: PathBuf,
    /// The chain that you trust, from elsewhere than the bundle: 64 hexadecimal digits.
    #[arg(long, value_name = "CHAIN_ID")]
    pub chain: Option<Digest>,
    /// The opening of the answer that the lender shows (JSON): then the verdict is checked, too.
    #[arg(long, value_name = "FILE")]
    pub opening: Option<PathBuf>,
    /// Write verification_key.json, public.json and proof.json into this folder once the record stands: for snarkjs and its like.
    #[arg(long, value_name = "FOLDER")]
    pub snarkjs: Option<PathBuf>,
    /// Write PolicyVerifier.sol and calldata.json into this folder once the record stands: a contract for the record's policy, and the call that
    /// asks it about the record's proof.
    #[arg(long, value_name = "FOLDER")]
    pub solidity: Option<PathBuf>,
}

pub(super) fn run(args: &VerifyArgs, output: &Output) -> Result<(), CliError> {
    let bundle = AuditBundle::from_bytes(&files::read(&args.file, BUNDLE_BYTES_MAX as u64)?)?;
    note_chain(args.chain, &bundle.genesis.chain_id(), output);
    let (audited, report) = check(&bundle, args.chain, args.opening.as_deref()).inspect_err(|e| note_steps(e, output))?;
    output.result(&report.value, || report.text);
    if let Some(folder) = &args.snarkjs {
        let written = audited.snarkjs(&bundle).map_err(|e| CliError::Verdict(e.to_string()))?;
        let names = write_all(folder, &written.named())?;
        output.note(&format!("In {}: snarkjs groth16 verify {names}", folder.display()));
    }
    if let Some(folder) = &args.solidity {
        let written = audited.solidity(&bundle).map_err(|e| CliError::Verdict(e.to_string()))?;
        let names = write_all(folder, &written.named())?;
        output.note(&format!("In {}: {names}. The contract checks the proof, its caller what the inputs mean.", folder.display()));
    }
    Ok(())
}

/// Writes files into a folder; their names in a row.
fn write_all(folder: &Path, written: &[(&str, &str)]) -> Result<String, CliError> {
    for (name, text) in written {
        files::write(&folder.join(name), text.as_bytes())?;
    }
    Ok(written.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" "))
}

/// What a check found, to be written at once.
pub(super) struct Report {
    /// For programs: an object.
    pub value: Value,
    /// For people.
    pub text: String,
}

/// Without `--chain` nobody but the reader can say that it is the right chain.
pub(super) fn note_chain(trusted: Option<Digest>, own: &Digest, output: &Output) {
    if trusted.is_none() {
        output.note(&format!("No --chain was given: what is shown is of chain {own}, and you have to know that it is yours."));
    }
}

/// The steps of a check that failed.
pub(super) fn note_steps(error: &CliError, output: &Output) {
    if let CliError::Audit(refused) = error {
        output.note(&steps_table(&refused.steps, Some(refused)));
    }
}

/// Checks a bundle, and says each step and what the record is.
pub(super) fn check(bundle: &AuditBundle, chain: Option<Digest>, opening: Option<&Path>) -> Result<(Audited, Report), CliError> {
    let audited = audit::check(bundle, &chain.unwrap_or_else(|| bundle.genesis.chain_id()))?;
    let verdict = match opening {
        Some(path) => {
            let opening: Opening = files::read_json(path, "the opening of an answer")?;
            Some(audited.verdict(&opening).map_err(|e| CliError::Verdict(e.to_string()))?)
        }
        None => None,
    };
    let record = &audited.record;
    let value =
        json!({ "steps": audited.steps, "record": record, "policy": audited.policy.id(), "opened_verdict": verdict, "valid": true });
    let granted = match record.verdict {
        probity_ledger::transaction::Verdict::Granted => "granted",
        probity_ledger::transaction::Verdict::NotGranted => "not granted",
    };
    let mut text = steps_table(&audited.steps, None);
    text += &format!(
        "\nThe record stands: lender {}, policy \"{}\", {granted}, height {}, {}.",
        record.lender,
        audited.policy.name,
        record.height,
        output::time(record.time_unix_ms)
    );
    if let Some(verdict) = verdict {
        text += if verdict.approved { "\nThe opening shows an approval." } else { "\nThe opening shows a decline." };
    }
    Ok((audited, Report { value, text }))
}

fn steps_table(steps: &[Step], refused: Option<&Refused>) -> String {
    let passed = steps.iter().map(|s| [s.check.to_string(), "holds".to_owned(), s.detail.clone()]);
    let failed = refused.map(|r| [r.failed.to_string(), "FAILS".to_owned(), r.error.to_string()]);
    output::table(["check", "result", "what was seen"], passed.chain(failed))
}
