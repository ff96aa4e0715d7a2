use super::*;
use crate::testing::Fixture;
use ark_ff::{AdditiveGroup, UniformRand};
use ark_groth16::Groth16;

/// Policy inputs of the fixture.
const POLICY: usize = 5;

struct Proved {
    fixture: Fixture,
    policy: Vec<F>,
    inputs: Vec<F>,
    proof: Proof<Bn254>,
}

fn proved() -> Proved {
    let mut fixture = Fixture::new(POLICY);
    let inputs = fixture.elements(CHANGING + POLICY);
    let proof = fixture.prove(&inputs);
    Proved { fixture, policy: inputs[CHANGING..].to_vec(), inputs, proof }
}

/// What the three ways say, after checking that they agree.
fn verdict(p: &Proved, inputs: &[F]) -> Result<(), VerifyError> {
    let prepared = PreparedPolicy::new(Arc::clone(&p.fixture.circuit), Digest::default(), &inputs[CHANGING..])
        .and_then(|policy| policy.verify(inputs[..CHANGING].try_into().unwrap(), &p.proof));
    assert_eq!(verify_all_inputs(&p.fixture.circuit, inputs, &p.proof), prepared);
    if inputs.len() == p.inputs.len() {
        assert_eq!(verify_plain(&p.fixture.key.vk, inputs, &p.proof).map_err(|_| VerifyError::Equation), prepared);
    }
    prepared
}

#[test]
fn a_true_statement_holds() {
    let p = proved();
    assert_eq!(verdict(&p, &p.inputs), Ok(()));
}

#[test]
fn every_input_matters() {
    let p = proved();
    for i in 0..p.inputs.len() {
        let mut inputs = p.inputs.clone();
        inputs[i] += F::from(1u64);
        assert_eq!(verdict(&p, &inputs), Err(VerifyError::Equation), "input {i} + 1");
        let mut inputs = p.inputs.clone();
        let j = (i + 1) % inputs.len();
        inputs.swap(i, j);
        assert_eq!(verdict(&p, &inputs), Err(VerifyError::Equation), "inputs {i} and {j} swapped");
    }
}

#[test]
fn inputs_are_counted() {
    let mut p = proved();
    let expected = p.inputs.len();
    // the library accepts both of these: an extra input, and a missing last one that is zero
    let pvk = ark_groth16::prepare_verifying_key(&p.fixture.key.vk);
    let mut extra = p.inputs.clone();
    extra.push(F::from(9u64));
    assert!(Groth16::<Bn254>::verify_proof(&pvk, &p.proof, &extra).unwrap());
    assert_eq!(verdict(&p, &extra), Err(VerifyError::InputCount { expected, found: expected + 1 }));

    p.inputs[expected - 1] = F::ZERO;
    p.proof = p.fixture.prove(&p.inputs.clone());
    let missing = p.inputs[..expected - 1].to_vec();
    assert!(Groth16::<Bn254>::verify_proof(&pvk, &p.proof, &missing).unwrap());
    assert_eq!(verdict(&p, &missing), Err(VerifyError::InputCount { expected, found: expected - 1 }));
    let plain = verify_plain(&p.fixture.key.vk, &missing, &p.proof);
    assert!(matches!(plain, Err(PlainError::Key(KeyError::InputCount { .. }))));
}

#[test]
fn swapped_points_are_refused() {
    let mut p = proved();
    std::mem::swap(&mut p.proof.a, &mut p.proof.c);
    assert_eq!(verdict(&p, &p.inputs), Err(VerifyError::Equation));
}

#[test]
fn another_circuits_key_refuses() {
    let p = proved();
    let other = probity_params::testing::Toy::with_rows(POLICY, 9);
    let other = PreparedCircuit::new(&other.verifying_key_file(), other.inputs()).unwrap();
    assert_eq!(verify_all_inputs(&other, &p.inputs, &p.proof), Err(VerifyError::Equation));
    assert_ne!(other.key(), p.fixture.circuit.key());
}

/// With gamma = delta: A = alpha, B = beta, C = minus the folded inputs, for whatever inputs one likes and no witness at all.
#[test]
fn the_gate_stops_the_forgery_that_gamma_equal_delta_allows() {
    let mut p = proved();
    for negated in [false, true] {
        let mut vk = p.fixture.key.vk.clone();
        vk.gamma_g2 = if negated { -vk.delta_g2 } else { vk.delta_g2 };
        let inputs: Vec<F> = (0..p.inputs.len()).map(|_| F::rand(&mut p.fixture.rng)).collect();
        let folded = (vk.gamma_abc_g1[0] + sum_of_multiples(&vk.gamma_abc_g1[1..], &inputs)).into_affine();
        let forged = Proof { a: vk.alpha_g1, b: vk.beta_g2, c: if negated { folded } else { -folded } };
        let pvk = ark_groth16::prepare_verifying_key(&vk);
        assert!(Groth16::<Bn254>::verify_proof(&pvk, &forged, &inputs).unwrap(), "the library accepts the forgery");
        assert_eq!(verify_plain(&vk, &inputs, &forged), Err(PlainError::Key(KeyError::GammaIsDelta)));
        let key = probity_params::verifying::encode_key(&vk);
        let file = VerifyingKeyFile { circuit: "toy-1".into(), kind: Kind::Development, constraints: Digest::default(), key };
        assert_eq!(PreparedCircuit::new(&file, inputs.len()).unwrap_err(), KeyError::GammaIsDelta);
    }
}

#[test]
fn a_policy_of_another_length_is_refused() {
    let p = proved();
    let circuit = &p.fixture.circuit;
    for policy in [&p.policy[1..], &[p.policy.as_slice(), &[F::ZERO]].concat(), &[]] {
        let refused = PreparedPolicy::new(Arc::clone(circuit), Digest::default(), policy).unwrap_err();
        assert_eq!(refused, VerifyError::InputCount { expected: circuit.inputs(), found: CHANGING + policy.len() });
    }
}
