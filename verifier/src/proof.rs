//! 128 bytes to a proof: A in G1, B in G2, C in G1, each compressed.
//!
//! Strict means that a proof has one encoding; it does not mean that a statement has one proof. Whoever holds a proof can randomise it
//! again, and it still holds: that harms nobody as long as nothing is keyed on proof bytes. What happens once is keyed on nullifier and
//! context, which are public inputs.

use ark_bn254::Bn254;
use ark_groth16::Proof;
use probity_ledger::transaction::{PROOF_BYTES, ProofBytes};
use probity_params::point::{G1_BYTES, G2_BYTES, PointError, g1, g1_bytes, g2, g2_bytes};
use std::fmt;

/// A point of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofPoint {
    /// The first, in G1.
    A,
    /// The second, in G2.
    B,
    /// The third, in G1.
    C,
}

impl fmt::Display for ProofPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        })
    }
}

/// Why bytes are no proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Too short or too long.
    #[error("a proof has exactly {PROOF_BYTES} bytes, not {found}")]
    Length {
        /// Bytes given.
        found: usize,
    },
    /// One of the three points is refused.
    #[error("point {point}: {reason}")]
    Point {
        /// Which point.
        point: ProofPoint,
        /// What is wrong with it.
        reason: PointError,
    },
}

/// Decodes a proof of unknown length.
///
/// # Errors
/// [`ProofError`].
pub fn parse(bytes: &[u8]) -> Result<Proof<Bn254>, ProofError> {
    let bytes = bytes.try_into().map_err(|_| ProofError::Length { found: bytes.len() })?;
    decode(&ProofBytes(bytes))
}

/// Decodes a proof.
///
/// # Errors
/// [`ProofError::Point`].
pub fn decode(bytes: &ProofBytes) -> Result<Proof<Bn254>, ProofError> {
    let (a, rest) = bytes.0.split_first_chunk::<G1_BYTES>().expect("128 = 32 + 64 + 32");
    let (b, c) = rest.split_first_chunk::<G2_BYTES>().expect("128 = 32 + 64 + 32");
    let c = c.try_into().expect("128 = 32 + 64 + 32");
    let at = |point| move |reason| ProofError::Point { point, reason };
    Ok(Proof { a: g1(a).map_err(at(ProofPoint::A))?, b: g2(b).map_err(at(ProofPoint::B))?, c: g1(c).map_err(at(ProofPoint::C))? })
}

/// The one encoding of a proof.
pub fn encode(proof: &Proof<Bn254>) -> ProofBytes {
    let mut bytes = [0; PROOF_BYTES];
    bytes[..G1_BYTES].copy_from_slice(&g1_bytes(&proof.a));
    bytes[G1_BYTES..][..G2_BYTES].copy_from_slice(&g2_bytes(&proof.b));
    bytes[G1_BYTES + G2_BYTES..].copy_from_slice(&g1_bytes(&proof.c));
    ProofBytes(bytes)
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
