//! RocksDB behind the node: open, genesis, one atomic write a block.

use super::columns::{self, BLOCKS, CERTIFICATES, FORMAT_VERSION, LISTINGS, META, RECEIPTS, TRANSACTIONS, column};
use super::reads::{self, Listing};
use super::tree::TreeStore;
use super::{Changes, Reader, StateError, TreeUpdate};
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::codec;
use probity_credit::digest::Digest;
use probity_ledger::block::Block;
use probity_ledger::certificate::Certificate;
use probity_ledger::receipt::Receipt;
use probity_ledger::state_key::StateKey;
use rocksdb::{DB, WriteBatch, WriteOptions};
use std::path::Path;
use std::sync::RwLock;

/// The newest committed block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Tip {
    /// Its height; 0 for the genesis.
    pub height: u64,
    /// Its hash; for the genesis the chain id.
    pub hash: Digest,
    /// Its time.
    pub time_unix_ms: u64,
    /// Root of the state after it.
    pub state_root: Digest,
}

/// All that a committed block writes.
pub struct BlockWrite<'a> {
    /// The block.
    pub block: &'a Block,
    /// What made it final.
    pub certificate: &'a Certificate,
    /// Its receipts, in the order of its transactions.
    pub receipts: &'a [Receipt],
    /// The state after it.
    pub tree: &'a TreeUpdate,
    /// Whether it wrote an anchor.
    pub anchored: bool,
}

/// The node's database.
pub struct Store {
    pub(super) db: DB,
    tip: RwLock<Tip>,
}

/// Longest encoded tip.
const TIP_BYTES_MAX: usize = 256;

impl Store {
    /// Opens the database, or begins it with the state that `genesis` gives.
    ///
    /// # Errors
    /// [`StateError`]: the database fails, or is of another format or chain.
    pub fn open(path: &Path, chain_id: &Digest, genesis_time_unix_ms: u64, genesis: &Changes) -> Result<Self, StateError> {
        let db = columns::open(path)?;
        let meta = column(&db, META);
        let Some(format) = db.get_cf(meta, b"format")? else {
            return Self::begin(db, chain_id, genesis_time_unix_ms, genesis);
        };
        let format: u32 = codec::decode("format version", &format, 4).map_err(StateError::corrupted("format version"))?;
        if format != FORMAT_VERSION {
            return Err(StateError::Format { expected: FORMAT_VERSION, found: format });
        }
        let found = db.get_cf(meta, b"chain")?.ok_or(StateError::Missing { what: "chain id" })?;
        let found: Digest = codec::decode("chain id", &found, 32).map_err(StateError::corrupted("chain id"))?;
        if found != *chain_id {
            return Err(StateError::OtherChain { expected: *chain_id, found });
        }
        let tip = db.get_cf(meta, b"tip")?.ok_or(StateError::Missing { what: "tip" })?;
        let tip = codec::decode("tip", &tip, TIP_BYTES_MAX).map_err(StateError::corrupted("tip"))?;
        Ok(Self { db, tip: RwLock::new(tip) })
    }

    fn begin(db: DB, chain_id: &Digest, time_unix_ms: u64, genesis: &Changes) -> Result<Self, StateError> {
        let tree = TreeStore::new(&db).update(0, genesis)?;
        let tip = Tip { height: 0, hash: *chain_id, time_unix_ms, state_root: tree.root };
        let mut batch = WriteBatch::default();
        tree.write(&db, &mut batch);
        let meta = column(&db, META);
        batch.put_cf(meta, b"format", codec::encode(&FORMAT_VERSION));
        batch.put_cf(meta, b"chain", codec::encode(chain_id));
        batch.put_cf(meta, b"tip", codec::encode(&tip));
        write_synced(&db, batch)?;
        Ok(Self { db, tip: RwLock::new(tip) })
    }

    /// The newest committed block.
    pub fn tip(&self) -> Tip {
        *self.tip.read().expect("no thread panics while it holds the tip")
    }

    /// The state after a committed height.
    pub fn snapshot(&self, height: u64) -> Snapshot<'_> {
        Snapshot { store: self, height }
    }

    /// The tree of `height` that follows from the one before with `changes`; nothing is written.
    ///
    /// # Errors
    /// When the tree can't be read.
    pub fn tree_update(&self, height: u64, changes: &Changes) -> Result<TreeUpdate, StateError> {
        TreeStore::new(&self.db).update(height, changes)
    }

    /// Writes the block after the tip in one atomic batch that is on disk before this returns, and forgets the undecided ones.
    ///
    /// # Errors
    /// [`StateError::NotNext`], or when the database fails: then nothing is written.
    pub fn commit(&self, write: &BlockWrite<'_>) -> Result<Tip, StateError> {
        let header = &write.block.header;
        let mut tip = self.tip.write().expect("no thread panics while it holds the tip");
        if header.height != tip.height + 1 {
            return Err(StateError::NotNext { tip: tip.height, found: header.height });
        }
        let mut batch = WriteBatch::default();
        let height = header.height.to_be_bytes();
        batch.put_cf(column(&self.db, BLOCKS), height, write.block.encode());
        batch.put_cf(column(&self.db, CERTIFICATES), height, codec::encode(write.certificate));
        batch.put_cf(column(&self.db, RECEIPTS), height, codec::encode(&write.receipts));
        for (index, receipt) in (0u32..).zip(write.receipts) {
            batch.put_cf(column(&self.db, TRANSACTIONS), receipt.transaction.0, codec::encode(&(header.height, index)));
            for (listing, id) in reads::listed(receipt) {
                batch.put_cf(column(&self.db, LISTINGS), listing.key(header.height, index), id.0);
            }
        }
        if write.anchored {
            batch.put_cf(column(&self.db, LISTINGS), Listing::Anchors.key(header.height, 0), [0; 32]);
        }
        write.tree.write(&self.db, &mut batch);
        self.forget_undecided(header.height, &mut batch)?;
        let next = Tip { height: header.height, hash: header.hash(), time_unix_ms: header.time_unix_ms, state_root: header.state_root };
        batch.put_cf(column(&self.db, META), b"tip", codec::encode(&next));
        write_synced(&self.db, batch)?;
        *tip = next;
        Ok(next)
    }
}

pub(super) fn write_synced(db: &DB, batch: WriteBatch) -> Result<(), StateError> {
    let mut options = WriteOptions::default();
    options.set_sync(true);
    Ok(db.write_opt(batch, &options)?)
}

/// The state after a committed height.
#[derive(Clone, Copy)]
pub struct Snapshot<'a> {
    store: &'a Store,
    height: u64,
}

impl Reader for Snapshot<'_> {
    fn bytes(&self, key: &StateKey) -> Result<Option<Vec<u8>>, StateError> {
        TreeStore::new(&self.store.db).value(self.height, key)
    }
}
