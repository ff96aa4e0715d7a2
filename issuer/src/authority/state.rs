//! What the journal adds up to.

use super::entry::{CoverEntry, Entry, Key, Update};
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::field::FieldBytes;
use probity_credit::identity::Counts;
use probity_credit::month::Month;
use probity_credit::tree::POSITION_BITS;
use probity_ledger::transaction::{Cover, Slot};
use std::collections::{BTreeMap, BTreeSet};

/// One person.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) person: FieldBytes,
    pub(super) salt: [u8; 16],
    pub(super) key: Option<Key>,
    pub(super) next: Option<Key>,
    pub(super) ever_held: bool,
    pub(super) counts: Counts,
}

/// Who has a file in a slot.
#[derive(Debug, Clone)]
pub(super) struct Members {
    pub(super) domain: Domain,
    /// As of the last confirmed update: what the chain counts changes against.
    pub(super) confirmed: Vec<u32>,
    /// As counted now.
    pub(super) current: Vec<u32>,
    /// The publication counted last.
    pub(super) counted: (Month, u32),
    /// Whether the next update covers it.
    pub(super) waits: bool,
}

/// Everything, in memory.
#[derive(Debug, Default)]
pub(super) struct State {
    people: Vec<Person>,
    positions: BTreeMap<Digest, u32>,
    commitments: BTreeSet<FieldBytes>,
    pub(super) slots: BTreeMap<Slot, Members>,
    pub(super) outstanding: Option<Update>,
    pub(super) sequence: u64,
    pub(super) confirmed: Option<u64>,
}

impl State {
    pub(super) fn positions_used(&self) -> u32 {
        u32::try_from(self.people.len()).expect("positions have 27 bits")
    }

    pub(super) fn position(&self, legal: &Digest) -> Option<u32> {
        self.positions.get(legal).copied()
    }

    /// Somebody whose position was given out.
    pub(super) fn person(&self, position: u32) -> &Person {
        &self.people[position as usize]
    }

    pub(super) fn people(&self) -> &[Person] {
        &self.people
    }

    pub(super) fn is_taken(&self, commitment: &FieldBytes) -> bool {
        self.commitments.contains(commitment)
    }

    /// Publications that the next update covers, by slot.
    pub(super) fn covers(&self) -> Vec<Cover> {
        let waiting = self.slots.iter().filter(|(_, m)| m.waits);
        waiting.map(|(slot, m)| Cover { slot: *slot, month: m.counted.0, sequence: m.counted.1 }).collect()
    }

    /// Whose key waits for the first anchor of a month.
    pub(super) fn waiting_rotations(&self) -> Vec<u32> {
        (0..).zip(&self.people).filter(|(_, p)| p.next.is_some()).map(|(i, _)| i).collect()
    }

    /// Counts after a cover, or the first position with too many files.
    pub(super) fn counts_after(&self, domain: Domain, added: &[u32], removed: &[u32]) -> Result<Vec<(u32, Counts)>, u32> {
        let changes = added.iter().map(|p| (*p, 1)).chain(removed.iter().map(|p| (*p, -1)));
        let changed = changes.map(|(position, by)| {
            let mut counts = self.people.get(position as usize).ok_or(position)?.counts;
            counts.change(domain, by).map_err(|_| position)?;
            Ok((position, counts))
        });
        changed.collect()
    }

    fn someone(&mut self, position: u32) -> Result<&mut Person, String> {
        self.people.get_mut(position as usize).ok_or_else(|| "the position was never given out".into())
    }

    fn attest(&mut self, position: u32, key: &Key) -> Result<&mut Person, String> {
        if !self.commitments.insert(key.commitment) {
            return Err("the commitment was used before".into());
        }
        self.someone(position)
    }

    fn settle(&mut self, sequence: u64) -> Result<Update, String> {
        let outstanding = self.outstanding.take().filter(|u| u.sequence == sequence);
        outstanding.ok_or_else(|| format!("leaf file {sequence} is not on its way"))
    }

    /// Takes one entry in; an entry that does not fit is damage.
    pub(super) fn apply(&mut self, entry: &Entry) -> Result<(), String> {
        match entry {
            Entry::Reserve { legal, person, salt } => {
                let position = self.positions_used();
                if u64::from(position) >> POSITION_BITS != 0 || self.positions.insert(*legal, position).is_some() {
                    return Err("a second position for one person, or more than there are".into());
                }
                let counts = Counts::default();
                self.people.push(Person { person: *person, salt: *salt, key: None, next: None, ever_held: false, counts });
            }
            Entry::Attach { position, key } => {
                let person = self.attest(*position, key)?;
                person.key = Some(key.clone());
                person.ever_held = true;
            }
            Entry::Revoke { position } => {
                let person = self.someone(*position)?;
                (person.key, person.next) = (None, None);
            }
            Entry::Rotate { position, key } => {
                let person = self.attest(*position, key)?;
                (person.key, person.next) = (None, Some(key.clone()));
            }
            Entry::Cover(cover) => self.count(cover)?,
            Entry::Update(update) => {
                (self.sequence, self.outstanding) = (update.sequence, Some(update.clone()));
            }
            Entry::Confirm { sequence } => {
                let update = self.settle(*sequence)?;
                for position in update.rotated {
                    let person = self.someone(position)?;
                    if let Some(next) = person.next.take() {
                        person.key = Some(next);
                    }
                }
                for members in self.slots.values_mut() {
                    members.confirmed.clone_from(&members.current);
                    members.waits = false;
                }
                self.confirmed = Some(*sequence);
            }
            Entry::Abandon { sequence } => {
                self.settle(*sequence)?;
            }
        }
        Ok(())
    }

    fn count(&mut self, cover: &CoverEntry) -> Result<(), String> {
        let changed = self.counts_after(cover.domain, &cover.added, &cover.removed);
        for (position, counts) in changed.map_err(|p| format!("position {p} cannot be counted"))? {
            self.people[position as usize].counts = counts;
        }
        let counted = (cover.month, cover.sequence);
        let fresh = || Members { domain: cover.domain, confirmed: vec![], current: vec![], counted, waits: false };
        let members = self.slots.entry(cover.slot).or_insert_with(fresh);
        let mut current: BTreeSet<u32> = std::mem::take(&mut members.current).into_iter().collect();
        current.extend(&cover.added);
        for position in &cover.removed {
            current.remove(position);
        }
        members.current = current.into_iter().collect();
        (members.counted, members.waits) = (counted, cover.waits);
        Ok(())
    }
}
