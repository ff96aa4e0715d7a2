//! Eight elements at a time, in words of 52 bits, by the instructions AVX-512 IFMA has for them (Gueron and Krasnov, "Accelerating big
//! integer arithmetic using Intel IFMA extensions", ARITH 2016).
//!
//! # Safety
//! Everything here uses those instructions without asking. Callers ask [`super::has_ifma`] once, before they enter a kernel.

#![expect(unsafe_code, reason = "the CPU's vector instructions; see above")]

use super::Lanes;
use super::extension::Extension;
use super::modulus::{BITS, Modulus, WORDS};
use ark_ff::{Field, serial_batch_inversion_and_mul};
use std::arch::x86_64::*;
use std::marker::PhantomData;

/// Eight elements of the field of order `M`: `WORDS` vectors, the least significant words first, each word below 2^52, the Montgomery
/// factor 2^260.
#[derive(Clone, Copy)]
pub(crate) struct Fp8<M> {
    words: [__m512i; WORDS],
    modulus: PhantomData<M>,
}

/// Eight vectors of eight words.
pub(crate) type Block = [__m512i; 8];

#[inline(always)]
fn splat(word: u64) -> __m512i {
    unsafe { _mm512_set1_epi64(word.cast_signed()) }
}

/// Rows become columns.
#[inline(always)]
pub(crate) fn transpose(r: Block) -> Block {
    unsafe {
        let mut out = r;
        let mut pairs = [[r[0]; 4]; 2];
        let mut i = 0;
        while i < 4 {
            pairs[0][i] = _mm512_unpacklo_epi64(r[2 * i], r[2 * i + 1]);
            pairs[1][i] = _mm512_unpackhi_epi64(r[2 * i], r[2 * i + 1]);
            i += 1;
        }
        i = 0;
        while i < 2 {
            let t = pairs[i];
            let (v0, v1) = (_mm512_shuffle_i64x2::<0x88>(t[0], t[1]), _mm512_shuffle_i64x2::<0x88>(t[2], t[3]));
            let (v2, v3) = (_mm512_shuffle_i64x2::<0xdd>(t[0], t[1]), _mm512_shuffle_i64x2::<0xdd>(t[2], t[3]));
            out[i] = _mm512_shuffle_i64x2::<0x88>(v0, v1);
            out[4 + i] = _mm512_shuffle_i64x2::<0xdd>(v0, v1);
            out[2 + i] = _mm512_shuffle_i64x2::<0x88>(v2, v3);
            out[6 + i] = _mm512_shuffle_i64x2::<0xdd>(v2, v3);
            i += 1;
        }
        out
    }
}

/// Eight rows from memory: part `part` of `rows[at[i]]`.
#[inline(always)]
pub(crate) fn gather<const N: usize>(rows: &[[[u64; 8]; N]], part: usize, at: [usize; 8]) -> Block {
    let mut block = [splat(0); 8];
    let mut i = 0;
    while i < 8 {
        block[i] = unsafe { _mm512_loadu_si512(std::ptr::from_ref(&rows[at[i]][part]).cast()) };
        i += 1;
    }
    block
}

/// Writes eight rows: part `part` of `rows[at[i]]`.
#[inline(always)]
pub(crate) fn scatter<const N: usize>(block: Block, rows: &mut [[[u64; 8]; N]], part: usize, at: [usize; 8]) {
    let mut i = 0;
    while i < 8 {
        unsafe { _mm512_storeu_si512(std::ptr::from_mut(&mut rows[at[i]][part]).cast(), block[i]) };
        i += 1;
    }
}

/// Eight numbers of four words each.
#[inline(always)]
pub(crate) fn load_narrow(numbers: &[[u64; 4]; 8]) -> [__m512i; 4] {
    let mut rows = [splat(0); 8];
    let mut i = 0;
    while i < 8 {
        rows[i] = unsafe { _mm512_maskz_loadu_epi64(0x0f, numbers[i].as_ptr().cast()) };
        i += 1;
    }
    let columns = transpose(rows);
    [columns[0], columns[1], columns[2], columns[3]]
}

/// The reverse of [`load_narrow`].
#[inline(always)]
pub(crate) fn store_narrow(words: [__m512i; 4], numbers: &mut [[u64; 4]; 8]) {
    let zero = splat(0);
    let rows = transpose([words[0], words[1], words[2], words[3], zero, zero, zero, zero]);
    let mut i = 0;
    while i < 8 {
        unsafe { _mm512_mask_storeu_epi64(numbers[i].as_mut_ptr().cast(), 0x0f, rows[i]) };
        i += 1;
    }
}

/// Eight vectors of elements, lanes and vectors exchanged.
#[inline(always)]
pub(crate) fn transpose_words<M: Modulus>(mut vectors: [Fp8<M>; 8]) -> [Fp8<M>; 8] {
    let mut word = 0;
    while word < WORDS {
        let mut rows = [vectors[0].words[word]; 8];
        let mut i = 1;
        while i < 8 {
            rows[i] = vectors[i].words[word];
            i += 1;
        }
        rows = transpose(rows);
        i = 0;
        while i < 8 {
            vectors[i].words[word] = rows[i];
            i += 1;
        }
        word += 1;
    }
    vectors
}

impl<M: Modulus> Fp8<M> {
    #[inline(always)]
    fn new(words: [__m512i; WORDS]) -> Self {
        Self { words, modulus: PhantomData }
    }

    /// The same value in all lanes.
    #[inline(always)]
    pub(crate) fn constant(words: [u64; WORDS]) -> Self {
        let mut vectors = [splat(0); WORDS];
        let mut i = 0;
        while i < WORDS {
            vectors[i] = splat(words[i]);
            i += 1;
        }
        Self::new(vectors)
    }

    /// From four vectors of 64-bit words, whatever number below 2^256 they make.
    #[inline(always)]
    pub(crate) fn from_wide(w: [__m512i; 4]) -> Self {
        unsafe {
            let mask = splat((1 << BITS) - 1);
            let one = _mm512_or_si512(_mm512_srli_epi64::<52>(w[0]), _mm512_slli_epi64::<12>(w[1]));
            let two = _mm512_or_si512(_mm512_srli_epi64::<40>(w[1]), _mm512_slli_epi64::<24>(w[2]));
            let three = _mm512_or_si512(_mm512_srli_epi64::<28>(w[2]), _mm512_slli_epi64::<36>(w[3]));
            Self::new([
                _mm512_and_si512(w[0], mask),
                _mm512_and_si512(one, mask),
                _mm512_and_si512(two, mask),
                _mm512_and_si512(three, mask),
                _mm512_srli_epi64::<16>(w[3]),
            ])
        }
    }

    /// As four vectors of 64-bit words; the value must be below 2^256.
    #[inline(always)]
    pub(crate) fn to_wide(self) -> [__m512i; 4] {
        unsafe {
            let l = self.words;
            [
                _mm512_or_si512(l[0], _mm512_slli_epi64::<52>(l[1])),
                _mm512_or_si512(_mm512_srli_epi64::<12>(l[1]), _mm512_slli_epi64::<40>(l[2])),
                _mm512_or_si512(_mm512_srli_epi64::<24>(l[2]), _mm512_slli_epi64::<28>(l[3])),
                _mm512_or_si512(_mm512_srli_epi64::<36>(l[3]), _mm512_slli_epi64::<16>(l[4])),
            ]
        }
    }

    /// Elements that are in the library's form brought to ours.
    #[inline(always)]
    pub(crate) fn imported(self) -> Self {
        self.mul(Self::constant(M::FROM_LIBRARY))
    }

    /// Carries, which may be negative but for the last word's.
    #[inline(always)]
    fn normal(mut words: [__m512i; WORDS]) -> Self {
        unsafe {
            let mask = splat((1 << BITS) - 1);
            let mut i = 0;
            while i < WORDS - 1 {
                words[i + 1] = _mm512_add_epi64(words[i + 1], _mm512_srai_epi64::<BITS>(words[i]));
                words[i] = _mm512_and_si512(words[i], mask);
                i += 1;
            }
        }
        Self::new(words)
    }

    /// Takes off the largest multiple of p that the last word is sure of. The value is below 10.58p before, and its last word is not negative;
    /// below 1.65p after ([`Modulus::MULTIPLES`]).
    #[inline(always)]
    fn reduced(mut words: [__m512i; WORDS]) -> Self {
        unsafe {
            let at = _mm512_srai_epi64::<45>(words[WORDS - 1]);
            let mut i = 0;
            while i < WORDS {
                let table: *const __m512i = M::MULTIPLES[i].as_ptr().cast();
                let (low, high) = (_mm512_loadu_si512(table), _mm512_loadu_si512(table.add(1)));
                words[i] = _mm512_sub_epi64(words[i], _mm512_permutex2var_epi64(low, at, high));
                i += 1;
            }
        }
        Self::normal(words)
    }

    #[inline(always)]
    fn difference(self, other: Self) -> [__m512i; WORDS] {
        let mut words = self.words;
        let mut i = 0;
        while i < WORDS {
            unsafe {
                words[i] = _mm512_sub_epi64(_mm512_add_epi64(words[i], splat(M::FOUR[i])), other.words[i]);
            }
            i += 1;
        }
        words
    }

    #[inline(always)]
    fn sum(self, other: Self) -> [__m512i; WORDS] {
        let mut words = self.words;
        let mut i = 0;
        while i < WORDS {
            words[i] = unsafe { _mm512_add_epi64(words[i], other.words[i]) };
            i += 1;
        }
        words
    }

    /// Lane by lane, `-self` where the bit is set; below 2p if `self` is.
    #[inline(always)]
    pub(crate) fn negated(self, lanes: u8) -> Self {
        let negative = Self::normal(Self::zero().difference(self));
        self.replace(lanes, Self::reduced(negative.words))
    }

    /// In the library's form, fully reduced.
    #[inline(always)]
    pub(crate) fn exported(self) -> [__m512i; 4] {
        // a product is below 2p, so one p at most is too much
        let product = self.mul(Self::constant(M::TO_LIBRARY));
        let mut words = product.words;
        let mut i = 0;
        while i < WORDS {
            words[i] = unsafe { _mm512_sub_epi64(words[i], splat(M::P[i])) };
            i += 1;
        }
        let less = Self::normal(words);
        let negative = unsafe { _mm512_movepi64_mask(less.words[WORDS - 1]) };
        less.replace(negative, product).to_wide()
    }

    /// The elements. Slow.
    pub(crate) fn elements(self) -> [M::Field; 8] {
        let mut numbers = [[0; 4]; 8];
        store_narrow(self.exported(), &mut numbers);
        numbers.map(M::library)
    }

    /// Eight elements. Slow.
    pub(crate) fn from_elements(elements: &[M::Field; 8]) -> Self {
        Self::from_wide(load_narrow(&elements.each_ref().map(M::words))).imported()
    }
}

impl<M: Modulus> Lanes for Fp8<M> {
    const WIDTH: usize = 8;

    #[inline(always)]
    fn zero() -> Self {
        Self::constant([0; WORDS])
    }

    #[inline(always)]
    fn one() -> Self {
        Self::constant(M::ONE)
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self::normal(self.sum(other))
    }

    #[inline(always)]
    fn add_reduced(self, other: Self) -> Self {
        let mut words = self.sum(other);
        // 4p keeps the value away from zero, where a borrow could look like a negative number
        let mut i = 0;
        while i < WORDS {
            words[i] = unsafe { _mm512_add_epi64(words[i], splat(M::FOUR[i])) };
            i += 1;
        }
        Self::reduced(words)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self::normal(self.difference(other))
    }

    #[inline(always)]
    fn sub_reduced(self, other: Self) -> Self {
        Self::reduced(self.difference(other))
    }

    /// Montgomery's product, one word of `other` at a time.
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        unsafe {
            let (a, zero, inverse) = (self.words, splat(0), splat(M::MINUS_INVERSE));
            let mut sum = [zero; WORDS + 1];
            let mut i = 0;
            while i < WORDS {
                let b = other.words[i];
                let mut j = 0;
                while j < WORDS {
                    sum[j] = _mm512_madd52lo_epu64(sum[j], a[j], b);
                    j += 1;
                }
                let factor = _mm512_madd52lo_epu64(zero, sum[0], inverse);
                j = 0;
                while j < WORDS {
                    sum[j] = _mm512_madd52lo_epu64(sum[j], factor, splat(M::P[j]));
                    j += 1;
                }
                // the last 52 bits are zero now
                sum[1] = _mm512_add_epi64(sum[1], _mm512_srli_epi64::<BITS>(sum[0]));
                j = 0;
                while j < WORDS {
                    sum[j] = _mm512_madd52hi_epu64(sum[j + 1], a[j], b);
                    sum[j] = _mm512_madd52hi_epu64(sum[j], factor, splat(M::P[j]));
                    j += 1;
                }
                sum[WORDS] = zero;
                i += 1;
            }
            Self::normal([sum[0], sum[1], sum[2], sum[3], sum[4]])
        }
    }

    #[inline(always)]
    fn mul_extension(a: &Extension<Self>, b: &Extension<Self>) -> Extension<Self> {
        #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
        #[inline(never)]
        unsafe fn outlined<M: Modulus>(a: &Extension<Fp8<M>>, b: &Extension<Fp8<M>>) -> Extension<Fp8<M>> {
            a.product(*b)
        }
        unsafe { outlined(a, b) }
    }

    #[inline(always)]
    fn square(self) -> Self {
        self.mul(self)
    }

    #[inline(always)]
    fn zero_lanes(self) -> u8 {
        unsafe {
            let [a, b, c, d] = self.exported();
            let any = _mm512_or_si512(_mm512_or_si512(a, b), _mm512_or_si512(c, d));
            _mm512_testn_epi64_mask(any, any)
        }
    }

    /// A difference is 4p more than it is, so between 2p and 6p: zero is 3p, 4p or 5p, told by the first word.
    #[inline(always)]
    fn perhaps_zero(self) -> bool {
        unsafe {
            let [three, five] = [M::THREE, M::FIVE].map(|multiple| _mm512_cmpeq_epi64_mask(self.words[0], splat(multiple[0])));
            (three | five | _mm512_cmpeq_epi64_mask(self.words[0], splat(M::FOUR[0]))) != 0
        }
    }

    #[inline(always)]
    fn replace(self, lanes: u8, other: Self) -> Self {
        let mut words = self.words;
        let mut i = 0;
        while i < WORDS {
            words[i] = unsafe { _mm512_mask_blend_epi64(lanes, words[i], other.words[i]) };
            i += 1;
        }
        Self::new(words)
    }

    fn invert(self) -> Self {
        let mut elements = self.elements();
        serial_batch_inversion_and_mul(&mut elements, &M::Field::ONE);
        Self::from_elements(&elements)
    }
}

#[cfg(test)]
#[path = "ifma_tests.rs"]
mod tests;
