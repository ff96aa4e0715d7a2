//! The circuits by id, with the sizes that statement and constraint system share.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// A circuit of the eligibility statement. Changing a circuit's constraints needs a new id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub enum CircuitId {
    /// At most one file.
    #[serde(rename = "eligibility-1")]
    Eligibility1,
    /// At most three files.
    #[serde(rename = "eligibility-3")]
    Eligibility3,
    /// At most seven files.
    #[serde(rename = "eligibility-7")]
    Eligibility7,
}

/// The text names no circuit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such circuit: the ids are eligibility-1, eligibility-3 and eligibility-7")]
pub struct CircuitIdError;

impl CircuitId {
    /// All circuits, smallest first.
    pub const ALL: [Self; 3] = [Self::Eligibility1, Self::Eligibility3, Self::Eligibility7];

    /// Most files that one proof can use.
    pub const fn files(self) -> usize {
        match self {
            Self::Eligibility1 => 1,
            Self::Eligibility3 => 3,
            Self::Eligibility7 => 7,
        }
    }

    /// `w` such that a sum over this many files, in 1/10,000, lies strictly between -2^w and 2^w: `files * 2^39 * 10^4 < 2^w`.
    pub const fn sum_bits(self) -> usize {
        match self {
            Self::Eligibility1 => 53,
            Self::Eligibility3 => 54,
            Self::Eligibility7 => 56,
        }
    }

    /// `w` such that a sum of all 20 features lies strictly between -2^w and 2^w: `20 * files * 2^39 * 10^4 < 2^w`.
    pub const fn ratio_bits(self) -> usize {
        match self {
            Self::Eligibility1 => 57,
            Self::Eligibility3 => 59,
            Self::Eligibility7 => 60,
        }
    }

    /// Bits of `10,000 a - edge * b`, the edge having 32 bits: `20 files 2^39 10^4 * (2^31 + 10^4) < 2^w`.
    pub const fn ratio_difference_bits(self) -> usize {
        self.ratio_bits() + 31
    }

    /// The id as text.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eligibility1 => "eligibility-1",
            Self::Eligibility3 => "eligibility-3",
            Self::Eligibility7 => "eligibility-7",
        }
    }
}

impl std::fmt::Display for CircuitId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for CircuitId {
    type Err = CircuitIdError;
    fn from_str(s: &str) -> Result<Self, CircuitIdError> {
        Self::ALL.into_iter().find(|c| c.name() == s).ok_or(CircuitIdError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_hold() {
        for id in CircuitId::ALL {
            let sum = id.files() as u128 * ((1u128 << 39) - 1) * 10_000;
            assert!(sum < 1 << id.sum_bits(), "{id}");
            assert!(20 * sum < 1 << id.ratio_bits(), "{id}");
            assert!(20 * sum * ((1 << 31) + 10_000) < 1 << id.ratio_difference_bits(), "{id}");
            assert_eq!(id.name().parse::<CircuitId>().unwrap(), id);
        }
    }
}
