//! Registering people and their keys, and telling institutions where their customers lie.

use super::{DirArg, PersonArgs};
use crate::error::CliError;
use crate::files;
use crate::output::Output;
use probity_credit::field::FieldBytes;
use probity_issuer::LegalId;
use probity_issuer::authority::{RosterReport, Unregistered};
use probity_ledger::delivery::{Delivery, Enrolment, Registration};
use serde::Serialize;
use serde_json::json;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What was typed, or a line of stdin for `-`.
pub(in crate::command) fn legal_id_text(typed: &str) -> Result<String, CliError> {
    if typed != "-" {
        return Ok(typed.to_owned());
    }
    let mut text = String::new();
    let read = std::io::stdin().lock().take(1024).read_to_string(&mut text);
    read.map_err(|e| CliError::Usage(format!("the legal identity cannot be read from stdin: {e}")))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

#[derive(Serialize)]
struct Registered<'a> {
    position: u32,
    person: FieldBytes,
    file: &'a Path,
}

/// Writes a registration; `begins` says when its key counts.
fn hand_over(registration: &Registration, out: &Path, begins: &str, output: &Output) -> Result<(), CliError> {
    files::write_json(out, registration)?;
    let shown = Registered { position: registration.terms.position, person: registration.terms.person, file: out };
    output.result(&shown, || {
        format!(
            "position  {}\nThe registration is in {}: hand it to the person, who imports it with `probity wallet import`.\n{begins}",
            shown.position,
            out.display()
        )
    });
    Ok(())
}

fn enrolment(path: &Path) -> Result<Enrolment, CliError> {
    Ok(Enrolment::from_json(&files::read(path, files::JSON_BYTES_MAX)?)?)
}

pub(super) fn register(args: &PersonArgs, output: &Output) -> Result<(), CliError> {
    let (key, text, enrolment) = (files::read_key(&args.key)?, legal_id_text(&args.legal_id)?, enrolment(&args.enrolment)?);
    let registration = args.dir.open()?.register(LegalId::new(&text)?, &enrolment, &key)?;
    hand_over(&registration, &args.out, "The key counts from the next `probity authority publish` and the anchor after it on.", output)
}

pub(super) fn rotate(args: &PersonArgs, output: &Output) -> Result<(), CliError> {
    let (key, text, enrolment) = (files::read_key(&args.key)?, legal_id_text(&args.legal_id)?, enrolment(&args.enrolment)?);
    let registration = args.dir.open()?.rotate(LegalId::new(&text)?, &enrolment, &key)?;
    let begins = "The old key ends with the next `probity authority publish`; the new one begins with the first anchor of a month.";
    hand_over(&registration, &args.out, begins, output)
}

pub(super) fn revoke(dir: &DirArg, legal_id: &str, output: &Output) -> Result<(), CliError> {
    let text = legal_id_text(legal_id)?;
    dir.open()?.revoke(LegalId::new(&text)?)?;
    output.result(&json!({ "revoked": true }), || "The key ends with the next `probity authority publish`.".to_owned());
    Ok(())
}

#[derive(Serialize)]
struct RosterShown {
    listed: u64,
    reserved: u64,
    left_out: u64,
    file: PathBuf,
}

pub(super) fn roster(dir: &DirArg, customers: &Path, out: &Path, reserve: bool, output: &Output) -> Result<(), CliError> {
    let mut authority = dir.open()?;
    let source = files::open(customers)?;
    let mut csv = vec![];
    let unregistered = if reserve { Unregistered::Reserve } else { Unregistered::LeaveOut };
    let RosterReport { listed, reserved, left_out } = authority.roster(source, &mut csv, unregistered)?;
    files::write(out, &csv)?;
    let shown = RosterShown { listed, reserved, left_out, file: out.to_owned() };
    output.result(&shown, || {
        format!("{listed} customers are in {}; {reserved} of them got a position now, {left_out} were left out.", out.display())
    });
    Ok(())
}
