//! Institutions and the identity authority: CSV in, commitments, openings and receipts out.
//!
//! An [`institution`] reads records from CSV by a mapping, places each customer's file at the position that the authority's roster
//! names, and writes a publication: the commitment for the chain, a membership list for the authority, openings for customers. The
//! [`authority`] keeps who has which position in a journal, counts publications against their membership lists, and writes the identity
//! tree's leaf file in shards with one sealed opening a person.
//!
//! Neither sends anything: transactions and uploads are the caller's. Directories are made for their owner alone (0700, files 0600); they
//! hold personal data in the clear (files of an institution, the roster) or under a key beside it (the authority's journal), so keep them on
//! an encrypted disk. No error or log names a person or a value.

pub mod authority;
pub mod institution;
mod legal;
mod store;

pub use legal::{LegalId, LegalIdError};
pub use store::StoreError;

/// How far a long task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, in plain words.
    pub stage: &'static str,
    /// Units done.
    pub done: u64,
    /// Units to do, if known.
    pub total: Option<u64>,
}

/// Told from time to time how far a task is.
pub type OnProgress<'a> = &'a mut dyn FnMut(Progress);

#[cfg(test)]
mod tests;
