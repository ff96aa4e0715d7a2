//! `probity params install`: a ceremony's key, from its `.zkey` file into the cache that provers load from.

use crate::error::CliError;
use crate::files;
use crate::output::Output;
use probity_ceremony::install::{ended_transcript, key_of};
use probity_ceremony::{CeremonyError, Key};
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_params::cache::KeyCache;
use probity_params::{Kind, Manifest};
use probity_prover::rows::Rows;
use serde::Serialize;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// `probity params install`.
#[derive(Debug, clap::Args)]
pub struct InstallArgs {
    /// The circuit.
    circuit: CircuitId,
    /// The key, .zkey.
    #[arg(long, value_name = "FILE")]
    zkey: PathBuf,
    /// The transcript of the ceremony that it came from: then the key must be the one that the transcript names.
    #[arg(long, value_name = "FILE")]
    transcript: Option<PathBuf>,
}

/// What was installed.
#[derive(Serialize)]
pub(super) struct Installed {
    #[serde(flatten)]
    manifest: Manifest,
    transcript: Option<Digest>,
    contributors: Vec<String>,
}

pub(super) fn run(args: &InstallArgs, output: &Output) -> Result<(), CliError> {
    let rows = Rows::of(args.circuit)?;
    let installed = match &args.transcript {
        Some(transcript) => with_transcript(&rows, transcript, &args.zkey)?,
        None => {
            let file = BufReader::new(files::open(&args.zkey)?);
            let key = Key::read(file, &rows.circuit()).map_err(|reason| CeremonyError::KeyFile { path: args.zkey.clone(), reason })?;
            store(&rows, &key, None)?
        }
    };
    output.result(&installed, || installed.text());
    Ok(())
}

/// Installs the key that a transcript names.
pub(super) fn with_transcript(rows: &Rows, transcript: &Path, zkey: &Path) -> Result<Installed, CliError> {
    let (transcript, digest) = ended_transcript(transcript, &rows.circuit())?;
    let key = key_of(&transcript, zkey, &rows.circuit())?;
    store(rows, &key, Some(digest))
}

fn store(rows: &Rows, key: &Key, transcript: Option<Digest>) -> Result<Installed, CliError> {
    let compiled = KeyCache::from_environment()?.store(&rows.circuit(), Kind::Ceremony, &key.finish())?;
    let contributors = key.contributions().iter().filter(|c| c.beacon().is_none()).map(|c| c.name().to_owned()).collect();
    Ok(Installed { manifest: compiled.manifest().clone(), transcript, contributors })
}

impl Installed {
    pub(super) fn text(&self) -> String {
        let Manifest { circuit, verifying_key, .. } = &self.manifest;
        let from = match &self.transcript {
            Some(digest) => format!("transcript    {digest}\ncontributors  {}", self.contributors.join(", ")),
            None => "No transcript was given: compare the key id with the one that your chain's genesis names.".to_owned(),
        };
        format!("{circuit} is installed.\nkey id        {verifying_key}\n{from}")
    }
}
