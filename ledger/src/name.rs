//! Names that people read: short, printable, checked whenever they are decoded.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest name, in characters.
pub const NAME_CHARS_MAX: usize = 64;

/// A name of 1 to 64 printable characters without leading or trailing space.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct Name(String);

/// The text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 64 printable characters and no space at its ends")]
pub struct NameError;

impl Name {
    /// Checks length and characters.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        let text = text.into();
        let printable = |c: char| !c.is_control() && !is_invisible(c);
        let fits = (1..=NAME_CHARS_MAX).contains(&text.chars().count()) && text.trim() == text && text.chars().all(printable);
        if fits { Ok(Self(text)) } else { Err(NameError) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Characters that print nothing or turn the direction of what follows, with which one name can pass for another.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::str::FromStr for Name {
    type Err = NameError;
    fn from_str(s: &str) -> Result<Self, NameError> {
        Self::new(s)
    }
}

impl BorshDeserialize for Name {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        let text = String::deserialize_reader(reader)?;
        Self::new(text).map_err(|e| std::io::Error::new(std::io::ErrorKind::InvalidData, e))
    }
}

impl Serialize for Name {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(<String as Deserialize>::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_names_are_refused_by_every_decoder() {
        for bad in ["", " bank", "bank ", "ba\nnk", "b\u{202e}knab", "zero\u{200b}width", &"x".repeat(65)] {
            assert_eq!(Name::new(bad), Err(NameError), "{bad:?}");
            assert!(borsh::from_slice::<Name>(&borsh::to_vec(&bad.to_string()).unwrap()).is_err(), "{bad:?}");
            assert!(serde_json::from_value::<Name>(bad.into()).is_err(), "{bad:?}");
        }
        for good in ["Bank", "Caisse d'Épargne №1", &"é".repeat(64)] {
            let name = Name::new(good).unwrap();
            assert_eq!(borsh::from_slice::<Name>(&borsh::to_vec(&name).unwrap()).unwrap(), name);
        }
    }
}
