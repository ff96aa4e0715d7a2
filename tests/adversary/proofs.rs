//! One true proof and every way to pass it off as something else.

use ark_bn254::Bn254;
use ark_ff::UniformRand;
use ark_groth16::Groth16;
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::field::{F, FieldBytes};
use probity_credit::file::random_element;
use probity_credit::month::Month;
use probity_credit::nullifier::Context;
use probity_credit::statement::testing::Fixture;
use probity_credit::statement::{PublicInputs, position};
use probity_tests::proving::{prepared, prepared_policy, prove, prover};
use probity_verifier::prepared::verify_all_inputs;
use probity_verifier::{PreparedPolicy, VerifyError, proof};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::sync::OnceLock;

/// A true statement with its proof, made once.
fn proved() -> &'static (Fixture, [u8; 128]) {
    static PROVED: OnceLock<(Fixture, [u8; 128])> = OnceLock::new();
    PROVED.get_or_init(|| {
        let f = Fixture::sample(CircuitId::Eligibility3, &mut StdRng::seed_from_u64(30));
        let bytes = prove(&f);
        (f, bytes)
    })
}

fn verify(policy: &PreparedPolicy, public: &PublicInputs, bytes: &[u8; 128]) -> Result<(), VerifyError> {
    policy.verify(&public.changing(), &proof::parse(bytes).expect("canonical"))
}

#[test]
fn changed_inputs_are_refused() {
    let (f, bytes) = proved();
    let policy = prepared_policy(f);
    verify(&policy, &f.public, bytes).expect("the honest one passes");
    let mut rng = StdRng::seed_from_u64(31);
    let mut other = || FieldBytes::from(random_element(&mut rng));
    let context = Context {
        chain: Digest::of("test", &[b"chain"]),
        circuit: "eligibility-3".into(),
        lender: Digest::of("test", &[b"another lender"]),
        policy: f.policy.id(),
        anchor_height: 10,
        nonce: [1; 32],
        expires_unix_ms: 0,
        response_uri: Digest::of("test", &[b"uri"]),
        consent_key: [2; 32],
    };
    let table: Vec<(&str, PublicInputs)> = vec![
        ("stale anchor", PublicInputs { identity_root: other(), registry_root: other(), ..f.public.clone() }),
        ("mixed anchors: identities of another", PublicInputs { identity_root: other(), ..f.public.clone() }),
        ("mixed anchors: registry of another", PublicInputs { registry_root: other(), ..f.public.clone() }),
        ("wrong month", PublicInputs { month: Month(f.public.month.0 + 1), ..f.public.clone() }),
        ("another scope", PublicInputs { scope: other(), ..f.public.clone() }),
        ("a fresh nullifier", PublicInputs { nullifier: other(), ..f.public.clone() }),
        ("other lender's context", PublicInputs { context: context.element().into(), ..f.public.clone() }),
        ("swapped openings", PublicInputs { answer: other(), ..f.public.clone() }),
    ];
    for (what, public) in table {
        assert_eq!(verify(&policy, &public, bytes), Err(VerifyError::Equation), "{what}");
    }
}

#[test]
fn other_policy_or_schema_is_refused() {
    let (f, bytes) = proved();
    let other_policy = |change: &dyn Fn(&mut probity_credit::policy::Policy)| {
        let mut policy = f.policy.clone();
        change(&mut policy);
        let compiled = policy.compile(&f.schema).expect("still valid");
        PreparedPolicy::new(prepared(), policy.id(), &compiled.inputs()).expect("fits")
    };
    for (what, policy) in [
        ("a lower cut-off", other_policy(&|p| p.cut_off -= 1)),
        ("another weight", other_policy(&|p| p.weights[0] = 99)),
        ("another edge", other_policy(&|p| p.attributes[0].edges[0] -= 1)),
        ("a hidden person", other_policy(&|p| p.show_person = false)),
    ] {
        assert_eq!(verify(&policy, &f.public, bytes), Err(VerifyError::Equation), "{what}");
    }
    let mut inputs = f.compiled.inputs();
    inputs[0] = Digest::of("test", &[b"another schema"]).to_field();
    let policy = PreparedPolicy::new(prepared(), f.policy.id(), &inputs).expect("fits");
    assert_eq!(verify(&policy, &f.public, bytes), Err(VerifyError::Equation), "another schema");
}

#[test]
fn every_single_input_is_bound() {
    let (f, bytes) = proved();
    let all = f.public.all(&f.compiled);
    let proof = proof::parse(bytes).expect("canonical");
    let circuit = prepared();
    verify_all_inputs(&circuit, &all, &proof).expect("the honest inputs pass");
    for place in 0..position::COUNT {
        let mut inputs = all.clone();
        inputs[place] += F::from(1u64);
        assert_eq!(verify_all_inputs(&circuit, &inputs, &proof), Err(VerifyError::Equation), "input {place}");
    }
}

#[test]
fn counts_of_inputs_are_exact() {
    let (f, bytes) = proved();
    let proof = proof::parse(bytes).expect("canonical");
    let all = f.public.all(&f.compiled);
    let count = |inputs: &[F]| verify_all_inputs(&prepared(), inputs, &proof);
    let refused = |found: usize| Err(VerifyError::InputCount { expected: position::COUNT, found });
    assert_eq!(count(&all[..all.len() - 1]), refused(position::COUNT - 1), "a missing trailing input");
    assert_eq!(count(&[all.clone(), vec![F::from(0u64)]].concat()), refused(position::COUNT + 1), "an extra zero");
    assert_eq!(count(&[]), refused(0), "none");
    let mut swapped = all;
    swapped.swap(position::NULLIFIER, position::CONTEXT);
    assert_eq!(count(&swapped), Err(VerifyError::Equation), "swapped inputs");
}

#[test]
fn wrong_keys_and_rerandomised_copies() {
    let (f, bytes) = proved();
    let mut rng = StdRng::seed_from_u64(32);
    let file = prover().verifying_key_file();
    let mut vk = file.verifying_key(position::COUNT).expect("decodes");
    let copy = Groth16::<Bn254>::rerandomize_proof(&vk, &proof::parse(bytes).expect("canonical"), &mut rng);
    let copy = proof::encode(&copy);
    assert_ne!(&copy.0, bytes);
    // Groth16 proofs are malleable: the copy verifies, and says exactly what the original says - same nullifier, same context
    verify(&prepared_policy(f), &f.public, &copy.0).expect("a copy verifies for the same inputs");
    let other = PublicInputs { nullifier: F::from(1u64).into(), ..f.public.clone() };
    assert!(verify(&prepared_policy(f), &other, &copy.0).is_err(), "but for no other inputs");

    vk.gamma_abc_g1[0] = (vk.gamma_abc_g1[0] * F::rand(&mut rng)).into();
    let inputs = f.public.all(&f.compiled);
    assert!(probity_verifier::verify_plain(&vk, &inputs, &proof::parse(bytes).expect("canonical")).is_err(), "another key");
}

#[test]
fn non_canonical_bytes_are_refused() {
    let (_, bytes) = proved();
    for length in [0, 1, 127] {
        assert!(proof::parse(&bytes[..length]).is_err(), "{length} bytes");
    }
    assert!(proof::parse(&[&bytes[..], &[0]].concat()).is_err(), "trailing byte");
    assert!(proof::parse(&[0; 128]).is_err(), "zeros");
    assert!(proof::parse(&[0xff; 128]).is_err(), "beyond the modulus");
    for at in 0..bytes.len() {
        let mut changed = *bytes;
        changed[at] ^= 0x40;
        if let Ok(proof) = proof::parse(&changed) {
            let (f, _) = proved();
            assert!(prepared_policy_once().verify(&f.public.changing(), &proof).is_err(), "byte {at}");
        }
    }
}

fn prepared_policy_once() -> &'static PreparedPolicy {
    static POLICY: OnceLock<PreparedPolicy> = OnceLock::new();
    POLICY.get_or_init(|| prepared_policy(&proved().0))
}
