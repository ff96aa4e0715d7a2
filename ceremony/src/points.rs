//! Points as the files hold them, and as the hashes of ceremonies take them.
//!
//! In files: coordinates in Montgomery form, least significant byte first, the identity all zero: the words of [`G1Point`]. In hashes:
//! coordinates as numbers, most significant byte first, a pair's second part before its first; the identity is all zero, too.

use ark_bn254::{Fq, Fr, g1, g2};
use ark_ec::AffineRepr;
use ark_ec::short_weierstrass::Affine;
use ark_ff::{BigInteger, PrimeField};
use probity_curve::{G1Point, G2Point};
use rayon::prelude::*;

/// What files and hashes need of a group's points.
pub(crate) trait Point: AffineRepr<ScalarField = Fr> {
    /// Bytes of a point, in files as in hashes.
    const BYTES: usize;
    /// The point of exactly [`Self::BYTES`] bytes of a file, if it is canonical, on the curve and of prime order; the identity is one.
    fn decode(bytes: &[u8]) -> Option<Self>;
    /// The words that a file holds, in their order.
    fn words(&self) -> Vec<u64>;
    /// The bytes that the hashes take.
    fn hashed(&self) -> Vec<u8>;
}

// the aliases would be projections, for which the compiler can't tell the two implementations apart
impl Point for Affine<g1::Config> {
    const BYTES: usize = 64;

    fn decode(bytes: &[u8]) -> Option<Self> {
        let [x, y] = words(bytes)?;
        // all of the curve is in G1
        G1Point { x, y }.affine()
    }

    fn words(&self) -> Vec<u64> {
        let G1Point { x, y } = (*self).into();
        [x, y].concat()
    }

    fn hashed(&self) -> Vec<u8> {
        big_endian(self.xy().map(|(x, y)| [x, y]), Self::BYTES)
    }
}

impl Point for Affine<g2::Config> {
    const BYTES: usize = 128;

    fn decode(bytes: &[u8]) -> Option<Self> {
        let [x0, x1, y0, y1] = words(bytes)?;
        G2Point { x: [x0, x1], y: [y0, y1] }.affine().filter(Self::is_in_correct_subgroup_assuming_on_curve)
    }

    fn words(&self) -> Vec<u64> {
        let G2Point { x, y } = (*self).into();
        [x, y].concat().concat()
    }

    fn hashed(&self) -> Vec<u8> {
        big_endian(self.xy().map(|(x, y)| [x.c1, x.c0, y.c1, y.c0]), Self::BYTES)
    }
}

/// So many numbers of four words.
fn words<const N: usize>(bytes: &[u8]) -> Option<[[u64; 4]; N]> {
    let (numbers, rest) = bytes.as_chunks::<32>();
    let words = |number: &[u8; 32]| std::array::from_fn(|i| u64::from_le_bytes(number.as_chunks::<8>().0[i]));
    let numbers: Vec<[u64; 4]> = numbers.iter().map(words).collect();
    numbers.try_into().ok().filter(|_| rest.is_empty())
}

fn big_endian<const N: usize>(coordinates: Option<[Fq; N]>, bytes: usize) -> Vec<u8> {
    match coordinates {
        Some(coordinates) => coordinates.iter().flat_map(|x| x.into_bigint().to_bytes_be()).collect(),
        None => vec![0; bytes],
    }
}

/// Decodes a section of points. The bytes are a whole number of them.
///
/// # Errors
/// The number of the first that is no point of the group.
pub(crate) fn decode_all<P: Point>(bytes: &[u8]) -> Result<Vec<P>, usize> {
    bytes.par_chunks_exact(P::BYTES).enumerate().map(|(i, bytes)| P::decode(bytes).ok_or(i)).collect()
}

/// The bytes of points as files hold them.
pub(crate) fn encode<P: Point>(points: &[P]) -> Vec<u8> {
    points.iter().flat_map(Point::words).flat_map(u64::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::{G1Affine, G2Affine};
    use ark_ff::UniformRand;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn points_come_back() {
        let rng = &mut StdRng::seed_from_u64(1);
        let curve = vec![G1Affine::rand(rng), G1Affine::identity(), G1Affine::generator()];
        let twist = vec![G2Affine::rand(rng), G2Affine::identity(), G2Affine::generator()];
        assert_eq!(decode_all(&encode(&curve)), Ok(curve.clone()));
        assert_eq!(decode_all(&encode(&twist)), Ok(twist));
        let mut bytes = encode(&curve);
        bytes[G1Affine::BYTES] = 1;
        assert_eq!(decode_all::<G1Affine>(&bytes), Err(1));
        assert_eq!(G1Affine::decode(&bytes[..63]), None);
        assert_eq!(G2Affine::decode(&bytes[..64]), None);
    }

    #[test]
    fn the_hashed_form_is_big_endian() {
        let bytes = G1Affine::generator().hashed();
        assert_eq!((bytes.len(), bytes[31], bytes[63]), (64, 1, 2));
        assert_eq!(G1Affine::identity().hashed(), [0; 64]);
        // the generator's first coordinate begins with its second part: 0x198e9393...
        assert_eq!(G2Affine::generator().hashed()[..4], [0x19, 0x8e, 0x93, 0x93]);
    }

    #[test]
    fn a_point_of_the_twist_outside_the_subgroup_is_none() {
        let outside = (1u64..)
            .filter_map(|x| G2Affine::get_ys_from_x_unchecked(x.into()).map(|(y, _)| G2Affine::new_unchecked(x.into(), y)))
            .find(|point| !point.is_in_correct_subgroup_assuming_on_curve());
        assert_eq!(G2Affine::decode(&encode(&[outside.unwrap()])), None);
    }
}
