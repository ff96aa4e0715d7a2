//! Sums of multiples of points.

use crate::point::{G1Point, G2Point};
use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::VariableBaseMSM;

/// The sum of `scalars[i] * points[i]`. The points' words must be below the modulus; off the curve the result is meaningless.
///
/// # Panics
/// If there are not as many points as scalars.
pub fn sum_g1(points: &[G1Point], scalars: &[Fr]) -> G1Projective {
    let points: Vec<G1Affine> = points.iter().map(|p| p.affine().expect("points of a key")).collect();
    G1Projective::msm(&points, scalars).expect("as many")
}

/// The same in G2.
///
/// # Panics
/// If there are not as many points as scalars.
pub fn sum_g2(points: &[G2Point], scalars: &[Fr]) -> G2Projective {
    let points: Vec<G2Affine> = points.iter().map(|p| p.affine().expect("points of a key")).collect();
    G2Projective::msm(&points, scalars).expect("as many")
}
