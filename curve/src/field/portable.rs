//! One element at a time, in the library's arithmetic: for every CPU.

use super::Lanes;
use ark_bn254::{Fq, Fq2};
use ark_ff::{AdditiveGroup, Field};

macro_rules! portable {
    ($field:ty) => {
        impl Lanes for $field {
            const WIDTH: usize = 1;
            #[inline(always)]
            fn zero() -> Self {
                <$field>::ZERO
            }
            #[inline(always)]
            fn one() -> Self {
                <$field>::ONE
            }
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self + other
            }
            #[inline(always)]
            fn add_reduced(self, other: Self) -> Self {
                self + other
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                self - other
            }
            #[inline(always)]
            fn sub_reduced(self, other: Self) -> Self {
                self - other
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                self * other
            }
            #[inline(always)]
            fn square(self) -> Self {
                Field::square(&self)
            }
            #[inline(always)]
            fn zero_lanes(self) -> u8 {
                u8::from(self == <$field>::ZERO)
            }
            #[inline(always)]
            fn perhaps_zero(self) -> bool {
                self == <$field>::ZERO
            }
            #[inline(always)]
            fn replace(self, lanes: u8, other: Self) -> Self {
                if lanes & 1 == 1 { other } else { self }
            }
            fn invert(self) -> Self {
                self.inverse().unwrap_or(<$field>::ZERO)
            }
        }
    };
}
portable!(Fq);
portable!(Fq2);
