//! Entries of the newest block's state, proved to those who must not believe a node.

use crate::chain::{ChainView, Follower};
use crate::error::CliError;
use crate::recording::Source;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::Digest;
use probity_ledger::state_key::StateKey;

/// Follows the chain to the node's newest block; `trusted` is the chain id known from elsewhere, if any.
pub(crate) fn at_tip(source: &dyn Source, trusted: Option<Digest>) -> Result<Follower<'_>, CliError> {
    let mut follower = Follower::new(source, trusted)?;
    follower.follow(ChainView::fetch(source)?.height().max(1))?;
    Ok(follower)
}

/// An entry that must be there.
pub(super) fn entry<T: BorshDeserialize + BorshSerialize>(
    follower: &Follower<'_>,
    key: &StateKey,
    what: impl FnOnce() -> String,
    todo: &'static str,
) -> Result<T, CliError> {
    follower.entry(key)?.ok_or_else(|| CliError::NotOnChain { what: what(), todo })
}
