//! The quadratic extension by a root of -1, over any lanes.

use super::Lanes;

/// `a + b i` with i² = -1.
#[derive(Clone, Copy)]
pub(crate) struct Extension<L>(pub(crate) L, pub(crate) L);

impl<L: Lanes> Extension<L> {
    /// The product, for whatever [`Lanes::mul_extension`] is.
    #[inline(always)]
    pub(crate) fn product(self, other: Self) -> Self {
        let (low, high) = (self.0.mul(other.0), self.1.mul(other.1));
        let cross = self.0.add(self.1).mul(other.0.add(other.1));
        Self(low.sub_reduced(high), cross.sub_reduced(low.add(high)))
    }
}

/// Bounds: as for the parts, but that a square's imaginary part is twice a product, and inner sums are twice as large as the factors.
impl<L: Lanes> Lanes for Extension<L> {
    const WIDTH: usize = L::WIDTH;

    #[inline(always)]
    fn zero() -> Self {
        Self(L::zero(), L::zero())
    }
    #[inline(always)]
    fn one() -> Self {
        Self(L::one(), L::zero())
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(self.0.add(other.0), self.1.add(other.1))
    }
    #[inline(always)]
    fn add_reduced(self, other: Self) -> Self {
        Self(self.0.add_reduced(other.0), self.1.add_reduced(other.1))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(self.0.sub(other.0), self.1.sub(other.1))
    }
    #[inline(always)]
    fn sub_reduced(self, other: Self) -> Self {
        Self(self.0.sub_reduced(other.0), self.1.sub_reduced(other.1))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        L::mul_extension(&self, &other)
    }
    #[inline(always)]
    fn square(self) -> Self {
        let cross = self.0.mul(self.1);
        Self(self.0.add(self.1).mul(self.0.sub(self.1)), cross.add(cross))
    }
    #[inline(always)]
    fn zero_lanes(self) -> u8 {
        self.0.zero_lanes() & self.1.zero_lanes()
    }
    #[inline(always)]
    fn perhaps_zero(self) -> bool {
        self.0.perhaps_zero() && self.1.perhaps_zero()
    }
    #[inline(always)]
    fn replace(self, lanes: u8, other: Self) -> Self {
        Self(self.0.replace(lanes, other.0), self.1.replace(lanes, other.1))
    }
    /// By the norm a² + b², which is zero for zero alone: -1 is no square in a field of order 3 modulo 4.
    fn invert(self) -> Self {
        let norm = self.0.square().add(self.1.square());
        let inverse = norm.invert();
        Self(self.0.mul(inverse), L::zero().sub_reduced(self.1.mul(inverse)))
    }
}
