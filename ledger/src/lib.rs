//! The plain data of the chain: what is signed, agreed on, stored and proved, with its one canonical encoding.
//!
//! A [`transaction`] is signed with [`keys`] and becomes part of a [`block`]; executing it gives a [`receipt`] with typed
//! [`error`]s. A block's header holds the root of the state, whose entries ([`state_value`]) have keys from one file
//! ([`state_key`]); a [`certificate`] makes it final, and a light client checks an entry with a [`state_proof`]. A lender's
//! [`request`] and a wallet's response travel outside the chain. [`genesis`] says how a chain begins.
//!
//! This crate does structural checks only. It never performs I/O, never reads a clock, and holds no state.

pub mod address;
pub mod block;
pub mod certificate;
pub mod delivery;
pub mod encoding;
pub mod error;
pub mod genesis;
pub mod keys;
pub mod merkle;
pub mod name;
pub mod receipt;
pub mod request;
pub mod state_key;
pub mod state_proof;
pub mod state_value;
pub mod transaction;
