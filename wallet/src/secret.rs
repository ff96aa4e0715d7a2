//! Secrets as the wallet's file holds them: wiped from memory when dropped, never printed.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::field::FieldBytes;
use probity_credit::identity::Secret;
use probity_ledger::keys::SecretKey;
use std::io::{Error, ErrorKind, Read, Result};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// 32 secret bytes.
#[derive(Clone, BorshSerialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct SecretBytes([u8; 32]);

impl SecretBytes {
    /// Keeps an identity's secret.
    pub(crate) fn of_identity(secret: &Secret) -> Self {
        Self(FieldBytes::from(secret.expose()).to_be_bytes())
    }

    /// The identity's secret.
    pub(crate) fn identity(&self) -> Option<Secret> {
        FieldBytes::from_be_bytes(self.0).ok().map(|x| Secret::from_element(x.element()))
    }

    /// Keeps a signing key.
    pub(crate) fn of_key(key: &SecretKey) -> Self {
        Self(*key.to_bytes())
    }

    /// The signing key.
    pub(crate) fn key(&self) -> SecretKey {
        SecretKey::from_bytes(&Zeroizing::new(self.0))
    }
}

impl BorshDeserialize for SecretBytes {
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Self> {
        let mut bytes = Self([0; 32]);
        reader.read_exact(&mut bytes.0)?;
        Ok(bytes)
    }
}

/// A secret text of at most 256 bytes.
#[derive(Clone, BorshSerialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct SecretText(String);

impl SecretText {
    /// Keeps a text.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl BorshDeserialize for SecretText {
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Self> {
        let invalid = |what| Error::new(ErrorKind::InvalidData, what);
        let len = u32::deserialize_reader(reader)? as usize;
        if len > 256 {
            return Err(invalid("a secret text is too long"));
        }
        let mut bytes = vec![0; len];
        reader.read_exact(&mut bytes)?;
        String::from_utf8(bytes).map(Self).map_err(|_| invalid("a secret text is not UTF-8"))
    }
}
