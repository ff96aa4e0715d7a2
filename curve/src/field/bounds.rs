//! Lanes that know how large eight lanes' values could be, and stop where a bound of [`Lanes`] is not kept: what is written over any lanes
//! can be run over these.

use super::Lanes;
use crate::complete;
use crate::field::extension::Extension;
use crate::pairing::BaseLanes;
use ark_bn254::Fq;
use ark_ff::{AdditiveGroup, Field};

/// 2^260 / p, rounded down.
const ROOM: f64 = 84.64;
/// Below what reduced values are: `modulus.rs` holds the table to it.
const REDUCED: f64 = 1.6452;

/// A value, and what an eight-lane value at this place is below, in multiples of p.
#[derive(Clone, Copy)]
pub(crate) struct Bounded {
    value: Fq,
    below: f64,
}

impl Bounded {
    fn new(value: Fq, below: f64) -> Self {
        assert!(below < ROOM, "five words hold less than {ROOM} p, not {below}");
        Self { value, below }
    }

    fn into_reduction(value: Fq, below: f64) -> Self {
        assert!(below < 10.58, "the table ends at 10.58 p, not {below}");
        Self::new(value, REDUCED)
    }
}

impl Lanes for Bounded {
    const WIDTH: usize = 1;

    fn zero() -> Self {
        Self::new(Fq::ZERO, 0.0)
    }
    fn one() -> Self {
        Self::new(Fq::ONE, 1.0)
    }
    fn add(self, other: Self) -> Self {
        Self::new(self.value + other.value, self.below + other.below)
    }
    fn add_reduced(self, other: Self) -> Self {
        Self::into_reduction(self.value + other.value, self.below + other.below + 4.0)
    }
    fn sub(self, other: Self) -> Self {
        assert!(other.below < 4.0, "less than 4 p can be taken off, not {}", other.below);
        Self::new(self.value - other.value, self.below + 4.0)
    }
    fn sub_reduced(self, other: Self) -> Self {
        assert!(other.below < 4.0, "less than 4 p can be taken off, not {}", other.below);
        Self::into_reduction(self.value - other.value, self.below + 4.0)
    }
    fn mul(self, other: Self) -> Self {
        Self::new(self.value * other.value, 1.0 + self.below * other.below / ROOM)
    }
    fn square(self) -> Self {
        self.mul(self)
    }
    fn zero_lanes(self) -> u8 {
        u8::from(self.value == Fq::ZERO)
    }
    fn perhaps_zero(self) -> bool {
        assert!(self.below <= 6.0, "only for differences of values below 2 p, not {}", self.below);
        self.value == Fq::ZERO
    }
    fn replace(self, lanes: u8, other: Self) -> Self {
        let value = if lanes & 1 == 1 { other.value } else { self.value };
        Self::new(value, self.below.max(other.below))
    }
    fn invert(self) -> Self {
        Self::from_fn(|_| self.value.inverse().unwrap_or_default())
    }
}

impl BaseLanes for Bounded {
    fn from_fn(element: impl Fn(usize) -> Fq) -> Self {
        // brought from the library's form by a product
        Self::new(element(0), 1.0 + 1.0 / ROOM)
    }
    fn lanes(self) -> [Fq; 8] {
        self.value.lanes()
    }
}

/// The running sums of buckets: coordinates that are never reduced in between.
#[test]
fn complete_formulas_keep_their_bounds() {
    fn run<L: Lanes>(point: [L; 3], three_b: L, below: impl Fn(&L) -> f64) {
        let mut sums = [point; 3];
        for _ in 0..100 {
            let [running, total, twice] = sums;
            let running = complete::add(running, point, three_b);
            sums = [running, complete::add(total, running, three_b), complete::double(complete::add(twice, running, three_b), three_b)];
            assert!(sums.iter().flatten().all(|x| below(x) < 3.3));
        }
    }
    let stored = Bounded::new(Fq::ONE, REDUCED);
    run([stored; 3], Bounded::one(), |x| x.below);
    run([Extension(stored, stored); 3], Extension(Bounded::one(), Bounded::one()), |x| x.0.below.max(x.1.below));
}
