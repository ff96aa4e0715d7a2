//! Measures the product and writes the report of `make bench`; `docs/PERFORMANCE.md` says what each figure means.
//!
//! The parent process sees that every circuit has its key, then starts this program again once per part and number of threads, so that
//! no part warms or bloats another; each child writes its figures as JSON, and the parent prints them as tables and keeps them in one
//! file. Every figure comes from the run that prints it.

mod args;
mod commit;
mod measure;
mod plots;
mod prove;
mod report;
mod sizes;
mod verify;

use args::{Command, Options};
use measure::{Failure, Machine, load_average};
use probity_circuits::registry::ENTRIES;
use probity_credit::circuit_id::CircuitId;
use probity_params::Kind;
use probity_params::cache::{FOLDER_VARIABLE, KeyCache};
use probity_prover::Prover;
use prove::Proving;
use report::Report;
use serde::de::DeserializeOwned;
use sizes::CircuitSizes;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};

fn main() -> ExitCode {
    let done = match args::parse(std::env::args().skip(1)) {
        Ok(Command::Help) => {
            println!("{}", args::USAGE);
            Ok(())
        }
        Ok(Command::Rows) => {
            println!("{}", sizes::rows_table());
            Ok(())
        }
        Ok(Command::Counts) => {
            println!("{}", sizes::counts_table());
            Ok(())
        }
        Ok(Command::Measure(options)) => measure_all(&options),
        Ok(Command::Child(part)) => part.run(),
        Err(wrong) => {
            eprintln!("{wrong}\n\n{}", args::USAGE);
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Effort {
    quick: bool,
    /// Without the CPU's vector instructions.
    portable: bool,
}

impl Effort {
    /// Runs that a median is taken of.
    pub(crate) fn runs(self) -> usize {
        if self.quick { 3 } else { 7 }
    }

    /// Processes whose first proofs are taken, which vary more.
    pub(crate) fn processes(self) -> usize {
        2 * self.runs() + 1
    }

    /// Files of the trees.
    pub(crate) fn files(self) -> &'static [usize] {
        if self.quick { &[10_000] } else { &[10_000, 100_000, 1_000_000] }
    }

    /// Proofs of the largest batch.
    pub(crate) fn batch_max(self) -> usize {
        if self.quick { 64 } else { 1_024 }
    }

    /// CPU time that one sample takes at least: the system counts it in hundredths of a second.
    pub(crate) fn cpu_s_min(self) -> f64 {
        if self.quick { 0.3 } else { 1.0 }
    }
}

/// What one child measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    what: What,
    effort: Effort,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Prove(CircuitId),
    Cold(CircuitId),
    Verify,
    Commit,
}

impl Part {
    fn run(self) -> Result<(), Failure> {
        if self.effort.portable {
            probity_curve::use_portable_arithmetic();
        }
        let json = match self.what {
            What::Prove(circuit) => serde_json::to_string(&prove::measure(circuit, &KeyCache::from_environment()?, self.effort)?)?,
            What::Cold(circuit) => serde_json::to_string(&prove::measure_cold(circuit, &KeyCache::from_environment()?)?)?,
            What::Verify => serde_json::to_string(&verify::measure(&KeyCache::from_environment()?, self.effort)?)?,
            What::Commit => serde_json::to_string(&commit::measure(self.effort)?)?,
        };
        println!("{json}");
        Ok(())
    }
}

fn measure_all(options: &Options) -> Result<(), Failure> {
    let effort = options.effort;
    let keys = options.keys.as_ref().map_or_else(KeyCache::from_environment, |folder| Ok(KeyCache::at(folder)))?;
    let cores = std::thread::available_parallelism()?.get();
    let threads: Vec<usize> = if cores == 1 { vec![1] } else { vec![1, cores] };
    let child = |what, threads| start(Part { what, effort }, threads, options.keys.as_ref());

    let circuits = ENTRIES.iter().map(|entry| circuit(entry.id, &keys)).collect::<Result<_, _>>()?;
    let load_before = load_average()?;
    let mut report = Report::new(Machine::read(cores, load_before)?, effort, circuits);
    for entry in &ENTRIES {
        for &threads in &threads {
            eprintln!("proving {}, threads: {threads}", entry.id);
            let cold =
                (0..effort.processes()).map(|_| child_result(child(What::Cold(entry.id), threads)?)).collect::<Result<Vec<_>, _>>()?;
            let prove = child_result(child(What::Prove(entry.id), threads)?)?;
            report.prove.push(Proving::new(prove, &cold));
        }
    }
    for &threads in &threads {
        eprintln!("verifying, threads: {threads}");
        report.add_verify(child_result(child(What::Verify, threads)?)?);
    }
    eprintln!("committing, threads: {cores}");
    report.commit = Some(child_result(child(What::Commit, cores)?)?);
    report.machine.load_average_after = load_average()?;

    if let Some(folder) = options.out.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&options.out, serde_json::to_string_pretty(&report)? + "\n")?;
    for (name, picture) in plots::all(&report) {
        std::fs::write(options.out.with_file_name(format!("{name}.svg")), picture)?;
    }
    println!("{}\nWritten to {}, with plots beside it", report.tables(), options.out.display());
    Ok(())
}

/// Makes the development key, if the cache has none, and counts.
fn circuit(id: CircuitId, keys: &KeyCache) -> Result<CircuitSizes, Failure> {
    let sizes = CircuitSizes::of(id);
    eprintln!("{id}: key (made on first use)");
    let prover = Prover::development(id, keys, None, &|_, _, _| ())?;
    let file = prover.verifying_key_file();
    let proving_key_bytes = std::fs::metadata(keys.path(id.name(), Kind::Development, &file.constraints))?.len();
    Ok(CircuitSizes { proving_key_bytes, verifying_key_bytes: file.to_bytes().len() as u64, ..sizes })
}

/// Runs this program for one part, with so many threads; the answer is what it wrote.
fn start(part: Part, threads: usize, keys: Option<&PathBuf>) -> Result<String, Failure> {
    let mut command = std::process::Command::new(std::env::current_exe()?);
    command.args(args::child(part)).env("RAYON_NUM_THREADS", threads.to_string()).stderr(Stdio::inherit());
    if let Some(folder) = keys {
        command.env(FOLDER_VARIABLE, folder);
    }
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("measuring {:?} failed: {}", part.what, output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn child_result<T: DeserializeOwned>(json: String) -> Result<T, Failure> {
    Ok(serde_json::from_str(&json)?)
}
