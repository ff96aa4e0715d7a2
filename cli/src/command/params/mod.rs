//! `probity params`: proving and verifying keys of the circuits.

mod fetch;
mod install;

use crate::args::Global;
use crate::error::CliError;
use crate::files;
use crate::output::{self, Output};
use crate::progress::Progress;
use clap::Subcommand;
use probity_circuits::export::write_r1cs;
use probity_circuits::registry::{ENTRIES, Entry};
use probity_credit::circuit_id::CircuitId;
use probity_params::cache::KeyCache;
use probity_params::{Kind, Manifest, VerifyingKeyFile};
use probity_prover::{LoadError, Prover};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What to do with parameters.
#[derive(Debug, Subcommand)]
pub enum ParamsCommand {
    /// Make the development keys that the cache lacks or holds damaged. Everybody can forge proofs for them: they are for development chains only.
    Setup {
        /// Only these circuits.
        #[arg(long = "circuit", value_name = "ID")]
        circuits: Vec<CircuitId>,
        /// Write the verifying keys, `<circuit>.vk`, into this folder: for a new chain's genesis.
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
    /// List the circuits and the development keys in the cache.
    List,
    /// Install a ceremony's proving key from files, with no network.
    Install(install::InstallArgs),
    /// Fetch the proving keys of a chain from a node, in pieces, and install them. Goes on where it broke off.
    Fetch(fetch::FetchArgs),
    /// Write a circuit's constraints as an R1CS file, for circom's tools.
    ExportR1cs {
        /// The circuit.
        circuit: CircuitId,
        /// The file, `.r1cs`.
        file: PathBuf,
    },
    /// Show what a verifying key's file holds, and whether it passes the gate.
    Show {
        /// The file.
        file: PathBuf,
    },
}

pub(super) fn run(command: ParamsCommand, global: &Global, output: &Output) -> Result<(), CliError> {
    match command {
        ParamsCommand::Setup { circuits, out } => setup(&circuits, out.as_deref(), output),
        ParamsCommand::List => list(output),
        ParamsCommand::Install(args) => install::run(&args, output),
        ParamsCommand::Fetch(args) => fetch::run(&args, global, output),
        ParamsCommand::ExportR1cs { circuit, file } => export_r1cs(circuit, &file, output),
        ParamsCommand::Show { file } => show(&file, output),
    }
}

#[derive(Serialize)]
struct Made {
    #[serde(flatten)]
    manifest: Manifest,
    seconds: f64,
    file: Option<PathBuf>,
}

fn setup(circuits: &[CircuitId], out: Option<&Path>, output: &Output) -> Result<(), CliError> {
    let cache = KeyCache::from_environment()?;
    let mut made = vec![];
    for id in CircuitId::ALL.into_iter().filter(|id| circuits.is_empty() || circuits.contains(id)) {
        let begun = Instant::now();
        let progress = Progress::new(output);
        let prover = Prover::install(id, &cache, None, &|stage, done, total| {
            progress.at(&format!("{id}: {stage}"), done as u64, total as u64);
        })?;
        drop(progress);
        let file = out.map(|folder| folder.join(format!("{id}.vk")));
        if let Some(file) = &file {
            files::write(file, &prover.verifying_key_file().to_bytes())?;
        }
        made.push(Made { manifest: prover.manifest().clone(), seconds: begun.elapsed().as_secs_f64(), file });
    }
    output.result(&made, || {
        let row = |m: &Made| {
            let id = m.manifest.verifying_key.to_string();
            [m.manifest.circuit.clone(), m.manifest.kind.to_string(), id[..16].to_owned(), format!("{:.1} s", m.seconds)]
        };
        let table = output::table(["circuit", "kind", "verifying key", "time"], made.iter().map(row));
        format!("{table}\nDevelopment keys: anybody can forge proofs for them. Only a development chain accepts them.")
    });
    Ok(())
}

#[derive(Serialize)]
struct Listed {
    circuit: CircuitId,
    version: u32,
    constraints: probity_credit::digest::Digest,
    files_max: usize,
    cached_at: Option<PathBuf>,
    cached_bytes: Option<u64>,
}

fn list(output: &Output) -> Result<(), CliError> {
    let cache = KeyCache::from_environment()?;
    let listed: Vec<Listed> = ENTRIES
        .iter()
        .map(|entry: &Entry| {
            let constraints = entry.digest();
            let path = cache.path(entry.id.name(), Kind::Development, &constraints);
            let bytes = std::fs::metadata(&path).ok().map(|m| m.len());
            let (circuit, version, files_max) = (entry.id, entry.version, entry.id.files());
            Listed { circuit, version, constraints, files_max, cached_at: bytes.map(|_| path), cached_bytes: bytes }
        })
        .collect();
    output.result(&listed, || {
        let row = |l: &Listed| {
            let cached = l.cached_bytes.map_or_else(|| "not made yet".to_owned(), |b| format!("{:.1} MB", b as f64 / 1e6));
            [l.circuit.to_string(), l.version.to_string(), l.files_max.to_string(), l.constraints.to_string()[..16].to_owned(), cached]
        };
        output::table(["circuit", "version", "files at most", "constraints", "development key"], listed.iter().map(row))
    });
    Ok(())
}

#[derive(Serialize)]
struct Exported {
    circuit: CircuitId,
    constraints: probity_credit::digest::Digest,
    rows: usize,
    public_inputs: usize,
    witnesses: usize,
    file: PathBuf,
}

fn export_r1cs(circuit: CircuitId, file: &Path, output: &Output) -> Result<(), CliError> {
    let pinned = Entry::of(circuit).digest();
    let shape = Entry::of(circuit).shape();
    if shape.digest() != pinned {
        return Err(LoadError::Constraints { circuit, pinned }.into());
    }
    files::write_with(file, |mut out| write_r1cs(&shape, &mut out))?;
    let exported = Exported {
        circuit,
        constraints: pinned,
        rows: shape.num_rows(),
        public_inputs: shape.num_instance - 1,
        witnesses: shape.num_witness,
        file: file.to_owned(),
    };
    output.result(&exported, || {
        let Exported { rows, public_inputs, witnesses, .. } = &exported;
        format!("{circuit} ({pinned}): {rows} constraints, {public_inputs} public inputs, {witnesses} witnesses, in {}", file.display())
    });
    Ok(())
}

#[derive(Serialize)]
struct Shown {
    circuit: String,
    kind: Kind,
    constraints: probity_credit::digest::Digest,
    known_constraints: bool,
    inputs: usize,
    verifying_key: probity_params::KeyId,
}

fn show(file: &Path, output: &Output) -> Result<(), CliError> {
    let bytes = files::read(file, probity_params::verifying::FILE_BYTES_MAX as u64)?;
    let refused = |reason: probity_params::KeyError| CliError::Verdict(format!("{} is refused: {reason}", file.display()));
    let key = VerifyingKeyFile::from_bytes(&bytes).map_err(refused)?;
    let inputs = key.inputs();
    key.verifying_key(inputs).map_err(refused)?;
    let known_constraints = ENTRIES.iter().any(|e| e.id.name() == key.circuit && e.digest() == key.constraints);
    let shown =
        Shown { verifying_key: key.id(), circuit: key.circuit, kind: key.kind, constraints: key.constraints, known_constraints, inputs };
    output.result(&shown, || {
        let known = if shown.known_constraints { "this program's" } else { "NOT this program's" };
        let mark = if shown.kind == Kind::Development { ": anybody can forge proofs for it" } else { "" };
        format!(
            "circuit        {}\nkind           {}{mark}\nconstraints    {} ({known})\npublic inputs  {}\nkey id         {}\nThe key passes the gate.",
            shown.circuit, shown.kind, shown.constraints, shown.inputs, shown.verifying_key
        )
    });
    Ok(())
}
