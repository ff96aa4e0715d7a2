//! Groth16 parameters: set-up, identifiers, the verifying-key gate and the key cache.
//!
//! Data flows one way: [`setup`] turns the matrices of a circuit into a proving key; [`verifying`] writes its verifying key as canonical
//! bytes, names them by a [`KeyId`] and reads them back strictly; [`gate`](mod@gate) says whether such a key is fit to decide about
//! proofs; [`compiled`] puts rows and proving key into one file that provers map into memory; [`cache`] keeps such files on the user's
//! disk. A chain's genesis and state pin the [`KeyId`] of each circuit.
//!
//! This crate never sees a circuit's source, a witness or a proof, and never lets a key reach a verifier that has not passed the gate.

pub mod cache;
pub mod compiled;
pub mod gate;
pub mod key_id;
pub mod point;
mod root;
pub mod setup;
pub mod testing;
pub mod verifying;

pub use compiled::CompiledCircuit;
pub use gate::{KeyError, gate};
pub use key_id::{KeyId, Kind, Manifest};
pub use setup::{Matrix, SetupError};
pub use verifying::VerifyingKeyFile;
