//! The last check before a proof leaves the machine.
//!
//! It is not for comfort. It is what makes it safe to prove from a file that others may have written: a proof that the genuine verifying
//! key accepts tells nothing about the witness, however the file was altered (the argument stands at [`probity_params::cache`]). So it
//! starts from the bytes that would be sent and from the verifying key in memory, and takes nothing from the file.

use crate::groth16::{PROOF_BYTES, ProveError};
use ark_bn254::Bn254;
use ark_groth16::{Groth16, PreparedVerifyingKey, Proof, VerifyingKey, prepare_verifying_key};
use probity_credit::field::F;
use probity_curve::{G1Point, sum_g1};
use probity_params::point::{G1_BYTES, G2_BYTES, g1, g1_bytes, g2, g2_bytes};

/// A verifying key, prepared once.
pub(crate) struct Verifier {
    key: PreparedVerifyingKey<Bn254>,
    input_points: Vec<G1Point>,
}

impl Verifier {
    /// Of a key that has passed the gate. Cost: a pairing.
    pub(crate) fn new(key: &VerifyingKey<Bn254>) -> Self {
        Self { key: prepare_verifying_key(key), input_points: key.gamma_abc_g1.iter().map(|point| (*point).into()).collect() }
    }

    /// Decodes the bytes as any verifier will and checks the equation. `instance` begins with the constant one.
    ///
    /// # Panics
    /// If `instance` has another length than the key's.
    pub(crate) fn check(&self, instance: &[F], bytes: &[u8; PROOF_BYTES]) -> Result<(), ProveError> {
        let (a, rest) = bytes.split_first_chunk::<G1_BYTES>().expect("128 = 32 + 64 + 32");
        let (b, c) = rest.split_first_chunk::<G2_BYTES>().expect("128 = 32 + 64 + 32");
        let proof = Proof { a: g1(a)?, b: g2(b)?, c: g1(c.try_into().expect("128 = 32 + 64 + 32"))? };
        let inputs = sum_g1(&self.input_points, instance);
        match Groth16::<Bn254>::verify_proof_with_prepared_inputs(&self.key, &proof, &inputs) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(ProveError::DoesNotHold),
        }
    }
}

/// A, B and C, compressed.
pub(crate) fn encode(proof: &Proof<Bn254>) -> [u8; PROOF_BYTES] {
    let mut bytes = [0; PROOF_BYTES];
    bytes[..G1_BYTES].copy_from_slice(&g1_bytes(&proof.a));
    bytes[G1_BYTES..][..G2_BYTES].copy_from_slice(&g2_bytes(&proof.b));
    bytes[G1_BYTES + G2_BYTES..].copy_from_slice(&g1_bytes(&proof.c));
    bytes
}
