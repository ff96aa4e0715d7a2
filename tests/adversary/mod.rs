//! Who tries what: every clause violated alone, every way to pass off a proof, and lies about every variable.

mod clauses;
mod frozen;
mod proofs;
mod soundness;
