//! The file that carries a record and all that is needed to check it with no network.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::codec::{self, CodecError};
use probity_ledger::genesis::Genesis;
use probity_ledger::merkle::InclusionProof;
use probity_ledger::state_proof::StateProof;
use probity_ledger::transaction::Transaction;

use crate::light::SignedHeader;

/// How every bundle begins.
pub const MAGIC: &[u8] = b"probity audit bundle\n";
/// The format's version. 2: with the circuit's entry, whose key need not be the genesis's.
pub const VERSION: u16 = 2;
/// Longest bundle, magic and version included.
pub const BUNDLE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Most headers in a bundle.
pub const HEADERS_MAX: usize = 100_000;

/// Why bytes are no bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Not a bundle at all.
    #[error("this is not an audit bundle: such a file begins with \"probity audit bundle\"")]
    Magic,
    /// Of a version to come.
    #[error("the bundle has format version {found}, this program reads version {VERSION}: update it")]
    Version {
        /// The version found.
        found: u16,
    },
    /// The rest does not decode.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

/// A record with its surroundings. State proofs may be of any height whose header is there.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AuditBundle {
    /// How the chain began, verifying keys included. Its digest is what the auditor must know beforehand.
    pub genesis: Genesis,
    /// Ascending: those that change the validators, that of the record's block, and those that the state proofs refer to.
    pub headers: Vec<SignedHeader>,
    /// The record, by the digest of its context.
    pub record: StateProof,
    /// The policy's entry.
    pub policy: StateProof,
    /// The schema's entry.
    pub schema: StateProof,
    /// The anchor's entry.
    pub anchor: StateProof,
    /// The lender's entry.
    pub lender: StateProof,
    /// The circuit's entry, of the record's height: later ones may have another key.
    pub circuit: StateProof,
    /// The entry of the nullifier: spent by this record if it was granted. Not looked at otherwise.
    pub nullifier: Option<StateProof>,
    /// The transaction that made the record.
    pub transaction: Transaction,
    /// That the transaction is in the block of the record's height.
    pub inclusion: InclusionProof,
}

impl AuditBundle {
    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        [MAGIC, &VERSION.to_le_bytes(), &codec::encode(self)].concat()
    }

    /// Reads a file strictly. Nothing in it is believed: see [`check`](super::check()).
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BundleError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(BundleError::Magic)?;
        let (version, rest) = rest.split_first_chunk::<2>().ok_or(BundleError::Magic)?;
        let found = u16::from_le_bytes(*version);
        if found != VERSION {
            return Err(BundleError::Version { found });
        }
        Ok(codec::decode("an audit bundle", rest, BUNDLE_BYTES_MAX - MAGIC.len() - 2)?)
    }
}
