//! What must work, from real data to verified proofs.

mod ceremony;
mod circuits;
mod german;
mod network;
mod offline;
