//! What one holds, in plain words.

use crate::contents::Wallet;
use crate::words;
use probity_credit::domain::Domain;
use probity_credit::file::FEATURES;
use probity_credit::month::Month;
use probity_ledger::delivery::FileOpening;
use probity_ledger::transaction::Slot;
use serde::Serialize;

/// Where a file stands in the newest anchor that the wallet knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is in the anchor.
    Live,
    /// Its institution has another file of this person's in the anchor, a later one.
    Replaced,
    /// It is not in the anchor yet.
    NotYet,
    /// No snapshot is known.
    Unknown,
}

/// One feature of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeatureLine {
    /// Its name.
    pub name: String,
    /// Its value in words.
    pub value: String,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileLine {
    /// Who attests it.
    pub institution: String,
    /// Slot.
    pub slot: Slot,
    /// Domain.
    pub domain: Domain,
    /// Month.
    pub month: Month,
    /// Sequence number: above 0 for a correction.
    pub sequence: u32,
    /// Name and version of the schema.
    pub schema: String,
    /// Where it stands.
    pub standing: Standing,
    /// Its features, missing ones left out.
    pub features: Vec<FeatureLine>,
}

/// How many institutions of a domain the identity leaf counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CountLine {
    /// Domain.
    pub domain: Domain,
    /// Institutions with a live file.
    pub counted: u8,
    /// Live files in the wallet.
    pub held: usize,
}

/// Everything in the wallet but its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holdings {
    /// Name of the chain.
    pub chain: Option<String>,
    /// Position of the registration.
    pub position: Option<u32>,
    /// The newest anchor for which both identity leaf and registry snapshot are here.
    pub ready_at_anchor: Option<u64>,
    /// Counts in that anchor, domains without any left out.
    pub counts: Vec<CountLine>,
    /// Files, by slot and month.
    pub files: Vec<FileLine>,
    /// Receipts that contradict each other.
    pub contradictions: usize,
}

impl Wallet {
    /// What one holds.
    pub fn holdings(&self) -> Holdings {
        let newest = self.contents.snapshots.iter().rev().find_map(|s| {
            let identity = self.contents.identities.iter().find(|i| i.root == s.anchor.identity_root)?;
            Some((s, identity))
        });
        let files: Vec<FileLine> = self.contents.openings.iter().map(|o| self.file_line(o)).collect();
        let counts = newest.map_or_else(Vec::new, |(_, identity)| {
            let line = |domain: Domain| CountLine {
                domain,
                counted: identity.opening.counts.get(domain),
                held: files.iter().filter(|f| f.domain == domain && f.standing == Standing::Live).count(),
            };
            Domain::ALL.into_iter().map(line).filter(|c| c.counted > 0 || c.held > 0).collect()
        });
        Holdings {
            chain: self.book().map(|b| b.terms.name.to_string()),
            position: self.registration().map(|r| r.terms.position),
            ready_at_anchor: newest.map(|(s, _)| s.anchor.height),
            counts,
            files,
            contradictions: self.evidence().len() / 2,
        }
    }

    fn file_line(&self, opening: &FileOpening) -> FileLine {
        let terms = opening.terms();
        let schema = self.book().and_then(|b| b.schema(&terms.schema));
        let name = |slot: usize| schema.and_then(|s| s.feature(slot)).map_or_else(|| format!("feature {slot}"), |d| d.name.clone());
        let line = |slot: usize| {
            let value = opening.file.features[slot].value()?;
            Some(FeatureLine { name: name(slot), value: words::feature(schema.and_then(|s| s.feature(slot)), value.into()) })
        };
        FileLine {
            institution: self.book().map_or_else(|| format!("institution of slot {}", terms.slot), |b| b.institution_name(terms.slot)),
            slot: terms.slot,
            domain: terms.domain,
            month: terms.month,
            sequence: terms.sequence,
            schema: schema.map_or_else(|| terms.schema.to_string(), |s| format!("{} {}", s.name, s.version)),
            standing: self.standing(opening),
            features: (0..FEATURES).filter_map(line).collect(),
        }
    }

    fn standing(&self, opening: &FileOpening) -> Standing {
        let terms = opening.terms();
        let Some(snapshot) = self.contents.snapshots.last() else { return Standing::Unknown };
        match snapshot.live(terms.slot) {
            Some(live) if live.root == terms.root => Standing::Live,
            Some(live) if (live.month, live.sequence) > (terms.month, terms.sequence) => Standing::Replaced,
            _ => Standing::NotYet,
        }
    }
}
