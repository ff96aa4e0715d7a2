//! The HTTP API of a node, and the node that serves it: `probityd`.
//!
//! [`run`] opens a node from its [`home`] and runs engine, API and recorder. A connection comes in through [`http`]'s accept loop, is
//! measured and identified ([`auth`]), and meets one of the routes in [`router`]: [`lenders`] ask for proofs and read verdicts, wallets
//! answer, [`institutions`] submit transactions, everybody reads and re-verifies ([`audit`]), operators look after the [`node`]. Whatever
//! is refused becomes a [`problem`] with one type for each rule.
//!
//! This crate never links constraint code, never logs bodies, addresses or ids of proof requests, and never sends an internal error's text.

pub mod app;
pub mod audit;
pub mod auth;
pub mod command;
pub mod config;
pub mod files;
pub mod home;
pub mod http;
pub mod institutions;
pub mod lenders;
pub mod logging;
pub mod metrics;
pub mod node;
pub mod openapi;
pub mod problem;
pub mod router;
pub mod run;
pub mod sender;
pub mod view;
