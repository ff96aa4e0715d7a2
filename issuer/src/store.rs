//! Directories and files for their owner alone, written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Why a file or directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refuses.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others may read it.
    #[error("{} can be read by others: run chmod 700 on it, it holds personal data", path.display())]
    Open {
        /// The directory.
        path: PathBuf,
    },
    /// Another process uses it.
    #[error("{} is in use by another process: wait for it to end", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// It is there already.
    #[error("{} exists already", path.display())]
    Exists {
        /// The file or directory.
        path: PathBuf,
    },
    /// Larger than a file of this kind can be.
    #[error("{} has more than {limit} bytes, which no file of this kind has", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Bytes allowed.
        limit: u64,
    },
    /// Not what was written there.
    #[error("{} is damaged: {reason}; restore it from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError + '_ {
    move |source| StoreError::Io { path: path.into(), source }
}

/// Makes a directory for its owner alone; one that is there must be so.
pub(crate) fn private_dir(path: &Path) -> Result<(), StoreError> {
    probity_files::private_folder(path).map_err(io(path))?;
    check_private(path)
}

/// Refuses a directory that others can read.
pub(crate) fn check_private(path: &Path) -> Result<(), StoreError> {
    if probity_files::is_private(path).map_err(io(path))? { Ok(()) } else { Err(StoreError::Open { path: path.into() }) }
}

/// As [`io`], and a file that is there already is named as such.
fn new(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError + '_ {
    move |source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => StoreError::Exists { path: path.into() },
        _ => StoreError::Io { path: path.into(), source },
    }
}

/// Writes a new file, whole or not at all, and has it and its entry on disk.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    probity_files::create(path, |file| file.write_all(bytes)).map_err(new(path))
}

/// A new file of a [`Draft`], which is what appears whole or not at all.
pub(crate) fn create_drafted(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(new(path))
}

/// Writes a new file of a [`Draft`] and has it on disk.
pub(crate) fn write_drafted(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = create_drafted(path)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io(path))
}

/// Writes a new file of a [`Draft`] that can be made again after a crash.
pub(crate) fn write_plain(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    create_drafted(path)?.write_all(bytes).map_err(io(path))
}

/// Reads a whole file of at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![];
    File::open(path).and_then(|f| f.take(limit + 1).read_to_end(&mut bytes)).map_err(io(path))?;
    if bytes.len() as u64 > limit { Err(StoreError::TooLong { path: path.into(), limit }) } else { Ok(bytes) }
}

/// A directory that appears at `target` with all its files, or not at all.
pub(crate) struct Draft {
    dir: tempfile::TempDir,
    target: PathBuf,
}

impl Draft {
    /// Begins beside `target`, which must not exist; directories on the way are made for their owner alone.
    pub(crate) fn begin(target: &Path) -> Result<Self, StoreError> {
        if target.exists() {
            return Err(StoreError::Exists { path: target.into() });
        }
        let parent = probity_files::folder_of(target);
        probity_files::private_folder(parent).map_err(io(parent))?;
        let mut builder = tempfile::Builder::new();
        let dir = builder.prefix(".draft-").permissions(fs::Permissions::from_mode(0o700)).tempdir_in(parent).map_err(io(parent))?;
        Ok(Self { dir, target: target.into() })
    }

    /// Where the files go until then.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Lets the directory appear; its path.
    pub(crate) fn finish(self) -> Result<PathBuf, StoreError> {
        probity_files::sync_folder(self.dir.path()).map_err(io(self.dir.path()))?;
        let draft = self.dir.keep();
        fs::rename(&draft, &self.target).map_err(|e| {
            // nobody will look for it again; what went wrong is the rename
            let _ = fs::remove_dir_all(&draft);
            StoreError::Io { path: self.target.clone(), source: e }
        })?;
        let parent = probity_files::folder_of(&self.target);
        probity_files::sync_folder(parent).map_err(io(parent))?;
        Ok(self.target)
    }
}

/// Held while a process uses a directory.
pub(crate) struct Lock(#[expect(dead_code, reason = "the lock ends when the file closes")] File);

impl Lock {
    /// Takes the directory's lock, or says that it is in use.
    pub(crate) fn take(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join("lock");
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(io(&path))?;
        file.try_lock().map_err(|e| match e {
            fs::TryLockError::WouldBlock => StoreError::Locked { path: dir.into() },
            fs::TryLockError::Error(source) => StoreError::Io { path: path.clone(), source },
        })?;
        Ok(Self(file))
    }
}
