//! The commands that look at a ceremony.

use super::{Bar, VerifyArgs, open};
use crate::error::CliError;
use crate::files;
use crate::output::{self, Output};
use probity_ceremony::attestation::Attestation;
use probity_ceremony::transcript::{Origin, Transcript};
use probity_ceremony::verify::{AppliedBeacon, Contributor, Report};
use probity_ceremony::{Folder, Key};
use probity_credit::digest::Digest;
use probity_ledger::keys::SecretKey;
use probity_params::cache::KeyCache;
use probity_params::{Kind, Manifest};
use probity_prover::rows::Rows;
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct Verified {
    #[serde(flatten)]
    report: Report,
    attestations: Vec<Attestation>,
}

pub(super) fn verify(args: &VerifyArgs, output: &Output) -> Result<(), CliError> {
    let (_, _, _, verified) = verified(args, Folder::verify, output)?;
    output.result(&verified, || text(&verified));
    Ok(())
}

type Check = fn(
    &Folder,
    &probity_params::setup::Circuit<'_>,
    &Path,
    probity_ceremony::Progress<'_>,
) -> Result<(Key, Report), probity_ceremony::CeremonyError>;

/// Verifies what stands before one's own contribution.
pub(super) fn so_far(folder: &Path, powers: &Path, output: &Output) -> Result<(), CliError> {
    let (ceremony, rows) = open(folder)?;
    let bar = Bar::new(output);
    ceremony.verify(&rows.circuit(), powers, &bar.teller())?;
    drop(bar);
    output.note("The ceremony holds so far.");
    Ok(())
}

fn verified(args: &VerifyArgs, check: Check, output: &Output) -> Result<(Folder, Rows, Key, Verified), CliError> {
    let powers = args.powers.file()?;
    let (ceremony, rows) = open(&args.folder)?;
    let mut attested = vec![];
    for file in &args.attestations {
        let attestation: Attestation = files::read_json(file, "an attestation")?;
        attestation.check(ceremony.transcript())?;
        attested.push(attestation);
    }
    let bar = Bar::new(output);
    let (key, report) = check(&ceremony, &rows.circuit(), powers, &bar.teller())?;
    drop(bar);
    Ok((ceremony, rows, key, Verified { report, attestations: attested }))
}

fn text(Verified { report, attestations }: &Verified) -> String {
    let mut text = format!("The ceremony for {} holds:\n", report.circuit);
    for check in &report.checks {
        text += &format!("  ok  {check}\n");
    }
    let powers = report.published_powers.map_or_else(
        || "a file that this program does not know: trust whoever made it, or verify it with `snarkjs powersoftau verify`".to_owned(),
        |name| format!("{name}, as published"),
    );
    text += &format!("\npowers of tau  2^{}, {powers}\n", report.power);
    for Contributor { number, name, signer_knew_the_factor, signer, contribution } in &report.contributors {
        let how = if *signer_knew_the_factor { "signed by" } else { "made with another program, taken in by" };
        text += &format!("contribution   {number}: {name}, {how} {signer}\n               {}...\n", hex::encode(&contribution[..32]));
        for attestation in attestations.iter().filter(|attestation| attestation.number == *number) {
            text += &format!("               attested by {}: {:?}\n", attestation.signer, attestation.statement);
        }
    }
    text += &match &report.beacon {
        Some(AppliedBeacon { source, value, exponent }) => {
            format!("beacon         {source}: compare with what was published there\n               {value}, hashed 2^{exponent} times\n")
        }
        None => "beacon         none yet: the ceremony has not ended\n".to_owned(),
    };
    text += &format!("key            {}\ntranscript     {}\n\n", report.key, report.transcript);
    text + "The parameters are sound if at least one of these contributors, and at least one of those who made the powers of tau, kept nothing."
}

#[derive(Serialize)]
struct Finalized {
    #[serde(flatten)]
    verified: Verified,
    manifest: Manifest,
    files: [PathBuf; 3],
}

pub(super) fn finalize(args: &VerifyArgs, out: &Path, output: &Output) -> Result<(), CliError> {
    let (ceremony, rows, key, verified) = verified(args, Folder::finish, output)?;
    let circuit = rows.circuit();
    let compiled = KeyCache::from_environment()?.store(&circuit, Kind::Ceremony, &key.finish())?;
    let [vk, transcript, zkey] = ["vk", "transcript.json", "zkey"].map(|end| out.join(format!("{}.{end}", circuit.id)));
    // what was verified is written, not what the folder holds by now
    files::write(&vk, &compiled.verifying_key_file().to_bytes())?;
    files::write(&transcript, ceremony.transcript().to_json().as_bytes())?;
    files::write_with(&zkey, |out| key.write(&circuit, out).map(drop))?;
    let finalized = Finalized { verified, manifest: compiled.manifest().clone(), files: [vk, transcript, zkey] };
    output.result(&finalized, || {
        let [vk, transcript, zkey] = finalized.files.each_ref().map(|file| file.display());
        format!(
            "{}\n\nInstalled for proving on this machine. Written:\n  {vk}: for the genesis, with the transcript beside it\n  {transcript}: \
             its SHA-256 is what the genesis names\n  {zkey}: what wallets fetch\nkey id  {}",
            text(&finalized.verified),
            finalized.manifest.verifying_key
        )
    });
    Ok(())
}

pub(super) fn attest(
    folder: &Path,
    number: Option<usize>,
    statement: &str,
    key: &SecretKey,
    out: &Path,
    output: &Output,
) -> Result<(), CliError> {
    let ceremony = Folder::open(folder)?;
    let transcript = ceremony.transcript();
    let mine = |transcript: &Transcript| {
        let is_mine = |origin: &Origin| matches!(origin, Origin::Probity { .. });
        transcript.entries.iter().rposition(|entry| entry.signer == key.public() && is_mine(&entry.origin)).map(|i| i + 1)
    };
    let number = number
        .or_else(|| mine(transcript))
        .ok_or_else(|| CliError::Usage("this key signed no contribution here: name yours with --number".into()))?;
    let attestation = Attestation::sign(transcript, number, statement, key)?;
    files::write_json(out, &attestation)?;
    output.result(&attestation, || format!("{}: your signed word about contribution {number}. Publish it.", out.display()));
    Ok(())
}

#[derive(Serialize)]
struct Shown<'a> {
    circuit: &'a str,
    constraints: Digest,
    has_ended: bool,
    key: Digest,
    entries: &'a [probity_ceremony::transcript::Entry],
}

pub(super) fn show(folder: &Path, output: &Output) -> Result<(), CliError> {
    let ceremony = Folder::open(folder)?;
    let t = ceremony.transcript();
    let shown = Shown { circuit: &t.circuit, constraints: t.constraints, has_ended: t.has_ended(), key: t.key(), entries: &t.entries };
    output.result(&shown, || {
        let row = |(entry, number): (&probity_ceremony::transcript::Entry, usize)| {
            let how = match &entry.origin {
                Origin::Probity { .. } => "probity",
                Origin::Other => "another program",
                Origin::Beacon => "beacon",
            };
            let (hash, signer) = (hex::encode(&entry.contribution[..8]), entry.signer.to_string());
            [number.to_string(), entry.name.to_string(), how.to_owned(), hash, signer[..16].to_owned()]
        };
        let table = output::table(["", "name", "how", "hash begins", "signed by"], t.entries.iter().zip(1..).map(row));
        let state = if t.has_ended() { "ended" } else { "open" };
        format!("ceremony for {}, {state}\nkey {}\n{table}", t.circuit, t.key())
    });
    Ok(())
}
