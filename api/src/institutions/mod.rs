//! What institutions and everybody else who acts on the chain need: transactions in, receipts out, and the leaf files of identities.

pub mod faucet;
pub mod shards;
pub mod transactions;
