//! The node: transactions executed, state stored, blocks agreed on.
//!
//! A transaction is checked and waits in the [`mempool`]. When the [`engine`] asks, [`block`] builds one of what waits, or checks one that
//! another validator built; either way the pure [`transition`] runs its transactions ([`tx`]) over a view of the [`state`], with all
//! proofs verified as one batch ([`proofs`]), and ends with the anchors. A decided block is written in one atomic batch.
//! [`node`] holds it together and is what the HTTP layer asks.
//!
//! Execution never reads a clock, a float or anything in the order of a hash map. This crate has no HTTP and no constraint code.

mod anchors;
pub mod block;
pub mod engine;
pub mod genesis;
pub mod mempool;
pub mod node;
pub mod proofs;
pub mod state;
#[cfg(test)]
mod testing;
pub mod transition;
pub mod tx;
