//! The steps that change a ceremony.

use super::{Bar, open};
use crate::error::CliError;
use crate::files;
use crate::output::Output;
use probity_ceremony::Folder;
use probity_ceremony::contribution::Beacon;
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_ledger::keys::SecretKey;
use probity_ledger::name::Name;
use probity_prover::rows::Rows;
use serde::Serialize;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Longest file of entropy.
const ENTROPY_BYTES_MAX: u64 = 16 << 20;

#[derive(Serialize)]
struct Step {
    circuit: String,
    contributions: usize,
    contribution_hash: Option<String>,
    key: Digest,
    key_file: PathBuf,
    key_bytes: u64,
}

fn report(ceremony: &Folder, said: &str, output: &Output) {
    let transcript = ceremony.transcript();
    let key_file = ceremony.key_path();
    let step = Step {
        circuit: transcript.circuit.clone(),
        contributions: transcript.entries.len(),
        contribution_hash: transcript.entries.last().map(|entry| hex::encode(entry.contribution)),
        key: transcript.key(),
        key_bytes: std::fs::metadata(&key_file).map_or(0, |m| m.len()),
        key_file,
    };
    output.result(&step, || {
        let mut text = format!("{said}\nkey           {} ({:.1} MB)\n", step.key_file.display(), step.key_bytes as f64 / 1e6);
        text += &format!("SHA-256       {}\n", step.key);
        if let Some(hash) = &step.contribution_hash {
            text += &format!("contribution  {}\n              {}", &hash[..64], &hash[64..]);
        }
        text
    });
}

pub(super) fn init(circuit: CircuitId, folder: &Path, powers: &Path, output: &Output) -> Result<(), CliError> {
    let rows = Rows::of(circuit)?;
    let bar = Bar::new(output);
    let ceremony = Folder::init(folder, &rows.circuit(), powers, &bar.teller())?;
    drop(bar);
    report(&ceremony, &format!("A ceremony for {circuit} has begun. Give the folder to the first contributor."), output);
    Ok(())
}

pub(super) fn contribute(folder: &Path, name: Name, key: &SecretKey, entropy: Option<&Path>, output: &Output) -> Result<(), CliError> {
    let (mut ceremony, rows) = open(folder)?;
    let entropy = match entropy {
        Some(file) => Zeroizing::new(files::read(file, ENTROPY_BYTES_MAX)?),
        None => typed(output)?,
    };
    let bar = Bar::new(output);
    ceremony.contribute(&rows.circuit(), name, key, &entropy, &bar.teller())?;
    drop(bar);
    let said = "Thank you. The secret is forgotten with this process. Publish the contribution's hash where people know you, and pass \
                the folder on.";
    report(&ceremony, said, output);
    Ok(())
}

/// What somebody types is mixed with the system's randomness; where nobody can type, the system's is all.
fn typed(output: &Output) -> Result<Zeroizing<Vec<u8>>, CliError> {
    if !(output.shows_progress() && std::io::stdin().is_terminal()) {
        return Ok(Zeroizing::default());
    }
    let prompt = "Type something that nobody can guess, for a while, then press Enter: ";
    let line = rpassword::prompt_password(prompt).map_err(|e| CliError::Usage(format!("nothing could be typed: {e}")))?;
    Ok(Zeroizing::new(line.into_bytes()))
}

pub(super) fn take_in(folder: &Path, name: Name, key: &SecretKey, file: &Path, output: &Output) -> Result<(), CliError> {
    let (mut ceremony, rows) = open(folder)?;
    let bar = Bar::new(output);
    ceremony.take_in(&rows.circuit(), file, name, key, &bar.teller())?;
    drop(bar);
    report(&ceremony, "The contribution holds and is taken in.", output);
    Ok(())
}

pub(super) fn beacon(folder: &Path, value: &str, exponent: u8, source: Name, key: &SecretKey, output: &Output) -> Result<(), CliError> {
    let value = hex::decode(value).map_err(|_| CliError::Usage("a beacon's value is written in hexadecimal digits".into()))?;
    let (mut ceremony, rows) = open(folder)?;
    let bar = Bar::new(output);
    ceremony.beacon(&rows.circuit(), Beacon { value, exponent }, source, key, &bar.teller())?;
    drop(bar);
    report(&ceremony, "The ceremony has ended with its beacon. Verify it, and let others verify it, before anybody relies on it.", output);
    Ok(())
}
