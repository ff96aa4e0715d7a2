//! Numbers in plain words: with separators, units, categories.

use probity_credit::policy::{Attribute, SCALE, Source};
use probity_credit::schema::{FeatureDef, Schema};

/// `1,234,567` with a true minus sign's place taken by a hyphen.
pub fn number(x: i128) -> String {
    let digits = x.unsigned_abs().to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|c| std::str::from_utf8(c).expect("digits are ASCII")).collect();
    format!("{}{}", if x < 0 { "-" } else { "" }, groups.join(","))
}

/// A number in 1/10,000 without trailing zeros: `12.5`.
pub fn scaled(x: i128) -> String {
    let scale = i128::from(SCALE);
    let (whole, part) = (x / scale, (x % scale).unsigned_abs());
    if part == 0 {
        return number(whole);
    }
    let sign = if x < 0 && whole == 0 { "-" } else { "" };
    format!("{sign}{}.{}", number(whole), format!("{part:04}").trim_end_matches('0'))
}

/// A ratio in 1/10,000 as per cent.
pub fn per_cent(x: i128) -> String {
    format!("{} %", scaled(x * 100))
}

/// A feature's value with unit or category name.
pub fn feature(def: Option<&FeatureDef>, value: i128) -> String {
    match def {
        Some(def) if !def.categories.is_empty() => category(&def.categories, value),
        Some(def) => format!("{} {}", number(value), def.unit),
        None => number(value),
    }
}

fn category(names: &[String], code: i128) -> String {
    let name = usize::try_from(code).ok().and_then(|c| names.get(c));
    name.cloned().unwrap_or_else(|| format!("code {code}"))
}

/// How the numbers of an attribute read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reading<'a> {
    /// Whole numbers with a unit.
    Number(&'a str),
    /// Codes with names.
    Category(&'a [String]),
    /// 1/10,000, as per cent.
    Ratio,
}

impl<'a> Reading<'a> {
    /// How an attribute of a policy over `schema` reads.
    pub(crate) fn of(attribute: &'a Attribute, schema: &'a Schema) -> Self {
        match &attribute.source {
            Source::Feature => match schema.feature(attribute.index.into()) {
                Some(def) if !def.categories.is_empty() => Self::Category(&def.categories),
                Some(def) => Self::Number(&def.unit),
                None => Self::Number(""),
            },
            Source::Request { categories } if !categories.is_empty() => Self::Category(categories),
            Source::Request { .. } => Self::Number(""),
            Source::Ratio { .. } => Self::Ratio,
            Source::FileCount => Self::Number("files"),
        }
    }

    /// A whole number.
    pub(crate) fn value(self, x: i128) -> String {
        match self {
            Self::Number(unit) => format!("{} {unit}", number(x)).trim_end().to_owned(),
            Self::Category(names) => category(names, x),
            Self::Ratio => per_cent(x),
        }
    }

    /// The numbers from `lo` on and below `hi`, open where there is no edge.
    pub(crate) fn range(self, lo: Option<i32>, hi: Option<i32>) -> String {
        if let Self::Category(names) = self {
            let codes = (0i128..).zip(names);
            let inside = |code: i128| lo.is_none_or(|l| code >= l.into()) && hi.is_none_or(|h| code < h.into());
            let named: Vec<&str> = codes.filter(|(code, _)| inside(*code)).map(|(_, name)| name.as_str()).collect();
            return if named.is_empty() { "(no category)".to_owned() } else { named.join(", ") };
        }
        match (lo, hi) {
            (None, None) => "any".to_owned(),
            (None, Some(hi)) => format!("below {}", self.value(hi.into())),
            (Some(lo), None) => format!("{} and more", self.value(lo.into())),
            (Some(lo), Some(hi)) => format!("{} to below {}", self.bare(lo.into()), self.value(hi.into())),
        }
    }

    fn bare(self, x: i128) -> String {
        match self {
            Self::Ratio => scaled(x * 100),
            _ => number(x),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(number(0), "0");
        assert_eq!(number(-1_234_567), "-1,234,567");
        assert_eq!(scaled(12_500), "1.25");
        assert_eq!(scaled(-500), "-0.05");
        assert_eq!(scaled(30_000_000), "3,000");
        assert_eq!(per_cent(2_550), "25.5 %");
        let names: Vec<String> = ["none", "paid", "late"].map(String::from).to_vec();
        let codes = Reading::Category(&names);
        assert_eq!(codes.range(Some(1), None), "paid, late");
        assert_eq!(codes.range(None, Some(1)), "none");
        assert_eq!(codes.value(7), "code 7");
        assert_eq!(Reading::Number("EUR").range(Some(-5), Some(1_000)), "-5 to below 1,000 EUR");
        assert_eq!(Reading::Ratio.range(None, Some(3_550)), "below 35.5 %");
    }
}
