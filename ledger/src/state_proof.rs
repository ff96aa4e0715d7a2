//! Proofs that the state of a height holds an entry, or holds none.

use crate::encoding::{base64url, base64url_option};
use crate::state_key::StateKey;
use crate::state_value;
use borsh::{BorshDeserialize, BorshSerialize};
use jmt::proof::SparseMerkleProof;
use jmt::{KeyHash, RootHash};
use probity_credit::codec::{self, CodecError};
use probity_credit::digest::Digest;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Longest encoded tree path: 256 siblings of two hashes each, and a leaf.
pub const PATH_BYTES_MAX: usize = 20 * 1024;

/// Why a state proof shows nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateProofError {
    /// The proof answers another question.
    #[error("the proof is for state key {found:?}, not for {expected:?}: ask again")]
    WrongKey {
        /// The key asked for.
        expected: StateKey,
        /// The key of the proof.
        found: StateKey,
    },
    /// Path or value do not decode.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The path does not lead from this entry to the root.
    #[error("the state proof does not lead to the header's state root: the value, the path or the header was altered")]
    WrongRoot,
}

/// An entry of the state (or its absence) at a height, with the path to the state root in that height's header.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateProof {
    /// Height whose header has the root.
    pub height: u64,
    /// The place.
    pub key: StateKey,
    /// The value's canonical bytes; none when there is no entry.
    #[serde(with = "base64url_option")]
    pub value: Option<Vec<u8>>,
    /// The tree path in its canonical encoding.
    #[serde(with = "base64url")]
    path: Vec<u8>,
}

impl StateProof {
    /// Wraps what the tree gave.
    pub fn new(height: u64, key: StateKey, value: Option<Vec<u8>>, path: &SparseMerkleProof<Sha256>) -> Self {
        Self { height, key, value, path: codec::encode(path) }
    }

    /// Checks the proof against the state root in the header of [`StateProof::height`] and gives the value's bytes.
    ///
    /// # Errors
    /// [`StateProofError`].
    pub fn verify(&self, state_root: &Digest, key: &StateKey) -> Result<Option<&[u8]>, StateProofError> {
        if self.key != *key {
            return Err(StateProofError::WrongKey { expected: *key, found: self.key });
        }
        let path: SparseMerkleProof<Sha256> = codec::decode("a state path", &self.path, PATH_BYTES_MAX)?;
        path.verify(RootHash(state_root.0), KeyHash(key.0.0), self.value.as_deref()).map_err(|_| StateProofError::WrongRoot)?;
        Ok(self.value.as_deref())
    }

    /// As [`StateProof::verify`], and decodes the value.
    ///
    /// # Errors
    /// [`StateProofError`].
    pub fn verify_value<T: BorshDeserialize + BorshSerialize>(
        &self,
        state_root: &Digest,
        key: &StateKey,
    ) -> Result<Option<T>, StateProofError> {
        self.verify(state_root, key)?.map(|bytes| state_value::decode(bytes).map_err(StateProofError::from)).transpose()
    }
}
