//! The two moduli in the form that eight lanes need: five words of 52 bits, Montgomery factor 2^260.

use ark_bn254::{Fq, Fr};
use ark_ff::{BigInt, PrimeField};

/// Words of an element.
pub(crate) const WORDS: usize = 5;
/// Bits of a word.
pub(crate) const BITS: u32 = 52;
pub(crate) const MASK: u64 = (1 << BITS) - 1;

/// A prime between 2^253 and 2^254.
pub(crate) trait Modulus: Copy {
    /// The library's field of this order.
    type Field: PrimeField<BigInt = BigInt<4>>;
    /// The prime.
    const P: [u64; WORDS];
    /// -1/p modulo 2^52.
    const MINUS_INVERSE: u64;
    /// 3p.
    const THREE: [u64; WORDS];
    /// 4p.
    const FOUR: [u64; WORDS];
    /// 5p.
    const FIVE: [u64; WORDS];
    /// Word by word, for t = 0..16 the largest multiple of p that is at most t 2^253.
    const MULTIPLES: [[u64; 16]; WORDS];
    /// 2^260, 2^264 and 2^256 modulo p: one, and the factors that bring elements from the library's form and back.
    const ONE: [u64; WORDS];
    /// See [`Modulus::ONE`].
    const FROM_LIBRARY: [u64; WORDS];
    /// See [`Modulus::ONE`].
    const TO_LIBRARY: [u64; WORDS];
    /// An element from four words in the library's form.
    fn library(words: [u64; 4]) -> Self::Field;
    /// Four words of an element in the library's form.
    fn words(element: &Self::Field) -> [u64; 4];
}

/// Four words of 64 bits as five of 52.
pub(crate) const fn split(w: [u64; 4]) -> [u64; WORDS] {
    [w[0] & MASK, (w[0] >> 52 | w[1] << 12) & MASK, (w[1] >> 40 | w[2] << 24) & MASK, (w[2] >> 28 | w[3] << 36) & MASK, w[3] >> 16]
}

/// `a * k`, which must be below 2^260.
const fn times(a: [u64; WORDS], k: u64) -> [u64; WORDS] {
    let (mut out, mut carry, mut i) = ([0; WORDS], 0, 0);
    while i < WORDS {
        // words have 52 bits and k at most 11
        let word = a[i] * k + carry;
        out[i] = word & MASK;
        carry = word >> BITS;
        i += 1;
    }
    out
}

/// Whether `a < b`, for normal words.
const fn less(a: [u64; WORDS], b: [u64; WORDS]) -> bool {
    let mut i = WORDS;
    while i > 0 {
        i -= 1;
        if a[i] != b[i] {
            return a[i] < b[i];
        }
    }
    false
}

/// `a - b`, which must not be negative.
const fn minus(a: [u64; WORDS], b: [u64; WORDS]) -> [u64; WORDS] {
    let (mut out, mut borrow, mut i) = ([0; WORDS], 0, 0);
    while i < WORDS {
        let word = a[i] + (1 << BITS) - b[i] - borrow;
        out[i] = word & MASK;
        borrow = 1 - (word >> BITS);
        i += 1;
    }
    out
}

/// 2^`exponent` modulo p.
const fn power_of_two(exponent: u32, p: [u64; WORDS]) -> [u64; WORDS] {
    let mut value = [1, 0, 0, 0, 0];
    let mut i = 0;
    while i < exponent {
        value = times(value, 2);
        if !less(value, p) {
            value = minus(value, p);
        }
        i += 1;
    }
    value
}

/// -1/p modulo 2^52, by Newton's iteration.
const fn minus_inverse(p: [u64; WORDS]) -> u64 {
    let mut inverse: u64 = 1;
    let mut i = 0;
    while i < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(p[0].wrapping_mul(inverse)));
        i += 1;
    }
    inverse.wrapping_neg() & MASK
}

const fn multiples(p: [u64; WORDS]) -> [[u64; 16]; WORDS] {
    let mut table = [[0; 16]; WORDS];
    let mut t = 0;
    while t < 16 {
        // t 2^253: bit 253 is bit 45 of the last word
        let limit = [0, 0, 0, 0, (t as u64) << 45];
        let mut k = 0;
        while !less(limit, times(p, k + 1)) {
            k += 1;
        }
        let multiple = times(p, k);
        let mut i = 0;
        while i < WORDS {
            table[i][t] = multiple[i];
            i += 1;
        }
        t += 1;
    }
    table
}

/// The order of the base field.
#[derive(Clone, Copy)]
pub(crate) struct Base;

/// The order of the scalar field.
#[derive(Clone, Copy)]
pub(crate) struct Scalar;

/// What `reduced` leaves: from a number that begins with t, less than (t + 1) 2^253 less the multiple, which is less than 1.6452p; and the
/// multiple never exceeds the number, unless it is none.
const fn holds<M: Modulus>() -> bool {
    let mut t = 0;
    while t < 16 {
        let mut multiple = [0; WORDS];
        let mut i = 0;
        while i < WORDS {
            multiple[i] = M::MULTIPLES[i][t];
            i += 1;
        }
        let rest = minus([0, 0, 0, 0, (t as u64 + 1) << 45], multiple);
        // 10,000 rest < 16,452 p, in two steps of less than 2^11
        if !less(times(rest, 100), times(M::P, 165)) || less([0, 0, 0, 0, (t as u64) << 45], multiple) {
            return false;
        }
        t += 1;
    }
    true
}
const _: () = assert!(holds::<Base>() && holds::<Scalar>());

macro_rules! modulus {
    ($name:ident, $field:ty) => {
        impl Modulus for $name {
            type Field = $field;
            const P: [u64; WORDS] = split(<$field as PrimeField>::MODULUS.0);
            const MINUS_INVERSE: u64 = minus_inverse(Self::P);
            const THREE: [u64; WORDS] = times(Self::P, 3);
            const FOUR: [u64; WORDS] = times(Self::P, 4);
            const FIVE: [u64; WORDS] = times(Self::P, 5);
            const MULTIPLES: [[u64; 16]; WORDS] = multiples(Self::P);
            const ONE: [u64; WORDS] = power_of_two(260, Self::P);
            const FROM_LIBRARY: [u64; WORDS] = power_of_two(264, Self::P);
            const TO_LIBRARY: [u64; WORDS] = power_of_two(256, Self::P);
            fn library(words: [u64; 4]) -> $field {
                <$field>::new_unchecked(BigInt(words))
            }
            fn words(element: &$field) -> [u64; 4] {
                element.0.0
            }
        }
    };
}
modulus!(Base, Fq);
modulus!(Scalar, Fr);
