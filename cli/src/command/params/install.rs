//! `probity params install`: a ceremony's key, from its `.zkey` file into the cache that provers load from.

use crate::error::CliError;
use crate::output::Output;
use probity_ceremony::install::{ended_transcript, key_of};
use probity_ceremony::transcript::Origin;
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_ledger::name::Name;
use probity_params::cache::KeyCache;
use probity_params::{Kind, Manifest};
use probity_prover::rows::Rows;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// `probity params install`.
#[derive(Debug, clap::Args)]
pub struct InstallArgs {
    /// The circuit.
    circuit: CircuitId,
    /// The key, .zkey.
    #[arg(long, value_name = "FILE")]
    zkey: PathBuf,
    /// The transcript of the ceremony that it came from, which names the key.
    #[arg(long, value_name = "FILE")]
    transcript: PathBuf,
}

/// What was installed.
#[derive(Serialize)]
pub(super) struct Installed {
    #[serde(flatten)]
    manifest: Manifest,
    transcript: Digest,
    contributors: Vec<Name>,
}

pub(super) fn run(args: &InstallArgs, output: &Output) -> Result<(), CliError> {
    let installed = with_transcript(&Rows::of(args.circuit)?, &args.transcript, &args.zkey)?;
    output.result(&installed, || {
        let advice = "Compare the transcript's digest with the one in your chain's genesis before you rely on the key.";
        format!("{}\n{advice}", installed.text())
    });
    Ok(())
}

/// Installs the key that a transcript names.
pub(super) fn with_transcript(rows: &Rows, transcript: &Path, zkey: &Path) -> Result<Installed, CliError> {
    let circuit = rows.circuit();
    let transcript = ended_transcript(transcript, &circuit)?;
    let key = key_of(&transcript, zkey, &circuit)?;
    let compiled = KeyCache::from_environment()?.store(&circuit, Kind::Ceremony, &key.finish())?;
    let contributors = transcript.entries.iter().filter(|entry| entry.origin != Origin::Beacon).map(|entry| entry.name.clone()).collect();
    Ok(Installed { manifest: compiled.manifest().clone(), transcript: transcript.file_digest(), contributors })
}

impl Installed {
    pub(super) fn text(&self) -> String {
        let Self { manifest: Manifest { circuit, verifying_key, .. }, transcript, contributors } = self;
        let names = contributors.iter().map(Name::to_string).collect::<Vec<_>>().join(", ");
        format!("{circuit} is installed.\nkey id        {verifying_key}\ntranscript    {transcript}\ncontributors  {names}")
    }
}
