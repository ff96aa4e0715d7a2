//! What execution sees: the state below and the changes so far.

use super::StateError;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::codec;
use probity_ledger::state_key::StateKey;
use probity_ledger::state_value;
use std::collections::BTreeMap;

/// Entries to write, in the order of their keys. Nothing is ever deleted: histories stay provable.
pub type Changes = BTreeMap<StateKey, Vec<u8>>;

/// Something that has state.
pub trait Reader: Sync {
    /// The canonical bytes of an entry.
    ///
    /// # Errors
    /// When it can't be read.
    fn bytes(&self, key: &StateKey) -> Result<Option<Vec<u8>>, StateError>;
}

/// An overlay: reads fall through to what lies below, writes stay here until they are taken.
pub struct View<'a> {
    below: &'a dyn Reader,
    changes: Changes,
}

impl<'a> View<'a> {
    /// An overlay without changes.
    pub fn new(below: &'a dyn Reader) -> Self {
        Self { below, changes: Changes::new() }
    }

    /// An entry.
    ///
    /// # Errors
    /// When it can't be read or does not decode.
    pub fn get<T: BorshDeserialize + BorshSerialize>(&self, key: &StateKey) -> Result<Option<T>, StateError> {
        self.bytes(key)?.map(|bytes| state_value::decode(&bytes).map_err(StateError::corrupted("state entry"))).transpose()
    }

    /// An entry that genesis wrote and nothing removes.
    ///
    /// # Errors
    /// [`StateError::Missing`] when it is not there.
    pub fn expect<T: BorshDeserialize + BorshSerialize>(&self, key: &StateKey, what: &'static str) -> Result<T, StateError> {
        self.get(key)?.ok_or(StateError::Missing { what })
    }

    /// Writes an entry.
    pub fn put<T: BorshSerialize>(&mut self, key: StateKey, value: &T) {
        self.changes.insert(key, codec::encode(value));
    }

    /// Whether there is an entry.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn has(&self, key: &StateKey) -> Result<bool, StateError> {
        self.bytes(key).map(|bytes| bytes.is_some())
    }

    /// Takes over the changes of an overlay above.
    pub fn absorb(&mut self, changes: Changes) {
        self.changes.extend(changes);
    }

    /// The changes made here.
    pub fn into_changes(self) -> Changes {
        self.changes
    }
}

impl Reader for View<'_> {
    fn bytes(&self, key: &StateKey) -> Result<Option<Vec<u8>>, StateError> {
        match self.changes.get(key) {
            Some(bytes) => Ok(Some(bytes.clone())),
            None => self.below.bytes(key),
        }
    }
}

impl Reader for Changes {
    fn bytes(&self, key: &StateKey) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.get(key).cloned())
    }
}
