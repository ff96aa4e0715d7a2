//! Who tries what: every clause violated alone, every way to pass off a proof.

mod clauses;
mod proofs;
