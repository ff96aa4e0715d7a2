use super::*;
use crate::testing::Fixture;
use ark_ec::AffineRepr;
use proptest::prelude::*;
use std::sync::OnceLock;

/// 17 true claims about three policies of two circuits, mixed.
fn claims() -> Vec<Claim> {
    static CLAIMS: OnceLock<Vec<Claim>> = OnceLock::new();
    CLAIMS
        .get_or_init(|| {
            let (mut small, mut large) = (Fixture::new(2), Fixture::new(9));
            let (a, b, c) = (small.policy(b"a"), small.policy(b"b"), large.policy(b"c"));
            (0..17)
                .map(|i| match i % 3 {
                    0 => small.claim(&a),
                    1 => small.claim(&b),
                    _ => large.claim(&c),
                })
                .collect()
        })
        .clone()
}

fn assert_wrong(claims: &[Claim], wrong: &[usize]) {
    for (i, result) in verify_batch(claims).into_iter().enumerate() {
        let expected = if wrong.contains(&i) { Err(VerifyError::Equation) } else { Ok(()) };
        assert_eq!(result, expected, "claim {i}");
        assert_eq!(claims[i].verify(), expected, "claim {i} alone");
    }
}

#[test]
fn true_claims_hold_together() {
    assert_wrong(&claims(), &[]);
    assert!(verify_batch(&[]).is_empty());
    assert_wrong(&claims()[..1], &[]);
}

#[test]
fn one_wrong_claim_is_named_wherever_it_is() {
    for at in 0..17 {
        let mut claims = claims();
        claims[at].changing[at % CHANGING] += F::from(1u64);
        assert_wrong(&claims, &[at]);
    }
}

#[test]
fn all_wrong() {
    let mut claims = claims();
    claims.iter_mut().for_each(|claim| claim.changing[0] += F::from(1u64));
    assert_wrong(&claims, &(0..17).collect::<Vec<_>>());
}

#[test]
fn duplicates_get_the_same_answer() {
    let mut claims = claims();
    claims.extend_from_within(3..6);
    assert_wrong(&claims, &[]);
    claims[4].changing[1] += F::from(1u64);
    claims[18] = claims[4].clone();
    assert_wrong(&claims, &[4, 18]);
}

#[test]
fn errors_that_cancel_without_coefficients_are_found() {
    // C of two claims shifted by opposite amounts: a plain product of the equations would not see it
    let mut claims = claims();
    let shift = G1Affine::generator();
    for (at, shift) in [(0, shift), (3, -shift)] {
        let mut proof = decode(&claims[at].proof).unwrap();
        proof.c = (proof.c + shift).into_affine();
        claims[at].proof = crate::proof::encode(&proof);
    }
    assert_wrong(&claims, &[0, 3]);
}

#[test]
fn a_proof_moved_to_another_policy_or_circuit_is_wrong() {
    let mut claims = claims();
    claims[0].policy = Arc::clone(&claims[1].policy);
    claims[3].proof = claims[2].proof.clone();
    assert_wrong(&claims, &[0, 3]);
}

#[test]
fn what_does_not_decode_is_named_beside_what_does_not_hold() {
    let mut claims = claims();
    claims[2].proof.0[31] = 0xff;
    claims[9].changing[6] += F::from(1u64);
    let results = verify_batch(&claims);
    for (i, result) in results.iter().enumerate() {
        match i {
            2 => assert!(matches!(result, Err(VerifyError::Proof(_)))),
            9 => assert_eq!(*result, Err(VerifyError::Equation)),
            _ => assert_eq!(*result, Ok(())),
        }
    }
    claims.iter_mut().for_each(|claim| claim.proof.0[31] = 0xff);
    assert!(verify_batch(&claims).iter().all(|r| matches!(r, Err(VerifyError::Proof(_)))));
}

#[test]
fn coefficients_depend_on_everything() {
    let draw = |claims: &[Claim]| {
        let mut transcript = Transcript::new(b"test");
        claims.iter().for_each(|claim| bind(&mut transcript, claim));
        coefficient(&mut transcript)
    };
    let all = claims();
    let (base, other) = (&all[0], &all[3]);
    let drawn = draw(std::slice::from_ref(base));
    assert_eq!(drawn, draw(std::slice::from_ref(base)), "the same on every machine");
    let mut changing = base.changing;
    changing[6] += F::from(1u64);
    for altered in [
        Claim { changing, ..base.clone() },
        Claim { proof: other.proof.clone(), ..base.clone() },
        Claim { policy: Arc::clone(&all[1].policy), ..base.clone() },
        Claim { policy: Arc::clone(&all[2].policy), ..base.clone() },
    ] {
        assert_ne!(drawn, draw(&[altered]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_set_of_wrong_claims_is_named(wrong in prop::collection::btree_set(0usize..17, 0..17)) {
        let mut claims = claims();
        for at in &wrong {
            claims[*at].changing[5] += F::from(1u64);
        }
        let named: Vec<usize> = verify_batch(&claims).iter().enumerate().filter(|(_, r)| r.is_err()).map(|(i, _)| i).collect();
        prop_assert_eq!(named, wrong.into_iter().collect::<Vec<_>>());
    }
}
