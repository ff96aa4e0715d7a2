//! The API against a running node: one validator, real blocks, real proofs of a small circuit under a real circuit's name.

mod audit;
mod client;
mod limits;
mod requests;
mod restart;
mod rules;
mod world;
