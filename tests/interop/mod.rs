//! Other people's Groth16 tools: snarkjs checks our proofs and circuits, and we check its proofs.
//!
//! `make test` installs the pinned snarkjs; `make interop` also runs a ceremony for `eligibility-1` with it.

mod circuit;
mod eligibility;
mod hands;
mod proofs;
mod snarkjs_set_up;
mod tool;
