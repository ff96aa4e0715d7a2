use super::*;
use crate::PreparedPolicy;
use crate::testing::Fixture;
use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, PrimeField};
use ark_groth16::Proof;
use probity_credit::digest::Digest;
use probity_credit::field::F;

#[test]
fn contracts_hold_the_key_and_nothing_is_left_open() {
    let mut w = Fixture::new(3);
    let (policy, inputs) = w.policy(b"one");
    let chain = Digest::of("test", &[b"chain"]);
    let source = policy_contract(&policy, Some(&chain));
    let whole = circuit_contract(&w.circuit);
    for text in [&source, &whole] {
        assert!(!text.contains('$'), "every mark of the template is filled");
        assert!(text.contains(&F::MODULUS.to_string()) && text.contains("development key"));
        assert!(text.contains(&format!("0x{}", w.circuit.key())));
    }
    for id in [policy.id(), chain] {
        assert!(source.contains(&format!("= 0x{id};")) && !whole.contains(&id.to_string()));
    }
    assert!(!policy_contract(&policy, None).contains("CHAIN_ID"));
    assert!(source.contains("uint256[7] calldata inputs") && source.contains("inputs[6]") && !source.contains("inputs[7]"));
    assert!(whole.contains("uint256[10] calldata inputs") && whole.contains("inputs[9]") && !whole.contains("inputs[10]"));

    let sum = |source: &str| source.lines().find(|line| line.contains("SUM_X =")).unwrap().to_owned();
    let other = PreparedPolicy::new(w.circuit.clone(), policy.id(), &inputs.iter().map(|x| x.double()).collect::<Vec<_>>());
    assert_ne!(sum(&policy_contract(&other.unwrap(), None)), sum(&source));
    assert_ne!(sum(&whole), sum(&source));
}

#[test]
fn calls_are_in_the_order_of_the_machine() {
    let a = G1Affine::new_unchecked(Fq::from(1), Fq::from(2));
    let b = G2Affine::new_unchecked(Fq2::new(Fq::from(3), Fq::from(4)), Fq2::new(Fq::from(5), Fq::from(6)));
    let c = G1Affine::zero();
    let inputs: [F; 7] = std::array::from_fn(|i| -F::from(i as u64));
    let words = arguments(&Proof { a, b, c }, &inputs);
    let number = |x: u64| word::word(Fq::from(x));
    assert_eq!(words[..8], [1, 2, 4, 3, 6, 5, 0, 0].map(number));
    assert_eq!(words[8], [0; 32]);
    assert_eq!(words[14], word::word(-F::from(6u64)));
    let call = Call::new(&Proof { a, b, c }, &inputs);
    assert_eq!(call.data().len(), 2 + 2 * (4 + 32 * 15));
    let read: serde_json::Value = serde_json::from_str(&Files::new(String::new(), &call).calldata).unwrap();
    assert_eq!(read["function"], FUNCTION);
    assert_eq!(read["b"][1][0], word::hex(&number(6)));
    assert_eq!(read["inputs"].as_array().unwrap().len(), 7);
    assert!(call.data().ends_with(&read["inputs"][6].as_str().unwrap()[2..]));
}
