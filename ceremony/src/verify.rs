//! Everything again, from the circuit, the powers of tau and the ceremony's folder.

use probity_credit::digest::Digest;
use probity_params::setup::Circuit;
use serde::Serialize;
use std::path::Path;

use crate::Progress;
use crate::accumulator::published;
use crate::folder::{CeremonyError, Folder, powers};
use crate::key::Key;

/// What was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The circuit.
    pub circuit: String,
    /// Digest of its constraints.
    pub constraints: Digest,
    /// Size of the powers of tau, as a power of two.
    pub power: u32,
    /// The published file that the powers of tau are, if they are one.
    pub published_powers: Option<&'static str>,
    /// The names of those who contributed, first one first, without the beacon.
    pub contributors: Vec<String>,
    /// Where the beacon's value was published, if the ceremony has ended.
    pub beacon: Option<String>,
    /// SHA-256 of the transcript's file.
    pub transcript: Digest,
    /// SHA-256 of the key's file.
    pub key: Digest,
    /// Each check that was made, in order.
    pub checks: Vec<&'static str>,
}

impl Folder {
    /// Repeats the ceremony's checks from the beginning; the key that stands at its end.
    ///
    /// Believes nothing of what is in the folder: the initial key is computed anew from circuit and powers of tau. Cost: that of
    /// [`Folder::init`] and of [`Key::check_follows`].
    ///
    /// # Errors
    /// [`CeremonyError`].
    pub fn verify(&self, circuit: &Circuit<'_>, powers_of_tau: &Path, progress: Progress<'_>) -> Result<(Key, Report), CeremonyError> {
        let transcript = self.transcript();
        let key = self.key(circuit)?;
        let (accumulator, powers_of_tau) = powers(circuit, powers_of_tau, progress)?;
        if powers_of_tau != transcript.powers_of_tau {
            return Err(CeremonyError::OtherPowers { expected: transcript.powers_of_tau.blake2b });
        }
        let initial = Key::initial(circuit, &accumulator, progress);
        let expected = initial.write(circuit, std::io::sink()).expect("a sink takes everything");
        if expected != transcript.initial_key {
            return Err(CeremonyError::InitialKey { expected, found: transcript.initial_key });
        }
        key.check_follows(&initial, progress)?;
        let json = crate::folder::read_transcript(&self.transcript_path())?;
        let names = transcript.entries.iter().map(|entry| entry.name.to_string());
        let contributors = transcript.entries.len() - usize::from(transcript.has_ended());
        let report = Report {
            circuit: circuit.id.to_owned(),
            constraints: *circuit.constraints,
            power: powers_of_tau.power,
            published_powers: published(&powers_of_tau.blake2b),
            contributors: names.clone().take(contributors).collect(),
            beacon: names.skip(contributors).next(),
            transcript: crate::Transcript::file_digest(&json),
            key: transcript.key(),
            checks: CHECKS.to_vec(),
        };
        Ok((key, report))
    }

    /// The key, if the ceremony has ended and somebody contributed.
    ///
    /// # Errors
    /// As [`Folder::verify`]; [`CeremonyError::NotEnded`], [`CeremonyError::NoContribution`].
    pub fn finish(&self, circuit: &Circuit<'_>, powers_of_tau: &Path, progress: Progress<'_>) -> Result<(Key, Report), CeremonyError> {
        if !self.transcript().has_ended() {
            return Err(CeremonyError::NotEnded);
        }
        if self.transcript().entries.len() < 2 {
            return Err(CeremonyError::NoContribution);
        }
        self.verify(circuit, powers_of_tau, progress)
    }
}

const CHECKS: [&str; 9] = [
    "each entry of the transcript names the one before and is signed",
    "the circuit's constraints are this program's",
    "the key's file is the one that the transcript names, with the same contributions",
    "each signer knew the factor of their contribution",
    "the powers of tau are the file that the transcript names, and are powers of one number in both groups",
    "the initial key is what circuit and powers of tau give",
    "each contribution follows from the ones before and proves its factor; a beacon's factor is what its value gives",
    "delta is the product of the factors, in both groups",
    "all other points are the initial ones, divided by delta where they must be",
];
