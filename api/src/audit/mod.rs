//! What everybody may read: the chain, its state with proofs, its records; and whether a proof holds.

pub mod blocks;
pub mod chain;
pub mod circuits;
pub mod commitments;
pub mod entry;
pub mod lists;
pub mod members;
pub mod records;
pub mod verify;
