//! The wallet's file: an ordinary age file under a passphrase, replaced atomically, used by one process at a time.
//!
//! Whoever has the passphrase can open it with any age tool. Inside is a version and then the canonical encoding of the contents.

use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, scrypt};
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::codec::{self, CodecError};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The format's version. 2: the chain's book says what became of its circuits.
pub const VERSION: u16 = 2;
/// Largest wallet file.
pub const FILE_BYTES_MAX: usize = 64 << 20;
/// Shortest passphrase for a new wallet, characters.
pub const PASSPHRASE_CHARS_MIN: usize = 8;

/// scrypt's `log2 N` that age's reference implementation uses: about a second and 256 MB.
const WORK_FACTOR: u8 = 18;
/// The most that opening a file may cost: 1 GB.
const WORK_FACTOR_MAX: u8 = 20;

/// Why the wallet's file cannot be opened, made or saved.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is a wallet already.
    #[error("{path} exists already: a wallet is never overwritten; choose another name or move the old file away")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// There is none.
    #[error("there is no wallet at {path}: make one with `probity wallet new`, or say where yours is with --wallet")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// Another process has it open.
    #[error("{path} is in use by another program: wait until it has finished")]
    InUse {
        /// The file.
        path: PathBuf,
    },
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
    /// Not this passphrase, or the file was altered.
    #[error("the passphrase does not open {path}")]
    WrongPassphrase {
        /// The file.
        path: PathBuf,
    },
    /// Not an age file of a passphrase, or one cut off.
    #[error("{path} is not a wallet, or it is damaged ({reason}): take your backup")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was seen.
        reason: String,
    },
    /// Of another version.
    #[error("{path} has format {found}, this program reads {VERSION}: use the program that wrote it")]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u16,
    },
    /// Too short a passphrase.
    #[error("the passphrase needs at least {PASSPHRASE_CHARS_MIN} characters: four unrelated words make a good one")]
    ShortPassphrase,
    /// More than a wallet may hold.
    #[error("the wallet would grow beyond {} MB: forget old snapshots first", FILE_BYTES_MAX >> 20)]
    TooLarge,
}

/// How hard it is to guess a passphrase.
#[derive(Debug, Clone, Copy)]
struct Work(u8);

/// An open wallet file: path, passphrase and the lock that keeps others out.
pub struct Vault {
    path: PathBuf,
    passphrase: SecretString,
    work: Work,
    /// Holds the lock for as long as the vault lives.
    _lock: File,
}

impl Vault {
    /// Begins a new file; nothing is written before [`Vault::save`].
    ///
    /// # Errors
    /// [`VaultError::Exists`], [`VaultError::ShortPassphrase`], [`VaultError::InUse`], [`VaultError::Io`].
    pub fn create(path: &Path, passphrase: SecretString) -> Result<Self, VaultError> {
        Self::create_with(path, passphrase, Work(WORK_FACTOR))
    }

    /// As [`Vault::create`] with a passphrase that is cheap to guess: for tests, which open hundreds of wallets.
    ///
    /// # Errors
    /// As [`Vault::create`].
    pub fn create_cheap_for_tests(path: &Path, passphrase: SecretString) -> Result<Self, VaultError> {
        Self::create_with(path, passphrase, Work(2))
    }

    fn create_with(path: &Path, passphrase: SecretString, work: Work) -> Result<Self, VaultError> {
        use age::secrecy::ExposeSecret;
        if passphrase.expose_secret().chars().count() < PASSPHRASE_CHARS_MIN {
            return Err(VaultError::ShortPassphrase);
        }
        let io = |source| VaultError::Io { action: "making the folder of", path: path.to_owned(), source };
        probity_files::private_folder(probity_files::folder_of(path)).map_err(io)?;
        let lock = lock(path)?;
        if path.exists() {
            return Err(VaultError::Exists { path: path.to_owned() });
        }
        Ok(Self { path: path.to_owned(), passphrase, work, _lock: lock })
    }

    /// Opens the file and decrypts what it holds.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn open<T: BorshDeserialize + BorshSerialize>(path: &Path, passphrase: SecretString) -> Result<(Self, T), VaultError> {
        if !path.exists() {
            return Err(VaultError::Missing { path: path.to_owned() });
        }
        let lock = lock(path)?;
        let bytes = read(path)?;
        let damaged = |reason: String| VaultError::Damaged { path: path.to_owned(), reason };
        let decryptor = Decryptor::new(&bytes[..]).map_err(|e| damaged(e.to_string()))?;
        if !decryptor.is_scrypt() {
            return Err(damaged("it is not encrypted under a passphrase".into()));
        }
        let mut identity = scrypt::Identity::new(passphrase.clone());
        identity.set_max_work_factor(WORK_FACTOR_MAX);
        // the plaintext is shorter than the file: with room for all of it, no copy is left behind by growing
        let mut plain = Zeroizing::new(Vec::with_capacity(bytes.len()));
        let mut reader = decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(|e| match e {
            DecryptError::DecryptionFailed | DecryptError::NoMatchingKeys => VaultError::WrongPassphrase { path: path.to_owned() },
            other => damaged(other.to_string()),
        })?;
        reader.read_to_end(&mut plain).map_err(|e| damaged(e.to_string()))?;
        let (version, contents) = plain.split_first_chunk::<2>().ok_or_else(|| damaged("it is empty".into()))?;
        let found = u16::from_le_bytes(*version);
        if found != VERSION {
            return Err(VaultError::Version { path: path.to_owned(), found });
        }
        let contents = codec::decode("a wallet", contents, FILE_BYTES_MAX).map_err(|e: CodecError| damaged(e.to_string()))?;
        // a file made with little work stays cheap: it is a test's
        let work = Work(work_factor(&bytes).unwrap_or(WORK_FACTOR));
        Ok((Self { path: path.to_owned(), passphrase, work, _lock: lock }, contents))
    }

    /// Encrypts and writes: to a temporary file, synced, then renamed, so that a crash leaves the old file or the new one.
    ///
    /// # Errors
    /// [`VaultError::TooLarge`], [`VaultError::Io`].
    pub fn save<T: BorshSerialize>(&self, contents: &T) -> Result<(), VaultError> {
        let len = borsh::object_length(contents).map_err(|_| VaultError::TooLarge)?;
        if len > FILE_BYTES_MAX / 2 {
            return Err(VaultError::TooLarge);
        }
        let mut plain = Zeroizing::new(Vec::with_capacity(len + 2));
        plain.extend_from_slice(&VERSION.to_le_bytes());
        borsh::to_writer(&mut *plain, contents).expect("writing to memory does not fail");
        let write = probity_files::replace(&self.path, |file| {
            let mut recipient = scrypt::Recipient::new(self.passphrase.clone());
            recipient.set_work_factor(self.work.0);
            let recipients = std::iter::once(&recipient as &dyn age::Recipient);
            let encryptor = Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
            let mut writer = encryptor.wrap_output(file)?;
            writer.write_all(&plain)?;
            writer.finish().map(drop)
        });
        write.map_err(|source| VaultError::Io { action: "writing", path: self.path.clone(), source })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn read(path: &Path) -> Result<Vec<u8>, VaultError> {
    let io = |source| VaultError::Io { action: "reading", path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() > FILE_BYTES_MAX {
        return Err(VaultError::Damaged { path: path.to_owned(), reason: "it is too long".into() });
    }
    Ok(bytes)
}

/// Locks a file beside the wallet: the wallet's own is replaced at every save.
fn lock(path: &Path) -> Result<File, VaultError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let io = |source| VaultError::Io { action: "locking", path: path.to_owned(), source };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(name).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(VaultError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

/// The work factor in an age header: the last word of the line `-> scrypt <salt> <log2 N>`.
fn work_factor(file: &[u8]) -> Option<u8> {
    let line = file.split(|&b| b == b'\n').nth(1)?;
    std::str::from_utf8(line).ok()?.strip_prefix("-> scrypt ")?.split(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    #[test]
    fn saved_and_opened_with_the_passphrase_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/wallet.age");
        assert!(matches!(Vault::open::<Vec<u8>>(&path, passphrase("x")), Err(VaultError::Missing { .. })));
        assert!(matches!(Vault::create_cheap_for_tests(&path, passphrase("short")), Err(VaultError::ShortPassphrase)));
        let vault = Vault::create_cheap_for_tests(&path, passphrase("correct horse")).unwrap();
        vault.save(&b"first secret".to_vec()).unwrap();
        vault.save(&b"second secret".to_vec()).unwrap();
        assert!(matches!(Vault::open::<Vec<u8>>(&path, passphrase("correct horse")), Err(VaultError::InUse { .. })));
        drop(vault);
        let bytes = std::fs::read(&path).unwrap();
        assert!(bytes.starts_with(b"age-encryption.org/v1\n-> scrypt "));
        assert!(!bytes.windows(6).any(|w| w == b"secret"));
        let (vault, contents) = Vault::open::<Vec<u8>>(&path, passphrase("correct horse")).unwrap();
        assert_eq!((contents.as_slice(), vault.work.0), (&b"second secret"[..], 2));
        drop(vault);
        assert!(matches!(Vault::open::<Vec<u8>>(&path, passphrase("wrong horse")), Err(VaultError::WrongPassphrase { .. })));
        assert!(matches!(Vault::create(&path, passphrase("correct horse")), Err(VaultError::Exists { .. })));
        let names: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().map(|f| f.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "wallet and lock, no temporary file: {names:?}");
    }

    #[test]
    fn every_altered_or_missing_byte_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet.age");
        Vault::create_cheap_for_tests(&path, passphrase("correct horse")).unwrap().save(&7u64).unwrap();
        let good = std::fs::read(&path).unwrap();
        for at in (0..good.len()).step_by(3) {
            let mut bad = good.clone();
            bad[at] ^= 1;
            std::fs::write(&path, &bad).unwrap();
            assert!(Vault::open::<u64>(&path, passphrase("correct horse")).is_err(), "byte {at}");
        }
        std::fs::write(&path, &good[..good.len() - 1]).unwrap();
        assert!(Vault::open::<u64>(&path, passphrase("correct horse")).is_err());
        std::fs::write(&path, &good).unwrap();
        assert_eq!(Vault::open::<u64>(&path, passphrase("correct horse")).unwrap().1, 7);
        assert!(matches!(Vault::open::<u32>(&path, passphrase("correct horse")), Err(VaultError::Damaged { .. })));
    }
}
