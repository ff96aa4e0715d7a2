//! SHA-256 digests with a label and length-prefixed parts, and their way into the field.

use crate::field::{F, FieldBytes};
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// 32 bytes of SHA-256 (FIPS 180-4), written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, BorshSerialize, BorshDeserialize)]
pub struct Digest(pub [u8; 32]);

/// The text is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is written as 64 hexadecimal digits (32 bytes)")]
pub struct DigestError;

impl Digest {
    /// SHA-256 over the label and then each part, each preceded by its length as 8 little-endian bytes.
    ///
    /// The lengths make the encoding injective; the label separates domains. All labels are in [`crate::hash::label`].
    pub fn of(label: &str, parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in std::iter::once(&label.as_bytes()).chain(parts) {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// SHA-256 of the bytes of a file, with neither label nor length: what `sha256sum` prints.
    pub fn of_file(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of the canonical (borsh) encoding of `value` under `label`.
    pub fn of_value<T: BorshSerialize>(label: &str, value: &T) -> Self {
        let bytes = borsh::to_vec(value).expect("writing to memory does not fail");
        Self::of(label, &[&bytes])
    }

    /// A uniform field element from the parts: full width, by drawing again while the candidate is not below the modulus (one in four is).
    ///
    /// For pseudo-random values that must look like any other element; [`Self::to_field`] gives only 248 bits.
    pub fn uniform(label: &str, parts: &[&[u8]]) -> F {
        (0u32..)
            .find_map(|draw| {
                let draw = draw.to_le_bytes();
                let mut bytes = Self::of(label, &[parts, &[&draw[..]]].concat()).0;
                bytes[0] &= 0x3f; // the modulus has 254 bits
                FieldBytes::from_be_bytes(bytes).ok()
            })
            .expect("a candidate is below the modulus with probability 3/4")
            .element()
    }

    /// The first 248 bits as a field element: below the modulus without reduction.
    pub fn to_field(&self) -> F {
        let mut bytes = [0; 32];
        bytes[1..].copy_from_slice(&self.0[..31]);
        FieldBytes::from_be_bytes(bytes).expect("248 bits are below the 254-bit modulus").element()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl std::str::FromStr for Digest {
    type Err = DigestError;
    fn from_str(s: &str) -> Result<Self, DigestError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(s, &mut bytes).map_err(|_| DigestError)?;
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let s = <std::borrow::Cow<'de, str> as Deserialize>::deserialize(d)?;
        s.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_digest_is_what_sha256sum_prints() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of_file(b"abc").to_string(), abc);
    }

    #[test]
    fn parts_do_not_slide() {
        assert_ne!(Digest::of("a", &[b"bc", b"d"]), Digest::of("a", &[b"b", b"cd"]));
        assert_ne!(Digest::of("ab", &[b"c"]), Digest::of("a", &[b"bc"]));
        assert_ne!(Digest::of("a", &[]), Digest::of("a", &[b""]));
    }

    #[test]
    fn uniform_elements_use_the_full_width() {
        let elements: Vec<[u8; 32]> = (0u8..64).map(|i| FieldBytes::from(Digest::uniform("a", &[&[i]])).to_be_bytes()).collect();
        let wide = elements.iter().filter(|e| e[0] != 0).count();
        // 47 of 48 elements have a first byte other than 0
        assert!(wide > 55, "{wide} of 64");
        assert_eq!(Digest::uniform("a", &[&[1]]), Digest::uniform("a", &[&[1]]));
    }
}
