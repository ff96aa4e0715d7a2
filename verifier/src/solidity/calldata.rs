//! What a caller sends to a contract.

use ark_bn254::Bn254;
use ark_groth16::Proof;
use probity_credit::field::F;
use serde::Serialize;

use super::contract::{g1_coordinates, g2_coordinates};
use super::word::{Word, hex, word};
use crate::prepared::CHANGING;

/// The function of the contract for one policy, as the application binary interface writes it.
pub const FUNCTION: &str = "verifyProof(uint256[2],uint256[2][2],uint256[2],uint256[7])";

/// The first four bytes of the function's Keccak-256 digest.
pub const SELECTOR: [u8; 4] = [0xc8, 0x94, 0xe7, 0x57];

/// The arguments of a call one after the other: A, B, C, then the inputs.
pub fn arguments(proof: &Proof<Bn254>, inputs: &[F]) -> Vec<Word> {
    let coordinates = [&g1_coordinates(&proof.a)[..], &g2_coordinates(&proof.b), &g1_coordinates(&proof.c)].concat();
    coordinates.into_iter().map(word).chain(inputs.iter().map(|x| word(*x))).collect()
}

/// A call of the contract for one policy: each argument by its name, and all of it as bytes to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    function: &'static str,
    a: [String; 2],
    b: [[String; 2]; 2],
    c: [String; 2],
    inputs: Vec<String>,
    data: String,
}

impl Call {
    /// The call that asks whether `proof` holds for `changing`.
    pub fn new(proof: &Proof<Bn254>, changing: &[F; CHANGING]) -> Self {
        let words = arguments(proof, changing);
        let [a0, a1, b0, b1, b2, b3, c0, c1] = std::array::from_fn(|i| hex(&words[i]));
        Self {
            function: FUNCTION,
            a: [a0, a1],
            b: [[b0, b1], [b2, b3]],
            c: [c0, c1],
            inputs: words[8..].iter().map(|word| hex(word)).collect(),
            data: hex(&[&SELECTOR[..], words.as_flattened()].concat()),
        }
    }

    /// Selector and arguments, hex-encoded.
    pub fn data(&self) -> &str {
        &self.data
    }
}
