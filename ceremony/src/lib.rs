//! Parameters that nobody has to trust: the second phase of Groth16's set-up, done by many, verifiable by all.
//!
//! Data flows one way: [`accumulator`] reads and checks powers of tau; [`key`] makes a circuit's initial key from them and changes it;
//! [`contribution`] is one change with its proof; [`transcript`] chains and signs what was done; [`folder`] keeps a ceremony on disk and
//! does its steps; [`attestation`] is a contributor's word; [`verify`](mod@verify) repeats everything from circuit, powers of tau and
//! folder; [`install`] is what a wallet checks. Keys are `.zkey` files, powers of tau `.ptau` files, so that contributors and verifiers
//! may use snarkjs instead.
//!
//! This crate never sees a witness or a proof, and keeps no secret factor longer than it takes to multiply with it.

pub mod accumulator;
pub mod attestation;
mod container;
pub mod contribution;
mod draw;
pub mod folder;
pub mod install;
pub mod key;
mod knowledge;
mod points;
pub mod transcript;
pub mod verify;

pub use accumulator::{Accumulator, AccumulatorError};
pub use folder::{CeremonyError, Folder};
pub use key::{CheckError, Key, KeyFileError};
pub use transcript::{Transcript, TranscriptError};

use std::fmt;

/// What is being done, for a progress bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Making powers of tau for a rehearsal.
    WritingPowers,
    /// Reading and checking powers of tau.
    ReadingPowers,
    /// Reading or computing Lagrange bases.
    LagrangeBases,
    /// Computing the key before any contribution.
    InitialKey,
    /// Multiplying a key's points with a factor.
    ChangingPoints,
    /// Hashing a beacon's value and checking proofs of knowledge.
    CheckingContributions,
    /// Comparing points with the initial key's.
    CheckingPoints,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WritingPowers => "making powers of tau",
            Self::ReadingPowers => "checking powers of tau",
            Self::LagrangeBases => "computing Lagrange bases",
            Self::InitialKey => "computing the initial key",
            Self::ChangingPoints => "contributing",
            Self::CheckingContributions => "checking contributions",
            Self::CheckingPoints => "checking points",
        })
    }
}

/// Told what is being done, how much of it is done, and how much there is.
pub type Progress<'a> = &'a dyn Fn(Stage, usize, usize);

#[cfg(test)]
mod tests;
