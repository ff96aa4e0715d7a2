//! The transforms in eight lanes.
//!
//! To coefficients by decimation in frequency, which leaves them in bit-reversed order, to values by decimation in time, which wants
//! them so (Chu and George, "Inside the FFT black box", 2000): no reordering. A vector holds eight neighbours, so that butterflies over
//! a distance of eight and more take whole vectors; for the last three steps blocks of 64 are transposed, and stay so between the two
//! transforms.
//!
//! # Safety
//! As in [`crate::field::ifma`]: [`Tables`] are made only after [`crate::field::has_ifma`].

#![expect(unsafe_code, reason = "entering code that is compiled for the CPU's vector instructions")]

use crate::field::Lanes;
use crate::field::ifma::{Fp8, load_narrow, store_narrow, transpose_words};
use crate::field::modulus::Scalar;
use ark_bn254::Fr;
use ark_ff::{BigInt, FftField, Field};

type Fr8 = Fp8<Scalar>;

/// The smallest domain: one block.
pub(super) const LEAST_LOG2: u32 = 6;
/// Vectors in a block.
const BLOCK: usize = 8;

/// Roots of unity for one domain.
pub(super) struct Tables {
    /// For each distance of vectors, from the largest, the factors to coefficients and those to values.
    far: Vec<(Vec<Fr8>, Vec<Fr8>)>,
    /// The same for distances of 4 and 2 within a block, the same in all lanes.
    near: [[(Fr8, Fr8); 4]; 2],
    /// Powers of the root of order 2n, divided by n, in the order in which coefficients come out.
    shift: Vec<Fr8>,
}

impl Tables {
    pub(super) fn new(log2: u32) -> Option<Self> {
        // SAFETY: only after has_ifma
        unsafe { tables(log2) }
    }

    pub(super) fn quotient(&self, a: Vec<Fr>, b: Vec<Fr>) -> Vec<Fr> {
        // SAFETY: only after has_ifma
        let (mut a, mut b) = unsafe { (import(a), import(b)) };
        let mut c = unsafe { product(&a, &b) };
        let shifted = |values: &mut Vec<Fr8>| unsafe { self.shifted(values) };
        rayon::join(|| shifted(&mut a), || rayon::join(|| shifted(&mut b), || shifted(&mut c)));
        // SAFETY: only after has_ifma
        let values = unsafe { difference(&a, &b, &c) };
        for vectors in [&mut a, &mut b, &mut c] {
            // SAFETY: only after has_ifma
            unsafe { wipe(vectors) };
        }
        values
    }

    /// From values on the domain to values at the odd powers.
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    unsafe fn shifted(&self, values: &mut [Fr8]) {
        let mut distance = values.len() / 2;
        for (roots, _) in &self.far {
            for block in values.chunks_exact_mut(2 * distance) {
                let (low, high) = block.split_at_mut(distance);
                for ((low, high), root) in low.iter_mut().zip(high).zip(roots) {
                    let (sum, difference) = (low.add_reduced(*high), low.sub(*high));
                    *low = sum;
                    *high = difference.mul(*root);
                }
            }
            distance /= 2;
        }
        for (block, shift) in values.as_chunks_mut::<BLOCK>().0.iter_mut().zip(self.shift.as_chunks::<BLOCK>().0) {
            *block = self.block(*block, shift);
        }
        let mut distance = 1;
        for (_, roots) in self.far.iter().rev() {
            for block in values.chunks_exact_mut(2 * distance) {
                let (low, high) = block.split_at_mut(distance);
                for ((low, high), root) in low.iter_mut().zip(high).zip(roots) {
                    let moved = high.mul(*root);
                    *high = low.sub_reduced(moved);
                    *low = low.add_reduced(moved);
                }
            }
            distance *= 2;
        }
    }

    /// The last three steps to coefficients, the shift, the first three to values.
    #[inline(always)]
    fn block(&self, block: [Fr8; BLOCK], shift: &[Fr8; BLOCK]) -> [Fr8; BLOCK] {
        let mut v = transpose_words(block);
        let mut step = 0;
        while step < 3 {
            let distance = 4 >> step;
            let mut i = 0;
            while i < BLOCK {
                if i & distance == 0 {
                    let (low, high) = (v[i], v[i + distance]);
                    v[i] = low.add_reduced(high);
                    v[i + distance] = if step == 2 { low.sub_reduced(high) } else { low.sub(high).mul(self.near[step][i % distance].0) };
                }
                i += 1;
            }
            step += 1;
        }
        let mut i = 0;
        while i < BLOCK {
            v[i] = v[i].mul(shift[i]);
            i += 1;
        }
        while step > 0 {
            step -= 1;
            let distance = 4 >> step;
            let mut i = 0;
            while i < BLOCK {
                if i & distance == 0 {
                    let (low, high) = (v[i], v[i + distance]);
                    let moved = if step == 2 { high } else { high.mul(self.near[step][i % distance].1) };
                    v[i] = low.add_reduced(moved);
                    v[i + distance] = low.sub_reduced(moved);
                }
                i += 1;
            }
        }
        transpose_words(v)
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
unsafe fn tables(log2: u32) -> Option<Tables> {
    let size = 1usize.checked_shl(log2)?;
    let shift_root = Fr::get_root_of_unity(2 * size as u64)?;
    let powers: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |power| Some(*power * shift_root)).take(size).collect();
    // w = shift_root², of order n; the powers of its inverse are minus those of w from the other end
    let to_values = |distance: usize, k: usize| powers[k * (size / distance)];
    let to_coefficients = |distance: usize, k: usize| if k == 0 { Fr::ONE } else { -to_values(distance, distance - k) };
    let vectors = |distance: usize, root: &dyn Fn(usize, usize) -> Fr| {
        let roots = (0..distance).map(|k| root(distance, k)).collect();
        // SAFETY: as for this function
        unsafe { import(roots) }
    };
    let distances = (3..log2).rev().map(|log2| 1usize << log2);
    let far = distances.map(|d| (vectors(d, &to_coefficients), vectors(d, &to_values))).collect();
    let near = [4, 2].map(|distance| {
        std::array::from_fn(|k| {
            let k = k % distance;
            (Fr8::from_elements(&[to_coefficients(distance, k); 8]), Fr8::from_elements(&[to_values(distance, k); 8]))
        })
    });
    let divisor = Fr::from(size as u64).inverse()?;
    // in a transposed block, vector j holds in lane i the place 8 i + j
    let place = |vector: usize, lane: usize| (vector / BLOCK) * 64 + 8 * lane + vector % BLOCK;
    let coefficient = |place: usize| place.reverse_bits() >> (usize::BITS - log2);
    let shift = (0..size).map(|i| powers[coefficient(place(i / 8, i % 8))] * divisor).collect();
    // SAFETY: as for this function
    let shift = unsafe { import(shift) };
    Some(Tables { far, near, shift })
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
unsafe fn import(mut elements: Vec<Fr>) -> Vec<Fr8> {
    let mut vectors = Vec::with_capacity(elements.len() / 8);
    for eight in elements.as_chunks_mut::<8>().0 {
        let mut numbers = [[0; 4]; 8];
        for (number, element) in numbers.iter_mut().zip(eight.iter()) {
            *number = element.0.0;
        }
        vectors.push(Fr8::from_wide(load_narrow(&numbers)).imported());
    }
    zeroize::Zeroize::zeroize(&mut elements);
    vectors
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
unsafe fn product(a: &[Fr8], b: &[Fr8]) -> Vec<Fr8> {
    let mut c = Vec::with_capacity(a.len());
    for (a, b) in a.iter().zip(b) {
        c.push(a.mul(*b));
    }
    c
}

/// a b - c, in the library's form.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
unsafe fn difference(a: &[Fr8], b: &[Fr8], c: &[Fr8]) -> Vec<Fr> {
    let mut values = Vec::with_capacity(8 * a.len());
    let mut numbers = [[0; 4]; 8];
    for ((a, b), c) in a.iter().zip(b).zip(c) {
        store_narrow(a.mul(*b).sub_reduced(*c).exported(), &mut numbers);
        for number in numbers {
            values.push(Fr::new_unchecked(BigInt(number)));
        }
    }
    values
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
unsafe fn wipe(vectors: &mut [Fr8]) {
    for vector in vectors {
        // SAFETY: a vector is plain numbers; volatile, so that it is not left out
        unsafe { std::ptr::write_volatile(vector, Fr8::zero()) };
    }
}
