//! The state: entries under the keys of [`probity_ledger::state_key`], read at a height, changed in overlays, kept in RocksDB.
//!
//! [`View`] is what execution sees: a [`Reader`] and the changes so far. [`Store`] keeps every version of every entry, in an
//! authenticated tree whose root is in the block header, and writes a block in one atomic, synced batch.

mod columns;
mod error;
mod reads;
mod store;
mod tree;
mod undecided;
mod view;

pub use columns::FORMAT_VERSION;
pub use error::StateError;
pub use reads::{Cursor, CursorError, Listing, Located};
pub use store::{BlockWrite, Snapshot, Store, Tip};
pub use tree::TreeUpdate;
pub use undecided::StoredBlock;
pub use view::{Changes, Reader, View};

#[cfg(test)]
mod tests;
