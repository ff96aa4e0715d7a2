//! Files: read with a limit, written atomically, secrets for their owner alone.

use probity_ledger::keys::{KeyError, SecretKey};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Longest file that is read as configuration or JSON.
pub const JSON_BYTES_MAX: u64 = 32 << 20;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system refused.
    #[error("{action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// Longer than such a file may be.
    #[error("{path} has more than {limit} bytes: it is not the expected kind of file")]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// Not the JSON that was expected.
    #[error("{path} is not {what}: {reason}")]
    Json {
        /// The file.
        path: PathBuf,
        /// What was expected.
        what: &'static str,
        /// Where and why.
        reason: String,
    },
    /// A key file that others can read.
    #[error("{path} is readable by others: run `chmod 600 {path}`")]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// Not a key.
    #[error("{path} holds no key: {reason}; make one with `probity keys new`")]
    Key {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: KeyError,
    },
    /// There is a file already.
    #[error("{path} exists already: it is not overwritten")]
    Exists {
        /// The file.
        path: PathBuf,
    },
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_owned();
    move |source| FileError::Io { action, path, source }
}

/// Reads at most `limit` bytes; more is an error.
///
/// # Errors
/// [`FileError`].
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let file = std::fs::File::open(path).map_err(io_error("reading", path))?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(io_error("reading", path))?;
    if bytes.len() as u64 > limit { Err(FileError::TooLong { path: path.to_owned(), limit }) } else { Ok(bytes) }
}

/// Opens a file that is read piece by piece.
///
/// # Errors
/// [`FileError::Io`].
pub fn open(path: &Path) -> Result<std::fs::File, FileError> {
    std::fs::File::open(path).map_err(io_error("reading", path))
}

/// Reads JSON.
///
/// # Errors
/// [`FileError`].
pub fn read_json<T: DeserializeOwned>(path: &Path, what: &'static str) -> Result<T, FileError> {
    let bytes = read(path, JSON_BYTES_MAX)?;
    serde_json::from_slice(&bytes).map_err(|e| FileError::Json { path: path.to_owned(), what, reason: e.to_string() })
}

/// Replaces a file: a crash leaves the old one or the new one.
///
/// # Errors
/// [`FileError`].
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_with(path, |out| out.write_all(bytes))
}

/// Replaces a file with what `fill` writes piece by piece.
///
/// # Errors
/// [`FileError`].
pub fn write_with(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), FileError> {
    let write = || -> io::Result<()> {
        std::fs::create_dir_all(probity_files::folder_of(path))?;
        probity_files::replace(path, |file| {
            let mut buffered = io::BufWriter::new(file);
            fill(&mut buffered)?;
            buffered.flush()
        })
    };
    write().map_err(io_error("writing", path))
}

/// Replaces a file with JSON.
///
/// # Errors
/// [`FileError`].
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), FileError> {
    let mut json = serde_json::to_vec_pretty(value).expect("what is written has text keys");
    json.push(b'\n');
    write(path, &json)
}

/// Writes a new secret key for its owner alone (mode 0600), and never over another.
///
/// # Errors
/// [`FileError`].
pub fn write_key(path: &Path, key: &SecretKey) -> Result<(), FileError> {
    std::fs::create_dir_all(probity_files::folder_of(path)).map_err(io_error("making the folder of", path))?;
    let text = key.to_hex();
    let write = probity_files::create(path, |file| file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")));
    write.map_err(|e| match e.kind() {
        io::ErrorKind::AlreadyExists => FileError::Exists { path: path.to_owned() },
        _ => FileError::Io { action: "writing", path: path.to_owned(), source: e },
    })
}

/// Reads a secret key that only its owner can read.
///
/// # Errors
/// [`FileError`].
pub fn read_key(path: &Path) -> Result<SecretKey, FileError> {
    check_private(path)?;
    let bytes = Zeroizing::new(read(path, 256)?);
    let text = std::str::from_utf8(&bytes).unwrap_or_default().trim();
    SecretKey::from_hex(text).map_err(|reason| FileError::Key { path: path.to_owned(), reason })
}

/// Refuses a secret's file that others can read.
///
/// # Errors
/// [`FileError::Exposed`], [`FileError::Io`].
pub fn check_private(path: &Path) -> Result<(), FileError> {
    match probity_files::is_private(path).map_err(io_error("reading", path))? {
        true => Ok(()),
        false => Err(FileError::Exposed { path: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_private_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/a.key");
        let key = SecretKey::generate();
        write_key(&path, &key).unwrap();
        assert_eq!(read_key(&path).unwrap().public(), key.public());
        assert!(matches!(write_key(&path, &key), Err(FileError::Exists { .. })));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
            assert!(matches!(read_key(&path), Err(FileError::Exposed { .. })));
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        write(&path, b"no key").unwrap();
        assert!(matches!(read_key(&path), Err(FileError::Key { .. })));
        assert!(matches!(read(&path, 3), Err(FileError::TooLong { limit: 3, .. })));
    }
}
