//! Names of keys: how a key was made, its digest, and the manifest that lists it.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::{Digest, DigestError};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a key's secret randomness came about, which decides who may accept its proofs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Kind {
    /// Derived from a public seed: everybody can forge proofs. Only a development chain accepts it.
    Development = 0,
    /// From a ceremony: sound if one of its contributors forgot a secret.
    Ceremony = 1,
}

impl Kind {
    /// The word that marks files, digests and messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Ceremony => "ceremony",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The digest of a verifying key together with its circuit's id, its [`Kind`] and its constraint digest: what a genesis pins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub Digest);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for KeyId {
    type Err = DigestError;
    fn from_str(s: &str) -> Result<Self, DigestError> {
        s.parse().map(Self)
    }
}

/// All that identifies one pair of keys; plain data for listings and configuration.
#[derive(Clone, PartialEq, Eq, Debug, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The circuit's id.
    pub circuit: String,
    /// How the key was made.
    pub kind: Kind,
    /// The digest of the circuit's constraints.
    pub constraints: Digest,
    /// How many public inputs the circuit has.
    pub inputs: u32,
    /// The verifying key's digest.
    pub verifying_key: KeyId,
    /// The proving key's digest: over the body of its file.
    pub proving_key: Digest,
}

/// The longest circuit id.
pub const CIRCUIT_ID_LEN_MAX: usize = 48;

/// Whether `id` is 1 to 48 lower-case letters, digits and single inner hyphens: safe in file names and messages.
pub fn is_circuit_id(id: &str) -> bool {
    id.len() <= CIRCUIT_ID_LEN_MAX
        && id.split('-').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circuit_ids_are_safe_in_paths() {
        assert!(is_circuit_id("eligibility-3"));
        for bad in ["", "-", "a-", "a--b", "../a", "A", "a b", "a/b", "é", &"a".repeat(49)] {
            assert!(!is_circuit_id(bad), "{bad}");
        }
    }

    #[test]
    fn the_mark_is_readable_in_a_manifest() {
        let zero = Digest::default();
        let manifest = Manifest {
            circuit: "toy-1".into(),
            kind: Kind::Development,
            constraints: zero,
            inputs: 9,
            verifying_key: KeyId(zero),
            proving_key: zero,
        };
        let json = serde_json::to_string(&manifest).unwrap();
        assert!(json.contains("\"development\""), "{json}");
        assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), manifest);
        assert_eq!(borsh::from_slice::<Manifest>(&borsh::to_vec(&manifest).unwrap()).unwrap(), manifest);
    }
}
