//! The one strict decoder of curve points from outside.
//!
//! The libraries' decoders ignore some bits, accept trailing bytes and give one error for everything. Here a point has exactly one
//! encoding (compressed, x little-endian, the two top bits of the last byte say sign and identity), it is on the curve, in the subgroup
//! of prime order, and not the identity, which is legal nowhere in a key or a proof.

use crate::root::{root, root_of_pair};
use ark_bn254::{Config, Fq, Fq2, G1Affine, G2Affine, G2Projective};
use ark_ec::bn::BnConfig;
use ark_ec::short_weierstrass::SWCurveConfig;
use ark_ec::{AdditiveGroup, AffineRepr};
use ark_ff::{BigInteger256, Field, PrimeField};
use ark_serialize::CanonicalSerialize;

/// Bytes of a point of G1.
pub const G1_BYTES: usize = 32;
/// Bytes of a point of G2.
pub const G2_BYTES: usize = 64;

const IDENTITY_FLAG: u8 = 1 << 6;
const NEGATIVE_FLAG: u8 = 1 << 7;

/// Why bytes are no acceptable point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PointError {
    /// Both flag bits are set.
    #[error("its flag bits contradict each other: send the point as the library encodes it, compressed")]
    Flags,
    /// The point at infinity.
    #[error("it is the identity, which is allowed nowhere in a key or a proof")]
    Identity,
    /// A coordinate is not below the field's modulus.
    #[error("its coordinate is not below the modulus: send the canonical representative")]
    NotCanonical,
    /// No point of the curve has this coordinate.
    #[error("it is not on the curve")]
    NotOnCurve,
    /// On the curve, but not of prime order.
    #[error("it is outside the subgroup of prime order")]
    NotInSubgroup,
}

/// Decodes a point of G1.
///
/// # Errors
/// [`PointError`].
pub fn g1(bytes: &[u8; G1_BYTES]) -> Result<G1Affine, PointError> {
    let (negative, x) = split_flags(bytes)?;
    let x = coordinate(&x)?;
    let y = root(x.square() * x + ark_bn254::g1::Config::COEFF_B).ok_or(PointError::NotOnCurve)?;
    // all of the curve is in G1
    let point = G1Affine::new_unchecked(x, if negative == (y > -y) { y } else { -y });
    if g1_bytes(&point) == *bytes { Ok(point) } else { Err(PointError::NotCanonical) }
}

/// Decodes a point of G2.
///
/// # Errors
/// [`PointError`].
pub fn g2(bytes: &[u8; G2_BYTES]) -> Result<G2Affine, PointError> {
    let (low, high) = bytes.split_first_chunk::<32>().expect("64 bytes are twice 32");
    let (negative, high) = split_flags(high.try_into().expect("64 bytes are twice 32"))?;
    let x = Fq2::new(coordinate(low)?, coordinate(&high)?);
    let y = root_of_pair(x.square() * x + ark_bn254::g2::Config::COEFF_B).ok_or(PointError::NotOnCurve)?;
    let point = G2Affine::new_unchecked(x, if negative == (y > -y) { y } else { -y });
    if !is_in_subgroup(&point) {
        return Err(PointError::NotInSubgroup);
    }
    if g2_bytes(&point) == *bytes { Ok(point) } else { Err(PointError::NotCanonical) }
}

/// Whether a point of the twist is in G2, the subgroup of prime order r: whether (z + 1) + z ψ + z ψ² - 2 z ψ³ sends it to the identity, where
/// z is the curve's parameter of 63 bits and ψ the Frobenius endomorphism of the twist (Dai, Lin, Zhao and Zhou, "Fast subgroup membership
/// testings for G1, G2 and GT on pairing-friendly curves", eprint 2022/348).
///
/// On G2, ψ multiplies by p, and the sum is a multiple of r. Elsewhere ψ² = t ψ - p, with the trace t, makes the sum a + b ψ; a point that it
/// sends to the identity is sent there by the norm a² + a b t + b² p, too, whose greatest common divisor with the order of the twist is r.
fn is_in_subgroup(point: &G2Affine) -> bool {
    let multiple = point.mul_bigint(Config::X);
    let once = frobenius(multiple);
    let twice = frobenius(once);
    multiple + point + once + twice == frobenius(twice).double()
}

/// ψ: to the curve over the larger field, every coordinate to the power p, and back.
fn frobenius(mut point: G2Projective) -> G2Projective {
    for coordinate in [&mut point.x, &mut point.y, &mut point.z] {
        coordinate.conjugate_in_place();
    }
    point.x *= Config::TWIST_MUL_BY_Q_X;
    point.y *= Config::TWIST_MUL_BY_Q_Y;
    point
}

/// The one encoding of a point of G1.
pub fn g1_bytes(point: &G1Affine) -> [u8; G1_BYTES] {
    let mut bytes = [0; G1_BYTES];
    point.serialize_compressed(&mut bytes[..]).expect("a compressed point of G1 has 32 bytes");
    bytes
}

/// The one encoding of a point of G2.
pub fn g2_bytes(point: &G2Affine) -> [u8; G2_BYTES] {
    let mut bytes = [0; G2_BYTES];
    point.serialize_compressed(&mut bytes[..]).expect("a compressed point of G2 has 64 bytes");
    bytes
}

/// The sign, and the bytes without their two flag bits.
fn split_flags(bytes: &[u8; 32]) -> Result<(bool, [u8; 32]), PointError> {
    let flags = bytes[31] & (IDENTITY_FLAG | NEGATIVE_FLAG);
    if flags == IDENTITY_FLAG | NEGATIVE_FLAG {
        return Err(PointError::Flags);
    }
    if flags == IDENTITY_FLAG {
        return Err(PointError::Identity);
    }
    let mut x = *bytes;
    x[31] &= !(IDENTITY_FLAG | NEGATIVE_FLAG);
    Ok((flags == NEGATIVE_FLAG, x))
}

fn coordinate(bytes: &[u8; 32]) -> Result<Fq, PointError> {
    let mut limbs = [0u64; 4];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = u64::from_le_bytes(chunk.try_into().expect("chunks of eight bytes"));
    }
    Fq::from_bigint(BigInteger256::new(limbs)).ok_or(PointError::NotCanonical)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ec::{CurveConfig, CurveGroup, PrimeGroup};
    use ark_ff::{BigInteger, UniformRand};
    use rand::{SeedableRng, rngs::StdRng};

    /// x + p, where it fits beside the flags (both below 2^254), is the classical second encoding of x.
    fn plus_modulus(bytes: &[u8]) -> Option<[u8; 32]> {
        let flags = bytes[31] & 0xc0;
        let mut sum = [0; 32];
        let mut carry = 0u16;
        for (i, p) in Fq::MODULUS.to_bytes_le().iter().enumerate() {
            let x = if i == 31 { bytes[i] & 0x3f } else { bytes[i] };
            carry += u16::from(x) + u16::from(*p);
            sum[i] = carry as u8;
            carry >>= 8;
        }
        (sum[31] & 0xc0 == 0).then(|| {
            sum[31] |= flags;
            sum
        })
    }

    #[test]
    fn round_trip_and_second_encodings() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut aliases = 0;
        for _ in 0..50 {
            let p = ark_bn254::G1Projective::rand(&mut rng).into_affine();
            let q = ark_bn254::G2Projective::rand(&mut rng).into_affine();
            let (pb, qb) = (g1_bytes(&p), g2_bytes(&q));
            assert_eq!(g1(&pb), Ok(p));
            assert_eq!(g2(&qb), Ok(q));
            let mut negated = pb;
            negated[31] ^= NEGATIVE_FLAG;
            assert_eq!(g1(&negated), Ok(-p));
            if let Some(alias) = plus_modulus(&pb) {
                aliases += 1;
                assert_eq!(g1(&alias), Err(PointError::NotCanonical));
            }
            if let Some(alias) = plus_modulus(&qb[..32]) {
                let mut bytes = qb;
                bytes[..32].copy_from_slice(&alias);
                assert_eq!(g2(&bytes), Err(PointError::NotCanonical));
            }
        }
        assert!(aliases > 0, "a quarter of all coordinates have a second 254-bit form");
    }

    #[test]
    fn the_subgroup_is_the_librarys() {
        // primes that divide the twist's cofactor, each with what multiplies by all else of it
        let cofactor = ark_bn254::g2::Config::COFACTOR;
        let to_small_order: [BigInteger256; 2] = [
            ark_ff::BigInt!("2173824895405628684302950218021379986974303100027769687325441613140792921"),
            ark_ff::BigInt!("3732391913827051598662234343329740767871136014433462681300250716605949"),
        ];
        let mut rng = StdRng::seed_from_u64(2);
        let (mut outside, mut seen) = (0, 0);
        while seen < 50 {
            let Some(y) = on_twist(Fq2::rand(&mut rng)) else { continue };
            seen += 1;
            outside += usize::from(!is_in_subgroup(&y));
            let in_cofactor = y.mul_bigint(ark_bn254::Fr::MODULUS);
            let mut points = vec![y.into_group(), y.mul_bigint(cofactor), in_cofactor, G2Projective::ZERO];
            points.extend(to_small_order.map(|factor| in_cofactor.mul_bigint(factor)));
            points.push(points[1] + points[4]);
            for point in points.into_iter().map(CurveGroup::into_affine) {
                assert_eq!(is_in_subgroup(&point), point.is_in_correct_subgroup_assuming_on_curve());
            }
        }
        assert_eq!(outside, seen, "a point of the twist is in the subgroup with probability 2^-254");
    }

    fn on_twist(x: Fq2) -> Option<G2Affine> {
        root_of_pair(x.square() * x + ark_bn254::g2::Config::COEFF_B).map(|y| G2Affine::new_unchecked(x, y))
    }

    #[test]
    fn each_refusal_has_its_error() {
        let p = g1_bytes(&G1Affine::generator());
        let mut flags = p;
        flags[31] |= 0xc0;
        assert_eq!(g1(&flags), Err(PointError::Flags));
        assert_eq!(g1(&g1_bytes(&G1Affine::identity())), Err(PointError::Identity));
        assert_eq!(g2(&g2_bytes(&G2Affine::identity())), Err(PointError::Identity));
        let mut garbage_identity = [0; 32];
        garbage_identity[0] = 1;
        garbage_identity[31] = IDENTITY_FLAG;
        assert_eq!(g1(&garbage_identity), Err(PointError::Identity));
        let off = (1u64..50).find(|x| G1Affine::get_ys_from_x_unchecked(Fq::from(*x)).is_none()).unwrap();
        let mut bytes = [0; 32];
        bytes[0] = off as u8;
        assert_eq!(g1(&bytes), Err(PointError::NotOnCurve));
        // almost every point of the twist is outside the subgroup
        let outside = (1u64..50)
            .filter_map(|x| G2Affine::get_ys_from_x_unchecked(Fq2::from(x)).map(|(y, _)| G2Affine::new_unchecked(Fq2::from(x), y)))
            .find(|q| !q.is_in_correct_subgroup_assuming_on_curve())
            .unwrap();
        assert_eq!(g2(&g2_bytes(&outside)), Err(PointError::NotInSubgroup));
    }
}
