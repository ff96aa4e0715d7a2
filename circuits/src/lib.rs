//! The statements as constraint systems, twins of the native checks.
//!
//! [`gadgets`] record rows with labels and compute witnesses by named hints; [`eligibility`] writes the eligibility statement with them, in
//! three sizes; [`registry`] names each circuit by id, version and digest of its constraints; [`export`] writes rows and values in the
//! formats of other tools.
//!
//! This crate opens no files, never sees keys or proofs, and no row depends on a value.

pub mod eligibility;
pub mod export;
pub mod gadgets;
pub mod registry;
