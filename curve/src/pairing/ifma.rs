//! The loop in eight lanes.
//!
//! # Safety
//! As in [`crate::field::ifma`]: entered only after [`crate::field::has_ifma`].

#![expect(unsafe_code, reason = "entering code that is compiled for the CPU's vector instructions")]

use super::{BaseLanes, Term};
use crate::field::ifma::Fp8;
use crate::field::modulus::Base;
use ark_bn254::{Fq, Fq12};

impl BaseLanes for Fp8<Base> {
    #[inline(always)]
    fn from_fn(element: impl Fn(usize) -> Fq) -> Self {
        Self::from_elements(&std::array::from_fn(element))
    }
    #[inline(always)]
    fn lanes(self) -> [Fq; 8] {
        self.elements()
    }
}

pub(super) fn chunk(terms: &[Term]) -> Fq12 {
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    unsafe fn enter(terms: &[Term]) -> Fq12 {
        super::chunk::<Fp8<Base>>(terms)
    }
    // SAFETY: chosen after has_ifma
    unsafe { enter(terms) }
}
