//! Decimal numbers as cards write them, without rounding.

/// `digits * 10^exponent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    digits: i128,
    exponent: i32,
}

/// Why a number cannot become an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAnInteger {
    /// Digits remain after the point.
    Fraction,
    /// Beyond 32 bits.
    Range,
}

/// Longest number, characters: more digits than any number that fits.
const CHARS_MAX: usize = 32;

impl Decimal {
    /// Reads `[+-]digits[.digits][e[+-]digits]`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > CHARS_MAX {
            return None;
        }
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((m, e)) => (m, e.parse::<i16>().ok()?.into()),
            None => (text, 0i32),
        };
        let (negative, unsigned) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let digits: i128 = all.parse().ok()?;
        let fraction = i32::try_from(fraction.len()).ok()?;
        Some(Self { digits: if negative { -digits } else { digits }, exponent: exponent - fraction })
    }

    /// The number times `10^scale` as an integer of 32 bits.
    pub(crate) fn integer(self, scale: u8) -> Result<i32, NotAnInteger> {
        let exponent = self.exponent + i32::from(scale);
        if self.digits == 0 {
            return Ok(0);
        }
        let mut digits = self.digits;
        for _ in exponent..0 {
            if digits % 10 != 0 {
                return Err(NotAnInteger::Fraction);
            }
            digits /= 10;
        }
        for _ in 0..exponent {
            digits = digits.checked_mul(10).ok_or(NotAnInteger::Range)?;
        }
        i32::try_from(digits).map_err(|_| NotAnInteger::Range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        let integer = |text: &str, scale| Decimal::parse(text).unwrap().integer(scale);
        assert_eq!(integer("449.0", 0), Ok(449));
        assert_eq!(integer("-29", 0), Ok(-29));
        assert_eq!(integer("-0.0", 0), Ok(0));
        assert_eq!(integer("+1e+05", 0), Ok(100_000));
        assert_eq!(integer("0.35", 2), Ok(35));
        assert_eq!(integer("120e-1", 0), Ok(12));
        assert_eq!(integer("0.35", 1), Err(NotAnInteger::Fraction));
        assert_eq!(integer("1e-300", 2), Err(NotAnInteger::Fraction));
        assert_eq!(integer("2147483647", 0), Ok(i32::MAX));
        assert_eq!(integer("2147483648", 0), Err(NotAnInteger::Range));
        assert_eq!(integer("1e32767", 0), Err(NotAnInteger::Range));
        for bad in ["", ".", "-", "1.2.3", "1,000", "nan", "inf", "1e", "1e99999", "0x1", "--1", "1 ", &"1".repeat(33)] {
            assert_eq!(Decimal::parse(bad), None, "{bad}");
        }
    }
}
