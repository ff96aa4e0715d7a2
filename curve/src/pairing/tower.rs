//! The field of degree twelve, over any lanes: F2 = F(i), F6 = F2(v) with v³ = 9 + i, F12 = F6(w) with w² = v, as in the library.
//!
//! Elements here are reduced where nothing else is said. Products by Karatsuba's method.

use super::BaseLanes;
use crate::field::Lanes;
use crate::field::extension::Extension;
use ark_bn254::{Fq, Fq2, Fq6, Fq12};

/// An element of F2.
pub(super) type Two<L> = Extension<L>;

/// An element of F6: coefficients of 1, v and v².
#[derive(Clone, Copy)]
pub(super) struct Six<L>([Two<L>; 3]);

/// An element of F12: coefficients of 1 and w.
#[derive(Clone, Copy)]
pub(super) struct Twelve<L>(Six<L>, Six<L>);

/// A line: `c0 + c3 w + c4 v w`.
pub(super) struct Line<L> {
    pub(super) c0: Two<L>,
    pub(super) c3: Two<L>,
    pub(super) c4: Two<L>,
}

impl<L: BaseLanes> Two<L> {
    /// The same element in all lanes.
    #[inline(always)]
    pub(super) fn constant(element: Fq2) -> Self {
        Self(L::from_fn(|_| element.c0), L::from_fn(|_| element.c1))
    }

    #[inline(always)]
    pub(super) fn scaled(self, by: L) -> Self {
        Self(self.0.mul(by), self.1.mul(by))
    }
}

/// Numbers that products need, made once a chunk.
#[derive(Clone, Copy)]
pub(super) struct Tower<L> {
    nine: L,
}

impl<L: BaseLanes> Tower<L> {
    pub(super) fn new() -> Self {
        Self { nine: L::from_fn(|_| Fq::from(9u64)) }
    }

    /// Times v³ = 9 + i. Not reduced.
    #[inline(always)]
    fn shifted(self, x: Two<L>) -> Two<L> {
        let (real, imaginary) = (self.nine.mul(x.0), self.nine.mul(x.1));
        Extension(real.sub_reduced(x.1), imaginary.add(x.0))
    }

    /// Factors may be sums of two elements.
    #[inline(always)]
    fn mul_six(self, Six([a0, a1, a2]): Six<L>, Six([b0, b1, b2]): Six<L>) -> Six<L> {
        let (v0, v1, v2) = (a0.mul(b0), a1.mul(b1), a2.mul(b2));
        let high = a1.add(a2).mul(b1.add(b2)).sub_reduced(v1.add(v2));
        let middle = a0.add(a1).mul(b0.add(b1)).sub_reduced(v0.add(v1));
        let outer = a0.add(a2).mul(b0.add(b2)).sub_reduced(v0.add(v2));
        Six([v0.add_reduced(self.shifted(high)), middle.add_reduced(self.shifted(v2)), outer.add_reduced(v1)])
    }

    /// By `b0 + b1 v`; factors may be sums of two elements.
    #[inline(always)]
    fn mul_sparse(self, Six([a0, a1, a2]): Six<L>, b0: Two<L>, b1: Two<L>) -> Six<L> {
        let (v0, v1) = (a0.mul(b0), a1.mul(b1));
        let middle = a0.add(a1).mul(b0.add(b1)).sub_reduced(v0.add(v1));
        Six([v0.add_reduced(self.shifted(a2.mul(b1))), middle, a2.mul(b0).add_reduced(v1)])
    }

    /// Times v. The first coefficient is not reduced.
    #[inline(always)]
    fn up(self, Six([a0, a1, a2]): Six<L>) -> Six<L> {
        Six([self.shifted(a2), a0, a1])
    }

    /// By `(c0 + c1 w)² = (c0 + c1)(c0 + v c1) - (1 + v) c0 c1 + 2 c0 c1 w`.
    #[inline(always)]
    pub(super) fn square(self, Twelve(c0, c1): Twelve<L>) -> Twelve<L> {
        let product = self.mul_six(c0, c1);
        let sums = self.mul_six(c0.add(c1), c0.add_reduced(self.up(c1)));
        Twelve(sums.sub_reduced(product).sub_reduced(self.up(product)), product.add_reduced(product))
    }

    /// Times a line.
    #[inline(always)]
    pub(super) fn mul_line(self, Twelve(f0, f1): Twelve<L>, Line { c0, c3, c4 }: &Line<L>) -> Twelve<L> {
        let Six([x0, x1, x2]) = f0;
        let low = Six([x0.mul(*c0), x1.mul(*c0), x2.mul(*c0)]);
        let high = self.mul_sparse(f1, *c3, *c4);
        let sums = self.mul_sparse(f0.add(f1), c0.add(*c3), *c4);
        Twelve(low.add_reduced(self.up(high)), sums.sub_reduced(low.add(high)))
    }
}

// written out: a closure would not be compiled for the CPU's vector instructions
impl<L: Lanes> Six<L> {
    #[inline(always)]
    fn add(self, Self([b0, b1, b2]): Self) -> Self {
        let Self([a0, a1, a2]) = self;
        Self([a0.add(b0), a1.add(b1), a2.add(b2)])
    }
    #[inline(always)]
    fn add_reduced(self, Self([b0, b1, b2]): Self) -> Self {
        let Self([a0, a1, a2]) = self;
        Self([a0.add_reduced(b0), a1.add_reduced(b1), a2.add_reduced(b2)])
    }
    #[inline(always)]
    fn sub_reduced(self, Self([b0, b1, b2]): Self) -> Self {
        let Self([a0, a1, a2]) = self;
        Self([a0.sub_reduced(b0), a1.sub_reduced(b1), a2.sub_reduced(b2)])
    }
}

impl<L: BaseLanes> Twelve<L> {
    #[inline(always)]
    pub(super) fn one() -> Self {
        let zero = Two::zero();
        Self(Six([Two::one(), zero, zero]), Six([zero; 3]))
    }

    /// The elements, by lane. Slow.
    pub(super) fn elements(&self) -> [Fq12; 8] {
        let two = |x: Two<L>| {
            let (a, b) = (x.0.lanes(), x.1.lanes());
            std::array::from_fn::<_, 8, _>(|lane| Fq2::new(a[lane], b[lane]))
        };
        let six = |x: &Six<L>| {
            let [a, b, c] = x.0.map(two);
            std::array::from_fn::<_, 8, _>(|lane| Fq6::new(a[lane], b[lane], c[lane]))
        };
        let (c0, c1) = (six(&self.0), six(&self.1));
        std::array::from_fn(|lane| Fq12::new(c0[lane], c1[lane]))
    }
}
