//! Files for their owner alone, written whole or not at all.
//!
//! What is written goes to a temporary file beside its place (mode 0600), which is synced and then renamed; the folder is synced, too,
//! for that is where the rename is. Whatever breaks off in between leaves the place as it was, and at worst a file whose name begins with
//! [`TEMPORARY`]. Where a system knows no modes, nothing is said about who can read.
//!
//! This crate never reads what is in a file. Errors are the system's: who calls knows what the file is for.

use std::fs::{DirBuilder, File};
use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// How the names of temporary files begin.
pub const TEMPORARY: &str = ".writing-";

/// Writes a file with what `fill` writes; one that is there is replaced. Nothing is buffered, for a buffer would keep copies of secrets.
/// Cost: two syncs.
///
/// # Errors
/// `fill`'s, and the system's.
pub fn replace(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let sync = folder_sync(folder_of(path))?;
    filled(path, fill)?.persist(path).map_err(|e| e.error)?;
    sync()
}

/// The same for a file that must not be there yet: of however many who try at once one succeeds. The file system must know hard links, or
/// how to rename without replacing.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`], what is there stays; `fill`'s, and the system's.
pub fn create(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    // refused without trying to write, which a folder may not allow; the rename decides
    if path.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let sync = folder_sync(folder_of(path))?;
    filled(path, fill)?.persist_noclobber(path).map_err(|e| e.error)?;
    sync()
}

fn filled(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<NamedTempFile> {
    let mut temporary = Builder::new().prefix(TEMPORARY).tempfile_in(folder_of(path))?;
    fill(temporary.as_file_mut())?;
    temporary.as_file().sync_all()?;
    Ok(temporary)
}

/// Has the entries of a folder on disk.
///
/// # Errors
/// The system's.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    folder_sync(folder)?()
}

/// What brings a folder's entries to disk. A folder that cannot be opened for it is found out before anything is written there; where
/// systems sync no folders, there is nothing to do.
fn folder_sync(folder: &Path) -> io::Result<impl FnOnce() -> io::Result<()>> {
    #[cfg(unix)]
    let folder = File::open(folder)?;
    Ok(move || {
        #[cfg(unix)]
        return folder.sync_all();
        #[cfg(not(unix))]
        return Ok(drop(folder));
    })
}

/// Makes a folder and those above it that are missing, which only their owner can enter (mode 0700). One that is there stays as it is:
/// [`is_private`] looks at it.
///
/// # Errors
/// The system's.
pub fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Whether nobody but its owner may read, write or enter a file or folder.
///
/// # Errors
/// The system's.
pub fn is_private(path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    let others = std::os::unix::fs::MetadataExt::mode(&path.metadata()?) & 0o077;
    #[cfg(not(unix))]
    let others = path.metadata().map(|_| 0)?;
    Ok(others == 0)
}

/// The folder that a file lies in: the current one for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests;
