//! Field arithmetic on several elements at once: eight with AVX-512 IFMA ([`ifma`]), one with the library's own ([`portable`]).
//!
//! Everything above is written once over [`Lanes`]. The methods are always inlined, so that a kernel compiled for a CPU feature is
//! compiled for it whole.

#[cfg(test)]
pub(crate) mod bounds;
pub(crate) mod extension;
#[cfg(target_arch = "x86_64")]
pub(crate) mod ifma;
#[cfg(target_arch = "x86_64")]
pub(crate) mod modulus;
pub(crate) mod portable;

use extension::Extension;
use std::sync::atomic::{AtomicBool, Ordering};

/// `WIDTH` elements of a field.
///
/// Values need not be reduced. With p the modulus, a product of factors below `x p` and `y p` is below `(1 + x y / 84) p`, reduced sums and
/// differences are below 1.65p, others below what their parts allow, 4p more for a difference. Callers keep all values below 84p, the
/// right side of a difference below 4p, and of a reduced one also the left side below 6p; a reduced sum below 6p. Tests run what is
/// written over any lanes over `bounds`, which checks this.
pub(crate) trait Lanes: Copy {
    /// How many; at most 8.
    const WIDTH: usize;

    /// Zero in all lanes.
    fn zero() -> Self;
    /// One in all lanes.
    fn one() -> Self;
    /// `self + other`.
    fn add(self, other: Self) -> Self;
    /// `self + other`, reduced.
    fn add_reduced(self, other: Self) -> Self;
    /// `self - other`.
    fn sub(self, other: Self) -> Self;
    /// `self - other`, reduced.
    fn sub_reduced(self, other: Self) -> Self;
    /// `self * other`.
    fn mul(self, other: Self) -> Self;
    /// The product in the extension. Not inlined where that would make more code than the CPU's cache for it holds.
    #[inline(always)]
    fn mul_extension(a: &Extension<Self>, b: &Extension<Self>) -> Extension<Self> {
        a.product(*b)
    }
    /// `self * self`.
    fn square(self) -> Self;
    /// Lanes in which the value is zero in the field, as bits. Cost: a product.
    fn zero_lanes(self) -> u8;
    /// Whether zero may be in a lane: false alarms are rare, misses there are none. For a difference of values below 2p.
    fn perhaps_zero(self) -> bool;
    /// Lane by lane, `other` where the bit is set.
    fn replace(self, lanes: u8, other: Self) -> Self;
    /// Inverts each lane, with one inversion in all. Zero gives zero. Slow.
    fn invert(self) -> Self;
}

static PORTABLE_ONLY: AtomicBool = AtomicBool::new(false);

/// From now on computes as on a CPU without vector instructions: to measure that, or to look for a defect. Results are the same.
pub fn use_portable_arithmetic() {
    PORTABLE_ONLY.store(true, Ordering::Relaxed);
}

/// Whether this CPU has what [`ifma`] needs, and it is wanted.
pub(crate) fn has_ifma() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        !PORTABLE_ONLY.load(Ordering::Relaxed)
            && std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512dq")
            && std::arch::is_x86_feature_detected!("avx512vl")
            && std::arch::is_x86_feature_detected!("avx512ifma")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}
