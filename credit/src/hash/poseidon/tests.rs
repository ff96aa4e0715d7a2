use super::*;
use crate::hash::label;
use proptest::prelude::*;
use serde::Deserialize;

/// The permutation as the paper writes it: constants, S-boxes, matrix, round after round.
fn reference(capacity: F, inputs: &[F]) -> F {
    let p = parameters(inputs.len() + 1);
    let mut state: Vec<F> = std::iter::once(&capacity).chain(inputs).copied().collect();
    for round in 0..p.full_rounds + p.partial_rounds {
        for (x, c) in state.iter_mut().zip(p.constants(round)) {
            *x += c;
        }
        let is_full = round < p.full_rounds / 2 || round >= p.full_rounds / 2 + p.partial_rounds;
        for x in state.iter_mut().take(if is_full { p.t } else { 1 }) {
            *x = quintic(*x);
        }
        state = matrix::apply(&p.mds, &state);
    }
    state[0]
}

fn element() -> impl Strategy<Value = F> {
    any::<([u128; 2], u8)>().prop_map(|([a, b], kind)| match kind {
        0..32 => F::from(a % 3),
        32..64 => -F::from(a % 3),
        _ => F::from(a) * F::from(u128::MAX) + F::from(b),
    })
}

#[test]
fn known_answer_of_circomlib() {
    let expected: FieldBytes = "115cc0f5e7d690413df64c6b9662e9cf2a3617f2743245519e19607a4417189a".parse().unwrap();
    assert_eq!(FieldBytes::from(poseidon_with_capacity(F::from(0), &[F::from(1), F::from(2)])), expected);
}

#[derive(Deserialize)]
struct Vector {
    inputs: Vec<FieldBytes>,
    initial_state: FieldBytes,
    output: FieldBytes,
}

#[test]
fn thousand_vectors_of_circomlibjs() {
    // at run time: checkouts that share a build directory share what was compiled, too
    let package = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
    let text = std::fs::read_to_string(format!("{package}/../tests/vectors/poseidon/vectors.jsonl")).unwrap();
    let mut seen = [0; MAX_INPUTS];
    for (line, text) in text.lines().enumerate() {
        let vector: Vector = serde_json::from_str(text).unwrap();
        let inputs: Vec<F> = vector.inputs.iter().map(FieldBytes::element).collect();
        let output = poseidon_with_capacity(vector.initial_state.element(), &inputs);
        assert_eq!(FieldBytes::from(output), vector.output, "line {}", line + 1);
        seen[inputs.len() - 1] += 1;
    }
    assert_eq!(seen, [125; MAX_INPUTS]);
}

#[test]
fn tags_are_the_ascii_bytes() {
    assert_eq!(tag_element("node"), F::from(0x6e6f_6465_u64));
    for tag in label::poseidon::ALL {
        assert_eq!(hash(tag, &[F::from(7)]), poseidon_with_capacity(tag_element(tag), &[F::from(7)]));
    }
    let children: [F; 8] = std::array::from_fn(|i| F::from(i as u64));
    assert_eq!(hash_node(&children), hash("node", &children));
}

proptest! {
    #[test]
    fn the_schedule_is_the_permutation(capacity in element(), inputs in prop::collection::vec(element(), 1..=MAX_INPUTS)) {
        prop_assert_eq!(poseidon_with_capacity(capacity, &inputs), reference(capacity, &inputs));
    }
}

#[test]
fn every_width_agrees_with_the_reference() {
    for n in 1..=MAX_INPUTS {
        let inputs: Vec<F> = (0..n as u64).map(|i| F::from(i + 3).inverse().unwrap()).collect();
        assert_eq!(poseidon_with_capacity(-F::from(1), &inputs), reference(-F::from(1), &inputs), "{n} inputs");
    }
}
