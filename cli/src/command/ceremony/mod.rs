//! `probity ceremony`: the second phase of the set-up, by many hands.

mod check;
mod step;

use crate::error::CliError;
use crate::files;
use crate::output::Output;
use crate::progress::Progress;
use clap::{Args, Subcommand};
use probity_ceremony::{Folder, Stage, accumulator};
use probity_credit::circuit_id::CircuitId;
use probity_ledger::name::Name;
use probity_prover::rows::Rows;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What to do in a ceremony.
#[derive(Debug, Subcommand)]
pub enum CeremonyCommand {
    /// Begin a ceremony for a circuit, from powers of tau.
    Init {
        /// The circuit.
        circuit: CircuitId,
        /// A new folder for the ceremony.
        folder: PathBuf,
        /// What it begins from.
        #[command(flatten)]
        powers: PowersArgs,
    },
    /// Contribute: if you keep nothing, nobody can put the second phase's secret together.
    Contribute {
        /// The ceremony's folder.
        folder: PathBuf,
        /// Who you are, as the transcript will name you.
        #[arg(long)]
        name: Name,
        /// File of the key that signs your contribution.
        #[arg(long = "key", value_name = "FILE")]
        key: PathBuf,
        /// More randomness than this machine's, from a file.
        #[arg(long, value_name = "FILE")]
        entropy: Option<PathBuf>,
        /// Verify the ceremony so far before contributing to it: the file of powers of tau (.ptau).
        #[arg(long, value_name = "FILE")]
        powers: Option<PathBuf>,
        /// Take in a contribution that another program, snarkjs for instance, made to the last key (.zkey).
        #[arg(long, value_name = "FILE", conflicts_with = "entropy")]
        from: Option<PathBuf>,
    },
    /// End a ceremony with a public random value that nobody could know before.
    Beacon {
        /// The ceremony's folder.
        folder: PathBuf,
        /// The value, hexadecimal.
        #[arg(long, value_name = "HEX")]
        value: String,
        /// The value is hashed two to the power of this many times.
        #[arg(long, default_value_t = 20, value_name = "EXPONENT", value_parser = clap::value_parser!(u8).range(10..=32))]
        exponent: u8,
        /// Where it was published, for whoever looks it up: drand round, block, lottery.
        #[arg(long)]
        source: Name,
        /// File of the key that signs the entry.
        #[arg(long = "key", value_name = "FILE")]
        key: PathBuf,
    },
    /// Verify a ceremony from nothing but the circuit, the powers of tau and its folder.
    Verify(VerifyArgs),
    /// Verify an ended ceremony, install its proving key, and write what a chain's genesis and its users need.
    Finalize {
        /// What to verify.
        #[command(flatten)]
        ceremony: VerifyArgs,
        /// Folder for `<circuit>.vk`, `<circuit>.transcript.json` and `<circuit>.zkey`.
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
    /// Sign your word that a contribution is yours and that you kept nothing.
    Attest {
        /// The ceremony's folder.
        folder: PathBuf,
        /// Number of your contribution; by default the last one that your key signed.
        #[arg(long)]
        number: Option<usize>,
        /// What you want to say about how you did it.
        #[arg(long, default_value = "I made this contribution and kept nothing of its secret.")]
        statement: String,
        /// File of the key that signs.
        #[arg(long = "key", value_name = "FILE")]
        key: PathBuf,
        /// The file that is written.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Show who contributed so far. Verifies the transcript's chain and signatures, nothing else.
    Show {
        /// The ceremony's folder.
        folder: PathBuf,
    },
    /// Make powers of tau on this machine, to rehearse. Never for a network: whoever makes them could keep the secret.
    RehearsalPowers {
        /// The file, .ptau.
        file: PathBuf,
        /// Size: two to the power of this many.
        #[arg(long, value_parser = clap::value_parser!(u32).range(10..=20))]
        power: u32,
    },
}

/// Powers of tau.
#[derive(Debug, Args)]
pub struct PowersArgs {
    /// The file of powers of tau (.ptau), at least twice as large as the circuit's domain.
    #[arg(long, value_name = "FILE")]
    powers: PathBuf,
    /// Take powers of tau that are not a published file of the perpetual ceremony. You answer for where they come from.
    #[arg(long)]
    unpublished_powers: bool,
}

impl PowersArgs {
    /// The file, if it is a published one or need not be.
    fn file(&self) -> Result<&Path, CliError> {
        let digest = accumulator::file_digest(files::open(&self.powers)?).map_err(|source| files::FileError::Io {
            action: "reading",
            path: self.powers.clone(),
            source,
        })?;
        if self.unpublished_powers || accumulator::published(&digest).is_some() {
            return Ok(&self.powers);
        }
        Err(CliError::Verdict(format!(
            "{} (Blake2b {}...) is no published file of the perpetual powers of tau: whoever made it may know its secret. Take a published one, \
             or pass --unpublished-powers if you know where it comes from",
            self.powers.display(),
            hex::encode(&digest[..8])
        )))
    }
}

/// A ceremony to verify.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The ceremony's folder.
    folder: PathBuf,
    /// What it began from.
    #[command(flatten)]
    powers: PowersArgs,
    /// Attestations of contributors to check as well.
    #[arg(long = "attestation", value_name = "FILE")]
    attestations: Vec<PathBuf>,
}

pub(super) fn run(command: CeremonyCommand, output: &Output) -> Result<(), CliError> {
    match command {
        CeremonyCommand::Init { circuit, folder, powers } => step::init(circuit, &folder, powers.file()?, output),
        CeremonyCommand::Contribute { folder, name, key, entropy, powers, from } => {
            let key = files::read_key(&key)?;
            if let Some(powers) = powers {
                check::so_far(&folder, &powers, output)?;
            }
            match from {
                Some(file) => step::take_in(&folder, name, &key, &file, output),
                None => step::contribute(&folder, name, &key, entropy.as_deref(), output),
            }
        }
        CeremonyCommand::Beacon { folder, value, exponent, source, key } => {
            step::beacon(&folder, &value, exponent, source, &files::read_key(&key)?, output)
        }
        CeremonyCommand::Verify(args) => check::verify(&args, output),
        CeremonyCommand::Finalize { ceremony, out } => check::finalize(&ceremony, &out, output),
        CeremonyCommand::Attest { folder, number, statement, key, out } => {
            check::attest(&folder, number, &statement, &files::read_key(&key)?, &out, output)
        }
        CeremonyCommand::Show { folder } => check::show(&folder, output),
        CeremonyCommand::RehearsalPowers { file, power } => rehearsal_powers(&file, power, output),
    }
}

#[derive(Serialize)]
struct Written {
    file: PathBuf,
    power: u32,
    bytes: u64,
}

fn rehearsal_powers(file: &Path, power: u32, output: &Output) -> Result<(), CliError> {
    let progress = Bar::new(output);
    files::write_with(file, |mut out| accumulator::write_rehearsal(&mut out, power, &mut rand::rngs::OsRng, &progress.teller()))?;
    drop(progress);
    let bytes = std::fs::metadata(file).map_or(0, |m| m.len());
    let written = Written { file: file.to_owned(), power, bytes };
    output.result(&written, || {
        let size = bytes as f64 / 1e6;
        format!("{} ({size:.1} MB): powers of tau of size 2^{power}, made by this machine alone. For rehearsals only.", file.display())
    });
    Ok(())
}

/// A progress bar for a ceremony's stages.
struct Bar(Progress);

impl Bar {
    fn new(output: &Output) -> Self {
        Self(Progress::new(output))
    }

    fn teller(&self) -> impl Fn(Stage, usize, usize) + '_ {
        |stage, done, total| self.0.at(&stage.to_string(), done as u64, total as u64)
    }
}

/// Opens a ceremony, with the rows of its circuit.
fn open(folder: &Path) -> Result<(Folder, Rows), CliError> {
    let ceremony = Folder::open(folder)?;
    let name = &ceremony.transcript().circuit;
    let id = CircuitId::ALL.into_iter().find(|id| id.name() == name);
    let id = id.ok_or_else(|| CliError::Usage(format!("the ceremony is for {name:?}, which is no circuit of this program")))?;
    Ok((ceremony, Rows::of(id)?))
}
