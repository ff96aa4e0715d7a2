//! Proves on the subject's own machine that a lender's policy was applied to its files.
//!
//! A witness is first checked natively, so that whoever cannot prove learns the rule in plain words ([`explain`]); only then does
//! [`prover`] assign the constraints, and [`groth16`] compute the proof, which is verified before it is given out. [`control`] is for
//! whoever waits: how far a proof is, and how to give it up. [`rows`] hands a circuit's rows to set-ups.
//!
//! This crate never performs network I/O, never writes a witness anywhere, and wipes the assignment after use.

pub mod control;
pub mod explain;
pub mod groth16;
pub mod prover;
pub mod rows;
mod verify;

pub use control::{Cancelled, Control, Stage};
pub use explain::{CannotProve, Explanation};
pub use groth16::PROOF_BYTES;
pub use prover::{ChainKey, LoadError, Prover};
