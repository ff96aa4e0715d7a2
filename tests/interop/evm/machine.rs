//! Ethereum's virtual machine: revm behind a pipe (`tests/evm`).

use super::solc::Compiled;
use probity_demo::tools::Tools;
use std::io::Write;
use std::process::{Command, Stdio};

/// Gas of a transaction unless a test says otherwise: the most that mainnet takes.
pub(super) const GAS: u64 = 1 << 24;

/// How a transaction ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Well, with this output.
    Returned(Vec<u8>),
    /// Given up by the contract, with this output.
    Reverted(Vec<u8>),
    /// Stopped by the machine, for this reason.
    Halted(String),
    /// Not let into a block.
    Rejected(String),
}

/// The answer of a contract that returns true or false.
pub(super) fn word(value: bool) -> Outcome {
    let mut bytes = vec![0; 32];
    bytes[31] = value.into();
    Outcome::Returned(bytes)
}

/// An outcome and the gas that was paid for it.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    pub(super) gas: u64,
}

/// A chain with one contract, given as the commands that make it.
#[derive(Clone)]
pub(super) struct Chain {
    commands: Vec<String>,
}

impl Chain {
    /// With mainnet's limits.
    pub(super) fn new(contract: &Compiled) -> Self {
        Self { commands: vec![format!("create {GAS} 0x{}", contract.creation)] }
    }

    /// Where contracts may have `bytes` bytes.
    pub(super) fn with_limit(contract: &Compiled, bytes: usize) -> Self {
        let mut chain = Self::new(contract);
        chain.commands.insert(0, format!("limit {bytes}"));
        chain
    }

    /// The same without a precompile.
    pub(super) fn without(&self, precompile: u8) -> Self {
        let mut chain = self.clone();
        chain.commands.push(format!("without {precompile}"));
        chain
    }

    /// Creates the contract and makes the calls, each in a transaction with this much gas. First comes the answer to the creation.
    pub(super) fn run(&self, calls: &[(u64, Vec<u8>)]) -> Vec<Answer> {
        let calls = calls.iter().map(|(gas, data)| format!("call {gas} 0x{}", hex::encode(data)));
        let lines: Vec<String> = self.commands.iter().cloned().chain(calls).collect();
        let answers = converse(&(lines.join("\n") + "\n"));
        let asked = lines.iter().filter(|line| line.starts_with('c')).count();
        assert_eq!(answers.len(), asked, "one answer each");
        answers
    }

    /// Calls of the contract, which must have been created.
    pub(super) fn call(&self, calls: &[(u64, Vec<u8>)]) -> Vec<Answer> {
        let mut answers = self.run(calls);
        let created = answers.remove(0);
        assert!(matches!(created.outcome, Outcome::Returned(_)), "{created:?}");
        answers
    }

    /// The same for one call with all the gas there is.
    pub(super) fn ask(&self, data: &[u8]) -> Answer {
        self.call(&[(GAS, data.to_vec())]).remove(0)
    }
}

fn converse(commands: &str) -> Vec<Answer> {
    let program = Tools::beside_this_binary().expect("a test has a path").join("probity-evm");
    assert!(program.exists(), "{} is not built: run `make test`, or `make evm`", program.display());
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the machine starts");
    let mut input = child.stdin.take().expect("it is piped");
    std::thread::scope(|scope| {
        // it answers while it reads
        scope.spawn(move || input.write_all(commands.as_bytes()).expect("the machine reads all of it"));
        let output = child.wait_with_output().expect("the machine ends");
        assert!(output.status.success(), "the machine understands what it is told");
        String::from_utf8(output.stdout).expect("the machine writes text").lines().map(answer).collect()
    })
}

fn answer(line: &str) -> Answer {
    let mut words = line.split(' ');
    let mut next = || words.next().unwrap_or_else(|| panic!("an answer has three words: {line}"));
    let (word, gas, bytes) = (next(), next(), hex::decode(next()).expect("hexadecimal"));
    let text = || String::from_utf8_lossy(&bytes).into_owned();
    let outcome = match word {
        "returned" => Outcome::Returned(bytes),
        "reverted" => Outcome::Reverted(bytes),
        "halted" => Outcome::Halted(text()),
        "rejected" => Outcome::Rejected(text()),
        _ => panic!("an unknown answer: {line}"),
    };
    Answer { outcome, gas: gas.parse().expect("gas is a number") }
}
