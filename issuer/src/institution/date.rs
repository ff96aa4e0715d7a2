//! Dates, and the time that passed from one to the end of a month.

use probity_credit::month::Month;

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Date {
    year: i64,
    month: i64,
    day: i64,
}

impl Date {
    /// Reads `YYYY-MM-DD`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        let number = |range: std::ops::Range<usize>| {
            bytes[range].iter().try_fold(0i64, |n, b| b.is_ascii_digit().then(|| 10 * n + i64::from(b - b'0')))
        };
        let date = Self { year: number(0..4)?, month: number(5..7)?, day: number(8..10)? };
        ((1..=12).contains(&date.month) && (1..=days_in(date.year, date.month)).contains(&date.day)).then_some(date)
    }

    /// The last day of a month.
    pub(super) fn end_of(month: Month) -> Self {
        let (year, month) = (i64::from(month.0 / 12), i64::from(month.0 % 12) + 1);
        Self { year, month, day: days_in(year, month) }
    }

    /// Days from `self` to `end`.
    pub(super) fn days_until(self, end: Self) -> i64 {
        end.day_number() - self.day_number()
    }

    /// Whole months from `self` to `end`.
    pub(super) fn months_until(self, end: Self) -> i64 {
        12 * (end.year - self.year) + end.month - self.month - i64::from(end.day < self.day)
    }

    /// Days since 0000-03-01 (Hinnant, "chrono-compatible date algorithms").
    fn day_number(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let (era, month) = (year.div_euclid(400), (self.month + 9) % 12);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * month + 2) / 5 + self.day - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes() {
        let date = |t| Date::parse(t).unwrap();
        let end = Date::end_of(Month::new(2026, 2).unwrap());
        assert_eq!(end, date("2026-02-28"));
        assert_eq!(Date::end_of(Month::new(2024, 2).unwrap()), date("2024-02-29"));
        assert_eq!(date("1970-01-01").days_until(date("2000-03-01")), 11_017);
        assert_eq!(date("2026-02-01").days_until(end), 27);
        assert_eq!(date("2025-02-28").months_until(end), 12);
        assert_eq!(date("2025-03-01").months_until(end), 11);
        assert_eq!(date("2026-03-01").days_until(end), -1);
        for bad in ["2026-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "26-01-01", "2026/01/01", "2026-1-011", "+026-01-01", ""] {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
    }
}
