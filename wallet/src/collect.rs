//! Taking in what authority, institutions and nodes hand over: nothing enters the wallet that does not fit what it knows.

use crate::book::{Book, Provenance};
use crate::contents::{KnownIdentity, Wallet};
use crate::log::Event;
use probity_credit::codec::{self, CodecError};
use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::identity::IdentityOpening;
use probity_ledger::delivery::{Delivery as _, DeliveryError, FileOpening, IdentityShard, Registration, RegistrySnapshot};
use probity_ledger::transaction::Slot;
use zeroize::Zeroizing;

/// Anchors whose snapshot and identity path are kept; older ones are dropped.
pub const ANCHORS_KEPT: usize = 32;
/// Most openings kept; the oldest months are dropped first.
pub const OPENINGS_KEPT: usize = 1_024;

/// Why something is not taken in.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// It does not fit itself.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// The chain is not known yet.
    #[error("the wallet does not know the chain yet: run `probity wallet collect --node URL`, or import the chain's book first")]
    NoBook,
    /// Not registered yet.
    #[error("the wallet has no registration yet: send its enrolment to the identity authority and import what comes back")]
    NotRegistered,
    /// For another chain.
    #[error("this is for chain {found}, the wallet's is {expected}")]
    OtherChain {
        /// The wallet's chain.
        expected: Digest,
        /// The other.
        found: Digest,
    },
    /// Older than what is known.
    #[error("this book is of height {found}, the wallet already knows height {known}: fetch it from a node that is up to date")]
    OldBook {
        /// Height of the book.
        found: u64,
        /// Height known.
        known: u64,
    },
    /// Nothing shows that the chain says so.
    #[error("a book without proofs is not taken in: fetch it anew with `probity wallet fetch`, whose file carries them")]
    Unproved,
    /// For another key.
    #[error("the registration is for another key than this wallet's: enrol with this wallet, or open the other one")]
    OtherKey,
    /// Not signed by the chain's authority.
    #[error("the registration is not signed by the identity authority that the chain names")]
    OtherAuthority,
    /// For another person's position.
    #[error("this is for position {found}, the wallet's is {expected}: it was made for somebody else")]
    OtherPosition {
        /// The wallet's position.
        expected: u32,
        /// The other.
        found: u32,
    },
    /// The shard of other people.
    #[error("shard {found} does not hold the wallet's position: it needs shard {expected}")]
    OtherShard {
        /// The shard needed.
        expected: u32,
        /// The shard given.
        found: u32,
    },
    /// The shard belongs to no anchor known.
    #[error("the shard's root is not that of an anchor the wallet knows: fetch the anchors anew, then the shard of one of them")]
    UnknownRoot,
    /// No leaf.
    #[error("there is no identity leaf at the wallet's position: it is not in this anchor yet, or its key was revoked; ask the authority")]
    EmptyLeaf,
    /// The opening cannot be decrypted.
    #[error("the sealed opening is not for this wallet: it was sealed to another key; ask the authority")]
    Sealed,
    /// The opening is not one.
    #[error("the sealed opening holds something else: {0}; ask the authority")]
    SealedForm(CodecError),
    /// The opening is of another leaf.
    #[error("the opening does not hash to the leaf in the shard: ask the authority")]
    OpeningLeaf,
    /// The leaf is for another key.
    #[error("the identity leaf is for another key than this wallet's: the key was rotated; use the wallet with the new one")]
    LeafKey,
    /// The leaf is of another person.
    #[error("the identity leaf is of another person than the registration: ask the authority")]
    LeafPerson,
    /// An anchor that the chain does not have.
    #[error("the chain has no anchor at height {height} with these roots: fetch the anchors anew, then this snapshot")]
    UnknownAnchor {
        /// The height named.
        height: u64,
    },
    /// Nobody owns the slot.
    #[error("nobody owns registry slot {slot}: fetch the chain's book anew")]
    UnknownSlot {
        /// The slot.
        slot: Slot,
    },
    /// Not signed by the slot's institution.
    #[error("the receipt is not signed by {institution}, which owns slot {slot}, with its key on chain: ask it for a new one")]
    OtherSigner {
        /// The slot.
        slot: Slot,
        /// Its owner.
        institution: String,
    },
    /// Another domain than the slot's.
    #[error("slot {slot} is not of the domain that the receipt names: ask the institution for a new one")]
    OtherDomain {
        /// The slot.
        slot: Slot,
    },
}

/// What was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collected {
    /// The registration.
    Registration {
        /// The position.
        position: u32,
    },
    /// What the chain says.
    Book {
        /// As of this height.
        height: u64,
    },
    /// A registry snapshot.
    Snapshot {
        /// Height of its anchor.
        height: u64,
    },
    /// The own identity leaf.
    Identity {
        /// Heights of the known anchors with this root.
        anchors: Vec<u64>,
    },
    /// A file.
    File {
        /// Slot.
        slot: Slot,
        /// Whether another receipt of the same institution contradicts it: both are kept as evidence.
        contradicts: bool,
    },
    /// It was there already.
    Known,
}

impl Wallet {
    /// Takes in what the chain says, proved. A wallet stays with its chain.
    ///
    /// # Errors
    /// [`CollectError::Unproved`], [`CollectError::OtherChain`], [`CollectError::OldBook`].
    pub fn accept_book(&mut self, book: Book) -> Result<Collected, CollectError> {
        if book.provenance != Provenance::Proved {
            return Err(CollectError::Unproved);
        }
        self.check_chain(&book.terms.chain_id)?;
        if let Some(known) = self.proved_book().map(|b| b.height).filter(|k| *k > book.height) {
            return Err(CollectError::OldBook { found: book.height, known });
        }
        let height = book.height;
        self.contents.book = Some(book);
        Ok(Collected::Book { height })
    }

    /// Takes in the authority's registration of this wallet's key.
    ///
    /// # Errors
    /// [`CollectError`].
    pub fn accept_registration(&mut self, registration: Registration, now_unix_ms: u64) -> Result<Collected, CollectError> {
        registration.check()?;
        let terms = &registration.terms;
        self.check_chain(&terms.chain_id)?;
        if terms.commitment != self.secret().commitment() {
            return Err(CollectError::OtherKey);
        }
        if terms.authority != self.book().ok_or(CollectError::NoBook)?.authority_key {
            return Err(CollectError::OtherAuthority);
        }
        match self.registration() {
            Some(known) if *known == registration => return Ok(Collected::Known),
            Some(known) if known.terms.position != terms.position => {
                return Err(CollectError::OtherPosition { expected: known.terms.position, found: terms.position });
            }
            _ => {}
        }
        let position = terms.position;
        self.contents.registration = Some(registration);
        self.note(now_unix_ms, Event::Registered { position });
        Ok(Collected::Registration { position })
    }

    /// Takes in what the registry held at an anchor that the chain has.
    ///
    /// # Errors
    /// [`CollectError`].
    pub fn accept_snapshot(&mut self, snapshot: RegistrySnapshot) -> Result<Collected, CollectError> {
        snapshot.check()?;
        let height = snapshot.anchor.height;
        let known = self.book().ok_or(CollectError::NoBook)?.anchor(height);
        if known.is_none_or(|a| a.anchor != snapshot.anchor) {
            return Err(CollectError::UnknownAnchor { height });
        }
        let snapshots = &mut self.contents.snapshots;
        match snapshots.binary_search_by_key(&height, |s| s.anchor.height) {
            Ok(_) => return Ok(Collected::Known),
            Err(at) => snapshots.insert(at, snapshot),
        }
        let excess = snapshots.len().saturating_sub(ANCHORS_KEPT);
        snapshots.drain(..excess);
        Ok(Collected::Snapshot { height })
    }

    /// Takes the own leaf, its opening and its path out of the shard that holds the wallet's position.
    ///
    /// # Errors
    /// [`CollectError`].
    pub fn accept_shard(&mut self, shard: &IdentityShard) -> Result<Collected, CollectError> {
        shard.check()?;
        let terms = &self.registration().ok_or(CollectError::NotRegistered)?.terms;
        let (position, person) = (terms.position, terms.person);
        if !shard.holds(position) {
            return Err(CollectError::OtherShard { expected: IdentityShard::index_of(position), found: shard.index });
        }
        let root = FieldBytes::from(shard.root()?);
        let book = self.book().ok_or(CollectError::NoBook)?;
        let anchors: Vec<u64> = book.anchors.iter().filter(|a| a.anchor.identity_root == root).map(|a| a.anchor.height).collect();
        if anchors.is_empty() {
            return Err(CollectError::UnknownRoot);
        }
        let leaf = shard.leaf(position)?.ok_or(CollectError::EmptyLeaf)?;
        let opening = self.unseal(shard.sealed(position)?.ok_or(CollectError::EmptyLeaf)?)?;
        if FieldBytes::from(opening.leaf()) != leaf {
            return Err(CollectError::OpeningLeaf);
        }
        if opening.commitment != self.secret().commitment() {
            return Err(CollectError::LeafKey);
        }
        if opening.person != person {
            return Err(CollectError::LeafPerson);
        }
        let identities = &mut self.contents.identities;
        if identities.iter().any(|i| i.root == root) {
            return Ok(Collected::Known);
        }
        identities.push(KnownIdentity { root, opening, path: shard.path(position)? });
        let excess = identities.len().saturating_sub(ANCHORS_KEPT);
        identities.drain(..excess);
        Ok(Collected::Identity { anchors })
    }

    /// Takes in the opening of a file with the institution's receipt, live already or not yet.
    ///
    /// # Errors
    /// [`CollectError`].
    pub fn accept_opening(&mut self, opening: FileOpening, now_unix_ms: u64) -> Result<Collected, CollectError> {
        opening.check()?;
        let terms = opening.terms();
        let slot = terms.slot;
        self.check_chain(&terms.chain_id)?;
        let expected = self.registration().ok_or(CollectError::NotRegistered)?.terms.position;
        if terms.position != expected {
            return Err(CollectError::OtherPosition { expected, found: terms.position });
        }
        let book = self.book().ok_or(CollectError::NoBook)?;
        let institution = book.institution(slot).ok_or(CollectError::UnknownSlot { slot })?;
        if institution.public_key != terms.institution {
            return Err(CollectError::OtherSigner { slot, institution: institution.name.to_string() });
        }
        if !institution.slots.iter().any(|s| s.slot == slot && s.domain == terms.domain) {
            return Err(CollectError::OtherDomain { slot });
        }
        if self.contents.openings.contains(&opening) {
            return Ok(Collected::Known);
        }
        let event = Event::FileCollected { slot, domain: terms.domain, month: terms.month, sequence: terms.sequence };
        let contradicts = self.keep_evidence(&opening);
        let key = |o: &FileOpening| (o.terms().slot, o.terms().month, o.terms().sequence);
        let openings = &mut self.contents.openings;
        let at = openings.partition_point(|o| key(o) <= key(&opening));
        openings.insert(at, opening);
        if openings.len() > OPENINGS_KEPT {
            let oldest = openings.iter().enumerate().min_by_key(|(_, o)| (o.terms().month, o.terms().sequence)).map(|(at, _)| at);
            oldest.map(|at| openings.remove(at));
        }
        self.note(now_unix_ms, event);
        Ok(Collected::File { slot, contradicts })
    }

    /// Two receipts for one slot, month and sequence number with different roots or leaves: the institution signed both.
    fn keep_evidence(&mut self, opening: &FileOpening) -> bool {
        let terms = opening.terms();
        let same = |o: &&FileOpening| {
            let t = o.terms();
            (t.slot, t.month, t.sequence) == (terms.slot, terms.month, terms.sequence) && (t.root, t.leaf) != (terms.root, terms.leaf)
        };
        let Some(other) = self.contents.openings.iter().find(same).map(|o| o.receipt.clone()) else { return false };
        self.contents.evidence.extend([other, opening.receipt.clone()]);
        true
    }

    fn unseal(&self, sealed: &[u8]) -> Result<IdentityOpening, CollectError> {
        let plain = age::decrypt(&self.age_identity(), sealed).map_err(|_| CollectError::Sealed)?;
        codec::decode("an identity opening", &Zeroizing::new(plain), 256).map_err(CollectError::SealedForm)
    }

    /// The chain that this wallet belongs to: what its registration or a proved book names.
    pub fn chain_id(&self) -> Option<Digest> {
        self.registration().map(|r| r.terms.chain_id).or(self.proved_book().map(|b| b.terms.chain_id))
    }

    /// What was never proved binds to nothing, neither its chain nor its height.
    fn proved_book(&self) -> Option<&Book> {
        self.book().filter(|b| b.provenance == Provenance::Proved)
    }

    fn check_chain(&self, found: &Digest) -> Result<(), CollectError> {
        match self.chain_id() {
            Some(expected) if expected != *found => Err(CollectError::OtherChain { expected, found: *found }),
            _ => Ok(()),
        }
    }
}
