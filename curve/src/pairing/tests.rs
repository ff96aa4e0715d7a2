use super::*;
use ark_bn254::Bn254;
use ark_ec::CurveGroup;
use ark_ec::pairing::{MillerLoopOutput, Pairing};
use ark_ff::{AdditiveGroup, BigInteger, UniformRand};
use ark_std::rand::rngs::StdRng;
use ark_std::rand::{Rng, SeedableRng};

fn coefficient(rng: &mut StdRng) -> Coefficient {
    Coefficient { low: rng.r#gen(), high: rng.r#gen() }
}

fn terms(count: usize, rng: &mut StdRng) -> Vec<Term> {
    (0..count).map(|_| Term { coefficient: coefficient(rng), a: G1Affine::rand(rng), b: G2Affine::rand(rng) }).collect()
}

fn check(terms: &[Term]) {
    let scaled = terms.iter().map(|term| (term.a * term.coefficient.scalar()).into_affine());
    let expected = Bn254::multi_pairing(scaled, terms.iter().map(|term| term.b)).0;
    let ended = |value| Bn254::final_exponentiation(MillerLoopOutput(value)).expect("not zero").0;
    assert_eq!(ended(miller_product(terms)), expected, "{} terms", terms.len());
    assert_eq!(ended(product(terms, 1, chunk::<Fq>)), expected, "{} terms, portable", terms.len());
}

#[test]
fn pairings_are_the_librarys() {
    let rng = &mut StdRng::seed_from_u64(1);
    for count in [0, 1, 2, 7, 8, 9, 17, 40, 300] {
        check(&terms(count, rng));
    }
}

#[test]
fn special_coefficients_and_points() {
    let rng = &mut StdRng::seed_from_u64(2);
    let mut terms = terms(12, rng);
    let ends = [0, 1, u64::MAX];
    for (term, (low, high)) in terms.iter_mut().zip(ends.iter().flat_map(|low| ends.map(|high| (*low, high)))) {
        term.coefficient = Coefficient { low, high };
    }
    check(&terms);
    (terms[3].a, terms[5].b) = (G1Affine::identity(), G2Affine::identity());
    check(&terms);
    // the same pair and its opposite in one vector
    terms[7] = Term { a: -terms[6].a, ..terms[6] };
    check(&terms);
}

#[test]
fn no_value_leaves_its_bounds() {
    use crate::field::bounds::Bounded;
    let terms = terms(3, &mut StdRng::seed_from_u64(4));
    assert_eq!(product(&terms, 1, chunk::<Bounded>), product(&terms, 1, chunk::<Fq>));
}

/// The argument at [`Coefficient`], for the numbers that the library has.
#[test]
fn coefficients_are_different_scalars() {
    let [(_, a), (_, b), (_, c), (_, d)] = g1::Config::SCALAR_DECOMP_COEFFS;
    let mut sum = a;
    assert!(!sum.add_with_carry(&b) && sum == d && b == c);
    assert!(a.num_bits() > 126 && b.num_bits() <= 64);
    let [a, b, d] = [a, b, d].map(Fr::from);
    assert_eq!((a - b * g1::Config::LAMBDA, b + d * g1::Config::LAMBDA), (Fr::ZERO, Fr::ZERO));
    // no relation is missing: the two span as many pairs as there are scalars
    assert_eq!(a * d + b * b, Fr::ZERO);
}
