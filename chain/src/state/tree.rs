//! The authenticated tree over RocksDB: reads for the library, and the updates it makes.

use super::columns::{NODES, VALUES, column};
use super::{Changes, StateError};
use jmt::proof::SparseMerkleProof;
use jmt::storage::{LeafNode, Node, NodeBatch, NodeKey, TreeReader};
use jmt::{JellyfishMerkleIterator, JellyfishMerkleTree, KeyHash, OwnedValue, Version};
use probity_credit::digest::Digest;
use probity_ledger::state_key::StateKey;
use rocksdb::{DB, Direction, IteratorMode, WriteBatch};
use sha2::Sha256;

/// The library's trait returns an error type of a crate that is no dependency of ours; its iterator lets us name it.
pub(super) trait Fallible {
    type Error;
}

impl<T, E> Fallible for Result<T, E> {
    type Error = E;
}

type TreeError = <<JellyfishMerkleIterator<TreeStore<'static>> as Iterator>::Item as Fallible>::Error;

/// New nodes and values of a height, and the root they give.
#[derive(Debug)]
pub struct TreeUpdate {
    /// Root of the state.
    pub root: Digest,
    batch: NodeBatch,
}

pub(super) struct TreeStore<'a> {
    db: &'a DB,
}

impl<'a> TreeStore<'a> {
    pub(super) fn new(db: &'a DB) -> Self {
        Self { db }
    }

    /// The tree of `height` that follows from the one before with `changes`.
    pub(super) fn update(&self, height: u64, changes: &Changes) -> Result<TreeUpdate, StateError> {
        let values = changes.iter().map(|(key, value)| (KeyHash(key.0.0), Some(value.clone())));
        let tree = JellyfishMerkleTree::<_, Sha256>::new(self);
        let (root, update) = tree.put_value_set(values, height).map_err(refused)?;
        Ok(TreeUpdate { root: Digest(root.0), batch: update.node_batch })
    }

    /// An entry at a height, with its path.
    pub(super) fn prove(&self, height: u64, key: &StateKey) -> Result<(Option<OwnedValue>, SparseMerkleProof<Sha256>), StateError> {
        JellyfishMerkleTree::<_, Sha256>::new(self).get_with_proof(KeyHash(key.0.0), height).map_err(refused)
    }

    /// An entry at a height, without a walk through the tree.
    pub(super) fn value(&self, height: u64, key: &StateKey) -> Result<Option<OwnedValue>, StateError> {
        let column = column(self.db, VALUES);
        let upper = value_key(&key.0.0, height);
        let mut found = self.db.iterator_cf(column, IteratorMode::From(&upper, Direction::Reverse));
        match found.next().transpose()? {
            Some((at, bytes)) if at.get(..32) == Some(&key.0.0[..]) => Ok(Some(bytes.into_vec())),
            _ => Ok(None),
        }
    }
}

fn refused(error: TreeError) -> StateError {
    StateError::Tree { reason: format!("{error:#}") }
}

fn value_key(key: &[u8; 32], version: Version) -> [u8; 40] {
    let mut out = [0; 40];
    out[..32].copy_from_slice(key);
    out[32..].copy_from_slice(&version.to_be_bytes());
    out
}

fn node_key(key: &NodeKey) -> Vec<u8> {
    probity_credit::codec::encode(key)
}

impl TreeUpdate {
    pub(super) fn write(&self, db: &DB, batch: &mut WriteBatch) {
        for (key, node) in self.batch.nodes() {
            batch.put_cf(column(db, NODES), node_key(key), probity_credit::codec::encode(node));
        }
        for ((version, key), value) in self.batch.values() {
            let value = value.as_ref().expect("changes only write, never delete");
            batch.put_cf(column(db, VALUES), value_key(&key.0, *version), value);
        }
    }
}

impl TreeReader for TreeStore<'_> {
    fn get_node_option(&self, key: &NodeKey) -> Result<Option<Node>, TreeError> {
        let bytes = self.db.get_pinned_cf(column(self.db, NODES), node_key(key))?;
        Ok(bytes.map(|bytes| borsh::from_slice(&bytes)).transpose()?)
    }

    fn get_value_option(&self, max_version: Version, key: KeyHash) -> Result<Option<OwnedValue>, TreeError> {
        Ok(self.value(max_version, &StateKey(Digest(key.0)))?)
    }

    fn get_rightmost_leaf(&self) -> Result<Option<(NodeKey, LeafNode)>, TreeError> {
        // asked for only when a tree is restored from a stream of leaves, which this node does not do
        Err(std::io::Error::from(std::io::ErrorKind::Unsupported).into())
    }
}
