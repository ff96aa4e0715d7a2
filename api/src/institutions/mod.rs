//! What institutions and everybody else who acts on the chain need: transactions in, receipts out, the leaf files of identities, and the keys that
//! wallets prove with.

pub mod faucet;
pub mod parameters;
pub mod shards;
pub mod transactions;
