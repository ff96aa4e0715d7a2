//! The one way from outside bytes to values: borsh with a size limit and no trailing bytes.

use borsh::{BorshDeserialize, BorshSerialize};

/// Why bytes are not the canonical encoding of a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The input is longer than this kind of value may be.
    #[error("{what} has {len} bytes, more than the limit of {limit}")]
    TooLong {
        /// The kind of value.
        what: &'static str,
        /// Bytes seen.
        len: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The bytes do not decode, or not to the end.
    #[error("{what} is not in the canonical encoding: {reason}")]
    Malformed {
        /// The kind of value.
        what: &'static str,
        /// What the decoder saw.
        reason: String,
    },
}

/// Decodes a whole `T` from at most `limit` bytes.
///
/// # Errors
/// [`CodecError`] when too long, malformed, followed by further bytes, or not the canonical encoding.
pub fn decode<T: BorshDeserialize + BorshSerialize>(what: &'static str, bytes: &[u8], limit: usize) -> Result<T, CodecError> {
    if bytes.len() > limit {
        return Err(CodecError::TooLong { what, len: bytes.len(), limit });
    }
    let value: T = borsh::from_slice(bytes).map_err(|e| CodecError::Malformed { what, reason: e.to_string() })?;
    // borsh sorts maps and sets on writing: an unsorted input would otherwise be a second encoding of the same value
    if encode(&value) != bytes {
        return Err(CodecError::Malformed { what, reason: "not the canonical encoding of its value".into() });
    }
    Ok(value)
}

/// The canonical encoding of a value.
pub fn encode<T: BorshSerialize>(value: &T) -> Vec<u8> {
    borsh::to_vec(value).expect("writing to memory does not fail")
}
