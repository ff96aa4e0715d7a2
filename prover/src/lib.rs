//! Proves on the subject's own machine that a lender's policy was applied to its files.
//!
//! A witness is first checked natively, so that whoever cannot prove learns the rule in plain words ([`explain`]); only then are the
//! constraints assigned and the proof computed.
//!
//! This crate never performs network I/O, never writes a witness anywhere, and wipes the assignment after use.

pub mod explain;

pub use explain::{CannotProve, Explanation};
