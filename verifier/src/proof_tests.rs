use super::*;
use crate::VerifyError;
use crate::testing::Fixture;
use ark_bn254::{Fq, G1Affine, G2Affine};
use ark_ff::{BigInteger, PrimeField};
use proptest::prelude::*;
use std::sync::OnceLock;

fn claim() -> crate::Claim {
    static CLAIM: OnceLock<crate::Claim> = OnceLock::new();
    CLAIM
        .get_or_init(|| {
            let mut fixture = Fixture::new(3);
            let policy = fixture.policy(b"p");
            fixture.claim(&policy)
        })
        .clone()
}

#[test]
fn length_is_exact() {
    let good = claim().proof.0;
    for bytes in [&good[..127], &good[..0], &[good.as_slice(), &[0]].concat()] {
        assert_eq!(parse(bytes), Err(ProofError::Length { found: bytes.len() }));
    }
    assert_eq!(encode(&parse(&good).unwrap()).0, good);
}

/// One named mutation after another, each at each point where it makes sense.
#[test]
fn each_point_is_decoded_strictly() {
    let good = claim().proof;
    let refused = |offset: usize, bytes: &[u8]| {
        let mut bad = good.clone();
        bad.0[offset..][..bytes.len()].copy_from_slice(bytes);
        match decode(&bad) {
            Err(ProofError::Point { point, reason }) => (point, reason),
            other => panic!("{other:?}"),
        }
    };
    for (point, offset) in [(ProofPoint::A, 0), (ProofPoint::C, 96)] {
        assert_eq!(refused(offset, &g1_bytes(&G1Affine::identity())), (point, PointError::Identity));
        assert_eq!(refused(offset + 31, &[0xff]), (point, PointError::Flags));
        let mut modulus: [u8; 32] = Fq::MODULUS.to_bytes_le().try_into().unwrap();
        modulus[0] += 1; // 1 + p: the generator's coordinate a second time
        assert_eq!(refused(offset, &modulus), (point, PointError::NotCanonical));
    }
    assert_eq!(refused(32, &g2_bytes(&G2Affine::identity())), (ProofPoint::B, PointError::Identity));
    assert_eq!(refused(95, &[0xff]), (ProofPoint::B, PointError::Flags));
    assert_eq!(refused(63, &[0xff]), (ProofPoint::B, PointError::NotCanonical));
    let outside = (1u64..50)
        .filter_map(|x| G2Affine::get_point_from_x_unchecked(x.into(), true))
        .find(|q| !q.is_in_correct_subgroup_assuming_on_curve())
        .unwrap();
    assert_eq!(refused(32, &g2_bytes(&outside)), (ProofPoint::B, PointError::NotInSubgroup));
}

#[test]
fn a_proof_written_anew_still_holds() {
    let mut fixture = Fixture::new(1);
    let policy = fixture.policy(b"p");
    let claim = fixture.claim(&policy);
    let proof = decode(&claim.proof).unwrap();
    let anew = ark_groth16::Groth16::<Bn254>::rerandomize_proof(&fixture.key.vk, &proof, &mut fixture.rng);
    let anew = encode(&anew);
    assert_ne!(anew, claim.proof);
    // not a flaw: the statement is the same, and what happens once is keyed on its public inputs
    assert_eq!(crate::Claim { proof: anew, ..claim }.verify(), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn no_other_bytes_are_accepted(bits in prop::collection::btree_set(0usize..1024, 1..6)) {
        let mut claim = claim();
        for bit in bits {
            claim.proof.0[bit / 8] ^= 1 << (bit % 8);
        }
        prop_assert!(matches!(claim.verify(), Err(VerifyError::Proof(_) | VerifyError::Equation)));
        prop_assert!(crate::verify_batch(std::slice::from_ref(&claim))[0].is_err());
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(parse(&bytes).is_err());
    }
}
