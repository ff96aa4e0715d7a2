//! The values of a proof's quotient polynomial.
//!
//! With a, b the values of A(x), B(x) on a domain of n roots of unity, and c = a b there, the polynomial A B - C vanishes on the domain
//! and has degree below 2n: its values at the other n roots of unity of order 2n determine it. A key made for this way of giving the
//! quotient (circom's and snarkjs') has one point per such value, and no division is done.

use ark_bn254::Fr;
use ark_ff::FftField;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use zeroize::Zeroize;

/// What is computed once per domain size.
pub struct Quotient {
    domain: Radix2EvaluationDomain<Fr>,
    coset: Radix2EvaluationDomain<Fr>,
}

impl Quotient {
    /// For a domain of 2^`log2` elements; none if the field has no such domain, or none of twice its size.
    pub fn new(log2: u32) -> Option<Self> {
        let size = 1usize.checked_shl(log2)?;
        let domain = Radix2EvaluationDomain::new(size)?;
        let shift = Fr::get_root_of_unity(2 * size as u64)?;
        Some(Self { domain, coset: domain.get_coset(shift)? })
    }

    /// The values of A B - C at the odd powers of the root of unity of order 2n, for a and b on the domain and C = A B there.
    ///
    /// # Panics
    /// If `a` or `b` has not exactly n values.
    pub fn values(&self, mut a: Vec<Fr>, mut b: Vec<Fr>) -> Vec<Fr> {
        assert_eq!((a.len(), b.len()), (self.domain.size(), self.domain.size()), "values on the whole domain");
        let mut c: Vec<Fr> = a.iter().zip(&b).map(|(a, b)| *a * b).collect();
        for values in [&mut a, &mut b, &mut c] {
            self.domain.ifft_in_place(values);
            self.coset.fft_in_place(values);
        }
        for ((a, b), c) in a.iter_mut().zip(&b).zip(&c) {
            *a = *a * b - c;
        }
        b.zeroize();
        c.zeroize();
        a
    }
}
