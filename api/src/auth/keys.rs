//! API keys at rest: who may do what, with the key's digest in place of the key.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use probity_credit::digest::Digest;
use probity_credit::hash::label::sha256 as label;
use probity_ledger::address::Address;
use rand::RngCore;
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::files::{self, FileError};

/// Longest key file.
const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How old what is known of the file may be.
const RELOAD_AFTER: Duration = Duration::from_secs(1);
/// What every key begins with, so that scanners recognise a leaked one.
const PREFIX: &str = "probity_";

/// What a key's holder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Makes proof requests and reads verdicts.
    Lender,
    /// Submits transactions.
    Institution,
    /// Publishes the identity tree's leaf files.
    Authority,
    /// Reads.
    Auditor,
    /// Reads metrics.
    Operator,
}

impl Role {
    /// The role's name.
    pub fn name(self) -> &'static str {
        ["lender", "institution", "authority", "auditor", "operator"][self as usize]
    }
}

/// A key, but for the key itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEntry {
    /// Public part of the key: 16 hexadecimal digits.
    pub id: String,
    /// What its holder may do.
    pub role: Role,
    /// Digest of the whole key.
    pub digest: Digest,
    /// The lender that a lender's key speaks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lender: Option<Address>,
    /// When it was made, milliseconds since 1970.
    pub created_unix_ms: u64,
    /// Whose it is, in the operator's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// The file of keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    #[serde(default)]
    keys: Vec<KeyEntry>,
}

/// Why keys cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not such a file.
    #[error("{}: the file of API keys does not parse: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// No such key.
    #[error("there is no API key {id}: see `probityd keys list`")]
    Unknown {
        /// The id given.
        id: String,
    },
    /// A lender's key for nobody, or another key for a lender.
    #[error("a key of role lender names its lender, and no other key does")]
    LenderRole,
}

/// A new key with the text that is shown once.
pub struct NewKey {
    /// What is kept.
    pub entry: KeyEntry,
    /// What its holder sends.
    pub text: Zeroizing<String>,
}

impl NewKey {
    /// Draws a key.
    ///
    /// # Errors
    /// [`KeysError::LenderRole`].
    pub fn draw(role: Role, lender: Option<Address>, note: String, now_unix_ms: u64) -> Result<Self, KeysError> {
        if (role == Role::Lender) != lender.is_some() {
            return Err(KeysError::LenderRole);
        }
        let id = hex::encode(OsRng.next_u64().to_be_bytes());
        let mut secret = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(secret.as_mut_slice());
        let text = Zeroizing::new(format!("{PREFIX}{id}_{}", URL_SAFE_NO_PAD.encode(secret.as_slice())));
        let entry = KeyEntry { id, role, digest: digest(&text), lender, created_unix_ms: now_unix_ms, note };
        Ok(Self { entry, text })
    }
}

/// A key has 256 random bits: one hash is enough.
fn digest(text: &str) -> Digest {
    Digest::of(label::API_KEY, &[text.as_bytes()])
}

fn load(path: &Path) -> Result<Vec<KeyEntry>, KeysError> {
    let Some(content) = files::read(path, FILE_BYTES_MAX)? else { return Ok(Vec::new()) };
    let malformed = |reason: String| KeysError::Malformed { path: path.to_owned(), reason };
    let text = std::str::from_utf8(&content).map_err(|e| malformed(e.to_string()))?;
    let file: KeyFile = toml::from_str(text).map_err(|e| malformed(e.message().to_owned()))?;
    Ok(file.keys)
}

fn save(path: &Path, keys: Vec<KeyEntry>) -> Result<(), KeysError> {
    let text = toml::to_string(&KeyFile { keys }).map_err(|e| KeysError::Malformed { path: path.to_owned(), reason: e.to_string() })?;
    Ok(files::replace(path, text.as_bytes())?)
}

/// All keys.
///
/// # Errors
/// [`KeysError`].
pub fn list(path: &Path) -> Result<Vec<KeyEntry>, KeysError> {
    load(path)
}

/// Adds a key.
///
/// # Errors
/// [`KeysError`].
pub fn add(path: &Path, entry: KeyEntry) -> Result<(), KeysError> {
    let mut keys = load(path)?;
    keys.push(entry);
    save(path, keys)
}

/// Removes a key.
///
/// # Errors
/// [`KeysError::Unknown`] if there is none, and those of the file.
pub fn revoke(path: &Path, id: &str) -> Result<(), KeysError> {
    let mut keys = load(path)?;
    let before = keys.len();
    keys.retain(|k| k.id != id);
    if keys.len() == before {
        return Err(KeysError::Unknown { id: id.chars().take(32).collect() });
    }
    save(path, keys)
}

/// The keys of a running node: the file's, read again when it changes.
pub struct KeyRing {
    path: PathBuf,
    known: Mutex<Known>,
}

struct Known {
    keys: Arc<Vec<KeyEntry>>,
    looked: Instant,
    modified: Option<SystemTime>,
}

impl KeyRing {
    /// Reads the file.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn open(path: PathBuf) -> Result<Self, KeysError> {
        let modified = modified(&path);
        let keys = Arc::new(load(&path)?);
        Ok(Self { path, known: Mutex::new(Known { keys, looked: Instant::now(), modified }) })
    }

    /// The entry of the key with this text.
    pub fn find(&self, text: &str) -> Option<KeyEntry> {
        let (id, _) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let given = digest(text);
        // the id is public and finds the entry; the digest decides, in constant time
        self.keys().iter().find(|k| k.id == id && bool::from(k.digest.0.ct_eq(&given.0))).cloned()
    }

    fn keys(&self) -> Arc<Vec<KeyEntry>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.looked.elapsed() >= RELOAD_AFTER {
            known.looked = Instant::now();
            let now = modified(&self.path);
            if now != known.modified {
                match load(&self.path) {
                    Ok(keys) => (known.keys, known.modified) = (Arc::new(keys), now),
                    // an unreadable file must not lock everybody out, nor let anybody in: the keys known stay
                    Err(error) => tracing::error!(%error, "the file of API keys cannot be read; the keys known before stay valid"),
                }
            }
        }
        Arc::clone(&known.keys)
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|m| m.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_by_their_whole_text_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api-keys.toml");
        let lender = Address(Digest::of("test", &[b"lender"]));
        let auditor = NewKey::draw(Role::Auditor, None, "the auditor".into(), 1).unwrap();
        let bank = NewKey::draw(Role::Lender, Some(lender), String::new(), 2).unwrap();
        add(&path, auditor.entry.clone()).unwrap();
        add(&path, bank.entry.clone()).unwrap();
        assert_eq!(list(&path).unwrap(), [auditor.entry.clone(), bank.entry.clone()]);
        let file = std::fs::read_to_string(&path).unwrap();
        assert!(!file.contains(auditor.text.as_str()), "the key itself is not kept");

        let ring = KeyRing::open(path.clone()).unwrap();
        assert_eq!(ring.find(&auditor.text), Some(auditor.entry.clone()));
        assert_eq!(ring.find(&bank.text).and_then(|k| k.lender), Some(lender));
        let mut other = auditor.text.to_string();
        let last = if other.ends_with('A') { 'B' } else { 'A' };
        other.pop();
        other.push(last);
        assert_eq!(ring.find(&other), None);
        for text in ["", "probity_", &auditor.entry.id, &format!("probity_{}_", auditor.entry.id)] {
            assert_eq!(ring.find(text), None, "{text:?}");
        }
        revoke(&path, &auditor.entry.id).unwrap();
        assert!(matches!(revoke(&path, &auditor.entry.id), Err(KeysError::Unknown { .. })));
        assert_eq!(list(&path).unwrap(), [bank.entry]);
    }

    #[test]
    fn only_lenders_keys_name_a_lender() {
        let lender = Address(Digest::of("test", &[b"lender"]));
        assert!(matches!(NewKey::draw(Role::Lender, None, String::new(), 0), Err(KeysError::LenderRole)));
        assert!(matches!(NewKey::draw(Role::Auditor, Some(lender), String::new(), 0), Err(KeysError::LenderRole)));
    }
}
