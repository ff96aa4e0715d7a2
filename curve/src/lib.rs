//! The arithmetic of BN254 that a proof spends its time on.
//!
//! Three things, all over all cores: [`sum`] adds multiples of many points and [`quotient`] gives the values of a proof's quotient, for
//! provers; [`pairing`] runs many Miller loops at once, for verifiers. [`point`] is the form in which files and memory hold points.
//!
//! Nothing here knows circuits or keys, does I/O, or runs in constant time: provers run it on their own machine.

mod complete;
mod field;
pub mod pairing;
pub mod point;
pub mod quotient;
pub mod sum;

pub use field::use_portable_arithmetic;
pub use pairing::{Coefficient, Term, miller_product};
pub use point::{G1Point, G2Point};
pub use quotient::Quotient;
pub use sum::{sum_g1, sum_g2};
