//! The Solidity verifiers, compiled by solc and executed in revm, with real proofs.

mod gas;
mod machine;
mod program;
mod refused;
mod solc;

use machine::Chain;
use probity_credit::circuit_id::CircuitId;
use probity_credit::statement::testing::Fixture;
use probity_tests::proving::{prepared, prepared_policy, prove};
use probity_verifier::proof;
use probity_verifier::solidity::{SELECTOR, Word, arguments, circuit_contract, policy_contract};
use rand::SeedableRng;
use rand::rngs::StdRng;
use solc::{Compiled, compile};
use std::sync::OnceLock;

/// Words of the proof before the inputs: A, B, C.
const PROOF: usize = 8;

/// A policy, a true statement about it, and its proof.
struct Proved {
    statement: Fixture,
    proof: ark_groth16::Proof<ark_bn254::Bn254>,
}

impl Proved {
    fn new(statement: Fixture) -> Self {
        let proof = proof::parse(&prove(&statement)).expect("canonical");
        Self { statement, proof }
    }

    /// Arguments of a call of the contract for the policy.
    fn words(&self) -> Vec<Word> {
        arguments(&self.proof, &self.statement.public.changing())
    }

    /// Arguments of a call of the contract for the circuit.
    fn all_words(&self) -> Vec<Word> {
        arguments(&self.proof, &self.statement.public.all(&self.statement.compiled))
    }
}

/// Two policies of `eligibility-3`, the contract of the first, and the contract of the circuit.
struct World {
    one: Proved,
    other: Proved,
    policy: Compiled,
    circuit: Compiled,
}

impl World {
    fn get() -> &'static Self {
        static WORLD: OnceLock<World> = OnceLock::new();
        WORLD.get_or_init(Self::build)
    }

    fn build() -> Self {
        let one = Fixture::sample(CircuitId::Eligibility3, &mut StdRng::seed_from_u64(80));
        let mut other = one.clone();
        other.policy.cut_off -= 1;
        other.compiled = other.policy.compile(&other.schema).expect("one point less is a policy, too");
        other.settle();
        Self {
            policy: compile(&policy_contract(&prepared_policy(&one), None)),
            circuit: compile(&circuit_contract(&prepared())),
            one: Proved::new(one),
            other: Proved::new(other),
        }
    }

    /// Mainnet with the contract of the first policy.
    fn chain(&self) -> Chain {
        Chain::new(&self.policy)
    }
}

/// A call of the contract for a policy.
fn call(words: &[Word]) -> Vec<u8> {
    [&SELECTOR[..], words.as_flattened()].concat()
}
