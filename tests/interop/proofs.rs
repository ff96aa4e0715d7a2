//! Our key, public inputs and proof in snarkjs.

use super::tool::Snarkjs;
use ark_ff::AdditiveGroup;
use probity_credit::circuit_id::CircuitId;
use probity_credit::field::F;
use probity_credit::statement::position;
use probity_credit::statement::testing::Fixture;
use probity_tests::proving::{prove, prover};
use probity_verifier::proof;
use probity_verifier::snarkjs::{Files, read_key, read_proof, read_public, write_public};
use rand::SeedableRng;
use rand::rngs::StdRng;

const VERIFY: [&str; 5] = ["groth16", "verify", "verification_key.json", "public.json", "proof.json"];

#[test]
fn our_proofs_hold_in_snarkjs() {
    let f = Fixture::sample(CircuitId::Eligibility3, &mut StdRng::seed_from_u64(70));
    let key = prover().verifying_key_file().verifying_key(position::COUNT).expect("a development key passes the gate");
    let inputs = f.public.all(&f.compiled);
    let proof = proof::parse(&prove(&f)).expect("canonical");
    let files = Files::new(&key, &inputs, &proof);

    let snarkjs = Snarkjs::new();
    for (name, text) in files.named() {
        snarkjs.write(name, text);
    }
    assert!(snarkjs.accepts(&VERIFY).contains("OK!"));
    assert_eq!(read_key(&snarkjs.read("verification_key.json"), position::COUNT), Ok(key));
    assert_eq!(read_public(&snarkjs.read("public.json"), position::COUNT), Ok(inputs.clone()));
    assert_eq!(read_proof(&snarkjs.read("proof.json")), Ok(proof));

    for changed in [position::NULLIFIER, position::ALLOWANCE] {
        let mut others = inputs.clone();
        others[changed] += F::from(1u64);
        assert_ne!(others[changed], F::ZERO);
        snarkjs.write("public.json", write_public(&others));
        snarkjs.refuses(&VERIFY, "Invalid proof");
    }
}
