//! What was typed.

use crate::{Effort, Part, What};
use std::path::PathBuf;

/// Said when asked, or when nothing else fits.
pub(crate) const USAGE: &str = "\
probity-benches: measures the product and prints the figures as tables

  --quick      fewer runs and smaller batches and trees
  --out FILE   where the figures go as JSON (default: bench/report.json in CARGO_TARGET_DIR or ./target)
  --keys DIR   where the proving keys lie, made if missing (default: the cache of the product)
  --portable   proofs as on a CPU without vector instructions
  --rows       only print the rows per block of each circuit
  --counts     only print the counted sizes of each circuit
  --help       print this";

/// The word that makes this process a child; not for people.
const CHILD: &str = "child";

/// In front of a circuit's name: its first proof alone.
const COLD: &str = "cold:";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Rows,
    Counts,
    Measure(Options),
    Child(Part),
}

/// How to measure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) effort: Effort,
    pub(crate) out: PathBuf,
    pub(crate) keys: Option<PathBuf>,
}

/// Reads the words after the program's name.
pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut words = words.peekable();
    if words.next_if(|word| word == CHILD).is_some() {
        return parse_child(words).map(Command::Child);
    }
    let mut options = Options { effort: Effort { quick: false, portable: false }, out: default_out(), keys: None };
    while let Some(word) = words.next() {
        let mut path = |name| words.next().map(PathBuf::from).ok_or(format!("{name} needs a path"));
        match word.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--rows" => return Ok(Command::Rows),
            "--counts" => return Ok(Command::Counts),
            "--quick" => options.effort.quick = true,
            "--portable" => options.effort.portable = true,
            "--out" => options.out = path("--out")?,
            "--keys" => options.keys = Some(path("--keys")?),
            other => return Err(format!("unknown option {other:?}")),
        }
    }
    Ok(Command::Measure(options))
}

fn default_out() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").filter(|folder| !folder.is_empty());
    target.map_or_else(|| PathBuf::from("target"), PathBuf::from).join("bench/report.json")
}

/// The words for a child.
pub(crate) fn child(part: Part) -> Vec<String> {
    let what = match part.what {
        What::Prove(circuit) => circuit.name(),
        What::Cold(circuit) => &format!("{COLD}{circuit}"),
        What::Verify => "verify",
        What::Commit => "commit",
    };
    let effort = if part.effort.quick { "quick" } else { "full" };
    let arithmetic = if part.effort.portable { "portable" } else { "fastest" };
    [CHILD, what, effort, arithmetic].map(str::to_owned).to_vec()
}

fn parse_child(words: impl Iterator<Item = String>) -> Result<Part, String> {
    let words: Vec<String> = words.collect();
    let [what, effort, arithmetic] = words.as_slice() else { return Err("a child is told what to measure and how much".into()) };
    let what = match what.as_str() {
        "verify" => What::Verify,
        "commit" => What::Commit,
        cold if cold.starts_with(COLD) => What::Cold(cold[COLD.len()..].parse().map_err(|e| format!("{cold:?}: {e}"))?),
        circuit => What::Prove(circuit.parse().map_err(|e| format!("{circuit:?}: {e}"))?),
    };
    Ok(Part { what, effort: Effort { quick: effort == "quick", portable: arithmetic == "portable" } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use probity_credit::circuit_id::CircuitId;

    fn parse(line: &str) -> Result<Command, String> {
        super::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read() {
        let Ok(Command::Measure(all)) = parse("--quick --portable --out a/b.json --keys c") else { panic!("these measure") };
        let effort = Effort { quick: true, portable: true };
        assert_eq!((all.effort, all.out, all.keys), (effort, "a/b.json".into(), Some("c".into())));
        assert_eq!(parse("--rows"), Ok(Command::Rows));
        assert!(parse("--out").is_err() && parse("--fast").is_err() && parse("child").is_err() && parse("child x quick").is_err());
    }

    #[test]
    fn a_child_reads_what_its_parent_writes() {
        for what in CircuitId::ALL.into_iter().flat_map(|id| [What::Prove(id), What::Cold(id)]).chain([What::Verify, What::Commit]) {
            for (quick, portable) in [(false, false), (true, false), (false, true), (true, true)] {
                let part = Part { what, effort: Effort { quick, portable } };
                assert_eq!(parse(&child(part).join(" ")), Ok(Command::Child(part)));
            }
        }
    }
}
