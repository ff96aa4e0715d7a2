//! One valid fixture for this crate's tests: a toy circuit with the shape of the real ones, a policy, proofs.

use ark_bn254::Bn254;
use ark_ff::UniformRand;
use ark_groth16::{Proof, ProvingKey};
use probity_credit::digest::Digest;
use probity_credit::field::F;
use probity_params::testing::Toy;
use rand::{SeedableRng, rngs::StdRng};
use std::sync::Arc;

use crate::batch::Claim;
use crate::prepared::{CHANGING, PreparedCircuit, PreparedPolicy};
use crate::proof::encode;

pub(crate) struct Fixture {
    pub(crate) toy: Toy,
    pub(crate) key: ProvingKey<Bn254>,
    pub(crate) circuit: Arc<PreparedCircuit>,
    pub(crate) rng: StdRng,
}

impl Fixture {
    pub(crate) fn new(policy_inputs: usize) -> Self {
        let toy = Toy::new(policy_inputs);
        let circuit = Arc::new(PreparedCircuit::new(&toy.verifying_key_file(), toy.inputs()).unwrap());
        Self { key: toy.development_key(), circuit, toy, rng: StdRng::seed_from_u64(7) }
    }

    pub(crate) fn elements(&mut self, count: usize) -> Vec<F> {
        (0..count).map(|_| F::rand(&mut self.rng)).collect()
    }

    /// Some policy of this circuit, with its inputs.
    pub(crate) fn policy(&mut self, name: &[u8]) -> (Arc<PreparedPolicy>, Vec<F>) {
        let inputs = self.elements(self.toy.inputs() - CHANGING);
        let policy = PreparedPolicy::new(Arc::clone(&self.circuit), Digest::of("test", &[name]), &inputs).unwrap();
        (Arc::new(policy), inputs)
    }

    pub(crate) fn prove(&mut self, inputs: &[F]) -> Proof<Bn254> {
        self.toy.prove(&self.key, inputs, &mut self.rng)
    }

    /// A true claim about fresh changing inputs.
    pub(crate) fn claim(&mut self, policy: &(Arc<PreparedPolicy>, Vec<F>)) -> Claim {
        let mut inputs = self.elements(CHANGING);
        let changing = inputs.clone().try_into().unwrap();
        inputs.extend_from_slice(&policy.1);
        let proof = encode(&self.prove(&inputs));
        Claim { policy: Arc::clone(&policy.0), changing, proof }
    }
}
