//! How bytes appear in JSON: hexadecimal for keys, base64url for longer payloads.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serializer, de::Error as _};
use std::borrow::Cow;

/// `#[serde(with = "encoding::hex_array")]`: a byte array of fixed length as lower-case hexadecimal digits.
pub mod hex_array {
    use super::*;

    /// Writes the digits.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer, const N: usize>(bytes: &[u8; N], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&hex::encode(bytes))
    }

    /// Reads exactly `2 N` digits.
    ///
    /// # Errors
    /// When the text has another length or another alphabet.
    pub fn deserialize<'de, D: Deserializer<'de>, const N: usize>(d: D) -> Result<[u8; N], D::Error> {
        let text = Cow::<'de, str>::deserialize(d)?;
        let mut bytes = [0; N];
        hex::decode_to_slice(text.as_bytes(), &mut bytes)
            .map_err(|_| D::Error::custom(format!("{N} bytes are written as {} hexadecimal digits", 2 * N)))?;
        Ok(bytes)
    }
}

/// `#[serde(with = "encoding::base64url_array")]`: a byte array of fixed length as base64url without padding.
pub mod base64url_array {
    use super::*;

    /// Writes the text.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer, const N: usize>(bytes: &[u8; N], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads exactly `N` bytes.
    ///
    /// # Errors
    /// When the text is no base64url without padding, or has another length.
    pub fn deserialize<'de, D: Deserializer<'de>, const N: usize>(d: D) -> Result<[u8; N], D::Error> {
        let bytes = super::base64url::deserialize(d)?;
        <[u8; N]>::try_from(bytes).map_err(|b| D::Error::custom(format!("expected {N} bytes, found {}", b.len())))
    }
}

/// `#[serde(with = "encoding::base64url")]`: bytes as base64url without padding (RFC 4648 section 5).
pub mod base64url {
    use super::*;

    /// Writes the text.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(bytes: &[u8], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// When the text is no base64url without padding.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
        let text = Cow::<'de, str>::deserialize(d)?;
        decode(&text).map_err(D::Error::custom)
    }

    /// Bytes from text.
    ///
    /// # Errors
    /// A sentence saying what was expected.
    pub fn decode(text: &str) -> Result<Vec<u8>, &'static str> {
        URL_SAFE_NO_PAD.decode(text).map_err(|_| "expected base64url without padding (RFC 4648 section 5)")
    }

    /// Text from bytes.
    pub fn encode(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// `#[serde(with = "encoding::base64url_option")]`: optional bytes as base64url without padding, or null.
pub mod base64url_option {
    use super::*;

    /// Writes the text or null.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, s: S) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => s.serialize_some(&URL_SAFE_NO_PAD.encode(bytes)),
            None => s.serialize_none(),
        }
    }

    /// Reads the bytes or null.
    ///
    /// # Errors
    /// When the text is no base64url without padding.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<Cow<'de, str>>::deserialize(d)?;
        text.map(|t| super::base64url::decode(&t).map_err(D::Error::custom)).transpose()
    }
}
