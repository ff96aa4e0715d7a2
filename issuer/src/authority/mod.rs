//! The identity authority: one position for life a person, counts of files, and the identity tree.
//!
//! A journal holds everything that was decided; it is read at start and appended to, on disk before anybody is told. [`Authority::register`]
//! attests a key, [`Authority::cover`] counts a publication against its membership list, [`Authority::update`] writes the leaf file and
//! returns the payload for the chain; [`Authority::confirm`] or [`Authority::abandon`] says what became of it.
//!
//! The authority sees who has a file where, never a value, a request or a proof. It stores no legal identity: only digests under a key
//! that lies beside the journal. Whoever takes both can test names against them, so the directory belongs on an encrypted disk.

mod cover;
mod entry;
mod error;
mod journal;
mod leaf_file;
mod roster;
mod state;

pub use cover::{CoverReport, Published};
pub use error::AuthorityError;
pub use leaf_file::PreparedUpdate;
pub use roster::{RosterReport, Unregistered};

use crate::legal::LegalId;
use crate::store::{self, Lock, StoreError};
use entry::{Entry, Key};
use journal::Journal;
use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::identity::{Counts, person};
use probity_credit::tree::POSITION_BITS;
use probity_ledger::delivery::{Delivery, Enrolment, Registration, RegistrationTerms};
use probity_ledger::keys::{PublicKey, SecretKey};
use rand::RngCore;
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use state::State;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const CONFIG_FILE: &str = "authority.json";
const LOOKUP_KEY_FILE: &str = "lookup.key";
const JOURNAL_FILE: &str = "journal.bin";

/// What the directory is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    chain_id: Digest,
    authority: PublicKey,
}

/// The authority's records, open for one process.
pub struct Authority {
    dir: PathBuf,
    config: Config,
    lookup_key: Zeroizing<[u8; 32]>,
    journal: Journal,
    state: State,
    _lock: Lock,
}

/// What the authority knows of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Position.
    pub position: u32,
    /// The commitment that holds it in the next update, if any.
    pub commitment: Option<FieldBytes>,
    /// The commitment that waits for the first anchor of a month, if any.
    pub next_commitment: Option<FieldBytes>,
    /// Files by domain.
    pub counts: Counts,
}

impl Authority {
    /// Makes a new directory for the authority of a chain.
    ///
    /// # Errors
    /// [`AuthorityError::Store`], also when it has one already.
    pub fn init(dir: &Path, chain_id: Digest, authority: PublicKey) -> Result<Self, AuthorityError> {
        store::private_dir(dir)?;
        let mut lookup_key = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(lookup_key.as_mut_slice());
        let json = serde_json::to_vec_pretty(&Config { chain_id, authority }).expect("plain data");
        store::write_new(&dir.join(CONFIG_FILE), &json)?;
        store::write_new(&dir.join(LOOKUP_KEY_FILE), lookup_key.as_slice())?;
        Journal::create(&dir.join(JOURNAL_FILE))?;
        Self::open(dir)
    }

    /// Opens the directory and reads the journal.
    ///
    /// # Errors
    /// [`AuthorityError::Store`], also when another process has it open or the journal is damaged.
    pub fn open(dir: &Path) -> Result<Self, AuthorityError> {
        store::check_private(dir)?;
        let lock = Lock::take(dir)?;
        let damaged = |file: &str, reason: String| StoreError::Damaged { path: dir.join(file), reason };
        let json = store::read(&dir.join(CONFIG_FILE), 4096)?;
        let config = serde_json::from_slice(&json).map_err(|e| damaged(CONFIG_FILE, e.to_string()))?;
        let key = Zeroizing::new(store::read(&dir.join(LOOKUP_KEY_FILE), 32)?);
        let lookup_key = key.as_slice().try_into().map_err(|_| damaged(LOOKUP_KEY_FILE, "not 32 bytes".into()))?;
        let mut state = State::default();
        let journal = Journal::open(&dir.join(JOURNAL_FILE), |entry| state.apply(entry))?;
        Ok(Self { dir: dir.into(), config, lookup_key: Zeroizing::new(lookup_key), journal, state, _lock: lock })
    }

    /// The chain.
    pub fn chain_id(&self) -> Digest {
        self.config.chain_id
    }

    /// The authority's key.
    pub fn public_key(&self) -> PublicKey {
        self.config.authority
    }

    /// Positions ever given out.
    pub fn positions_used(&self) -> u32 {
        self.state.positions_used()
    }

    /// What is known of a person.
    ///
    /// # Errors
    /// [`AuthorityError::NotRegistered`].
    pub fn standing(&self, legal: LegalId<'_>) -> Result<Standing, AuthorityError> {
        let position = self.position(legal)?;
        let p = self.state.person(position);
        let commitment = |key: &Option<Key>| key.as_ref().map(|k| k.commitment);
        Ok(Standing { position, commitment: commitment(&p.key), next_commitment: commitment(&p.next), counts: p.counts })
    }

    fn position(&self, legal: LegalId<'_>) -> Result<u32, AuthorityError> {
        self.state.position(&legal.lookup(&self.lookup_key)).ok_or(AuthorityError::NotRegistered)
    }

    /// Gives positions, without a key, to those who have none; the positions of all in order. On disk before it returns.
    ///
    /// # Errors
    /// [`AuthorityError::Full`], [`AuthorityError::Store`].
    pub fn reserve(&mut self, people: &[LegalId<'_>]) -> Result<Vec<u32>, AuthorityError> {
        let (mut entries, mut fresh) = (vec![], std::collections::BTreeMap::new());
        let mut positions = Vec::with_capacity(people.len());
        for legal in people {
            let digest = legal.lookup(&self.lookup_key);
            let known = self.state.position(&digest).or_else(|| fresh.get(&digest).copied());
            positions.push(match known {
                Some(position) => position,
                None => {
                    let position = self.positions_used().saturating_add(entries.len() as u32);
                    if u64::from(position) >> POSITION_BITS != 0 {
                        return Err(AuthorityError::Full);
                    }
                    let mut salt = [0; 16];
                    OsRng.fill_bytes(&mut salt);
                    entries.push(Entry::Reserve { legal: digest, person: person(legal.as_str(), &salt), salt });
                    fresh.insert(digest, position);
                    position
                }
            });
        }
        self.record(&entries)?;
        Ok(positions)
    }

    /// Attests a person's first key. The caller has checked papers and that the person brings the key.
    ///
    /// # Errors
    /// [`AuthorityError::Registered`] for a person who had a key before, [`AuthorityError::CommitmentTaken`], [`AuthorityError::Recipient`].
    pub fn register(&mut self, legal: LegalId<'_>, enrolment: &Enrolment, key: &SecretKey) -> Result<Registration, AuthorityError> {
        self.check_key(key)?;
        let known = self.state.position(&legal.lookup(&self.lookup_key));
        if known.is_some_and(|p| self.state.person(p).ever_held) {
            return Err(AuthorityError::Registered);
        }
        let enrolled = self.check_enrolment(enrolment)?;
        let position = self.reserve(&[legal])?[0];
        self.record(&[Entry::Attach { position, key: enrolled }])?;
        self.sign(position, key)
    }

    /// Empties a person's leaf from the next update on: the key is lost or stolen.
    ///
    /// # Errors
    /// [`AuthorityError::NotRegistered`], [`AuthorityError::NoKey`].
    pub fn revoke(&mut self, legal: LegalId<'_>) -> Result<(), AuthorityError> {
        self.check_settled()?;
        let position = self.position(legal)?;
        let person = self.state.person(position);
        if person.key.is_none() && person.next.is_none() {
            return Err(AuthorityError::NoKey);
        }
        self.record(&[Entry::Revoke { position }])
    }

    /// Replaces a person's key in place: the old one is revoked now, the new one holds the position from the next
    /// [`Authority::update_with_rotations`] on, which the chain accepts for the first anchor of a month only.
    ///
    /// # Errors
    /// [`AuthorityError::NotRegistered`], [`AuthorityError::NeverHeld`], [`AuthorityError::CommitmentTaken`], [`AuthorityError::Recipient`].
    pub fn rotate(&mut self, legal: LegalId<'_>, enrolment: &Enrolment, key: &SecretKey) -> Result<Registration, AuthorityError> {
        self.check_key(key)?;
        self.check_settled()?;
        let enrolled = self.check_enrolment(enrolment)?;
        let position = self.position(legal)?;
        if !self.state.person(position).ever_held {
            return Err(AuthorityError::NeverHeld);
        }
        self.record(&[Entry::Rotate { position, key: enrolled }])?;
        self.sign(position, key)
    }

    /// Signs a person's registration anew, for one who lost it.
    ///
    /// # Errors
    /// [`AuthorityError::NotRegistered`], [`AuthorityError::NoKey`].
    pub fn registration(&self, legal: LegalId<'_>, key: &SecretKey) -> Result<Registration, AuthorityError> {
        self.check_key(key)?;
        self.sign(self.position(legal)?, key)
    }

    fn sign(&self, position: u32, key: &SecretKey) -> Result<Registration, AuthorityError> {
        let p = self.state.person(position);
        let held = p.next.as_ref().or(p.key.as_ref()).ok_or(AuthorityError::NoKey)?;
        let terms = RegistrationTerms {
            chain_id: self.config.chain_id,
            position,
            person: p.person,
            salt: p.salt,
            commitment: held.commitment,
            authority: self.config.authority,
        };
        Ok(terms.sign(key))
    }

    fn check_key(&self, key: &SecretKey) -> Result<(), AuthorityError> {
        if key.public() == self.config.authority { Ok(()) } else { Err(AuthorityError::Key { expected: self.config.authority }) }
    }

    /// Nothing that an update on its way depends on may change under it.
    fn check_settled(&self) -> Result<(), AuthorityError> {
        self.state.outstanding.as_ref().map_or(Ok(()), |u| Err(AuthorityError::Outstanding { sequence: u.sequence }))
    }

    fn check_enrolment(&self, enrolment: &Enrolment) -> Result<Key, AuthorityError> {
        enrolment.check()?;
        enrolment.recipient.parse::<age::x25519::Recipient>().map_err(|_| AuthorityError::Recipient)?;
        if self.state.is_taken(&enrolment.commitment) {
            return Err(AuthorityError::CommitmentTaken);
        }
        Ok(Key { commitment: enrolment.commitment, recipient: enrolment.recipient.clone() })
    }

    /// Puts entries on disk, then into the state.
    fn record(&mut self, entries: &[Entry]) -> Result<(), AuthorityError> {
        self.journal.append(entries)?;
        for entry in entries {
            self.state.apply(entry).expect("the entry was checked before it was written");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
