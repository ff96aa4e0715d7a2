//! Who did what: the ceremony's head and one signed entry a contribution, each naming the digest of the one before.
//!
//! The points are in the key's file; the transcript names its digest. What a chain's genesis pins is the SHA-256 of the transcript's file.

use ark_bn254::G1Affine;
use ark_ec::AffineRepr;
use probity_credit::digest::Digest;
use probity_credit::hash::label::sha256::CEREMONY;
use probity_ledger::encoding::hex_array;
use probity_ledger::keys::{PublicKey, SecretKey, Signature};
use probity_ledger::name::Name;
use probity_params::setup::Circuit;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::folder::CeremonyError;
use crate::key::{CONTRIBUTIONS_MAX, CheckError, Key};
use crate::knowledge::Knowledge;

/// Longest transcript file.
pub const TRANSCRIPT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The format's name and version.
const FORMAT: &str = "probity ceremony transcript, version 1";

/// Why a transcript is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TranscriptError {
    /// Longer than any.
    #[error("the transcript has {bytes} bytes, more than {TRANSCRIPT_BYTES_MAX}")]
    TooLong {
        /// Bytes.
        bytes: usize,
    },
    /// Not the format's JSON.
    #[error("the transcript can't be read: {reason}")]
    Malformed {
        /// What the parser saw.
        reason: String,
    },
    /// Another format.
    #[error("the transcript's format is {found:?}, this program reads {FORMAT:?}")]
    Format {
        /// What it says.
        found: String,
    },
    /// More entries than a key may have contributions.
    #[error("the transcript has {found} entries, more than {CONTRIBUTIONS_MAX}")]
    TooMany {
        /// Entries.
        found: usize,
    },
    /// An entry does not name the one before.
    #[error("entry {number} of the transcript does not follow entry {}: entries were dropped, exchanged or changed", .number - 1)]
    Chain {
        /// Counted from 1.
        number: usize,
    },
    /// The signature is not the signer's.
    #[error("the signature of entry {number} of the transcript does not fit: the entry was changed after it was signed")]
    Signature {
        /// Counted from 1.
        number: usize,
    },
    /// After the beacon nobody may contribute.
    #[error("entry {number} of the transcript comes after the beacon, which is last")]
    AfterBeacon {
        /// Counted from 1.
        number: usize,
    },
}

/// The powers of tau that a ceremony begins from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, borsh::BorshSerialize)]
#[serde(deny_unknown_fields)]
pub struct PowersOfTau {
    /// Size of the file, as a power of two.
    pub power: u32,
    /// Blake2b-512 of the file.
    #[serde(with = "hex_array")]
    pub blake2b: [u8; 64],
}

/// How a contribution came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, borsh::BorshSerialize)]
#[serde(tag = "by", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Origin {
    /// This program, run by the signer.
    Probity {
        /// Proof that the signer knew the factor.
        knowledge: Knowledge,
    },
    /// Another program that writes `.zkey` files; the signer took it in.
    Other,
    /// A public random beacon; the entry's name says where its value was published, and the signer looked it up.
    Beacon,
}

/// One contribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, borsh::BorshSerialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Who contributed, in their own words.
    pub name: Name,
    /// How.
    pub origin: Origin,
    /// Blake2b-512 of the contribution, that snarkjs shows as "contribution hash".
    #[serde(with = "hex_array")]
    pub contribution: [u8; 64],
    /// SHA-256 of the key's file afterwards.
    pub key: Digest,
    /// Digest of the entry before, or of the head.
    pub previous: Digest,
    /// Who answers for the entry.
    pub signer: PublicKey,
    /// By the signer over everything else.
    pub signature: Signature,
}

/// A ceremony so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// Name and version of the format.
    format: String,
    /// The circuit's id.
    pub circuit: String,
    /// Digest of its constraints.
    pub constraints: Digest,
    /// What it began from.
    pub powers_of_tau: PowersOfTau,
    /// snarkjs' hash of circuit and powers of tau.
    #[serde(with = "hex_array")]
    pub circuit_hash: [u8; 64],
    /// SHA-256 of the file of the key before any contribution.
    pub initial_key: Digest,
    /// The contributions, first one first.
    pub entries: Vec<Entry>,
}

impl Entry {
    /// What the proof of knowledge is about, besides the points.
    pub(crate) fn statement(previous: &Digest, name: &Name, signer: &PublicKey) -> Digest {
        Digest::of_value(CEREMONY, &("knowledge", previous, name, signer))
    }

    fn signing_digest(&self) -> Digest {
        let Self { name, origin, contribution, key, previous, signer, signature: _ } = self;
        Digest::of_value(CEREMONY, &("entry", name, origin, contribution, key, previous, signer))
    }

    /// Names the entry and, through it, all before.
    pub fn digest(&self) -> Digest {
        Digest::of_value(CEREMONY, &("signed entry", self))
    }
}

impl Transcript {
    /// Begins one.
    pub(crate) fn begin(
        circuit: &str,
        constraints: Digest,
        powers_of_tau: PowersOfTau,
        circuit_hash: [u8; 64],
        initial_key: Digest,
    ) -> Self {
        Self {
            format: FORMAT.to_owned(),
            circuit: circuit.to_owned(),
            constraints,
            powers_of_tau,
            circuit_hash,
            initial_key,
            entries: vec![],
        }
    }

    /// Reads a file: entries in their chain, each signed, nothing after a beacon.
    ///
    /// # Errors
    /// [`TranscriptError`].
    pub fn from_json(json: &[u8]) -> Result<Self, TranscriptError> {
        if json.len() > TRANSCRIPT_BYTES_MAX {
            return Err(TranscriptError::TooLong { bytes: json.len() });
        }
        let transcript: Self = serde_json::from_slice(json).map_err(|e| TranscriptError::Malformed { reason: e.to_string() })?;
        if transcript.to_json().as_bytes() != json {
            return Err(TranscriptError::Malformed { reason: "it is not written as this program writes it".to_owned() });
        }
        transcript.check()?;
        Ok(transcript)
    }

    /// The file's content.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a transcript has no map with keys that are no text");
        text.push('\n');
        text
    }

    /// What a genesis pins: SHA-256 of the file, as `sha256sum` shows it. There is one way to write a transcript.
    pub fn file_digest(&self) -> Digest {
        Digest(Sha256::digest(self.to_json()).into())
    }

    fn check(&self) -> Result<(), TranscriptError> {
        if self.format != FORMAT {
            return Err(TranscriptError::Format { found: self.format.clone() });
        }
        if self.entries.len() > CONTRIBUTIONS_MAX {
            return Err(TranscriptError::TooMany { found: self.entries.len() });
        }
        let mut previous = self.head();
        let mut ended = false;
        for (entry, number) in self.entries.iter().zip(1..) {
            if entry.previous != previous {
                return Err(TranscriptError::Chain { number });
            }
            entry.signer.verify(&entry.signing_digest(), &entry.signature).map_err(|_| TranscriptError::Signature { number })?;
            if ended {
                return Err(TranscriptError::AfterBeacon { number });
            }
            ended = entry.origin == Origin::Beacon;
            previous = entry.digest();
        }
        Ok(())
    }

    /// Checks that the ceremony is for this circuit.
    pub(crate) fn check_circuit(&self, circuit: &Circuit<'_>) -> Result<(), CeremonyError> {
        if self.circuit == circuit.id && self.constraints == *circuit.constraints {
            return Ok(());
        }
        Err(CeremonyError::OtherCircuit { expected: circuit.id.to_owned(), found: self.circuit.clone() })
    }

    /// Checks that the key has the contributions that the entries name, and that each signer knew the factor of theirs.
    pub(crate) fn check_key(&self, key: &Key) -> Result<(), CeremonyError> {
        if key.contributions.len() != self.entries.len() {
            return Err(CeremonyError::Count { key: key.contributions.len(), transcript: self.entries.len() });
        }
        if key.circuit_hash != self.circuit_hash {
            return Err(CheckError::CircuitHash.into());
        }
        let mut delta = G1Affine::generator();
        for ((contribution, entry), number) in key.contributions.iter().zip(&self.entries).zip(1..) {
            if contribution.hash() != entry.contribution {
                return Err(CeremonyError::OtherContribution { number });
            }
            if contribution.beacon.is_some() != (entry.origin == Origin::Beacon) {
                return Err(CeremonyError::Kind { number });
            }
            // what another program wrote as a name is nobody's word; the entry's is the signer's
            if entry.origin != Origin::Other && contribution.name != entry.name.as_str() {
                return Err(CeremonyError::OtherName { number });
            }
            if let Origin::Probity { knowledge } = &entry.origin {
                let statement = Entry::statement(&entry.previous, &entry.name, &entry.signer);
                if !knowledge.holds(&statement, &delta, &contribution.delta_after) {
                    return Err(CeremonyError::Knowledge { number });
                }
            }
            delta = contribution.delta_after;
        }
        Ok(())
    }

    fn head(&self) -> Digest {
        let Self { format, circuit, constraints, powers_of_tau, circuit_hash, initial_key, entries: _ } = self;
        Digest::of_value(CEREMONY, &("head", format, circuit, constraints, powers_of_tau, circuit_hash, initial_key))
    }

    /// What the next entry names as the one before it.
    pub(crate) fn last(&self) -> Digest {
        self.entries.last().map_or_else(|| self.head(), Entry::digest)
    }

    /// SHA-256 of the file of the key as it is now.
    pub fn key(&self) -> Digest {
        self.entries.last().map_or(self.initial_key, |entry| entry.key)
    }

    /// Whether the beacon has ended the ceremony.
    pub fn has_ended(&self) -> bool {
        self.entries.last().is_some_and(|entry| entry.origin == Origin::Beacon)
    }

    /// Appends an entry, signed.
    pub(crate) fn append(&mut self, name: Name, origin: Origin, contribution: [u8; 64], key: Digest, secret: &SecretKey) {
        let (previous, signer, signature) = (self.last(), secret.public(), Signature([0; 64]));
        let mut entry = Entry { name, origin, contribution, key, previous, signer, signature };
        entry.signature = secret.sign(&entry.signing_digest());
        self.entries.push(entry);
    }
}
