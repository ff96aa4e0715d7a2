//! Sums of products with one reduction in all.
//!
//! The products, of 508 bits each, are added up as they are; Montgomery's reduction is done once for the sum. It costs as much as a
//! product, so a sum of n takes little more than half of n multiplications.

use crate::field::F;
use ark_ff::{BigInt, PrimeField};

const P: [u64; 4] = F::MODULUS.0;

/// -1/p modulo 2^64, by Newton's iteration.
const MINUS_INVERSE: u64 = {
    let (mut inverse, mut i) = (1u64, 0);
    while i < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(P[0].wrapping_mul(inverse)));
        i += 1;
    }
    inverse.wrapping_neg()
};

/// For t = 0..8 the largest multiple of p that is at most t 2^253.
const MULTIPLES: [[u64; 4]; 8] = {
    let (mut table, mut t) = ([[0; 4]; 8], 0);
    while t < 8 {
        table[t] = times(quotient(t as u64));
        t += 1;
    }
    table
};

/// How often p goes into t 2^253.
const fn quotient(t: u64) -> u64 {
    let mut quotient = 0;
    while !less([0, 0, 0, t << 61], times(quotient + 1)) {
        quotient += 1;
    }
    quotient
}

const fn less(a: [u64; 4], b: [u64; 4]) -> bool {
    let mut i = 3;
    while i > 0 && a[i] == b[i] {
        i -= 1;
    }
    a[i] < b[i]
}

/// `factor * p`, which must be below 2^256.
const fn times(factor: u64) -> [u64; 4] {
    let (mut out, mut carry, mut i) = ([0; 4], 0, 0);
    while i < 4 {
        let word = P[i] as u128 * factor as u128 + carry;
        (out[i], carry) = (word as u64, word >> 64);
        i += 1;
    }
    assert!(carry == 0);
    out
}

/// `a - b`, and whether it is negative.
#[inline(always)]
fn minus(a: [u64; 4], b: [u64; 4]) -> ([u64; 4], bool) {
    let (mut out, mut borrow) = ([0; 4], false);
    for i in 0..4 {
        (out[i], borrow) = a[i].borrowing_sub(b[i], borrow);
    }
    (out, borrow)
}

/// The sum of `a[i] * b[i]`, for 22 products at most.
#[inline(always)]
pub(super) fn inner_product<const N: usize>(a: &[F; N], b: &[F; N]) -> F {
    // with R = 2^256: 22 p^2 + R p is below R^2, so that neither the sum nor the reduction overflows
    const { assert!(N <= 22) }
    let mut sum = [0u64; 8];
    for (a, b) in a.iter().zip(b) {
        let product = product(&a.0.0, &b.0.0);
        let mut carry = false;
        for (to, word) in sum.iter_mut().zip(product) {
            (*to, carry) = to.carrying_add(word, carry);
        }
    }
    F::new_unchecked(BigInt(reduced(sum)))
}

#[inline(always)]
fn product(a: &[u64; 4], b: &[u64; 4]) -> [u64; 8] {
    let mut out = [0; 8];
    for i in 0..4 {
        let mut carry = 0;
        for j in 0..4 {
            (out[i + j], carry) = a[i].carrying_mul_add(b[j], out[i + j], carry);
        }
        out[i + 4] = carry;
    }
    out
}

/// `sum / 2^256` modulo p, in full.
#[inline(always)]
fn reduced(mut sum: [u64; 8]) -> [u64; 4] {
    let mut extra = false;
    for i in 0..4 {
        let factor = sum[i].wrapping_mul(MINUS_INVERSE);
        let (_, mut carry) = factor.carrying_mul(P[0], sum[i]);
        for j in 1..4 {
            (sum[i + j], carry) = factor.carrying_mul_add(P[j], sum[i + j], carry);
        }
        (sum[i + 4], extra) = sum[i + 4].carrying_add(carry, extra);
    }
    let high = [sum[4], sum[5], sum[6], sum[7]];
    // below 2^253 + p, which is less than 2p
    let (value, _) = minus(high, MULTIPLES[(high[3] >> 61) as usize]);
    let (less, negative) = minus(value, P);
    if negative { value } else { less }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{AdditiveGroup, Field, UniformRand};
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn check<const N: usize>(a: [F; N], b: [F; N]) {
        let expected: F = a.iter().zip(&b).map(|(a, b)| *a * b).sum();
        let found = inner_product(&a, &b);
        assert_eq!(found, expected);
        assert_eq!(found.0.0, expected.0.0, "reduced in full");
    }

    #[test]
    fn agrees_with_multiplication() {
        let mut rng = StdRng::seed_from_u64(1);
        // the largest words that an element has
        let largest = F::new_unchecked(BigInt(minus(P, [1, 0, 0, 0]).0));
        check([largest; 22], [largest; 22]);
        check([largest; 1], [largest; 1]);
        check([F::ZERO; 5], [largest; 5]);
        check([F::ONE, -F::ONE], [F::ONE, F::ONE]);
        for _ in 0..1_000 {
            check::<1>([F::rand(&mut rng)], [F::rand(&mut rng)]);
            check::<9>([(); 9].map(|()| F::rand(&mut rng)), [(); 9].map(|()| F::rand(&mut rng)));
            check::<17>([(); 17].map(|()| F::rand(&mut rng)), [(); 17].map(|()| F::rand(&mut rng)));
        }
    }
}
