//! The wallet: what its file holds, and opening and saving it.

use crate::book::Book;
use crate::log::{BrokenLog, Event, Log};
use crate::secret::{SecretBytes, SecretText};
use crate::vault::{Vault, VaultError};
use age::secrecy::{ExposeSecret, SecretString};
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::identity::{IdentityOpening, Secret};
use probity_credit::tree::MerklePath;
use probity_ledger::delivery::{Enrolment, FileOpening, InclusionReceipt, Registration, RegistrySnapshot};
use probity_ledger::request::{ResponseObject, SignedRequest};
use rand::rngs::OsRng;
use std::path::Path;

/// Answers that one lender gets in one window, unless the person chooses another number.
pub const ANSWERS_PER_WINDOW: u8 = 3;

/// Why a wallet cannot be opened, made or saved.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// The file.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The log was altered.
    #[error(transparent)]
    Log(#[from] BrokenLog),
    /// A secret in the file is none.
    #[error("the wallet's {0} is damaged: take your backup")]
    Secret(&'static str),
}

/// The own identity leaf in one identity tree.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct KnownIdentity {
    /// Root of the tree.
    pub(crate) root: FieldBytes,
    /// Opening of the leaf.
    pub(crate) opening: IdentityOpening,
    /// From the leaf to the root.
    pub(crate) path: MerklePath,
}

/// An answer that was made, with the key that can later consent to a release of records.
#[derive(Clone, BorshSerialize, BorshDeserialize)]
pub(crate) struct Answer {
    /// Digest of the context.
    pub(crate) context: Digest,
    /// What was asked.
    pub(crate) request: SignedRequest,
    /// What was answered.
    pub(crate) response: ResponseObject,
    /// The one-time consent key.
    pub(crate) consent_key: SecretBytes,
}

/// All that the file holds.
#[derive(Clone, BorshSerialize, BorshDeserialize)]
pub(crate) struct Contents {
    pub(crate) secret: SecretBytes,
    pub(crate) age_identity: SecretText,
    pub(crate) answers_per_window: u8,
    pub(crate) registration: Option<Registration>,
    pub(crate) book: Option<Book>,
    pub(crate) identities: Vec<KnownIdentity>,
    pub(crate) snapshots: Vec<RegistrySnapshot>,
    pub(crate) openings: Vec<FileOpening>,
    /// Receipts of one institution that contradict each other.
    pub(crate) evidence: Vec<InclusionReceipt>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) log: Log,
}

/// An open wallet.
pub struct Wallet {
    vault: Vault,
    pub(crate) contents: Contents,
}

impl Wallet {
    /// Makes a wallet with a new secret and writes it.
    ///
    /// # Errors
    /// [`WalletError::Vault`].
    pub fn create(path: &Path, passphrase: SecretString, now_unix_ms: u64) -> Result<Self, WalletError> {
        Self::begin(Vault::create(path, passphrase)?, now_unix_ms)
    }

    /// As [`Wallet::create`] with a passphrase that is cheap to guess: for tests.
    ///
    /// # Errors
    /// As [`Wallet::create`].
    pub fn create_cheap_for_tests(path: &Path, passphrase: SecretString, now_unix_ms: u64) -> Result<Self, WalletError> {
        Self::begin(Vault::create_cheap_for_tests(path, passphrase)?, now_unix_ms)
    }

    fn begin(vault: Vault, now_unix_ms: u64) -> Result<Self, WalletError> {
        let mut log = Log::default();
        log.append(now_unix_ms, Event::Created);
        let contents = Contents {
            secret: SecretBytes::of_identity(&Secret::random(&mut OsRng)),
            age_identity: SecretText::new(age::x25519::Identity::generate().to_string().expose_secret()),
            answers_per_window: ANSWERS_PER_WINDOW,
            registration: None,
            book: None,
            identities: vec![],
            snapshots: vec![],
            openings: vec![],
            evidence: vec![],
            answers: vec![],
            log,
        };
        let wallet = Self { vault, contents };
        wallet.save()?;
        Ok(wallet)
    }

    /// Opens a wallet and checks that its secrets and its log are whole.
    ///
    /// # Errors
    /// [`WalletError`].
    pub fn open(path: &Path, passphrase: SecretString) -> Result<Self, WalletError> {
        let (vault, contents) = Vault::open::<Contents>(path, passphrase)?;
        contents.log.check()?;
        let wallet = Self { vault, contents };
        wallet.contents.secret.identity().ok_or(WalletError::Secret("identity secret"))?;
        wallet.contents.age_identity.expose().parse::<age::x25519::Identity>().map_err(|_| WalletError::Secret("age identity"))?;
        Ok(wallet)
    }

    /// Writes the file anew.
    ///
    /// # Errors
    /// [`WalletError::Vault`].
    pub fn save(&self) -> Result<(), WalletError> {
        Ok(self.vault.save(&self.contents)?)
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        self.vault.path()
    }

    /// What to bring to the identity authority.
    pub fn enrolment(&self) -> Enrolment {
        Enrolment { commitment: self.secret().commitment(), recipient: self.age_identity().to_public().to_string() }
    }

    /// The registration, once there is one.
    pub fn registration(&self) -> Option<&Registration> {
        self.contents.registration.as_ref()
    }

    /// What the wallet knows of the chain.
    pub fn book(&self) -> Option<&Book> {
        self.contents.book.as_ref()
    }

    /// The consent log.
    pub fn log(&self) -> &Log {
        &self.contents.log
    }

    /// Receipts of one institution that contradict each other, two by two.
    pub fn evidence(&self) -> &[InclusionReceipt] {
        &self.contents.evidence
    }

    /// How many answers one lender gets in one window.
    pub fn answers_per_window(&self) -> u8 {
        self.contents.answers_per_window
    }

    /// Chooses how many answers one lender gets in one window. Each answer tells a lender more, if it varies its questions.
    pub fn set_answers_per_window(&mut self, answers: u8) {
        self.contents.answers_per_window = answers;
    }

    /// Adds to the log.
    pub(crate) fn note(&mut self, now_unix_ms: u64, event: Event) {
        self.contents.log.append(now_unix_ms, event);
    }

    pub(crate) fn secret(&self) -> Secret {
        self.contents.secret.identity().expect("opening the wallet checked it")
    }

    pub(crate) fn age_identity(&self) -> age::x25519::Identity {
        self.contents.age_identity.expose().parse().expect("opening the wallet checked it")
    }
}
