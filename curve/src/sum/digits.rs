//! Scalars in signed digits.

use ark_bn254::Fr;
use ark_ff::{BigInteger, PrimeField};
use rayon::prelude::*;

/// A scalar plus half a digit at every place: its plain digits, minus that half, are the signed ones. Without carries from place to place,
/// each window reads its own digit alone.
pub(crate) type Shifted = [u64; 5];

/// Bits that a signed representation of a scalar takes: the scalars have 254.
const BITS: u32 = 255;

/// One place of the scalars' digits.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    /// Bits of a digit.
    pub(crate) bits: u32,
    /// Which place, from the least significant.
    pub(crate) place: u32,
}

impl Window {
    /// Digits of a scalar.
    pub(crate) fn count(bits: u32) -> u32 {
        BITS.div_ceil(bits)
    }

    /// The signed digit, from `-2^(bits - 1)` to `2^(bits - 1) - 1`.
    #[inline(always)]
    pub(crate) fn digit(self, shifted: &Shifted) -> i32 {
        let first = self.place * self.bits;
        let (word, shift) = ((first / 64) as usize, first % 64);
        let mut plain = shifted[word] >> shift;
        if shift + self.bits > 64 && word + 1 < shifted.len() {
            plain |= shifted[word + 1] << (64 - shift);
        }
        let half = 1i32 << (self.bits - 1);
        (plain & ((1 << self.bits) - 1)) as i32 - half
    }
}

/// Chooses the bits of a digit for scalars that have `bits_in_all` bits together.
///
/// A point costs one affine addition a window and a bucket two complete ones, which are taken for two and a half of a point's.
pub(crate) fn best_bits(bits_in_all: u64) -> u32 {
    let points = bits_in_all / 254;
    let cost = |bits: &u32| u64::from(Window::count(*bits)) * (points + (5 << (bits - 1)) / 2);
    (4..=15).min_by_key(cost).expect("not empty")
}

/// The scalars' integers and how many bits they have together.
pub(crate) fn integers(scalars: &[Fr]) -> (Vec<[u64; 4]>, u64) {
    let integers: Vec<[u64; 4]> = scalars.par_iter().with_min_len(1_024).map(|s| s.into_bigint().0).collect();
    let bits = integers.iter().map(|words| u64::from(ark_ff::BigInt(*words).num_bits())).sum();
    (integers, bits)
}

/// Adds the half digits.
pub(crate) fn shift(integers: &[[u64; 4]], bits: u32) -> Vec<Shifted> {
    let mut halves = [0u64; 5];
    for place in 0..Window::count(bits) {
        let at = place * bits + bits - 1;
        halves[(at / 64) as usize] |= 1 << (at % 64);
    }
    let add = |words: &[u64; 4]| {
        let (mut out, mut carry) = (halves, false);
        for (to, word) in out.iter_mut().zip(words.iter().chain(&[0])) {
            (*to, carry) = carrying_add(*to, *word, carry);
        }
        out
    };
    integers.iter().map(add).collect()
}

fn carrying_add(a: u64, b: u64, carry: bool) -> (u64, bool) {
    let (sum, first) = a.overflowing_add(b);
    let (sum, second) = sum.overflowing_add(u64::from(carry));
    (sum, first || second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{AdditiveGroup, Field, UniformRand};

    #[test]
    fn digits_make_the_scalar() {
        let rng = &mut ark_std::test_rng();
        let mut scalars = vec![Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(2u64), -Fr::from(2u64)];
        scalars.extend((0..20).map(|_| Fr::rand(rng)));
        let (integers, _) = integers(&scalars);
        for bits in 4..=15 {
            for (shifted, scalar) in shift(&integers, bits).iter().zip(&scalars) {
                let mut value = Fr::ZERO;
                for place in (0..Window::count(bits)).rev() {
                    let digit = Window { bits, place }.digit(shifted);
                    assert!((-(1 << (bits - 1))..1 << (bits - 1)).contains(&digit));
                    for _ in 0..bits {
                        value.double_in_place();
                    }
                    value += Fr::from(i64::from(digit));
                }
                assert_eq!(value, *scalar, "{bits} bits");
            }
        }
    }
}
