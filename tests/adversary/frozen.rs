//! Verifying keys and proofs of released circuits, kept for good: today's verifier still accepts them, and nothing near them.
//!
//! `tests/vectors/frozen/README.md` says what the files hold and when they may be made anew.

use ark_bn254::Bn254;
use ark_ff::{BigInteger, PrimeField};
use ark_groth16::Proof;
use probity_circuits::registry::{ENTRIES, Entry};
use probity_credit::circuit_id::CircuitId;
use probity_credit::field::{F, FieldBytes, FieldError};
use probity_credit::statement::position;
use probity_credit::statement::testing::Fixture;
use probity_params::VerifyingKeyFile;
use probity_params::cache::KeyCache;
use probity_prover::Prover;
use probity_tests::proving::{key_folder, prover};
use probity_verifier::prepared::verify_all_inputs;
use probity_verifier::{PreparedCircuit, PreparedPolicy, VerifyError, proof, verify_plain};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// A proof and the public inputs that it is for.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrozenProof {
    circuit: CircuitId,
    /// 128 bytes in hexadecimal.
    proof: String,
    /// In decimal, the constant one left out.
    inputs: Vec<String>,
}

struct Frozen {
    file: VerifyingKeyFile,
    circuit: Arc<PreparedCircuit>,
    proof: Proof<Bn254>,
    inputs: Vec<F>,
}

fn path(circuit: CircuitId, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}/vectors/frozen/{circuit}.{ending}", env!("CARGO_MANIFEST_DIR")))
}

fn read(circuit: CircuitId) -> Frozen {
    let read = |ending| std::fs::read(path(circuit, ending)).expect("the vector is committed");
    let bytes = read("vk");
    let file = VerifyingKeyFile::from_bytes(&bytes).expect("the format of verifying keys is stable");
    assert_eq!(file.to_bytes(), bytes, "{circuit}: one encoding");
    let frozen: FrozenProof = serde_json::from_slice(&read("json")).expect("the vector is JSON");
    assert_eq!((frozen.circuit, file.circuit.as_str()), (circuit, circuit.name()));
    let decimal = |x: &String| x.parse().expect("inputs are decimal and below the modulus");
    let prepared = PreparedCircuit::new(&file, position::COUNT).expect("the key passes the gate");
    Frozen {
        file,
        circuit: Arc::new(prepared),
        proof: proof::parse(&hex::decode(frozen.proof).expect("hexadecimal")).expect("canonical"),
        inputs: frozen.inputs.iter().map(decimal).collect(),
    }
}

fn refused(frozen: &Frozen, inputs: &[F], what: &str) {
    assert_eq!(verify_all_inputs(&frozen.circuit, inputs, &frozen.proof), Err(VerifyError::Equation), "{what}");
}

#[test]
fn frozen_proofs_still_verify() {
    for Entry { id, .. } in ENTRIES {
        let frozen = read(id);
        assert_eq!(frozen.file.constraints, Entry::of(id).digest(), "{id}: the key is for today's constraints");
        verify_all_inputs(&frozen.circuit, &frozen.inputs, &frozen.proof).expect("with nothing prepared but the key");
        let vk = frozen.file.verifying_key(position::COUNT).expect("decodes");
        verify_plain(&vk, &frozen.inputs, &frozen.proof).expect("as the paper writes it");
        let (changing, policy) = frozen.inputs.split_at(position::POLICY);
        let prepared = PreparedPolicy::new(frozen.circuit.clone(), frozen.file.constraints, policy).expect("fits");
        prepared.verify(changing.try_into().expect("seven"), &frozen.proof).expect("with the policy folded");
    }
    assert_eq!(prover().verifying_key_file().to_bytes(), read(CircuitId::Eligibility3).file.to_bytes(), "today's set-up gives the key");
}

#[test]
fn every_input_plus_one_is_refused() {
    for id in CircuitId::ALL {
        let frozen = read(id);
        for place in 0..position::COUNT {
            let mut inputs = frozen.inputs.clone();
            inputs[place] += F::from(1u64);
            refused(&frozen, &inputs, &format!("{id}: input {place}"));
        }
    }
}

#[test]
fn every_input_plus_p_is_not_decoded() {
    for x in CircuitId::ALL.into_iter().flat_map(|id| read(id).inputs) {
        let mut sum = F::MODULUS;
        assert!(!sum.add_with_carry(&x.into_bigint()), "below 2^256");
        let bytes: [u8; 32] = sum.to_bytes_be().try_into().expect("32 bytes");
        assert_eq!(FieldBytes::from_be_bytes(bytes), Err(FieldError::NotCanonical));
        assert_eq!(hex::encode(bytes).parse::<FieldBytes>(), Err(FieldError::NotCanonical));
        assert!(borsh::from_slice::<FieldBytes>(&bytes).is_err());
        assert!(serde_json::from_value::<FieldBytes>(hex::encode(bytes).into()).is_err());
    }
}

#[test]
fn dropped_appended_and_swapped_inputs_are_refused() {
    let mut rng = StdRng::seed_from_u64(0xf2);
    for id in CircuitId::ALL {
        let frozen = read(id);
        let count = |inputs: &[F]| verify_all_inputs(&frozen.circuit, inputs, &frozen.proof);
        for place in 0..position::COUNT {
            let mut inputs = frozen.inputs.clone();
            let dropped = inputs.remove(place);
            assert_eq!(count(&inputs), Err(VerifyError::InputCount { expected: position::COUNT, found: position::COUNT - 1 }));
            inputs.insert(place, dropped);
            inputs.insert(place, F::from(0u64));
            assert_eq!(count(&inputs), Err(VerifyError::InputCount { expected: position::COUNT, found: position::COUNT + 1 }));
        }
        assert_eq!(count(&[]), Err(VerifyError::InputCount { expected: position::COUNT, found: 0 }));
        let mut swaps = 0;
        while swaps < 60 {
            let (i, j) = (rng.gen_range(0..position::COUNT), rng.gen_range(0..position::COUNT));
            let mut inputs = frozen.inputs.clone();
            inputs.swap(i, j);
            if inputs != frozen.inputs {
                refused(&frozen, &inputs, &format!("{id}: {i} and {j} swapped"));
                swaps += 1;
            }
        }
    }
}

/// Writes the vectors anew: only for a circuit that was never released, or a format of keys that changed, and in a commit that says why.
#[test]
#[ignore = "overwrites the frozen vectors: see tests/vectors/frozen/README.md"]
fn make_the_frozen_vectors_anew() {
    for (seed, id) in (0xf0..).zip(CircuitId::ALL) {
        let f = Fixture::sample(id, &mut StdRng::seed_from_u64(seed));
        let prover = Prover::development(id, &KeyCache::at(key_folder()), None, &|_, _, _| {}).expect("the development key can be made");
        let bytes = prover.prove(&f.compiled, &f.policy.schema, &f.public, &f.witness).expect("the fixture is true");
        let inputs = f.public.all(&f.compiled).iter().map(F::to_string).collect();
        let frozen = FrozenProof { circuit: id, proof: hex::encode(bytes), inputs };
        std::fs::write(path(id, "vk"), prover.verifying_key_file().to_bytes()).expect("the folder can be written");
        let json = serde_json::to_string_pretty(&frozen).expect("strings and an id") + "\n";
        std::fs::write(path(id, "json"), json).expect("the folder can be written");
    }
}
