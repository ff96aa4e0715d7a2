//! Policies: a lender's scorecard and cut-off over one schema, for one circuit.
//!
//! [`Policy`] is what a lender writes and the chain keeps; [`Policy::check`] holds the rules; `compile` turns it, in one canonical
//! way, into the policy part of the public inputs.

mod check;
mod compile;
pub mod testing;

pub use check::PolicyError;
pub use compile::{CompiledPolicy, MAX_LOSS_BITS, PlainRow, ROW_PART_BITS, RatioRows, TOTAL_LOSS_BITS, plain_attributes};

use crate::circuit_id::CircuitId;
use crate::digest::Digest;
use crate::domain::DOMAINS;
use crate::hash::label;
use crate::nullifier::ScopeKind;
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// Most scored attributes.
pub const ATTRIBUTES: usize = 20;
/// Most bins of an attribute, the missing bin not counted.
pub const BINS: usize = 10;
/// Attributes 6..10 may come from the request.
pub const REQUEST_ATTRIBUTES: std::ops::Range<usize> = 6..10;
/// Attributes 15..19 may be ratios.
pub const RATIO_ATTRIBUTES: std::ops::Range<usize> = 15..19;
/// Attribute 19 may be the number of files.
pub const FILE_COUNT_ATTRIBUTE: usize = 19;
/// Months after which a file counts nothing.
pub const DECAY_MONTHS: usize = 12;
/// Sums, weights and ratios are in 1/10,000.
pub const SCALE: i64 = 10_000;
/// Requests give this many attributes.
pub const REQUEST_SLOTS: usize = 4;

/// Where an attribute's number comes from.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Source {
    /// The consolidated feature of the same number.
    Feature,
    /// A number the lender puts in its request; categories name its codes, if it is one.
    Request {
        /// Category names in order of their codes; empty for a plain number.
        #[serde(default)]
        categories: Vec<String>,
    },
    /// `10,000 * (sum of a) / (sum of b)`; missing if any chosen feature is, or the denominator is not positive.
    Ratio {
        /// Feature slots of the numerator.
        a: Vec<u8>,
        /// Feature slots of the denominator.
        b: Vec<u8>,
    },
    /// The number of files with weight above 0.
    FileCount,
}

/// One row of the scorecard.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Number of the attribute, 0..20.
    pub index: u8,
    /// Name that reasons are given by.
    pub name: String,
    /// Where the number comes from.
    pub source: Source,
    /// Inner edges, strictly rising: bin `k` is `edges[k-1] <= x < edges[k]`. In the feature's unit; for ratios in 1/10,000.
    pub edges: Vec<i32>,
    /// Points by bin: one more than edges.
    pub points: Vec<i32>,
    /// Points when missing.
    pub missing: i32,
}

impl Attribute {
    /// The best points of the row.
    pub fn best(&self) -> i32 {
        self.points.iter().copied().chain([self.missing]).max().unwrap_or(self.missing)
    }

    /// The worst points of the row.
    pub fn worst(&self) -> i32 {
        self.points.iter().copied().chain([self.missing]).min().unwrap_or(self.missing)
    }
}

/// A lender's policy.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Name shown to applicants.
    pub name: String,
    /// Address of the lender.
    pub owner: Digest,
    /// Schema id.
    pub schema: Digest,
    /// The one circuit that answers must use, so that its size tells nothing.
    pub circuit: CircuitId,
    /// Points everybody starts from.
    pub base_points: i32,
    /// Points needed.
    pub cut_off: i32,
    /// The scorecard, by rising index.
    pub attributes: Vec<Attribute>,
    /// Trust weight of each domain, per cent.
    pub weights: [u8; DOMAINS],
    /// What is left of a file's weight by its age in months, per cent; nothing from month 12 on.
    pub decay: [u8; DECAY_MONTHS],
    /// Whether all files of the weighted domains must be used.
    pub complete: bool,
    /// Whether the answer shows `person`.
    pub show_person: bool,
    /// In whose scope its nullifiers are.
    pub scope: ScopeKind,
}

impl Policy {
    /// Digest of the canonical encoding, owner included.
    pub fn id(&self) -> Digest {
        Digest::of_value(label::sha256::POLICY, self)
    }

    /// The attribute with this number, if scored.
    pub fn attribute(&self, index: usize) -> Option<&Attribute> {
        self.attributes.iter().find(|a| usize::from(a.index) == index)
    }

    /// `base + sum of best - cut-off`: the loss that is still allowed.
    pub fn allowance(&self) -> i64 {
        let best: i64 = self.attributes.iter().map(|a| i64::from(a.best())).sum();
        i64::from(self.base_points) + best - i64::from(self.cut_off)
    }
}
