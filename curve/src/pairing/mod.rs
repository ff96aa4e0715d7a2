//! Miller loops of many pairs at once: what a batch of proofs spends its time on.
//!
//! Eight pairs go through the loop side by side, one a lane, and all vectors of a chunk share one accumulator. `multiple` scales the first
//! point of each pair, `miller` walks the loop, `tower` is the field that values lie in.

#[cfg(target_arch = "x86_64")]
mod ifma;
mod miller;
mod multiple;
mod tower;

use crate::field::{Lanes, has_ifma};
use ark_bn254::{Fq, Fq12, Fr, G1Affine, G2Affine, g1};
use ark_ec::AffineRepr;
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ff::AdditiveGroup;
use rayon::prelude::*;

/// A multiple of a point that costs half as much as its 128 bits would: two parts of 64, the second for the curve's endomorphism.
///
/// As a scalar it is `low + high λ`, where λ is a cube root of one. Different coefficients are different scalars: the pairs with
/// `x + y λ = 0` modulo r are the sums of multiples of `(a, -b)` and `(b, a + b)`, where a is above 2^126 and b below 2^64, and none of
/// them but `(0, 0)` has both parts below 2^64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coefficient {
    /// The part that multiplies the point.
    pub low: u64,
    /// The part that multiplies the point's image.
    pub high: u64,
}

impl Coefficient {
    /// The scalar.
    pub fn scalar(self) -> Fr {
        Fr::from(self.low) + g1::Config::LAMBDA * Fr::from(self.high)
    }
}

/// One pair, the first point of which is scaled: `e(coefficient * a, b)`.
#[derive(Clone, Copy, Debug)]
pub struct Term {
    /// How often.
    pub coefficient: Coefficient,
    /// In G1, which is all of its curve.
    pub a: G1Affine,
    /// In G2. The caller has checked that.
    pub b: G2Affine,
}

/// Pairs that share an accumulator at most: more would share little more, and leave the cache.
const PAIRS_MAX: usize = 128;

/// The product of the terms' Miller loops: `arkworks`' final exponentiation of it is the product of their pairings.
///
/// The value before that is another one than the library's: lines differ by factors which the final exponentiation sends to one.
/// Cost: about 8,400 products of the base field a term, eight at once where the CPU can.
pub fn miller_product(terms: &[Term]) -> Fq12 {
    #[cfg(target_arch = "x86_64")]
    if has_ifma() {
        return product(terms, 8, ifma::chunk);
    }
    product(terms, 1, chunk::<Fq>)
}

fn product(terms: &[Term], width: usize, chunk: fn(&[Term]) -> Fq12) -> Fq12 {
    // the identity's pairing is one, and its coordinates are none
    let terms: Vec<Term> = terms.iter().filter(|term| !term.a.is_zero() && !term.b.is_zero()).copied().collect();
    // enough chunks to occupy all cores
    let pairs = terms.len().div_ceil(2 * rayon::current_num_threads()).next_multiple_of(width).min(PAIRS_MAX);
    terms.par_chunks(pairs.max(width)).map(chunk).product()
}

/// Elements of the base field in lanes.
pub(crate) trait BaseLanes: Lanes {
    /// One element a lane.
    fn from_fn(element: impl Fn(usize) -> Fq) -> Self;
    /// The elements, by lane; those beyond the width are zero. Slow.
    fn lanes(self) -> [Fq; 8];
}

impl BaseLanes for Fq {
    fn from_fn(element: impl Fn(usize) -> Fq) -> Self {
        element(0)
    }
    fn lanes(self) -> [Fq; 8] {
        std::array::from_fn(|lane| if lane == 0 { self } else { Fq::ZERO })
    }
}

/// The product over one chunk, in these lanes.
#[inline(always)]
fn chunk<L: BaseLanes>(terms: &[Term]) -> Fq12 {
    let mut pairs = Vec::with_capacity(terms.len().div_ceil(L::WIDTH));
    // a loop: as a function that an iterator calls, `new` would not be compiled for the CPU's vector instructions
    for terms in terms.chunks(L::WIDTH) {
        pairs.push(miller::Pairs::<L>::new(terms));
    }
    let lanes = miller::accumulate(pairs).elements();
    lanes[..L::WIDTH].iter().product()
}

#[cfg(test)]
mod tests;
