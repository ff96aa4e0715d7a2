//! What must work, from real data to verified proofs.

mod german;
mod network;
mod offline;
