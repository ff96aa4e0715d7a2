//! The proof itself: fresh blinding, the library's prover, and a last check before anything leaves the machine.
//!
//! The check is not for comfort. It is what makes it safe to read proving keys from a cache that others may have written: a proof that
//! the genuine verifying key accepts tells nothing about the witness, however its proving key was altered (the argument stands at
//! [`probity_params::cache`]). A proof that fails is wiped and reported, never sent.

use ark_bn254::Bn254;
use ark_ff::UniformRand;
use ark_groth16::{Groth16, Proof, ProvingKey, prepare_verifying_key};
use probity_credit::field::F;
use probity_params::Matrix;
use probity_params::point::{G1_BYTES, G2_BYTES, PointError, g1, g1_bytes, g2, g2_bytes};
use rand::rngs::OsRng;
use zeroize::Zeroizing;

/// Bytes of a proof: A, B and C, compressed.
pub const PROOF_BYTES: usize = 128;

/// Why no proof was made although a witness is there: a fault of the program or of the proving key, not of the subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveError {
    /// Key and assignment are of different circuits.
    #[error(
        "the proving key is for {key_inputs} public inputs and {key_variables} variables, the circuit has {inputs} and {variables}: \
         delete the key from the cache, it is made anew"
    )]
    OtherCircuit {
        /// Inputs of the key.
        key_inputs: usize,
        /// Variables of the key.
        key_variables: usize,
        /// Inputs of the assignment.
        inputs: usize,
        /// Variables of the assignment.
        variables: usize,
    },
    /// No evaluation domain of this size: cannot be for a key that exists.
    #[error("the proof system refused the circuit: update the program")]
    Library,
    /// A point of the finished proof is none: the proving key is damaged.
    #[error("the finished proof has a bad point ({0}), it was not sent: delete the proving key from the cache, it is made anew")]
    Point(#[from] PointError),
    /// The finished proof does not verify: the assignment breaks a constraint or the proving key is damaged.
    #[error(
        "the finished proof does not verify, it was not sent: delete the proving key from the cache, it is made anew; \
         if that does not help, report it with the circuit's id and the policy's"
    )]
    DoesNotHold,
}

/// Proves that `instance` (the constant one first) and `witness` satisfy the rows, and verifies the proof.
///
/// The blinding r and s comes from the operating system. It and the joined assignment are wiped afterwards; the library's own copies
/// (the quotient polynomial, scalars in integer form) are out of reach and only freed.
///
/// # Errors
/// [`ProveError`].
pub fn prove(key: &ProvingKey<Bn254>, matrices: &[Matrix; 3], instance: &[F], witness: &[F]) -> Result<[u8; PROOF_BYTES], ProveError> {
    check_sizes(key, instance, witness)?;
    // one allocation of the final size: growing would leave copies of the secrets behind
    let mut assignment = Zeroizing::new(Vec::with_capacity(instance.len() + witness.len()));
    assignment.extend_from_slice(instance);
    assignment.extend_from_slice(witness);
    let (r, s) = (Zeroizing::new(F::rand(&mut OsRng)), Zeroizing::new(F::rand(&mut OsRng)));
    let rows = matrices[0].len();
    let proof = Groth16::<Bn254>::create_proof_with_reduction_and_matrices(key, *r, *s, matrices, instance.len(), rows, &assignment)
        .map_err(|_| ProveError::Library)?;
    let bytes = Zeroizing::new(encode(&proof));
    check(key, &instance[1..], &bytes)?;
    Ok(*bytes)
}

/// What the library would index by without asking.
fn check_sizes(key: &ProvingKey<Bn254>, instance: &[F], witness: &[F]) -> Result<(), ProveError> {
    let (inputs, variables) = (instance.len().saturating_sub(1), instance.len() + witness.len());
    let (key_inputs, key_variables) = (key.vk.gamma_abc_g1.len().saturating_sub(1), key.a_query.len());
    let complete = !instance.is_empty() && key.l_query.len() == witness.len();
    if (inputs, variables) == (key_inputs, key_variables) && complete {
        Ok(())
    } else {
        Err(ProveError::OtherCircuit { key_inputs, key_variables, inputs, variables })
    }
}

fn encode(proof: &Proof<Bn254>) -> [u8; PROOF_BYTES] {
    let mut bytes = [0; PROOF_BYTES];
    bytes[..G1_BYTES].copy_from_slice(&g1_bytes(&proof.a));
    bytes[G1_BYTES..][..G2_BYTES].copy_from_slice(&g2_bytes(&proof.b));
    bytes[G1_BYTES + G2_BYTES..].copy_from_slice(&g1_bytes(&proof.c));
    bytes
}

/// Decodes the bytes as a verifier will and checks the pairing equation with the key's verifying key.
fn check(key: &ProvingKey<Bn254>, inputs: &[F], bytes: &[u8; PROOF_BYTES]) -> Result<(), ProveError> {
    let (a, rest) = bytes.split_first_chunk::<G1_BYTES>().expect("128 = 32 + 64 + 32");
    let (b, c) = rest.split_first_chunk::<G2_BYTES>().expect("128 = 32 + 64 + 32");
    let proof = Proof { a: g1(a)?, b: g2(b)?, c: g1(c.try_into().expect("128 = 32 + 64 + 32"))? };
    // the number of inputs, which the library does not check, was compared with the key's before
    match Groth16::<Bn254>::verify_proof(&prepare_verifying_key(&key.vk), &proof, inputs) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(ProveError::DoesNotHold),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::G1Affine;
    use ark_ec::AffineRepr;
    use probity_params::testing::Toy;

    fn assignment(toy: &Toy) -> (Vec<F>, Vec<F>) {
        let public: Vec<F> = (0..toy.inputs() as u64).map(F::from).collect();
        let mut instance = toy.assignment(&public, F::from(3u64));
        let witness = instance.split_off(toy.inputs() + 1);
        (instance, witness)
    }

    #[test]
    fn a_proof_is_checked_and_never_the_same_twice() {
        let toy = Toy::with_rows(2, 50);
        let (key, (instance, witness)) = (toy.development_key(), assignment(&toy));
        let first = prove(&key, toy.circuit().matrices, &instance, &witness).unwrap();
        let second = prove(&key, toy.circuit().matrices, &instance, &witness).unwrap();
        assert_ne!(first, second, "fresh blinding");
        check(&key, &instance[1..], &first).unwrap();
    }

    #[test]
    fn an_assignment_that_breaks_a_row_gives_no_proof() {
        let toy = Toy::with_rows(2, 50);
        let key = toy.development_key();
        for at in 0..50 {
            let (instance, mut witness) = assignment(&toy);
            witness[at] += F::from(1u64);
            let made = prove(&key, toy.circuit().matrices, &instance, &witness);
            assert_eq!(made, Err(ProveError::DoesNotHold), "witness {at}");
        }
    }

    #[test]
    fn keys_of_another_size_are_refused() {
        let toy = Toy::new(2);
        let (instance, witness) = assignment(&toy);
        for other in [Toy::new(3), Toy::with_rows(2, 9)] {
            let made = prove(&other.development_key(), toy.circuit().matrices, &instance, &witness);
            assert!(matches!(made, Err(ProveError::OtherCircuit { .. })));
        }
        let made = prove(&toy.development_key(), toy.circuit().matrices, &[], &[]);
        assert!(matches!(made, Err(ProveError::OtherCircuit { .. })));
    }

    /// A forged cache that takes the blinding out of A and B and keeps the rest consistent would make proofs that hold only if it could
    /// also change delta in G2, which is the verifying key's.
    #[test]
    fn altered_proving_keys_give_no_proof() {
        let toy = Toy::new(2);
        let (instance, witness) = assignment(&toy);
        let mutations: [fn(&mut ProvingKey<Bn254>); 5] = [
            |key| key.delta_g1 = G1Affine::generator(),
            |key| key.beta_g1 = G1Affine::generator(),
            |key| key.a_query[2] = G1Affine::generator(),
            |key| key.l_query[0] = G1Affine::generator(),
            |key| key.h_query[0] = G1Affine::generator(),
        ];
        for (i, mutate) in mutations.iter().enumerate() {
            let mut key = toy.development_key();
            mutate(&mut key);
            let made = prove(&key, toy.circuit().matrices, &instance, &witness);
            assert_eq!(made, Err(ProveError::DoesNotHold), "mutation {i}");
        }
    }
}
