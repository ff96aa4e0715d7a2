//! The values of a proof's quotient polynomial.
//!
//! With a, b the values of A(x), B(x) on a domain of n roots of unity, and c = a b there, the polynomial A B - C vanishes on the domain
//! and has degree below 2n: its values at the other n roots of unity of order 2n determine it. A key made for this way of giving the
//! quotient (circom's and snarkjs') has one point per such value, and no division is done.

#[cfg(target_arch = "x86_64")]
mod ifma;

use crate::field::has_ifma;
use ark_bn254::Fr;
use ark_ff::FftField;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use zeroize::Zeroize;

/// What is computed once per domain size.
pub struct Quotient {
    size: usize,
    transform: Transform,
}

struct Domains {
    plain: Radix2EvaluationDomain<Fr>,
    coset: Radix2EvaluationDomain<Fr>,
}

enum Transform {
    Library(Box<Domains>),
    #[cfg(target_arch = "x86_64")]
    Ifma(Box<ifma::Tables>),
}

impl Quotient {
    /// For a domain of 2^`log2` elements; none if the field has no such domain, or none of twice its size.
    ///
    /// Cost: two products an element.
    pub fn new(log2: u32) -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        if has_ifma() && log2 >= ifma::LEAST_LOG2 {
            let tables = ifma::Tables::new(log2)?;
            return Some(Self { size: 1 << log2, transform: Transform::Ifma(Box::new(tables)) });
        }
        Self::portable(log2)
    }

    fn portable(log2: u32) -> Option<Self> {
        let size = 1usize.checked_shl(log2)?;
        let plain = Radix2EvaluationDomain::new(size)?;
        let shift = Fr::get_root_of_unity(2 * size as u64)?;
        let coset = plain.get_coset(shift)?;
        Some(Self { size, transform: Transform::Library(Box::new(Domains { plain, coset })) })
    }

    /// The values of A B - C at the odd powers of the root of unity of order 2n, for a and b on the domain and C = A B there.
    ///
    /// Cost: three transforms of n elements to coefficients and three to values. What was computed on the way is wiped.
    ///
    /// # Panics
    /// If `a` or `b` has not exactly n values.
    pub fn values(&self, a: Vec<Fr>, b: Vec<Fr>) -> Vec<Fr> {
        assert_eq!((a.len(), b.len()), (self.size, self.size), "values on the whole domain");
        match &self.transform {
            Transform::Library(domains) => library(domains, a, b),
            #[cfg(target_arch = "x86_64")]
            Transform::Ifma(tables) => tables.quotient(a, b),
        }
    }
}

fn library(domains: &Domains, mut a: Vec<Fr>, mut b: Vec<Fr>) -> Vec<Fr> {
    let mut c: Vec<Fr> = a.iter().zip(&b).map(|(a, b)| *a * b).collect();
    for values in [&mut a, &mut b, &mut c] {
        domains.plain.ifft_in_place(values);
        domains.coset.fft_in_place(values);
    }
    for ((a, b), c) in a.iter_mut().zip(&b).zip(&c) {
        *a = *a * b - c;
    }
    b.zeroize();
    c.zeroize();
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{Field, UniformRand};
    use ark_poly::univariate::DensePolynomial;
    use ark_poly::{DenseUVPolynomial, Polynomial};
    use ark_std::rand::SeedableRng;
    use ark_std::rand::rngs::StdRng;

    #[test]
    fn values_are_those_of_the_polynomial() {
        let rng = &mut StdRng::seed_from_u64(4);
        let domain = Radix2EvaluationDomain::<Fr>::new(64).unwrap();
        let [a, b] = [(); 2].map(|()| (0..64).map(|_| Fr::rand(rng)).collect::<Vec<_>>());
        let c: Vec<Fr> = a.iter().zip(&b).map(|(a, b)| *a * b).collect();
        let [pa, pb, pc] = [&a, &b, &c].map(|v| DensePolynomial::from_coefficients_vec(domain.ifft(v)));
        let root = Fr::get_root_of_unity(128).unwrap();
        for quotient in [Quotient::new(6).unwrap(), Quotient::portable(6).unwrap()] {
            for (j, value) in quotient.values(a.clone(), b.clone()).into_iter().enumerate() {
                let at = root.pow([2 * j as u64 + 1]);
                assert_eq!(value, pa.evaluate(&at) * pb.evaluate(&at) - pc.evaluate(&at), "{j}");
            }
        }
    }

    #[test]
    fn every_cpu_computes_the_same() {
        let rng = &mut StdRng::seed_from_u64(5);
        for log2 in 0..=13 {
            let [mut a, b] = [(); 2].map(|()| (0..1 << log2).map(|_| Fr::rand(rng)).collect::<Vec<_>>());
            a[0] = -Fr::ONE;
            let portable = Quotient::portable(log2).unwrap().values(a.clone(), b.clone());
            assert_eq!(Quotient::new(log2).unwrap().values(a, b), portable, "2^{log2}");
        }
    }

    #[test]
    fn sizes_without_a_domain_are_refused() {
        assert!(Quotient::new(28).is_none());
        assert!(Quotient::new(64).is_none());
    }
}
