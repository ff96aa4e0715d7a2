//! Blocks that are not decided yet: kept durably, because the engine's log holds votes and hashes only.

use super::columns::{PROPOSALS, UNDECIDED, column};
use super::store::write_synced;
use super::{StateError, Store};
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::codec;
use probity_credit::digest::Digest;
use probity_ledger::block::BLOCK_BYTES_MAX;
use probity_ledger::keys::PublicKey;
use rocksdb::{Direction, IteratorMode, WriteBatch};

/// A valid block of a height that is not decided.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct StoredBlock {
    /// The round it was first stored for.
    pub round: u32,
    /// The earlier round whose prevotes it rests on.
    pub valid_round: Option<u32>,
    /// Who proposed it in that round.
    pub proposer: PublicKey,
    /// Its hash.
    pub hash: Digest,
    /// The encoded block.
    pub bytes: Vec<u8>,
}

const STORED_BYTES_MAX: usize = BLOCK_BYTES_MAX + 256;

fn key(height: u64, hash: &Digest) -> [u8; 40] {
    let mut key = [0; 40];
    key[..8].copy_from_slice(&height.to_be_bytes());
    key[8..].copy_from_slice(&hash.0);
    key
}

fn proposal_key(height: u64, round: u32) -> [u8; 12] {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&height.to_be_bytes());
    key[8..].copy_from_slice(&round.to_be_bytes());
    key
}

impl Store {
    /// Keeps a block; the first round it came in stays.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn keep_undecided(&self, height: u64, block: &StoredBlock) -> Result<(), StateError> {
        if self.undecided(height, &block.hash)?.is_some() {
            return Ok(());
        }
        let mut batch = WriteBatch::default();
        batch.put_cf(column(&self.db, UNDECIDED), key(height, &block.hash), codec::encode(block));
        write_synced(&self.db, batch)
    }

    /// Keeps the block that this node proposes in a round, so that it never proposes another one there.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn keep_proposal(&self, height: u64, block: &StoredBlock) -> Result<(), StateError> {
        let mut batch = WriteBatch::default();
        batch.put_cf(column(&self.db, PROPOSALS), proposal_key(height, block.round), block.hash.0);
        batch.put_cf(column(&self.db, UNDECIDED), key(height, &block.hash), codec::encode(block));
        write_synced(&self.db, batch)
    }

    /// The block that this node proposed in a round.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn proposal(&self, height: u64, round: u32) -> Result<Option<StoredBlock>, StateError> {
        let Some(hash) = self.db.get_cf(column(&self.db, PROPOSALS), proposal_key(height, round))? else { return Ok(None) };
        let hash = codec::decode("hash", &hash, 32).map_err(StateError::corrupted("hash of a proposal"))?;
        self.undecided(height, &hash)
    }

    /// A stored block.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn undecided(&self, height: u64, hash: &Digest) -> Result<Option<StoredBlock>, StateError> {
        let bytes = self.db.get_pinned_cf(column(&self.db, UNDECIDED), key(height, hash))?;
        bytes.map(|b| decode(&b)).transpose()
    }

    /// All stored blocks of a height, by rising round.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn undecided_at(&self, height: u64) -> Result<Vec<StoredBlock>, StateError> {
        let mut out = self.keys_at(UNDECIDED, height)?.iter().map(|k| self.undecided_by_key(k)).collect::<Result<Vec<_>, _>>()?;
        out.sort_by_key(|b| (b.round, b.hash));
        Ok(out)
    }

    fn undecided_by_key(&self, key: &[u8]) -> Result<StoredBlock, StateError> {
        let bytes = self.db.get_pinned_cf(column(&self.db, UNDECIDED), key)?;
        decode(&bytes.ok_or(StateError::Missing { what: "undecided block" })?)
    }

    fn keys_at(&self, name: &'static str, height: u64) -> Result<Vec<Box<[u8]>>, StateError> {
        let prefix = height.to_be_bytes();
        let mut keys = Vec::new();
        for entry in self.db.iterator_cf(column(&self.db, name), IteratorMode::From(&prefix, Direction::Forward)) {
            let (key, _) = entry?;
            if !key.starts_with(&prefix) {
                break;
            }
            keys.push(key);
        }
        Ok(keys)
    }

    pub(super) fn forget_undecided(&self, height: u64, batch: &mut WriteBatch) -> Result<(), StateError> {
        for name in [UNDECIDED, PROPOSALS] {
            for key in self.keys_at(name, height)? {
                batch.delete_cf(column(&self.db, name), key);
            }
        }
        Ok(())
    }
}

fn decode(bytes: &[u8]) -> Result<StoredBlock, StateError> {
    codec::decode("undecided block", bytes, STORED_BYTES_MAX).map_err(StateError::corrupted("undecided block"))
}
