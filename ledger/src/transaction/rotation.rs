//! Replacing an account's key.

use super::check_key;
use crate::address::Address;
use crate::error::TxError;
use crate::keys::{PublicKey, SecretKey, Signature};
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::Digest;
use probity_credit::hash::label;
use serde::{Deserialize, Serialize};

/// Replaces the key of the sender's account; the address stays.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotateKey {
    /// The key from now on.
    pub new_key: PublicKey,
    /// By the new key over chain and account: nobody rotates to a key that nobody holds.
    pub possession: Signature,
}

impl RotateKey {
    /// A rotation of `sender` to the key of `new`.
    pub fn new(chain_id: &Digest, sender: &Address, new: &SecretKey) -> Self {
        Self { new_key: new.public(), possession: new.sign(&Self::possession_digest(chain_id, sender)) }
    }

    /// What the new key signs.
    pub fn possession_digest(chain_id: &Digest, sender: &Address) -> Digest {
        Digest::of_value(label::sha256::KEY_POSSESSION, &(chain_id, sender))
    }

    pub(super) fn check_structure(&self, chain_id: &Digest, sender: &Address) -> Result<(), TxError> {
        check_key(&self.new_key)?;
        let digest = Self::possession_digest(chain_id, sender);
        self.new_key.verify(&digest, &self.possession).map_err(|_| TxError::BadPossession)
    }
}
