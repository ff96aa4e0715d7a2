//! Legal identities: what papers say who somebody is, and the keyed digest under which it is looked up.

use probity_credit::digest::Digest;
use probity_credit::hash::label;

/// Longest legal identity, bytes.
const BYTES_MAX: usize = 256;

/// A legal identity as the authority's register writes it, for example a name with a date of birth or a national number.
///
/// Compared byte by byte after leading and trailing space is cut: authority and institutions must agree on one spelling.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LegalId<'a>(&'a str);

/// The text is no legal identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a legal identity has 1 to 256 bytes of printable characters")]
pub struct LegalIdError;

impl<'a> LegalId<'a> {
    /// Checks length and characters.
    ///
    /// # Errors
    /// [`LegalIdError`].
    pub fn new(text: &'a str) -> Result<Self, LegalIdError> {
        let text = text.trim();
        let fits = (1..=BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text)) } else { Err(LegalIdError) }
    }

    /// The text.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// What it is looked up by: without the key nobody can try names against it.
    pub(crate) fn lookup(self, key: &[u8; 32]) -> Digest {
        Digest::of(label::sha256::LEGAL_IDENTITY, &[key, self.0.as_bytes()])
    }
}

impl std::fmt::Debug for LegalId<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LegalId(..)")
    }
}
