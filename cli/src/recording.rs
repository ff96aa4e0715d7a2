//! What a node answered, kept in a file: a machine without a network checks it as if it had asked the node itself.

use crate::client::{Client, ClientError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Longest recording.
pub const RECORDING_BYTES_MAX: usize = 256 << 20;
const FORMAT: &str = "probity-answers-1";

/// Who answers: a node, or a file with what one answered.
pub trait Source {
    /// The answer to a GET of this path.
    ///
    /// # Errors
    /// [`ClientError`].
    fn answer(&self, path: &str) -> Result<Vec<u8>, ClientError>;

    /// For messages.
    fn name(&self) -> &str;
}

/// An answer as JSON.
///
/// # Errors
/// [`ClientError`].
pub fn get<T: DeserializeOwned>(source: &dyn Source, path: &str) -> Result<T, ClientError> {
    let bytes = source.answer(path)?;
    serde_json::from_slice(&bytes).map_err(|e| unexpected(source.name(), path, e.to_string()))
}

fn unexpected(name: &str, path: &str, reason: String) -> ClientError {
    ClientError::Answer { address: format!("{name}{path}"), reason }
}

impl Source for Client {
    fn answer(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        self.get_bytes(path)
    }

    fn name(&self) -> &str {
        self.base()
    }
}

/// A node that is asked, with a note of all that it says.
pub struct Recorder<'a> {
    client: &'a Client,
    answers: RefCell<BTreeMap<String, Value>>,
}

impl<'a> Recorder<'a> {
    /// Nothing was asked yet.
    pub fn new(client: &'a Client) -> Self {
        Self { client, answers: RefCell::default() }
    }

    /// What was answered.
    pub fn finish(self) -> Recording {
        Recording { format: FORMAT.to_owned(), answers: self.answers.into_inner() }
    }
}

impl Source for Recorder<'_> {
    fn answer(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        let bytes = self.client.get_bytes(path)?;
        let value = serde_json::from_slice(&bytes).map_err(|e| unexpected(self.client.base(), path, e.to_string()))?;
        self.answers.borrow_mut().insert(path.to_owned(), value);
        Ok(bytes)
    }

    fn name(&self) -> &str {
        self.client.base()
    }
}

/// What a node answered, by path. Nothing in it is believed because it stands there: whoever reads it checks it as a node's word.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    format: String,
    answers: BTreeMap<String, Value>,
}

impl Recording {
    /// Reads a file's content.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn from_json(bytes: &[u8]) -> Result<Self, String> {
        let recording: Self = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
        if recording.format == FORMAT { Ok(recording) } else { Err(format!("its format is not {FORMAT}")) }
    }
}

impl Source for Recording {
    fn answer(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        let value = self.answers.get(path);
        let value = value.ok_or_else(|| unexpected(self.name(), path, "it is not in the file: fetch anew with this version".into()))?;
        Ok(serde_json::to_vec(value).expect("JSON that was read can be written"))
    }

    fn name(&self) -> &str {
        "the imported file"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_answers_what_was_asked_and_nothing_else() {
        let text = br#"{"format":"probity-answers-1","answers":{"/v1/chain":{"height":18446744073709551615}}}"#;
        let recording = Recording::from_json(text).unwrap();
        let value: Value = get(&recording, "/v1/chain").unwrap();
        assert_eq!(value["height"], u64::MAX);
        assert!(matches!(get::<Value>(&recording, "/v1/lenders"), Err(ClientError::Answer { .. })));
        assert!(matches!(get::<Vec<u8>>(&recording, "/v1/chain"), Err(ClientError::Answer { .. })));
        assert!(Recording::from_json(br#"{"format":"probity-answers-2","answers":{}}"#).is_err());
        assert!(Recording::from_json(br#"{"answers":{}}"#).is_err());
    }
}
