//! Tagged hashes: every label of the product in one file, and Poseidon with the tag in the capacity element.

pub mod label;
pub mod poseidon;

pub use poseidon::hash;
