//! Everything again, from the circuit, the powers of tau and the ceremony's folder.

use probity_credit::digest::Digest;
use probity_ledger::encoding::hex_array;
use probity_ledger::keys::PublicKey;
use probity_ledger::name::Name;
use probity_params::setup::Circuit;
use serde::Serialize;
use std::path::Path;

use crate::Progress;
use crate::accumulator::published;
use crate::folder::{CeremonyError, Folder, powers};
use crate::key::Key;
use crate::transcript::{Entry, Origin};

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
    /// Who contributed, first one first, without the beacon.
    pub contributors: Vec<Contributor>,
    /// The beacon, if the ceremony has ended.
    pub beacon: Option<AppliedBeacon>,
    /// SHA-256 of the transcript's file.
    pub transcript: Digest,
    /// SHA-256 of the key's file.
    pub key: Digest,
    /// Each check that was made, in order.
    pub checks: Vec<&'static str>,
}

/// Who made a contribution, as far as it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contributor {
    /// Counted from 1.
    pub number: usize,
    /// In the words of the entry's signer.
    pub name: Name,
    /// Whether the signer proved to know the factor. If not, another program made the contribution and the signer took it in.
    pub signer_knew_the_factor: bool,
    /// Who signed the entry.
    pub signer: PublicKey,
    /// Blake2b-512 of the contribution.
    #[serde(with = "hex_array")]
    pub contribution: [u8; 64],
}

/// What ended a ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppliedBeacon {
    /// Where its value was published.
    pub source: Name,
    /// The value, hexadecimal: to be looked up there.
    pub value: String,
    /// It was hashed two to the power of this many times.
    pub exponent: u8,
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
        let contributors = transcript.entries.iter().zip(1..).filter(|(entry, _)| entry.origin != Origin::Beacon);
        let contributor = |(entry, number): (&Entry, usize)| Contributor {
            number,
            name: entry.name.clone(),
            signer_knew_the_factor: matches!(entry.origin, Origin::Probity { .. }),
            signer: entry.signer,
            contribution: entry.contribution,
        };
        let last = transcript.entries.last().zip(key.contributions.last().and_then(|last| last.beacon.as_ref()));
        let report = Report {
            circuit: circuit.id.to_owned(),
            constraints: *circuit.constraints,
            power: powers_of_tau.power,
            published_powers: published(&powers_of_tau.blake2b),
            contributors: contributors.map(contributor).collect(),
            beacon: last.map(|(entry, beacon)| AppliedBeacon {
                source: entry.name.clone(),
                value: hex::encode(&beacon.value),
                exponent: beacon.exponent,
            }),
            transcript: transcript.file_digest(),
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
    "each signer who is said to have known a factor proves it",
    "the powers of tau are the file that the transcript names, and are powers of one number in both groups",
    "the initial key is what circuit and powers of tau give",
    "each contribution follows from the ones before and proves its factor; a beacon's factor is what its value gives",
    "delta is the product of the factors, in both groups",
    "all other points are the initial ones, divided by delta where they must be",
];
