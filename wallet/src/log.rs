//! The consent log: what this wallet did and told whom, each entry chained to the one before by its digest.
//!
//! It lies inside the encrypted file. Entries are only ever added; an entry altered or taken out from the middle shows.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::hash::label;
use probity_credit::month::Month;
use probity_credit::nullifier::Scope;
use probity_ledger::address::Address;
use probity_ledger::transaction::Slot;
use serde::{Deserialize, Serialize};

/// What was told, to whom, with the person's consent.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Disclosure {
    /// The lender's address.
    pub lender: Address,
    /// Its name when it asked.
    pub lender_name: String,
    /// Policy id.
    pub policy: Digest,
    /// The policy's name.
    pub policy_name: String,
    /// The purpose the lender gave.
    pub purpose: String,
    /// Height of the anchor.
    pub anchor_height: u64,
    /// The nullifier's scope: whose, and in which window.
    pub scope: Scope,
    /// The context: the record's key on chain.
    pub context: Digest,
    /// What the answer says.
    pub approved: bool,
    /// Names of the reasons, if declined.
    pub reasons: Vec<String>,
    /// Whether it shows `person`.
    pub person_shown: bool,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The wallet was made.
    Created,
    /// The identity authority registered its key.
    Registered {
        /// The position.
        position: u32,
    },
    /// A file was taken in.
    FileCollected {
        /// Slot.
        slot: Slot,
        /// Domain.
        domain: Domain,
        /// Month.
        month: Month,
        /// Sequence number.
        sequence: u32,
    },
    /// An answer was made with the person's consent. From here on it counts against the limit.
    Consented(Disclosure),
    /// The answer of this context was delivered.
    Sent {
        /// The context.
        context: Digest,
    },
    /// A request was refused by the wallet.
    Refused {
        /// Who asked.
        lender: Address,
        /// Why.
        reason: String,
    },
    /// The opening of an answer was written to a file.
    OpeningExported {
        /// The answer's context.
        context: Digest,
    },
    /// Legal person and salt were written to a file.
    ApplicantExported,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Entry {
    /// 0 for the first.
    pub number: u64,
    /// When, milliseconds since 1970.
    pub time_unix_ms: u64,
    /// What.
    #[serde(flatten)]
    pub event: Event,
    /// Digest of the entry before; of nothing for the first.
    pub previous: Digest,
}

impl Entry {
    /// What the next entry holds.
    pub fn digest(&self) -> Digest {
        Digest::of_value(label::sha256::CONSENT, self)
    }
}

/// The log is not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("entry {number} of the consent log does not follow from the one before: the wallet's file was altered by another program")]
pub struct BrokenLog {
    /// The first entry that does not fit.
    pub number: u64,
}

/// The entries, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Log(Vec<Entry>);

impl Log {
    /// All entries, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// Adds one.
    pub fn append(&mut self, time_unix_ms: u64, event: Event) {
        let previous = self.0.last().map(Entry::digest).unwrap_or_default();
        self.0.push(Entry { number: self.0.len() as u64, time_unix_ms, event, previous });
    }

    /// Checks numbers and digests.
    ///
    /// # Errors
    /// [`BrokenLog`].
    pub fn check(&self) -> Result<(), BrokenLog> {
        let mut previous = Digest::default();
        for (number, entry) in (0u64..).zip(&self.0) {
            if entry.number != number || entry.previous != previous {
                return Err(BrokenLog { number });
            }
            previous = entry.digest();
        }
        Ok(())
    }

    /// What was told.
    pub fn disclosures(&self) -> impl Iterator<Item = &Disclosure> {
        self.0.iter().filter_map(|e| match &e.event {
            Event::Consented(d) => Some(d),
            _ => None,
        })
    }

    /// How many answers this lender got from a month on, in whatever scope: the measure against probing.
    pub fn answers(&self, lender: &Address, first: Month) -> usize {
        let since = |e: &&Entry| Month::of_unix_ms(e.time_unix_ms) >= first;
        self.0.iter().filter(since).filter(|e| matches!(&e.event, Event::Consented(d) if d.lender == *lender)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn altered_missing_and_swapped_entries_show() {
        let mut log = Log::default();
        for k in 0..5 {
            log.append(k, Event::Registered { position: k as u32 });
        }
        assert_eq!(log.check(), Ok(()));
        let broken = |f: &dyn Fn(&mut Vec<Entry>)| {
            let mut copy = log.clone();
            f(&mut copy.0);
            copy.check()
        };
        assert_eq!(broken(&|e| e[1].time_unix_ms = 9), Err(BrokenLog { number: 2 }));
        assert_eq!(broken(&|e| drop(e.remove(1))), Err(BrokenLog { number: 1 }));
        assert_eq!(broken(&|e| e.swap(3, 4)), Err(BrokenLog { number: 3 }));
        assert_eq!(broken(&|e| e[0].previous = Digest([1; 32])), Err(BrokenLog { number: 0 }));
    }
}
