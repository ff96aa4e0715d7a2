//! Calendar months as numbers.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A calendar month: `12 * year + (month - 1)`, written `YYYY-MM`; years 0 to 5460.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Month(pub u16);

/// The text is not a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a month is written YYYY-MM, for example 2026-11")]
pub struct MonthError;

impl Month {
    /// The month of a calendar year, `month` from 1 to 12.
    ///
    /// # Errors
    /// [`MonthError`] outside years 0..=5460 and months 1..=12.
    pub fn new(year: u16, month: u16) -> Result<Self, MonthError> {
        if year > 5460 || !(1..=12).contains(&month) {
            return Err(MonthError);
        }
        Ok(Self(12 * year + month - 1))
    }

    /// The UTC month of a time in milliseconds since 1970 (proleptic Gregorian; Hinnant, "chrono-compatible date algorithms").
    pub fn of_unix_ms(ms: u64) -> Self {
        let days = ms / 86_400_000 + 719_468;
        let era = days / 146_097;
        let day_of_era = days % 146_097;
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let (month, carry) = if shifted < 10 { (shifted + 2, 0) } else { (shifted - 10, 1) };
        let count = 12 * (year_of_era + era * 400 + carry) + month;
        Self(u16::try_from(count).unwrap_or(u16::MAX))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0 / 12, self.0 % 12 + 1)
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl std::str::FromStr for Month {
    type Err = MonthError;
    fn from_str(s: &str) -> Result<Self, MonthError> {
        let (year, month) = s.split_once('-').ok_or(MonthError)?;
        let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        if year.len() != 4 || month.len() != 2 || !digits(year) || !digits(month) {
            return Err(MonthError);
        }
        Self::new(year.parse().map_err(|_| MonthError)?, month.parse().map_err(|_| MonthError)?)
    }
}

impl Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let s = <std::borrow::Cow<'de, str> as Deserialize>::deserialize(d)?;
        s.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_known_times() {
        for (ms, text) in [
            (0, "1970-01"),
            (951_782_400_000, "2000-02"),
            (951_868_799_999, "2000-02"),
            (951_868_800_000, "2000-03"),
            (1_795_219_200_000, "2026-11"),
            (1_798_761_599_999, "2026-12"),
            (1_798_761_600_000, "2027-01"),
        ] {
            assert_eq!(Month::of_unix_ms(ms).to_string(), text, "{ms}");
            assert_eq!(text.parse::<Month>().unwrap(), Month::of_unix_ms(ms));
        }
        for bad in ["2026-13", "2026-00", "26-01", "2026-1", "+026-01", "2026/01", ""] {
            assert!(bad.parse::<Month>().is_err(), "{bad}");
        }
    }
}
