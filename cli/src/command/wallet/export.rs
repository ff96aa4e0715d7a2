//! What leaves the wallet besides answers: openings for auditors, and who one is for a lender.

use crate::command::now_unix_ms;
use crate::error::CliError;
use crate::files;
use crate::output::Output;
use probity_credit::digest::Digest;
use probity_wallet::{Refusal, Wallet};
use serde_json::json;
use std::path::Path;

const OPENING_WARNING: &str = "Whoever gets this file learns the outcome, the reasons of a decline, what the request gave (amount, term and \
the like) and, where the policy shows it, your person digest. With the record on the chain they can prove all of it to others, for ever.";

const APPLICANT_WARNING: &str = "Whoever gets this file and knows your legal identity recognises you in every answer that shows a person, \
also in those you give to others, for life. It shows no data and no verdict.";

pub(super) fn opening(mut wallet: Wallet, record: &Digest, out: &Path, output: &Output) -> Result<(), CliError> {
    let opening = wallet.export_opening(record, now_unix_ms())?;
    let opening =
        opening.ok_or_else(|| CliError::Usage(format!("no answer of this wallet has record {record}: see `probity wallet log`")))?;
    output.note(OPENING_WARNING);
    files::write_json(out, &opening)?;
    output.result(&json!({ "record": record, "file": out }), || {
        format!("The opening of record {record} is in {}; the consent log notes it.", out.display())
    });
    Ok(())
}

pub(super) fn applicant(mut wallet: Wallet, out: &Path, output: &Output) -> Result<(), CliError> {
    let applicant = wallet.export_applicant(now_unix_ms())?.ok_or(Refusal::NotRegistered)?;
    output.note(APPLICANT_WARNING);
    files::write_json(out, &applicant)?;
    output.result(&json!({ "person": applicant.person, "file": out }), || {
        format!("{} is written: hand it to the lender with your papers; the consent log notes it.", out.display())
    });
    Ok(())
}
