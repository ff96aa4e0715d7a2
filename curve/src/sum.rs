//! Sums of multiples of points.

use crate::point::{G1Point, G2Point};
use ark_bn254::{Fq, Fq2, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{AffineRepr, VariableBaseMSM};
use ark_ff::BigInt;

/// The sum of `scalars[i] * points[i]`. The points' words must be below the modulus; off the curve the result is meaningless.
///
/// # Panics
/// If there are not as many points as scalars.
pub fn sum_g1(points: &[G1Point], scalars: &[Fr]) -> G1Projective {
    let identity = G1Point::from(G1Affine::zero());
    let element = |words| Fq::new_unchecked(BigInt(words));
    let affine = |p: &G1Point| if *p == identity { G1Affine::zero() } else { G1Affine::new_unchecked(element(p.x), element(p.y)) };
    let points: Vec<G1Affine> = points.iter().map(affine).collect();
    G1Projective::msm(&points, scalars).expect("as many")
}

/// The same in G2.
///
/// # Panics
/// If there are not as many points as scalars.
pub fn sum_g2(points: &[G2Point], scalars: &[Fr]) -> G2Projective {
    let identity = G2Point::from(G2Affine::zero());
    let element = |[c0, c1]: [[u64; 4]; 2]| Fq2::new(Fq::new_unchecked(BigInt(c0)), Fq::new_unchecked(BigInt(c1)));
    let affine = |p: &G2Point| if *p == identity { G2Affine::zero() } else { G2Affine::new_unchecked(element(p.x), element(p.y)) };
    let points: Vec<G2Affine> = points.iter().map(affine).collect();
    G2Projective::msm(&points, scalars).expect("as many")
}
