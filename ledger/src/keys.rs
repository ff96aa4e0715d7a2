//! Ed25519 keys and signatures (RFC 8032), checked strictly.

use crate::encoding::hex_array;
use borsh::{BorshDeserialize, BorshSerialize};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use probity_credit::digest::Digest;
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// Why a key or a signature is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is not the right number of hexadecimal digits.
    #[error("a public or secret key is written as 64 hexadecimal digits (32 bytes), a signature as 128")]
    NotHex,
    /// The 32 bytes are no point of the curve, or a point of small order, for which anybody can sign.
    #[error("the public key is not a usable Ed25519 point: generate a key with `probity keys new`")]
    WeakOrInvalidKey,
    /// The signature is not by this key over this message.
    #[error("the signature does not fit the key and the signed bytes")]
    BadSignature,
}

/// An Ed25519 public key. Decoding does not check the point: [`PublicKey::check`] and [`PublicKey::verify`] do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicKey(#[serde(with = "hex_array")] pub [u8; 32]);

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Signature(#[serde(with = "hex_array")] pub [u8; 64]);

impl PublicKey {
    /// The point, if it can verify anything.
    fn point(&self) -> Result<VerifyingKey, KeyError> {
        let point = VerifyingKey::from_bytes(&self.0).map_err(|_| KeyError::WeakOrInvalidKey)?;
        if point.is_weak() { Err(KeyError::WeakOrInvalidKey) } else { Ok(point) }
    }

    /// Checks that this is a point of the curve and not of small order.
    ///
    /// # Errors
    /// [`KeyError::WeakOrInvalidKey`].
    pub fn check(&self) -> Result<(), KeyError> {
        self.point().map(|_| ())
    }

    /// Checks `signature` over the digest that stands for a message.
    ///
    /// # Errors
    /// [`KeyError::WeakOrInvalidKey`] or [`KeyError::BadSignature`]; a malleable or mixed-order signature is a bad one.
    pub fn verify(&self, message: &Digest, signature: &Signature) -> Result<(), KeyError> {
        self.verify_bytes(&message.0, signature)
    }

    /// Checks `signature` over bytes: for messages whose encoding is not ours to choose, as consensus votes.
    ///
    /// # Errors
    /// As [`PublicKey::verify`].
    pub fn verify_bytes(&self, message: &[u8], signature: &Signature) -> Result<(), KeyError> {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.point()?.verify_strict(message, &signature).map_err(|_| KeyError::BadSignature)
    }
}

/// A signing key; wiped from memory when dropped, never printed.
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// A new key from the operating system's randomness.
    pub fn generate() -> Self {
        Self(SigningKey::generate(&mut OsRng))
    }

    /// The key with these 32 secret bytes (RFC 8032's seed).
    pub fn from_bytes(bytes: &Zeroizing<[u8; 32]>) -> Self {
        Self(SigningKey::from_bytes(bytes))
    }

    /// The 32 secret bytes, for writing to a protected file.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The key written as 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`KeyError::NotHex`].
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text, bytes.as_mut_slice()).map_err(|_| KeyError::NotHex)?;
        Ok(Self::from_bytes(&bytes))
    }

    /// The 64 hexadecimal digits, for writing to a protected file.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.as_bytes()))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs the digest that stands for a message.
    pub fn sign(&self, message: &Digest) -> Signature {
        self.sign_bytes(&message.0)
    }

    /// Signs bytes: for messages whose encoding is not ours to choose, as consensus votes.
    pub fn sign_bytes(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

macro_rules! text {
    ($name:ident, $bytes:literal) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }

        impl std::str::FromStr for $name {
            type Err = KeyError;
            fn from_str(s: &str) -> Result<Self, KeyError> {
                let mut bytes = [0; $bytes];
                hex::decode_to_slice(s, &mut bytes).map_err(|_| KeyError::NotHex)?;
                Ok(Self(bytes))
            }
        }
    };
}
text!(PublicKey, 32);
text!(Signature, 64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_key_and_message_only() {
        let (key, other) = (SecretKey::generate(), SecretKey::generate());
        let (message, another) = (Digest::of("m", &[b"1"]), Digest::of("m", &[b"2"]));
        let signature = key.sign(&message);
        assert_eq!(key.public().verify(&message, &signature), Ok(()));
        assert_eq!(key.public().verify(&another, &signature), Err(KeyError::BadSignature));
        assert_eq!(other.public().verify(&message, &signature), Err(KeyError::BadSignature));
        let mut high = signature;
        high.0[63] |= 0xe0; // s >= the group order
        assert_eq!(key.public().verify(&message, &high), Err(KeyError::BadSignature));
    }

    #[test]
    fn points_of_small_order_are_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey(identity).check(), Err(KeyError::WeakOrInvalidKey));
        assert_eq!(PublicKey([0; 32]).check(), Err(KeyError::WeakOrInvalidKey));
        assert_eq!(SecretKey::generate().public().check(), Ok(()));
    }

    #[test]
    fn text_and_json_round_trip() {
        let key = SecretKey::generate();
        assert_eq!(SecretKey::from_hex(&key.to_hex()).unwrap().public(), key.public());
        assert_eq!(key.public().to_string().parse::<PublicKey>().unwrap(), key.public());
        let signature = key.sign(&Digest::default());
        let json = serde_json::to_string(&signature).unwrap();
        assert_eq!(serde_json::from_str::<Signature>(&json).unwrap(), signature);
        assert!(serde_json::from_str::<Signature>("\"00\"").is_err());
    }
}
