//! Keys, proofs and public inputs as the JSON files of iden3's tools (snarkjs, rapidsnark), both ways.
//!
//! Writing gives byte for byte what snarkjs writes for the same points. Reading is a validating decoder, stricter than theirs: numbers
//! are canonical decimals below their modulus, points are affine, on the curve, in the subgroup of prime order and not the identity, and
//! counts are exact. (snarkjs 0.7.6 takes a list of public inputs that lacks its last zeros.) Every refusal names the field.
//!
//! A key that was read has not passed the [gate](probity_params::gate()): everything that decides about proofs, such as
//! [`verify_plain`](crate::verify_plain), passes it there. Keys of snarkjs have gamma at the generator, which the gate refuses:
//! [`scale_gamma`](probity_params::gate::scale_gamma) moves it.

mod json;
mod key;
mod number;
mod point;
mod proof;

pub use key::{read_key, write_key};
pub use number::NumberError;
pub use proof::{read_proof, read_public, write_proof, write_public};

use ark_bn254::Bn254;
use ark_groth16::{Proof, VerifyingKey};
use probity_credit::field::F;
use probity_params::point::PointError;

/// Longest verification_key.json: room for the most public inputs of a circuit, indented.
pub const KEY_BYTES_MAX: usize = 2 << 20;
/// Longest proof.json.
pub const PROOF_BYTES_MAX: usize = 16 << 10;
/// Longest public.json.
pub const PUBLIC_BYTES_MAX: usize = 1 << 20;

/// The three files that `snarkjs groth16 verify` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// `verification_key.json`.
    pub verification_key: String,
    /// `public.json`.
    pub public: String,
    /// `proof.json`.
    pub proof: String,
}

impl Files {
    /// Writes all three. Cost: a pairing.
    pub fn new(key: &VerifyingKey<Bn254>, public: &[F], proof: &Proof<Bn254>) -> Self {
        Self { verification_key: write_key(key), public: write_public(public), proof: write_proof(proof) }
    }

    /// The files by their usual names, in the order in which `snarkjs groth16 verify` takes them.
    pub fn named(&self) -> [(&'static str, &str); 3] {
        [("verification_key.json", &self.verification_key), ("public.json", &self.public), ("proof.json", &self.proof)]
    }
}

/// Why a file is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnarkjsError {
    /// Longer than such a file can be.
    #[error("{file} has {found} bytes, more than {limit}: it is another kind of file")]
    TooLong {
        /// Which file.
        file: &'static str,
        /// The limit.
        limit: usize,
        /// Bytes given.
        found: usize,
    },
    /// No JSON, or a field is missing or there twice.
    #[error("{file} does not decode: {reason}")]
    Json {
        /// Which file.
        file: &'static str,
        /// What the parser says; it names the field.
        reason: String,
    },
    /// Another type of value.
    #[error("{field} must be {expected}")]
    Shape {
        /// Where.
        field: String,
        /// What should be there.
        expected: &'static str,
    },
    /// Another protocol or curve.
    #[error("{field} is {found:?}, only {expected:?} is known here")]
    Unknown {
        /// `protocol` or `curve`.
        field: String,
        /// The one that is known.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// Too many or too few.
    #[error("{field} counts {found}, it must be {expected}")]
    Count {
        /// Where.
        field: String,
        /// As many there must be.
        expected: usize,
        /// As many there are.
        found: usize,
    },
    /// A number is not canonical.
    #[error("{field} {reason}")]
    Number {
        /// Where.
        field: String,
        /// What is wrong with it.
        reason: NumberError,
    },
    /// The third coordinate is not one.
    #[error("{field} is not affine: write the point with third coordinate 1")]
    NotAffine {
        /// Which point.
        field: String,
    },
    /// A point is not acceptable.
    #[error("{field} is refused: {reason}")]
    Point {
        /// Which point.
        field: String,
        /// What is wrong with it.
        reason: PointError,
    },
    /// The pairing that a key holds for convenience is not that of its points.
    #[error("vk_alphabeta_12 is not the pairing of vk_alpha_1 and vk_beta_2: the file was altered, or leave the field out")]
    AlphaBeta,
}

#[cfg(test)]
mod tests;
