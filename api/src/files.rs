//! Small files that survive a crash: written beside their place, synced, renamed, and readable by the owner alone.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use probity_ledger::keys::{KeyError, SecretKey};
use zeroize::Zeroizing;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file system refuses.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Longer than such a file may be.
    #[error("{}: longer than {limit} bytes: this is not the expected file", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Bytes allowed.
        limit: usize,
    },
    /// A key file without a key.
    #[error("{}: {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Which rule.
        source: KeyError,
    },
    /// A secret that others can read.
    #[error("{}: others on this machine can read it: run `chmod 600` on it", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// A file that must not be overwritten.
    #[error("{}: exists already and is not overwritten: choose another folder, or remove it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
}

impl FileError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            _ => Self::Io { path, source },
        }
    }
}

/// Makes a folder, with its parents, that only the owner can enter.
///
/// # Errors
/// [`FileError::Io`].
pub fn make_folder(path: &Path) -> Result<(), FileError> {
    probity_files::private_folder(path).map_err(FileError::io(path))
}

/// Replaces the file as a whole: after a crash there is the old content or the new, never a part.
///
/// # Errors
/// [`FileError::Io`].
pub fn replace(path: &Path, content: &[u8]) -> Result<(), FileError> {
    probity_files::replace(path, |file| file.write_all(content)).map_err(FileError::io(path))
}

/// Writes a file that must not be there yet.
///
/// # Errors
/// [`FileError::Exists`], [`FileError::Io`].
pub fn create(path: &Path, content: &[u8]) -> Result<(), FileError> {
    probity_files::create(path, |file| file.write_all(content)).map_err(FileError::io(path))
}

/// Reads at most `limit` bytes; none if there is no such file.
///
/// # Errors
/// [`FileError::Io`], [`FileError::TooLong`].
pub fn read(path: &Path, limit: usize) -> Result<Option<Vec<u8>>, FileError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(FileError::io(path)(e)),
    };
    let mut content = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut content).map_err(FileError::io(path))?;
    if content.len() > limit {
        return Err(FileError::TooLong { path: path.to_owned(), limit });
    }
    Ok(Some(content))
}

/// As [`read`], for a file that must be there.
///
/// # Errors
/// [`FileError::Io`], [`FileError::TooLong`].
pub fn read_existing(path: &Path, limit: usize) -> Result<Vec<u8>, FileError> {
    read(path, limit)?.ok_or_else(|| FileError::io(path)(io::ErrorKind::NotFound.into()))
}

/// Removes a file if it is there.
///
/// # Errors
/// [`FileError::Io`].
pub fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(FileError::io(path)(e)),
        _ => Ok(()),
    }
}

/// The names of a folder's files, sorted; none if there is no such folder.
///
/// # Errors
/// [`FileError::Io`].
pub fn names(folder: &Path) -> Result<Vec<String>, FileError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(FileError::io(folder)(e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(FileError::io(folder))?.file_name();
        names.extend(name.into_string().ok().filter(|n| !n.starts_with('.')));
    }
    names.sort_unstable();
    Ok(names)
}

/// Writes a new signing key as 64 hexadecimal digits.
///
/// # Errors
/// [`FileError::Exists`], [`FileError::Io`].
pub fn create_key(path: &Path, key: &SecretKey) -> Result<(), FileError> {
    let mut text = key.to_hex();
    text.push('\n');
    create(path, text.as_bytes())
}

/// Reads a signing key, which nobody but the owner may be able to read.
///
/// # Errors
/// [`FileError`].
pub fn read_key(path: &Path) -> Result<SecretKey, FileError> {
    let content = Zeroizing::new(read_existing(path, 256)?);
    if !probity_files::is_private(path).map_err(FileError::io(path))? {
        return Err(FileError::Exposed { path: path.to_owned() });
    }
    let refused = |source| FileError::Key { path: path.to_owned(), source };
    let text = std::str::from_utf8(&content).map_err(|_| refused(KeyError::NotHex))?;
    SecretKey::from_hex(text.trim()).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_whole_bounded_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        assert_eq!(read(&path, 10).unwrap(), None);
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(read(&path, 3).unwrap().as_deref(), Some(&b"two"[..]));
        assert!(matches!(read(&path, 2), Err(FileError::TooLong { limit: 2, .. })));
        assert!(matches!(create(&path, b"three"), Err(FileError::Exists { .. })));
        assert_eq!(names(folder.path()).unwrap(), ["a"]);
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert!(names(&folder.path().join("none")).unwrap().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn exposed_keys_are_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = SecretKey::generate();
        create_key(&path, &key).unwrap();
        assert_eq!(read_key(&path).unwrap().public(), key.public());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read_key(&path), Err(FileError::Exposed { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "no key").unwrap();
        assert!(matches!(read_key(&path), Err(FileError::Key { .. })));
    }
}
