//! One field to one feature, exactly.

use super::date::Date;
use super::error::RowProblem;
use probity_credit::file::Feature;
use std::collections::BTreeMap;

/// How a field becomes a number.
pub(super) enum Reader {
    Integer,
    Decimal { scale: u8 },
    Category { codes: BTreeMap<String, i64> },
    Days { until: Date },
    Months { until: Date, per: i64 },
}

impl Reader {
    /// Reads a field that is not missing.
    pub(super) fn read(&self, text: &str) -> Result<Feature, RowProblem> {
        let number = match self {
            Self::Integer => decimal(text, 0, false).ok_or(RowProblem::NotInteger)??,
            Self::Decimal { scale } => decimal(text, *scale, true).ok_or(RowProblem::NotDecimal)??,
            Self::Category { codes } => *codes.get(text).ok_or(RowProblem::UnknownCategory)?,
            Self::Days { until } => passed(text, *until, Date::days_until)?,
            Self::Months { until, per } => passed(text, *until, Date::months_until)? / per,
        };
        Feature::new(number).map_err(|_| RowProblem::Range)
    }
}

fn passed(text: &str, until: Date, count: fn(Date, Date) -> i64) -> Result<i64, RowProblem> {
    let date = Date::parse(text).ok_or(RowProblem::NotDate)?;
    if date <= until { Ok(count(date, until)) } else { Err(RowProblem::LaterDate) }
}

/// `[+-]digits`, and with `point` also `.digits`, times `10^scale`. `None` if it is no such number.
fn decimal(text: &str, scale: u8, point: bool) -> Option<Result<i64, RowProblem>> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = unsigned.split_once('.').filter(|_| point).unwrap_or((unsigned, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || (unsigned.ends_with('.') && point) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > usize::from(scale) {
        return Some(Err(RowProblem::TooFine { scale }));
    }
    let zeros = std::iter::repeat_n(b'0', usize::from(scale) - fraction.len());
    let magnitude =
        whole.bytes().chain(fraction.bytes()).chain(zeros).try_fold(0i64, |n, b| n.checked_mul(10)?.checked_add(i64::from(b - b'0')));
    Some(magnitude.map(|m| if negative { -m } else { m }).ok_or(RowProblem::Range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        let integer = |t| Reader::Integer.read(t).map(|f| f.value().unwrap());
        let cents = |t| Reader::Decimal { scale: 2 }.read(t).map(|f| f.value().unwrap());
        assert_eq!(integer("-17"), Ok(-17));
        assert_eq!(integer("+0017"), Ok(17));
        assert_eq!(integer("549755813887"), Ok(549_755_813_887));
        assert_eq!(integer("549755813888"), Err(RowProblem::Range));
        assert_eq!(integer("99999999999999999999"), Err(RowProblem::Range));
        for bad in ["1.0", "1e3", "", "-", "0x1", "1,000", "١", "1 000", "--1", "+-1", "NaN"] {
            assert_eq!(integer(bad), Err(RowProblem::NotInteger), "{bad}");
        }
        assert_eq!(cents("1169.5"), Ok(116_950));
        assert_eq!(cents("-0.01"), Ok(-1));
        assert_eq!(cents("3"), Ok(300));
        assert_eq!(cents("3.1400"), Ok(314));
        assert_eq!(cents("3.141"), Err(RowProblem::TooFine { scale: 2 }));
        assert_eq!(cents("5497558138.88"), Err(RowProblem::Range));
        for bad in [".5", "5.", "1.2.3", "1.-2", ""] {
            assert_eq!(cents(bad), Err(RowProblem::NotDecimal), "{bad}");
        }
    }
}
