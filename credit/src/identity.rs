//! A person's secret, commitment and identity leaf.

use crate::digest::Digest;
use crate::domain::{DOMAINS, Domain};
use crate::field::{F, FieldBytes};
use crate::file::random_element;
use crate::hash::{self, label};
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bits of one count.
pub const COUNT_BITS: usize = 6;

/// The secret `sk`, uniform in the field; zeroized on drop, never shown.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret(F);

impl Secret {
    /// A new secret.
    pub fn random(rng: &mut (impl rand::RngCore + rand::CryptoRng)) -> Self {
        Self(random_element(rng))
    }

    /// A stored secret.
    pub fn from_element(x: F) -> Self {
        Self(x)
    }

    /// The element, for hashing, storing under encryption and proving only.
    pub fn expose(&self) -> F {
        self.0
    }

    /// `C = H(identity; sk)`.
    pub fn commitment(&self) -> FieldBytes {
        hash::hash(label::poseidon::IDENTITY, &[self.0]).into()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// How many institutions have a live file of the person, by domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, BorshSerialize, Serialize)]
#[serde(transparent)]
pub struct Counts([u8; DOMAINS]);

/// A count does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at most 63 institutions of one domain can hold a file of one person, and none fewer than 0")]
pub struct CountRange;

impl Counts {
    /// Counts by domain index, each below 64.
    ///
    /// # Errors
    /// [`CountRange`].
    pub fn new(counts: [u8; DOMAINS]) -> Result<Self, CountRange> {
        if counts.iter().all(|&c| usize::from(c) < 1 << COUNT_BITS) { Ok(Self(counts)) } else { Err(CountRange) }
    }

    /// The count of a domain.
    pub fn get(&self, domain: Domain) -> u8 {
        self.0[domain.index()]
    }

    /// One more or one fewer institution.
    ///
    /// # Errors
    /// [`CountRange`] below 0 or above 63.
    pub fn change(&mut self, domain: Domain, by: i8) -> Result<(), CountRange> {
        let count = &mut self.0[domain.index()];
        let next = count.checked_add_signed(by).filter(|&c| usize::from(c) < 1 << COUNT_BITS).ok_or(CountRange)?;
        *count = next;
        Ok(())
    }

    /// `sum counts_d * 2^(6 d)`.
    pub fn packed(&self) -> F {
        F::from(self.0.iter().rev().fold(0u64, |acc, &c| (acc << COUNT_BITS) | u64::from(c)))
    }
}

impl BorshDeserialize for Counts {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        let counts = <[u8; DOMAINS]>::deserialize_reader(reader)?;
        Self::new(counts).map_err(|e| std::io::Error::new(std::io::ErrorKind::InvalidData, e))
    }
}

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(<[u8; DOMAINS] as Deserialize>::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

/// `person`: digest of the legal identity and a 128-bit salt; shows a lender that applicant and prover are one person.
pub fn person(legal_identity: &str, salt: &[u8; 16]) -> FieldBytes {
    Digest::of(label::sha256::PERSON, &[legal_identity.as_bytes(), salt]).to_field().into()
}

/// The opening of an identity leaf.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct IdentityOpening {
    /// `C`, the commitment to the secret.
    pub commitment: FieldBytes,
    /// See [`person`].
    pub person: FieldBytes,
    /// Live files by domain.
    pub counts: Counts,
    /// New at every update, so that changes do not show and counts cannot be guessed.
    pub blinding: FieldBytes,
}

impl IdentityOpening {
    /// `H(identity-leaf; C, person, counts, blinding)`.
    pub fn leaf(&self) -> F {
        let inputs = [self.commitment.element(), self.person.element(), self.counts.packed(), self.blinding.element()];
        hash::hash(label::poseidon::IDENTITY_LEAF, &inputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_stay_in_range() {
        let mut counts = Counts::default();
        assert_eq!(counts.change(Domain::Bank, -1), Err(CountRange));
        for _ in 0..63 {
            counts.change(Domain::Register, 1).unwrap();
        }
        assert_eq!(counts.change(Domain::Register, 1), Err(CountRange));
        assert_eq!(counts.packed(), F::from(63u64 << 42));
        assert!(Counts::new([64, 0, 0, 0, 0, 0, 0, 0]).is_err());
    }
}
