//! Blocks: a header that commits to everything, and the transactions.

use crate::address::Address;
use crate::merkle;
use crate::transaction::Transaction;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::codec::{self, CodecError};
use probity_credit::digest::Digest;
use probity_credit::hash::label::sha256 as label;
use serde::{Deserialize, Serialize};

/// The version of the rules that this code follows. 2: publications that wait stay until they are covered. 3: validators adopt, retire and
/// stop circuits. 4: a key that was stopped is never adopted again.
pub const PROTOCOL_VERSION: u32 = 4;

/// Largest block that any genesis may allow, encoded.
pub const BLOCK_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Bytes that a header with its surroundings may take of a block.
pub const HEADER_BYTES_MAX: usize = 512;

/// What validators sign, by its hash.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`PROTOCOL_VERSION`].
    pub protocol_version: u32,
    /// Digest of the genesis.
    pub chain_id: Digest,
    /// 1 for the first block.
    pub height: u64,
    /// Later than the parent's, and not ahead of the validators' clocks by more than a bound.
    pub time_unix_ms: u64,
    /// Hash of the header before; for height 1 the chain id.
    pub parent_hash: Digest,
    /// Merkle root of the encoded transactions.
    pub transactions_root: Digest,
    /// Root of the state after this block.
    pub state_root: Digest,
    /// Merkle root of the encoded receipts of this block.
    pub receipts_root: Digest,
    /// Hash of the validator set that decides the next height.
    pub next_validators_hash: Digest,
    /// Who proposed, and is paid the fees.
    pub proposer: Address,
}

impl Header {
    /// The block's hash.
    pub fn hash(&self) -> Digest {
        Digest::of_value(label::HEADER, self)
    }
}

/// A block as proposed and stored.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// The header.
    pub header: Header,
    /// The transactions in the order of execution.
    pub transactions: Vec<Transaction>,
}

impl Block {
    /// Decodes canonical bytes of at most [`BLOCK_BYTES_MAX`].
    ///
    /// # Errors
    /// [`CodecError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode("a block", bytes, BLOCK_BYTES_MAX)
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// The hash of its header.
    pub fn hash(&self) -> Digest {
        self.header.hash()
    }
}

/// The Merkle root of a block's transactions.
pub fn transactions_root(transactions: &[Transaction]) -> Digest {
    let encoded: Vec<Vec<u8>> = transactions.iter().map(Transaction::encode).collect();
    merkle::root(label::TRANSACTIONS_ROOT, &encoded)
}
