//! The API against a running node: one validator, real blocks, real proofs of a small circuit under a real circuit's name.

#![expect(clippy::unwrap_used, reason = "these are tests: what is not there must stop them")]

mod audit;
mod circuits;
mod client;
mod limits;
mod parameters;
mod requests;
mod restart;
mod rules;
mod world;
