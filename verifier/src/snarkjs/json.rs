//! JSON values with the name of their place, so that every refusal can say where.

use super::SnarkjsError;
use super::number;
use ark_ff::{BigInteger256, PrimeField};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

/// Reads the outer object or list of a file of at most `limit` bytes.
pub(super) fn parse<T: DeserializeOwned>(file: &'static str, json: &[u8], limit: usize) -> Result<T, SnarkjsError> {
    if json.len() > limit {
        return Err(SnarkjsError::TooLong { file, limit, found: json.len() });
    }
    serde_json::from_slice(json).map_err(|e| SnarkjsError::Json { file, reason: e.to_string() })
}

/// Indented as snarkjs does.
pub(super) fn write(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b" "));
    value.serialize(&mut serializer).expect("texts, numbers and lists are JSON");
    String::from_utf8(bytes).expect("the serializer writes UTF-8")
}

/// A value and where it stands.
pub(super) struct Place<'v> {
    name: String,
    value: &'v Value,
}

impl<'v> Place<'v> {
    pub(super) fn new(name: &str, value: &'v Value) -> Self {
        Self { name: name.to_owned(), value }
    }

    pub(super) fn name(&self) -> String {
        self.name.clone()
    }

    fn shape(&self, expected: &'static str) -> SnarkjsError {
        SnarkjsError::Shape { field: self.name(), expected }
    }

    pub(super) fn text(&self) -> Result<&'v str, SnarkjsError> {
        self.value.as_str().ok_or_else(|| self.shape("a text"))
    }

    pub(super) fn must_be(&self, expected: &'static str) -> Result<(), SnarkjsError> {
        let found = self.text()?;
        if found == expected {
            Ok(())
        } else {
            // a refused name is repeated, a page is not
            let found = found.chars().take(40).collect();
            Err(SnarkjsError::Unknown { field: self.name(), expected, found })
        }
    }

    /// A whole number that must be `expected`.
    pub(super) fn must_count(&self, expected: usize) -> Result<(), SnarkjsError> {
        let found = self.value.as_u64().and_then(|n| usize::try_from(n).ok()).ok_or_else(|| self.shape("a whole number"))?;
        if found == expected { Ok(()) } else { Err(SnarkjsError::Count { field: self.name(), expected, found }) }
    }

    pub(super) fn element<P: PrimeField<BigInt = BigInteger256>>(&self) -> Result<P, SnarkjsError> {
        number::parse(self.text()?).map_err(|reason| SnarkjsError::Number { field: self.name(), reason })
    }

    /// A list of exactly `expected` items.
    pub(super) fn list(&self, expected: usize) -> Result<impl Iterator<Item = Self>, SnarkjsError> {
        let items = self.value.as_array().ok_or_else(|| self.shape("a list"))?;
        let found = items.len();
        if found != expected {
            return Err(SnarkjsError::Count { field: self.name(), expected, found });
        }
        let name = self.name();
        Ok(items.iter().enumerate().map(move |(i, value)| Self { name: format!("{name}[{i}]"), value }))
    }

    /// The same, as an array.
    pub(super) fn items<const N: usize>(&self) -> Result<[Self; N], SnarkjsError> {
        let mut items = self.list(N)?;
        Ok(std::array::from_fn(|_| items.next().expect("the list has N items")))
    }
}
