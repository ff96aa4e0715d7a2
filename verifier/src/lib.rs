//! Says whether a proof holds, and why not: single, prepared and batch verification, light client, audit bundle.
//!
//! A [`Verifier`] takes its keys from a chain's genesis and state, each through the gate. Policies are folded once into a [`PreparedPolicy`]. 128 proof bytes
//! are decoded strictly ([`proof`](mod@proof)), joined with the public inputs that the caller rebuilt from what it trusts, and checked
//! alone or in a [`batch`]. The [`light`] client follows headers and certificates from a genesis on; [`audit`] checks a whole record
//! with its surroundings, offline. [`snarkjs`] exchanges keys, proofs and public inputs with other tools; [`solidity`] writes contracts that
//! check proofs on other chains.
//!
//! This crate never sees a witness or constraint code, never takes a public input from a prover without rebuilding it, and keys nothing
//! on the bytes of a proof: whoever holds one can write it anew with other bytes.

pub mod audit;
pub mod batch;
pub mod light;
pub mod prepared;
pub mod proof;
pub mod registry;
pub mod snarkjs;
pub mod solidity;

pub use audit::AuditBundle;
pub use batch::{Claim, verify_batch};
pub use light::{LightClient, LightError, SignedHeader};
pub use prepared::{CHANGING, PreparedCircuit, PreparedPolicy, verify_plain};
pub use proof::{ProofError, decode};
pub use registry::{RegistryError, Verifier};

use probity_credit::policy::PolicyError;

#[cfg(test)]
mod testing;

/// Why a proof is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The bytes are no proof.
    #[error("the proof's encoding is refused: {0}")]
    Proof(#[from] ProofError),
    /// More or fewer public inputs than the circuit has.
    #[error("{found} public inputs were given, the circuit takes {expected}: rebuild them from the statement")]
    InputCount {
        /// Inputs of the circuit.
        expected: usize,
        /// Inputs given.
        found: usize,
    },
    /// The proof does not show this statement.
    #[error("the proof does not hold for these public inputs: anchor, policy, context, nullifier or answer differ from what was proved")]
    Equation,
    /// Another circuit than the policy's.
    #[error("the policy is for proofs of {circuit}, not of the circuit given: take the policy's")]
    UnknownCircuit {
        /// The policy's circuit.
        circuit: probity_credit::circuit_id::CircuitId,
    },
    /// The circuit's key is refused.
    #[error(transparent)]
    Key(#[from] RegistryError),
    /// The policy breaks a rule, so that no proof can be about it.
    #[error("the policy is refused: {0}")]
    Policy(#[from] PolicyError),
}
