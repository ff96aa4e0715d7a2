//! A publication on disk: what the chain, the authority and customers get from it.
//!
//! Nothing is signed until it is asked for, and from then on the publication is final: two roots signed for one slot, month and sequence number are
//! evidence against the institution.

use super::row::{ROW_BYTES, Row};
use super::seeds::{SEEDS_BYTES, Seeds};
use crate::store::{self, Draft, StoreError};
use crate::{OnProgress, Progress};
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::field::FieldBytes;
use probity_credit::month::Month;
use probity_credit::tree::{Empties, TREE_DEPTH, Tree};
use probity_ledger::delivery::{FileOpening, MEMBERS_MAX, Member, MembershipList, MembershipTerms, ReceiptTerms};
use probity_ledger::keys::{PublicKey, SecretKey};
use probity_ledger::transaction::{PublishCommitment, Slot};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Rows in the order of the records.
pub(super) const ROWS_FILE: &str = "rows.bin";
const LEAVES_FILE: &str = "leaves.bin";
const SEEDS_FILE: &str = "seeds.bin";
const FACTS_FILE: &str = "publication.json";
/// There from the first signature on.
const SIGNED_FILE: &str = "signed";
/// Bytes of a leaf with its place.
const LEAF_BYTES: usize = 40;
/// Openings worked on together.
const BATCH_OPENINGS: usize = 1024;

/// What is public about a publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicationFacts {
    /// The chain.
    pub chain_id: Digest,
    /// The institution's key.
    pub institution: PublicKey,
    /// Registry slot.
    pub slot: Slot,
    /// Its domain.
    pub domain: Domain,
    /// Month of the records.
    pub month: Month,
    /// Sequence number within slot and month.
    pub sequence: u32,
    /// Schema of the files.
    pub schema: Digest,
    /// Root of the file tree.
    pub root: FieldBytes,
    /// Number of files.
    pub files: u32,
    /// Digest of the membership list, if customers changed.
    pub membership: Option<Digest>,
}

impl PublicationFacts {
    /// The payload for the chain.
    pub fn commitment(&self) -> PublishCommitment {
        PublishCommitment {
            slot: self.slot,
            month: self.month,
            sequence: self.sequence,
            schema: self.schema,
            root: self.root,
            files: self.files,
            membership: self.membership,
        }
    }
}

/// Why a publication cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum PublicationError {
    /// Reading or writing fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another key than the one the publication was made for.
    #[error("the publication was made for the key {expected}: sign with it, or ingest again with the key the chain has now")]
    Key {
        /// The publication's key.
        expected: PublicKey,
    },
    /// No file there.
    #[error("the publication has no file for this customer")]
    NotACustomer,
    /// Too late to take back.
    #[error("something was signed over this publication: publish a correction with the next sequence number instead")]
    Signed,
}

/// A leaf with its position and its row.
#[derive(Debug, Clone, Copy)]
pub(super) struct LeafEntry {
    pub(super) position: u32,
    pub(super) row: u32,
    pub(super) leaf: FieldBytes,
}

/// A publication, opened.
pub struct Publication {
    dir: PathBuf,
    facts: PublicationFacts,
    seeds: Seeds,
    leaves: Vec<LeafEntry>,
    tree: OnceLock<Tree>,
}

fn publications_dir(dir: &Path) -> PathBuf {
    dir.join("publications")
}

/// The publications of an institution's directory, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn publications(dir: &Path) -> Result<Vec<Publication>, StoreError> {
    let parent = publications_dir(dir);
    if !parent.exists() {
        return Ok(vec![]);
    }
    let mut found = vec![];
    for entry in fs::read_dir(&parent).map_err(store::io(&parent))? {
        let path = entry.map_err(store::io(&parent))?.path();
        // names that begin with a dot are drafts that a crash left
        if path.file_name().is_some_and(|n| !n.to_string_lossy().starts_with('.')) {
            found.push(Publication::open_at(path)?);
        }
    }
    found.sort_by_key(|p| (p.facts.month, p.facts.slot, p.facts.sequence));
    Ok(found)
}

impl Publication {
    pub(super) fn path(dir: &Path, slot: Slot, month: Month, sequence: u32) -> PathBuf {
        publications_dir(dir).join(format!("{slot}-{month}-{sequence}"))
    }

    /// Builds the tree and lets the publication appear; the rows are in the draft already. `leaves` are sorted.
    pub(super) fn write(
        draft: Draft,
        mut facts: PublicationFacts,
        seeds: Seeds,
        leaves: Vec<LeafEntry>,
        baseline: Option<&[u32]>,
    ) -> Result<Self, StoreError> {
        let tree = build(&seeds, &leaves).expect("positions come from a roster, each once");
        facts.root = tree.root().into();
        facts.files = u32::try_from(leaves.len()).expect("at most 2^24 files");
        if !baseline.is_some_and(|b| b.iter().copied().eq(leaves.iter().map(|l| l.position))) {
            facts.membership = Some(membership(&facts, &seeds, &leaves).digest());
        }
        let mut bytes = Vec::with_capacity(LEAF_BYTES * leaves.len());
        for entry in &leaves {
            bytes.extend_from_slice(&entry.position.to_le_bytes());
            bytes.extend_from_slice(&entry.row.to_le_bytes());
            bytes.extend_from_slice(&entry.leaf.to_be_bytes());
        }
        store::write_drafted(&draft.path().join(LEAVES_FILE), &bytes)?;
        store::write_drafted(&draft.path().join(SEEDS_FILE), seeds.to_bytes().as_slice())?;
        let json = serde_json::to_vec_pretty(&facts).expect("facts are plain data");
        store::write_drafted(&draft.path().join(FACTS_FILE), &json)?;
        let dir = draft.finish()?;
        Ok(Self { dir, facts, seeds, leaves, tree: OnceLock::from(tree) })
    }

    /// Opens one by what it is for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(dir: &Path, slot: Slot, month: Month, sequence: u32) -> Result<Self, StoreError> {
        Self::open_at(Self::path(dir, slot, month, sequence))
    }

    fn open_at(dir: PathBuf) -> Result<Self, StoreError> {
        let damaged = |file: &str, reason: String| StoreError::Damaged { path: dir.join(file), reason };
        let json = store::read(&dir.join(FACTS_FILE), 64 * 1024)?;
        let facts: PublicationFacts = serde_json::from_slice(&json).map_err(|e| damaged(FACTS_FILE, e.to_string()))?;
        let seeds = zeroize::Zeroizing::new(store::read(&dir.join(SEEDS_FILE), SEEDS_BYTES as u64)?);
        let seeds: &[u8; SEEDS_BYTES] = seeds.as_slice().try_into().map_err(|_| damaged(SEEDS_FILE, "not 64 bytes".into()))?;
        let bytes = store::read(&dir.join(LEAVES_FILE), (LEAF_BYTES * MEMBERS_MAX) as u64)?;
        let leaves = bytes.chunks_exact(LEAF_BYTES).map(leaf_entry).collect::<Option<Vec<_>>>();
        let leaves = leaves.filter(|l| bytes.len() == LEAF_BYTES * facts.files as usize && l.is_sorted_by(|a, b| a.position < b.position));
        let leaves = leaves.ok_or_else(|| damaged(LEAVES_FILE, "not the leaves of this publication".into()))?;
        Ok(Self { seeds: Seeds::from_bytes(seeds), facts, leaves, tree: OnceLock::new(), dir })
    }

    /// What is public about it.
    pub fn facts(&self) -> &PublicationFacts {
        &self.facts
    }

    /// Positions with a file, rising: the baseline of the next publication once this one is staged or live.
    pub fn positions(&self) -> Vec<u32> {
        self.leaves.iter().map(|l| l.position).collect()
    }

    /// Whether something was signed over it.
    pub fn is_signed(&self) -> bool {
        self.dir.join(SIGNED_FILE).exists()
    }

    /// Says that the publication is final: the payload is about to be sent, or something signed.
    fn seal(&self, key: &SecretKey) -> Result<(), PublicationError> {
        if key.public() != self.facts.institution {
            return Err(PublicationError::Key { expected: self.facts.institution });
        }
        match store::write_new(&self.dir.join(SIGNED_FILE), b"") {
            Ok(()) | Err(StoreError::Exists { .. }) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    /// The payload for the chain; from now on the publication is final.
    ///
    /// # Errors
    /// [`PublicationError::Key`], [`PublicationError::Store`].
    pub fn commitment(&self, key: &SecretKey) -> Result<PublishCommitment, PublicationError> {
        self.seal(key)?;
        Ok(self.facts.commitment())
    }

    /// The signed membership list for the identity authority; from now on the publication is final.
    ///
    /// # Errors
    /// [`PublicationError::Key`], [`PublicationError::Store`].
    pub fn membership(&self, key: &SecretKey) -> Result<MembershipList, PublicationError> {
        self.seal(key)?;
        Ok(membership(&self.facts, &self.seeds, &self.leaves).sign(key))
    }

    /// Takes back a publication over which nothing was signed.
    ///
    /// # Errors
    /// [`PublicationError::Signed`], [`PublicationError::Store`].
    pub fn discard(self) -> Result<(), PublicationError> {
        if self.is_signed() {
            return Err(PublicationError::Signed);
        }
        Ok(fs::remove_dir_all(&self.dir).map_err(store::io(&self.dir))?)
    }

    /// One customer's file with its path and a signed receipt.
    ///
    /// # Errors
    /// [`PublicationError::NotACustomer`], [`PublicationError::Key`], [`PublicationError::Store`] also when files do not fit the root.
    pub fn opening(&self, position: u32, key: &SecretKey) -> Result<FileOpening, PublicationError> {
        let at = self.leaves.binary_search_by_key(&position, |l| l.position).map_err(|_| PublicationError::NotACustomer)?;
        self.seal(key)?;
        let path = self.dir.join(ROWS_FILE);
        let rows = File::open(&path).map_err(store::io(&path))?;
        self.open_leaf(&self.leaves[at], self.tree()?, &rows, key)
    }

    /// Writes every customer's opening to a new directory, `<position>.json` each.
    ///
    /// # Errors
    /// As [`Publication::opening`]; nothing is left on disk then.
    pub fn hand_out(&self, target: &Path, key: &SecretKey, on_progress: OnProgress<'_>) -> Result<(), PublicationError> {
        self.seal(key)?;
        let (draft, tree) = (Draft::begin(target)?, self.tree()?);
        let path = self.dir.join(ROWS_FILE);
        let rows = File::open(&path).map_err(store::io(&path))?;
        let mut done = 0;
        for batch in self.leaves.chunks(BATCH_OPENINGS) {
            batch.par_iter().try_for_each(|entry| {
                let opening = self.open_leaf(entry, tree, &rows, key)?;
                let json = serde_json::to_vec(&opening).expect("openings are plain data");
                Ok::<_, PublicationError>(store::write_plain(&draft.path().join(format!("{}.json", entry.position)), &json)?)
            })?;
            done += batch.len() as u64;
            on_progress(Progress { stage: "writing openings", done, total: Some(self.leaves.len() as u64) });
        }
        draft.finish()?;
        Ok(())
    }

    fn open_leaf(&self, entry: &LeafEntry, tree: &Tree, rows: &File, key: &SecretKey) -> Result<FileOpening, PublicationError> {
        let path = self.dir.join(ROWS_FILE);
        let mut bytes = [0; ROW_BYTES];
        rows.read_exact_at(&mut bytes, u64::from(entry.row) * ROW_BYTES as u64).map_err(store::io(&path))?;
        let file = Row::from_bytes(&bytes).file(&self.seeds);
        if FieldBytes::from(file.leaf()) != entry.leaf {
            return Err(StoreError::Damaged { path, reason: "a row does not give its leaf".into() }.into());
        }
        let f = &self.facts;
        let terms = ReceiptTerms {
            chain_id: f.chain_id,
            slot: f.slot,
            domain: f.domain,
            month: f.month,
            sequence: f.sequence,
            schema: f.schema,
            root: f.root,
            position: entry.position,
            leaf: entry.leaf,
            institution: f.institution,
        };
        let path = tree.path(entry.position).expect("the leaf is in the tree");
        Ok(FileOpening { file, path, receipt: terms.sign(key) })
    }

    /// The tree, built at the first use.
    fn tree(&self) -> Result<&Tree, StoreError> {
        if let Some(tree) = self.tree.get() {
            return Ok(tree);
        }
        let damaged = |reason: String| StoreError::Damaged { path: self.dir.join(LEAVES_FILE), reason };
        let tree = build(&self.seeds, &self.leaves).map_err(|e| damaged(e.to_string()))?;
        if FieldBytes::from(tree.root()) != self.facts.root {
            return Err(damaged("the leaves do not lead to the root".into()));
        }
        Ok(self.tree.get_or_init(|| tree))
    }
}

fn build(seeds: &Seeds, leaves: &[LeafEntry]) -> Result<Tree, probity_credit::tree::TreeError> {
    Tree::build(TREE_DEPTH, Empties::Seeded(seeds.empties()), leaves.iter().map(|l| (l.position, l.leaf.element())).collect())
}

fn membership(facts: &PublicationFacts, seeds: &Seeds, leaves: &[LeafEntry]) -> MembershipTerms {
    MembershipTerms {
        chain_id: facts.chain_id,
        slot: facts.slot,
        month: facts.month,
        sequence: facts.sequence,
        root: facts.root,
        empties: seeds.empties(),
        members: leaves.iter().map(|l| Member { position: l.position, leaf: l.leaf }).collect(),
        institution: facts.institution,
    }
}

fn leaf_entry(bytes: &[u8]) -> Option<LeafEntry> {
    let number = |at: usize| bytes[at..at + 4].try_into().map(u32::from_le_bytes).ok();
    let leaf = FieldBytes::from_be_bytes(bytes[8..].try_into().ok()?).ok()?;
    Some(LeafEntry { position: number(0)?, row: number(4)?, leaf })
}
