//! The scalar field of BN254 and its canonical encodings.
//!
//! Nothing enters the field by silent reduction: bytes are decoded canonically, integers after a range check.

use ark_ff::{BigInteger, BigInteger256, PrimeField, Zero};
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The scalar field `F` of BN254, in which every statement is written.
pub type F = ark_bn254::Fr;

/// Why 32 bytes or a text are no field element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The integer is not below the modulus, so it would alias a smaller one.
    #[error("the number is not below the field's modulus: send the canonical representative")]
    NotCanonical,
    /// The text is not 64 hexadecimal digits.
    #[error("a field element is written as 64 lower-case hexadecimal digits (32 bytes, big-endian)")]
    NotHex,
}

/// A field element as 32 canonical big-endian bytes: what is stored, hashed, signed and sent.
///
/// Only values below the modulus exist: every decoder checks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct FieldBytes([u8; 32]);

impl FieldBytes {
    /// Zero.
    pub const ZERO: Self = Self([0; 32]);

    /// Checks that big-endian `bytes` are below the modulus.
    ///
    /// # Errors
    /// [`FieldError::NotCanonical`].
    pub fn from_be_bytes(bytes: [u8; 32]) -> Result<Self, FieldError> {
        decode(&bytes).map(|_| Self(bytes))
    }

    /// The 32 big-endian bytes.
    pub fn to_be_bytes(self) -> [u8; 32] {
        self.0
    }

    /// The element itself.
    pub fn element(&self) -> F {
        decode(&self.0).expect("a FieldBytes is only built from a canonical value")
    }
}

fn decode(bytes: &[u8; 32]) -> Result<F, FieldError> {
    let mut limbs = [0u64; 4];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.rchunks_exact(8)) {
        *limb = u64::from_be_bytes(chunk.try_into().expect("chunks of eight bytes"));
    }
    F::from_bigint(BigInteger256::new(limbs)).ok_or(FieldError::NotCanonical)
}

impl From<F> for FieldBytes {
    fn from(x: F) -> Self {
        let bytes = x.into_bigint().to_bytes_be();
        Self(bytes.try_into().expect("BN254 elements have 32 bytes"))
    }
}

impl From<FieldBytes> for F {
    fn from(x: FieldBytes) -> Self {
        x.element()
    }
}

impl BorshDeserialize for FieldBytes {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        let bytes = <[u8; 32]>::deserialize_reader(reader)?;
        Self::from_be_bytes(bytes).map_err(|e| std::io::Error::new(std::io::ErrorKind::InvalidData, e))
    }
}

impl fmt::Display for FieldBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for FieldBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl std::str::FromStr for FieldBytes {
    type Err = FieldError;
    fn from_str(s: &str) -> Result<Self, FieldError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(s, &mut bytes).map_err(|_| FieldError::NotHex)?;
        Self::from_be_bytes(bytes)
    }
}

impl Serialize for FieldBytes {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FieldBytes {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let s = <std::borrow::Cow<'de, str> as Deserialize>::deserialize(d)?;
        s.parse().map_err(serde::de::Error::custom)
    }
}

/// A signed integer as a field element, `x mod p`; sound where a range check pins `x`.
pub fn from_signed(x: i128) -> F {
    let magnitude = F::from(x.unsigned_abs());
    if x < 0 { -magnitude } else { magnitude }
}

/// The integer below 2^127 in absolute value that `x` stands for, or `None` if there is none.
pub fn to_signed(x: F) -> Option<i128> {
    fn small(x: F) -> Option<i128> {
        let limbs = x.into_bigint().0;
        if limbs[2] != 0 || limbs[3] != 0 {
            return None;
        }
        i128::try_from(u128::from(limbs[0]) | (u128::from(limbs[1]) << 64)).ok()
    }
    if x.is_zero() {
        return Some(0);
    }
    small(x).or_else(|| small(-x).map(|m| -m))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn modulus_and_above_are_refused() {
        let p: [u8; 32] = F::MODULUS.to_bytes_be().try_into().unwrap();
        assert_eq!(FieldBytes::from_be_bytes(p), Err(FieldError::NotCanonical));
        assert_eq!(FieldBytes::from_be_bytes([0xff; 32]), Err(FieldError::NotCanonical));
        let mut last = p;
        last[31] -= 1;
        assert_eq!(FieldBytes::from_be_bytes(last).unwrap().element(), -F::from(1));
        assert!(borsh::from_slice::<FieldBytes>(&p).is_err());
    }

    proptest! {
        #[test]
        fn signed_round_trip(x in any::<i64>()) {
            prop_assert_eq!(to_signed(from_signed(x.into())), Some(x.into()));
            let b = FieldBytes::from(from_signed(x.into()));
            prop_assert_eq!(b.to_string().parse::<FieldBytes>().unwrap(), b);
            prop_assert_eq!(borsh::from_slice::<FieldBytes>(&borsh::to_vec(&b).unwrap()).unwrap(), b);
        }
    }
}
