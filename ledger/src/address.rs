//! Who acts on the chain: the digest of the first public key of an account.

use crate::keys::PublicKey;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::{Digest, DigestError};
use probity_credit::hash::label;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An account, an institution, a lender or a validator: the digest of the public key it began with.
///
/// Rotating the key keeps the address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(pub Digest);

impl Address {
    /// The address of the account that begins with `key`.
    pub fn of(key: &PublicKey) -> Self {
        Self(Digest::of(label::sha256::ADDRESS, &[&key.0]))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl std::str::FromStr for Address {
    type Err = DigestError;
    fn from_str(s: &str) -> Result<Self, DigestError> {
        s.parse().map(Self)
    }
}
