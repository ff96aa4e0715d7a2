//! Other people's Groth16 tools: snarkjs checks our proofs and circuits, and we check its proofs; Ethereum's machine runs our contracts.
//!
//! `make test` installs the pinned snarkjs and solc, and builds the machine; `make interop` also runs a ceremony for `eligibility-1` with
//! snarkjs.

mod circuit;
mod eligibility;
mod evm;
mod hands;
mod proofs;
mod snarkjs_set_up;
mod tool;
