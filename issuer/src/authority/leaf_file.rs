//! The identity tree as a leaf file: new blindings for all, shards of 4,096, one sealed opening a person.

use super::entry::{Entry, Key, Update};
use super::state::Person;
use super::{Authority, AuthorityError};
use crate::store::{self, Draft, StoreError};
use crate::{OnProgress, Progress};
use probity_credit::field::{F, FieldBytes};
use probity_credit::file::random_element;
use probity_credit::identity::IdentityOpening;
use probity_credit::tree::{Empties, MerklePath, TREE_DEPTH, Tree};
use probity_ledger::delivery::{Delivery, IdentityShard, LeafFile, SHARD_DEPTH, SHARD_LEAVES, SealedOpening, shards_for};
use probity_ledger::transaction::UpdateIdentities;
use rand::rngs::OsRng;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

const LEAF_FILES_DIR: &str = "leaf-files";
const CONTENTS_FILE: &str = "contents.bin";

/// A leaf file on disk and the payload that announces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedUpdate {
    /// Number of the leaf file.
    pub sequence: u64,
    /// For the chain.
    pub payload: UpdateIdentities,
    /// Where contents and shards are.
    pub dir: PathBuf,
}

fn shard_file(index: u32) -> String {
    format!("shard-{index:05}.bin")
}

impl Authority {
    /// Writes a new leaf file; keys that wait for a rotation stay out. `previous_root` is the chain's newest identity root.
    ///
    /// # Errors
    /// [`AuthorityError::Outstanding`] while an earlier one is on its way.
    pub fn update(&mut self, previous_root: FieldBytes, on_progress: OnProgress<'_>) -> Result<PreparedUpdate, AuthorityError> {
        self.write_update(previous_root, vec![], on_progress)
    }

    /// As [`Authority::update`], with the keys that wait: for the first anchor of a month, or the chain refuses it.
    ///
    /// # Errors
    /// As [`Authority::update`].
    pub fn update_with_rotations(
        &mut self,
        previous_root: FieldBytes,
        on_progress: OnProgress<'_>,
    ) -> Result<PreparedUpdate, AuthorityError> {
        let rotated = self.state.waiting_rotations();
        self.write_update(previous_root, rotated, on_progress)
    }

    /// Keys that wait for the first anchor of a month.
    pub fn waiting_rotations(&self) -> usize {
        self.state.waiting_rotations().len()
    }

    /// The update that is on its way.
    pub fn outstanding(&self) -> Option<PreparedUpdate> {
        self.state.outstanding.as_ref().map(|u| self.prepared(u))
    }

    /// The chain's newest identity root is `root`: the update on its way is settled.
    ///
    /// # Errors
    /// [`AuthorityError::NothingOutstanding`], [`AuthorityError::OtherRoot`].
    pub fn confirm(&mut self, root: FieldBytes) -> Result<PreparedUpdate, AuthorityError> {
        let update = self.state.outstanding.clone().ok_or(AuthorityError::NothingOutstanding)?;
        if update.payload.root != root {
            return Err(AuthorityError::OtherRoot { sequence: update.sequence });
        }
        self.record(&[Entry::Confirm { sequence: update.sequence }])?;
        Ok(self.prepared(&update))
    }

    /// The chain refused the update on its way, or can no longer include it: what it covered waits for the next one.
    ///
    /// # Errors
    /// [`AuthorityError::NothingOutstanding`].
    pub fn abandon(&mut self) -> Result<(), AuthorityError> {
        let sequence = self.state.outstanding.as_ref().ok_or(AuthorityError::NothingOutstanding)?.sequence;
        self.record(&[Entry::Abandon { sequence }])
    }

    /// The newest confirmed leaf file's number.
    pub fn newest_leaf_file(&self) -> Option<u64> {
        self.state.confirmed
    }

    /// A leaf file's table of contents.
    ///
    /// # Errors
    /// [`AuthorityError::NoShard`] if there is none, [`AuthorityError::Delivery`] if it is damaged.
    pub fn leaf_file(&self, sequence: u64) -> Result<LeafFile, AuthorityError> {
        let path = self.leaf_file_dir(sequence).join(CONTENTS_FILE);
        read_delivery(&path, || AuthorityError::NoShard { sequence, shard: 0 })
    }

    /// One shard.
    ///
    /// # Errors
    /// As [`Authority::leaf_file`].
    pub fn shard(&self, sequence: u64, shard: u32) -> Result<IdentityShard, AuthorityError> {
        read_delivery(&self.leaf_file_dir(sequence).join(shard_file(shard)), || AuthorityError::NoShard { sequence, shard })
    }

    fn leaf_file_dir(&self, sequence: u64) -> PathBuf {
        self.dir.join(LEAF_FILES_DIR).join(sequence.to_string())
    }

    fn prepared(&self, update: &Update) -> PreparedUpdate {
        PreparedUpdate { sequence: update.sequence, payload: update.payload.clone(), dir: self.leaf_file_dir(update.sequence) }
    }

    fn write_update(
        &mut self,
        previous_root: FieldBytes,
        rotated: Vec<u32>,
        on_progress: OnProgress<'_>,
    ) -> Result<PreparedUpdate, AuthorityError> {
        self.check_settled()?;
        let sequence = self.state.sequence + 1;
        let dir = self.leaf_file_dir(sequence);
        if dir.exists() {
            // written before a crash, never in the journal, hence never announced
            std::fs::remove_dir_all(&dir).map_err(store::io(&dir))?;
        }
        let contents = self.write_leaf_file(sequence, Draft::begin(&dir)?, &rotated, on_progress)?;
        let payload = UpdateIdentities {
            previous_root,
            root: contents.root,
            leaf_file: contents.digest(),
            shards: u32::try_from(contents.shards.len()).expect("at most 2^15 shards"),
            positions_used: self.positions_used(),
            rotations: u32::try_from(rotated.len()).expect("positions have 27 bits"),
            covers: self.state.covers(),
        };
        let update = Update { sequence, payload, rotated };
        self.record(&[Entry::Update(update.clone())])?;
        Ok(self.prepared(&update))
    }

    fn write_leaf_file(
        &self,
        sequence: u64,
        draft: Draft,
        rotated: &[u32],
        on_progress: OnProgress<'_>,
    ) -> Result<LeafFile, AuthorityError> {
        let people = self.state.people();
        let blindings: Vec<FieldBytes> = people.iter().map(|_| random_element(&mut OsRng).into()).collect();
        let opening = |position: u32| {
            let person = &people[position as usize];
            let key = shown_key(person, rotated.binary_search(&position).is_ok())?;
            let blinding = blindings[position as usize];
            let opening = IdentityOpening { commitment: key.commitment, person: person.person, counts: person.counts, blinding };
            Some((opening, key.recipient.as_str()))
        };
        on_progress(Progress { stage: "building the identity tree", done: 0, total: None });
        let leaves: Vec<(u32, F)> =
            (0..self.positions_used()).into_par_iter().filter_map(|p| opening(p).map(|(o, _)| (p, o.leaf()))).collect();
        let tree = Tree::build(TREE_DEPTH, Empties::Zero, leaves).expect("positions are below 2^27, each once");
        let shards = shards_for(self.positions_used());
        let mut contents =
            LeafFile { chain_id: self.chain_id(), sequence, root: tree.root().into(), shards: Vec::with_capacity(shards as usize) };
        for index in 0..shards {
            on_progress(Progress { stage: "sealing openings", done: index.into(), total: Some(shards.into()) });
            let first = index * SHARD_LEAVES as u32;
            let places: Vec<_> = (0..SHARD_LEAVES as u32).map(|offset| first + offset).collect();
            let taken = places.iter().filter_map(|p| tree.leaf(*p).map(|_| *p)).collect::<Vec<_>>();
            let sealed = taken.par_iter().map(|position| {
                let (opening, recipient) = opening(*position).expect("a leaf has an opening");
                Ok(SealedOpening { offset: (position - first) as u16, ciphertext: seal(&opening, recipient)? })
            });
            let openings = sealed.collect::<Result<Vec<_>, AuthorityError>>()?;
            let path = tree.path(first).expect("shards lie in the tree");
            let upper = MerklePath { levels: path.levels[SHARD_DEPTH..].to_vec() };
            let leaves = places.iter().map(|p| tree.leaf(*p).map_or(FieldBytes::ZERO, FieldBytes::from)).collect();
            let shard = IdentityShard { sequence, index, leaves, upper, openings };
            contents.shards.push(shard.digest());
            store::write_drafted(&draft.path().join(shard_file(index)), &shard.encode())?;
        }
        on_progress(Progress { stage: "sealing openings", done: shards.into(), total: Some(shards.into()) });
        store::write_drafted(&draft.path().join(CONTENTS_FILE), &contents.encode())?;
        draft.finish()?;
        Ok(contents)
    }
}

/// The key that a person's leaf shows.
fn shown_key(person: &Person, rotates: bool) -> Option<&Key> {
    person.next.as_ref().filter(|_| rotates).or(person.key.as_ref())
}

fn seal(opening: &IdentityOpening, recipient: &str) -> Result<Vec<u8>, AuthorityError> {
    let recipient: age::x25519::Recipient = recipient.parse().map_err(|_| AuthorityError::Recipient)?;
    age::encrypt(&recipient, &probity_credit::codec::encode(opening)).map_err(|e| AuthorityError::Sealing(e.to_string()))
}

fn read_delivery<T: Delivery>(path: &Path, missing: impl FnOnce() -> AuthorityError) -> Result<T, AuthorityError> {
    match store::read(path, T::BYTES_MAX as u64) {
        Ok(bytes) => Ok(T::decode(&bytes)?),
        Err(StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Err(missing()),
        Err(e) => Err(e.into()),
    }
}
