//! One right call is accepted; every wrong one is not.

use super::machine::{Chain, GAS, Outcome, word};
use super::{PROOF, World, call, compile, policy_contract, prepared_policy};
use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, BigInteger256, PrimeField};
use ark_groth16::Proof;
use probity_credit::field::F;
use probity_verifier::solidity::{Call, SELECTOR, Word, arguments};
use std::ops::Range;

const A: Range<usize> = 0..2;
const B: Range<usize> = 2..6;
const C: Range<usize> = 6..8;

/// The integer that a word holds, raised by another. It may be no canonical element.
fn raised(word: &Word, by: BigInteger256) -> Word {
    let limbs = |i: usize| u64::from_be_bytes(word[32 - 8 * (i + 1)..][..8].try_into().expect("eight bytes"));
    let mut number = BigInteger256::new(std::array::from_fn(limbs));
    assert!(!number.add_with_carry(&by), "there is room above the modulus");
    number.to_bytes_be().try_into().expect("32 bytes")
}

/// The words with some replaced.
fn with(words: &[Word], at: Range<usize>, by: &[Word]) -> Vec<Word> {
    [&words[..at.start], by, &words[at.end..]].concat()
}

/// Calls that must all answer `expected`.
fn all_answer(expected: &Outcome, calls: Vec<(String, Vec<Word>)>) {
    let (names, data): (Vec<String>, Vec<_>) = calls.into_iter().map(|(name, words)| (name, (GAS, call(&words)))).unzip();
    assert!(!names.is_empty());
    for (name, answer) in names.iter().zip(World::get().chain().call(&data)) {
        assert_eq!(answer.outcome, *expected, "{name}");
    }
}

#[test]
fn a_right_proof_is_accepted() {
    let w = World::get();
    assert_eq!(w.policy.selector, hex::encode(SELECTOR));
    let data = call(&w.one.words());
    let written = Call::new(&w.one.proof, &w.one.statement.public.changing());
    assert_eq!(written.data(), format!("0x{}", hex::encode(&data)));
    assert_eq!(w.chain().ask(&data).outcome, word(true));
}

#[test]
fn other_inputs_are_refused() {
    let words = World::get().one.words();
    let inputs = PROOF..words.len();
    assert_eq!(inputs.len(), 7);
    let one = BigInteger256::from(1u64);
    let changed = |at: usize, name: &str, by| (format!("{name} {}", at - PROOF), with(&words, at..at + 1, &[by]));
    let mut calls: Vec<_> = inputs.clone().map(|at| changed(at, "one more", raised(&words[at], one))).collect();
    calls.extend(inputs.clone().map(|at| changed(at, "zero", [0; 32])).filter(|(_, changed)| *changed != words));
    // the same element, written as another integer
    for at in inputs.clone() {
        let mut alias = words[at];
        for multiple in 1..=4 {
            alias = raised(&alias, F::MODULUS);
            calls.push(changed(at, &format!("{multiple} times the order more"), alias));
        }
    }
    calls.extend(inputs.map(|at| changed(at, "all ones", [0xff; 32])));
    all_answer(&word(false), calls);
}

#[test]
fn other_points_are_refused() {
    let w = World::get();
    let words = w.one.words();
    let mut calls = vec![];
    for at in 0..PROOF {
        let changed = |name: &str, by| (format!("{name} {at}"), with(&words, at..at + 1, &[by]));
        calls.push(changed("one more", raised(&words[at], 1u64.into())));
        calls.push(changed("the modulus more", raised(&words[at], Fq::MODULUS)));
        calls.push(changed("zero", [0; 32]));
        calls.push(changed("all ones", [0xff; 32]));
    }
    let [x, y, z, t] = [2, 3, 4, 5].map(|at| words[at]);
    for (name, swapped) in [("real parts first", [y, x, t, z]), ("y before x", [z, t, x, y]), ("one part swapped", [y, x, z, t])] {
        calls.push((name.into(), with(&words, B, &swapped)));
    }
    for (name, point) in [("A", A), ("B", B), ("C", C)] {
        calls.push((format!("{name} at infinity"), with(&words, point.clone(), &vec![[0; 32]; point.len()])));
    }
    calls.push(("nothing but infinity".into(), with(&words, 0..PROOF, &[[0; 32]; PROOF])));
    // good points that are not the proof's
    let inputs = w.one.statement.public.changing();
    let Proof { a, b, c } = w.one.proof.clone();
    for (name, proof) in [
        ("another A", Proof { a: (a + a).into_affine(), b, c }),
        ("another B", Proof { a, b: (b + b).into_affine(), c }),
        ("another C", Proof { a, b, c: (c + c).into_affine() }),
        ("A negated", Proof { a: -a, b, c }),
        ("B negated", Proof { a, b: -b, c }),
        ("C negated", Proof { a, b, c: -c }),
        ("A and C exchanged", Proof { a: c, b, c: a }),
        ("generators", Proof { a: G1Affine::generator(), b: G2Affine::generator(), c: G1Affine::generator() }),
        ("B outside the subgroup", Proof { a, b: outside(), c }),
    ] {
        calls.push((name.into(), arguments(&proof, &inputs)));
    }
    all_answer(&word(false), calls);
}

/// A point of the twist that is not in the subgroup.
fn outside() -> G2Affine {
    let candidates = (1u64..).filter_map(|x| G2Affine::get_point_from_x_unchecked(Fq2::from(x), false));
    candidates.into_iter().find(|point| !point.is_in_correct_subgroup_assuming_on_curve()).expect("most points are")
}

#[test]
fn a_rewritten_proof_holds_too() {
    // why nothing may be keyed on the bytes of a proof
    let w = World::get();
    let Proof { a, b, c } = w.one.proof.clone();
    let words = arguments(&Proof { a: -a, b: -b, c }, &w.one.statement.public.changing());
    assert_ne!(words, w.one.words());
    all_answer(&word(true), vec![("A and B negated".into(), words)]);
}

#[test]
fn another_policys_proof_is_refused() {
    let World { one, other, .. } = World::get();
    // person, files, request and answer are the same: all that differs is one point less to reach
    assert_eq!(one.statement.public.changing(), other.statement.public.changing());
    all_answer(&word(false), vec![("the other policy's proof".into(), other.words())]);
    let contract = compile(&policy_contract(&prepared_policy(&other.statement), None));
    let chain = Chain::new(&contract);
    assert_eq!(chain.ask(&call(&other.words())).outcome, word(true));
    assert_eq!(chain.ask(&call(&one.words())).outcome, word(false));
}

#[test]
fn calldata_of_another_length() {
    let w = World::get();
    let data = call(&w.one.words());
    let lengths: Vec<usize> = (0..=15).map(|words| 4 + 32 * words - 1).chain((0..15).map(|words| 4 + 32 * words)).chain([0]).collect();
    let short: Vec<_> = lengths.iter().map(|length| (GAS, data[..*length].to_vec())).collect();
    for (length, answer) in lengths.iter().zip(w.chain().call(&short)) {
        assert_eq!(answer.outcome, Outcome::Reverted(vec![]), "{length} bytes");
    }
    // what follows the arguments is not looked at, as everywhere in Solidity
    assert_eq!(w.chain().ask(&[&data[..], &[0xff; 32]].concat()).outcome, word(true));
    let unknown = [&[0; 4], &data[4..]].concat();
    assert_eq!(w.chain().ask(&unknown).outcome, Outcome::Reverted(vec![]));
}

#[test]
fn too_little_gas_never_says_yes() {
    let w = World::get();
    let data = call(&w.one.words());
    let needed = w.chain().ask(&data).gas;
    let limits: Vec<u64> = (0..=needed + 8_000).step_by(2_000).collect();
    let calls: Vec<_> = limits.iter().map(|gas| (*gas, data.clone())).collect();
    let answers = w.chain().call(&calls);
    for (limit, answer) in limits.iter().zip(&answers) {
        assert!(*limit >= needed || answer.outcome != word(true), "{limit} gas is not enough");
    }
    assert_eq!(answers.last().expect("many").outcome, word(true));
    let ways: [fn(&Outcome) -> bool; 3] =
        [|o| matches!(o, Outcome::Rejected(_)), |o| matches!(o, Outcome::Halted(_)), |o| *o == word(false)];
    for way in ways {
        assert!(answers.iter().any(|answer| way(&answer.outcome)), "each way to run short was met");
    }
}

#[test]
fn a_chain_without_the_precompiles_never_says_yes() {
    let w = World::get();
    let right = call(&w.one.words());
    let wrong = call(&w.other.words());
    for precompile in [6, 7, 8] {
        let chain = w.chain().without(precompile);
        for data in [&right, &wrong] {
            assert_eq!(chain.ask(data).outcome, word(false), "without {precompile}");
        }
    }
    // what goes away is what the contract needs
    assert_eq!(w.chain().without(5).ask(&right).outcome, word(true));
}
