//! Valid fixtures for this crate's tests: a toy circuit with the shape of the real ones, policies, proofs, a genesis.

use ark_bn254::Bn254;
use ark_ff::UniformRand;
use ark_groth16::{Proof, ProvingKey};
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::field::F;
use probity_credit::statement::position;
use probity_ledger::block::{Header, PROTOCOL_VERSION};
use probity_ledger::certificate::{Certificate, CommitSignature, Validator, ValidatorSet, VoteType, vote_sign_bytes};
use probity_ledger::genesis::{AnchorRules, ChainKind, Fees, Genesis, GenesisCircuit, Limits};
use probity_ledger::keys::SecretKey;
use probity_params::VerifyingKeyFile;
use probity_params::testing::Toy;
use rand::{SeedableRng, rngs::StdRng};
use std::sync::Arc;

use crate::batch::Claim;
use crate::light::SignedHeader;
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
        Self { key: toy.stock_key(), circuit, toy, rng: StdRng::seed_from_u64(7) }
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

pub(crate) const CIRCUIT: CircuitId = CircuitId::Eligibility3;

/// A toy with as many public inputs as the real circuits, under the name of one.
pub(crate) fn toy() -> Toy {
    Toy::new(position::COUNT - position::POLICY).named("eligibility-3")
}

pub(crate) fn genesis_circuit(file: &VerifyingKeyFile) -> GenesisCircuit {
    let (verifying_key, transcript) = (file.to_bytes(), None);
    GenesisCircuit { id: CIRCUIT, constraints: file.constraints, verifying_key_id: file.id().0, verifying_key, transcript }
}

/// The key of somebody named by a number.
pub(crate) fn secret(who: u8) -> SecretKey {
    SecretKey::from_bytes(&[who; 32].into())
}

/// A set of these, each with power 1.
pub(crate) fn validators(who: &[u8]) -> ValidatorSet {
    ValidatorSet::new(who.iter().map(|n| Validator { public_key: secret(*n).public(), power: 1 }).collect()).unwrap()
}

/// Validators 1 to 4 and one circuit.
pub(crate) fn genesis() -> Genesis {
    Genesis {
        protocol_version: PROTOCOL_VERSION,
        chain_name: "test".parse().unwrap(),
        kind: ChainKind::Development,
        time_unix_ms: 1_000,
        validators: validators(&[1, 2, 3, 4]),
        identity_authority: secret(50).public(),
        accounts: vec![],
        faucet: None,
        circuits: vec![genesis_circuit(&toy().verifying_key_file())],
        circuit_delay_blocks: 2,
        anchors: AnchorRules { interval_blocks: 1, grace_ms: 5_000 },
        consortium_window_months: 3.try_into().unwrap(),
        fees: Fees { base: 1, per_byte: 0, per_proof: 0 },
        limits: Limits { block_bytes: 1 << 20, block_transactions: 10, block_proofs: 10, clock_drift_ms: 100 },
    }
}

/// A header of this height with a certificate of `signers`, and its validators after it.
pub(crate) fn sign_header(header: Header, signers: &[u8], next_validators: Option<ValidatorSet>) -> SignedHeader {
    let (height, round, block_hash) = (header.height, 0, header.hash());
    let message = vote_sign_bytes(&header.chain_id, height, round, Some(block_hash), VoteType::Precommit);
    let signatures =
        signers.iter().map(|n| CommitSignature { validator: secret(*n).public(), signature: secret(*n).sign_bytes(&message) }).collect();
    SignedHeader { header, certificate: Certificate { height, round, block_hash, signatures }, next_validators }
}
