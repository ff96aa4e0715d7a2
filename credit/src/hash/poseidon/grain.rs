//! Poseidon's parameters from the Grain LFSR in self-shrinking mode, as `generate_parameters_grain.sage` of its authors makes them.

use super::Parameters;
use crate::field::F;
use ark_ff::{BigInteger, BigInteger256, Field, MontFp, PrimeField};

/// Bits of the field's modulus.
const FIELD_BITS: usize = 254;
/// 2^128, to reduce an integer of 254 bits by its halves.
const TWO_TO_128: F = MontFp!("340282366920938463463374607431768211456");

/// An 80-bit LFSR whose output is thinned: of each pair of bits the second counts if the first is 1.
struct Grain {
    /// The next bit to leave is the lowest.
    state: u128,
}

impl Grain {
    /// Seeds the register with the instance's description and discards 160 bits.
    fn new(t: usize, full_rounds: usize, partial_rounds: usize) -> Self {
        // Prime field (1), S-box x^alpha (0), then sizes; ones fill up the register.
        let parts = [(1, 2), (0, 4), (FIELD_BITS, 12), (t, 12), (full_rounds, 10), (partial_rounds, 10), ((1 << 30) - 1, 30)];
        let bits = parts.iter().flat_map(|&(value, width)| (0..width).rev().map(move |i| value >> i & 1 == 1));
        let mut grain = Self { state: bits.zip(0..).fold(0, |state, (bit, i)| state | u128::from(bit) << i) };
        for _ in 0..160 {
            grain.step();
        }
        grain
    }

    fn step(&mut self) -> bool {
        let bit = [62, 51, 38, 23, 13, 0].iter().fold(0, |acc, tap| acc ^ self.state >> tap) & 1;
        self.state = self.state >> 1 | bit << 79;
        bit == 1
    }

    fn bit(&mut self) -> bool {
        while !self.step() {
            self.step();
        }
        self.step()
    }

    /// An integer of 254 bits, the first bit the most significant.
    fn integer(&mut self) -> BigInteger256 {
        let bits: Vec<bool> = (0..FIELD_BITS).map(|_| self.bit()).collect();
        BigInteger256::from_bits_be(&bits)
    }

    /// Round constants: integers not below the modulus are skipped.
    fn element(&mut self) -> F {
        loop {
            if let Some(x) = F::from_bigint(self.integer()) {
                return x;
            }
        }
    }

    /// Matrix elements: the script reduces them, and so must we to agree with circomlib.
    fn element_reduced(&mut self) -> F {
        let [a, b, c, d] = self.integer().0.map(u128::from);
        F::from(c | d << 64) * TWO_TO_128 + F::from(a | b << 64)
    }
}

/// The parameters for width `t`.
pub(super) fn generate(t: usize, full_rounds: usize, partial_rounds: usize) -> Parameters {
    let mut grain = Grain::new(t, full_rounds, partial_rounds);
    let round_constants = (0..t * (full_rounds + partial_rounds)).map(|_| grain.element()).collect();
    let mds = loop {
        if let Some(mds) = cauchy(&(0..2 * t).map(|_| grain.element_reduced()).collect::<Vec<_>>()) {
            break mds;
        }
    };
    Parameters { t, full_rounds, partial_rounds, round_constants, mds }
}

/// `1 / (x_i + y_j)`, or `None` if the elements repeat or a sum is zero.
fn cauchy(elements: &[F]) -> Option<Vec<Vec<F>>> {
    let distinct = elements.iter().enumerate().all(|(i, x)| !elements[..i].contains(x));
    let (xs, ys) = elements.split_at(elements.len() / 2);
    let rows: Option<Vec<Vec<F>>> = xs.iter().map(|x| ys.iter().map(|y| (*x + y).inverse()).collect()).collect();
    rows.filter(|_| distinct)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_or_opposite_elements_make_no_matrix() {
        let f = |xs: [i64; 4]| cauchy(&xs.map(F::from));
        assert!(f([1, 2, 3, 4]).is_some());
        assert!(f([1, 1, 3, 4]).is_none());
        assert!(f([1, 2, -1, 4]).is_none());
    }
}
