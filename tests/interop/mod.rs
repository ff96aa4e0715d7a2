//! Other people's Groth16 tools: snarkjs checks our proofs and circuits, and we check its proofs.
//!
//! `make test` installs the pinned snarkjs; `make interop` also runs a set-up of `eligibility-1` with it.

mod ceremony;
mod circuit;
mod eligibility;
mod proofs;
mod tool;
