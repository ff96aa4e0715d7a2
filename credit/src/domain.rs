//! The kinds of institutions that hold credit data.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// Number of domains; counts and trust weights are arrays of this length, indexed by [`Domain::index`].
pub const DOMAINS: usize = 8;

/// What kind of data an institution holds: the unit of trust weights and of completeness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Domain {
    /// Banks and lenders: accounts, loans, arrears.
    Bank,
    /// Employers and payroll offices: income, employment.
    Employer,
    /// Landlords: rent, arrears.
    Landlord,
    /// Energy and water.
    Utility,
    /// Telecommunication.
    Telecom,
    /// Courts: judgments, insolvencies.
    Court,
    /// Insurers.
    Insurance,
    /// Public registers: residence, tax, property.
    Register,
}

/// The text names no domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no domain; use one of bank, employer, landlord, utility, telecom, court, insurance, register")]
pub struct DomainError(pub String);

impl Domain {
    /// All domains in order of their index.
    pub const ALL: [Self; DOMAINS] =
        [Self::Bank, Self::Employer, Self::Landlord, Self::Utility, Self::Telecom, Self::Court, Self::Insurance, Self::Register];

    /// 0..8.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The name used in configuration, JSON and tables.
    pub fn name(self) -> &'static str {
        ["bank", "employer", "landlord", "utility", "telecom", "court", "insurance", "register"][self.index()]
    }
}

impl std::fmt::Display for Domain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Domain {
    type Err = DomainError;
    fn from_str(s: &str) -> Result<Self, DomainError> {
        Self::ALL.into_iter().find(|d| d.name() == s).ok_or_else(|| DomainError(s.chars().take(32).collect()))
    }
}
