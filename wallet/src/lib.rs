//! The subject's side: keeps secret, files and paths, and answers lenders' requests with proofs made on the subject's own machine.
//!
//! Deliveries enter through [`collect`], each checked against the chain's [`book`]; [`vault`] keeps everything encrypted under a
//! passphrase. A lender's request becomes a [`review`]: who asks, for what, the [`points`] table, what the answer reveals. Only with the
//! person's consent does [`respond`] prove, sign and log; only then may the caller send. [`holdings`] shows what one holds,
//! [`disclose`] hands out what an answer keeps closed.
//!
//! This crate never performs network I/O, never reads a clock, and never writes a secret outside the encrypted file.

pub mod book;
pub mod collect;
pub mod contents;
pub mod disclose;
pub mod holdings;
pub mod log;
pub mod points;
pub mod refusal;
pub mod respond;
pub mod review;
mod secret;
pub mod select;
pub mod vault;
pub mod words;

pub use age::secrecy::{ExposeSecret, SecretString};
pub use contents::{ANSWERS_PER_WINDOW, Wallet, WalletError};
pub use refusal::Refusal;
pub use respond::{Consent, Draft};
pub use review::{Preview, Review};
