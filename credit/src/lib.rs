//! The nouns of Probity: fields, hashes, identities, credit files, policies and the native check of the statement.
//!
//! Data flows upwards: [`field`] and [`hash`] give canonical elements and tagged Poseidon; [`tree`] commits to leaves of
//! [`identity`] and [`file`](mod@file); [`schema`] and [`policy`] say how features are read and scored; [`statement`] puts them together
//! and checks, natively, exactly what the circuits enforce.
//!
//! This crate never performs I/O, never reads a clock, and holds no constraint code.

pub mod circuit_id;
pub mod codec;
pub mod commitment;
pub mod digest;
pub mod domain;
pub mod field;
pub mod file;
pub mod hash;
pub mod identity;
pub mod month;
pub mod nullifier;
pub mod policy;
pub mod schema;
pub mod statement;
pub mod tree;
