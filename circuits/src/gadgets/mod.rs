//! The layer every statement is written in: a recorder of rows and the in-circuit twins of the native functions.
//!
//! A statement is one function over a [`Builder`]. It runs three ways: [`Shape::synthesize`] records the rows without any value,
//! [`Assignment::synthesize`] computes the values without any row, [`Checked::synthesize`] does both and names every violated row.
//! [`ShapeCircuit`] hands exactly these rows to `ark-groth16`.

pub mod bits;
pub mod builder;
pub mod membership;
pub mod mux;
pub mod num;
pub mod path;
pub mod poseidon;
pub mod shape;
pub mod synthesizer;

#[cfg(test)]
mod oracle;
#[cfg(test)]
pub(crate) mod testing;

pub use bits::Bit;
pub use builder::{BuildError, Builder, Checked, Name};
pub use num::Num;
pub use shape::{Assignment, Shape};
pub use synthesizer::ShapeCircuit;
