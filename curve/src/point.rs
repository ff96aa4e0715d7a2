//! Points as plain words: what a key file holds and memory maps.

use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInt, Zero};
use zeroize::Zeroize;

/// An element of the base field in the library's Montgomery form (factor 2^256), least significant word first.
type Words = [u64; 4];

/// A point of G1: coordinates in Montgomery form; the identity is all zero, which is no point of the curve.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Zeroize)]
pub struct G1Point {
    /// The first coordinate.
    pub x: [u64; 4],
    /// The second.
    pub y: [u64; 4],
}

/// A point of G2: coordinates as pairs over the base field, in Montgomery form; the identity is all zero.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Zeroize)]
pub struct G2Point {
    /// The first coordinate.
    pub x: [[u64; 4]; 2],
    /// The second.
    pub y: [[u64; 4]; 2],
}

fn words(x: &Fq) -> Words {
    x.0.0
}

/// The element whose Montgomery form is `words`, if they are below the modulus.
fn element(words: Words) -> Option<Fq> {
    let x = Fq::new_unchecked(BigInt(words));
    (!x.is_geq_modulus()).then_some(x)
}

impl From<G1Affine> for G1Point {
    fn from(point: G1Affine) -> Self {
        point.xy().map_or(Self { x: [0; 4], y: [0; 4] }, |(x, y)| Self { x: words(&x), y: words(&y) })
    }
}

impl From<G2Affine> for G2Point {
    fn from(point: G2Affine) -> Self {
        let pair = |z: Fq2| [words(&z.c0), words(&z.c1)];
        point.xy().map_or(Self { x: [[0; 4]; 2], y: [[0; 4]; 2] }, |(x, y)| Self { x: pair(x), y: pair(y) })
    }
}

impl G1Point {
    /// The point, if the words are canonical and on the curve. All of the curve is in G1.
    pub fn affine(&self) -> Option<G1Affine> {
        let (x, y) = (element(self.x)?, element(self.y)?);
        if x.is_zero() && y.is_zero() {
            return Some(G1Affine::identity());
        }
        let point = G1Affine::new_unchecked(x, y);
        point.is_on_curve().then_some(point)
    }
}

impl G2Point {
    /// The point, if the words are canonical and on the twist; whether it has prime order is not checked.
    pub fn affine(&self) -> Option<G2Affine> {
        let pair = |[c0, c1]: [Words; 2]| Some(Fq2::new(element(c0)?, element(c1)?));
        let (x, y) = (pair(self.x)?, pair(self.y)?);
        if x.is_zero() && y.is_zero() {
            return Some(G2Affine::identity());
        }
        let point = G2Affine::new_unchecked(x, y);
        point.is_on_curve().then_some(point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::UniformRand;
    use ark_std::test_rng;

    #[test]
    fn points_come_back() {
        let rng = &mut test_rng();
        for _ in 0..20 {
            let (p, q) = (G1Affine::rand(rng), G2Affine::rand(rng));
            assert_eq!(G1Point::from(p).affine(), Some(p));
            assert_eq!(G2Point::from(q).affine(), Some(q));
        }
        assert_eq!(G1Point::from(G1Affine::identity()).affine(), Some(G1Affine::identity()));
        assert_eq!(G2Point::from(G2Affine::identity()).affine(), Some(G2Affine::identity()));
    }

    #[test]
    fn what_is_no_point_is_none() {
        let rng = &mut test_rng();
        let good = G1Point::from(G1Affine::rand(rng));
        assert_eq!(G1Point { x: [u64::MAX; 4], ..good }.affine(), None, "not canonical");
        assert_eq!(G1Point { x: good.y, y: good.x }.affine(), None, "not on the curve");
        let good = G2Point::from(G2Affine::rand(rng));
        assert_eq!(G2Point { x: [[u64::MAX; 4], good.x[1]], ..good }.affine(), None, "not canonical");
        assert_eq!(G2Point { x: good.y, y: good.x }.affine(), None, "not on the twist");
    }
}
