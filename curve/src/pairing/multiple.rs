//! Multiples of points of G1 by coefficients, one a lane.

use super::{BaseLanes, Term};
use crate::complete::{add, double};
use ark_bn254::g1;
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ec::short_weierstrass::SWCurveConfig;

/// `coefficient * a` for each term, homogeneous; lanes beyond the last term hold the identity.
///
/// Both parts of the coefficients go from their highest bit down together, over the sums of point and image (Straus, "Addition chains of
/// vectors", 1964; Gallant, Lambert and Vanstone, CRYPTO 2001). Not in constant time: points and coefficients of proofs are public.
#[inline(always)]
pub(super) fn multiples<L: BaseLanes>(terms: &[Term]) -> [L; 3] {
    let (zero, one) = (L::zero(), L::one());
    let three_b = L::from_fn(|_| g1::Config::COEFF_B * ark_bn254::Fq::from(3u64));
    let coordinate = |of: fn(&Term) -> ark_bn254::Fq| L::from_fn(|lane| of(&terms[lane.min(terms.len() - 1)]));
    let (x, y) = (coordinate(|term| term.a.x), coordinate(|term| term.a.y));
    let image = [coordinate(|term| term.a.x * g1::Config::ENDO_COEFFS[0]), y, one];
    let point = [x, y, one];
    let both = add(point, image, three_b);
    let bits = |part: fn(&Term) -> u64, at: u32| {
        terms.iter().enumerate().fold(0u8, |lanes, (lane, term)| lanes | u8::from(part(term) >> at & 1 == 1) << lane)
    };
    let mut sum = [zero, one, zero];
    for at in (0..u64::BITS).rev() {
        sum = double(sum, three_b);
        let (low, high) = (bits(|term| term.coefficient.low, at), bits(|term| term.coefficient.high, at));
        let mut addend = [zero, one, zero];
        let mut i = 0;
        while i < 3 {
            addend[i] = addend[i].replace(low, point[i]).replace(high, image[i]).replace(low & high, both[i]);
            i += 1;
        }
        sum = add(sum, addend, three_b);
    }
    sum
}
