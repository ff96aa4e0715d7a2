//! From columns to features: what an institution writes once for its export.

use super::date::Date;
use super::value::Reader;
use probity_credit::month::Month;
use probity_credit::schema::{Kind, Schema};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most decimal digits of a scale.
const SCALE_MAX: u8 = 9;
/// Longest mapping file, bytes.
const MAPPING_BYTES_MAX: usize = 1024 * 1024;

/// How a column is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// A whole number.
    Integer,
    /// A decimal number, multiplied by 10 to the power of `scale`.
    Decimal,
    /// A category's name, or an alias of one.
    Category,
    /// A date: days from it to the end of the publication's month.
    ElapsedDays,
    /// A date: whole months from it to the end of the publication's month.
    ElapsedMonths,
    /// A date: whole years from it to the end of the publication's month.
    ElapsedYears,
}

/// One feature and its column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureMapping {
    /// The schema's feature.
    pub feature: String,
    /// The column's name in the header.
    pub column: String,
    /// How it is read.
    pub read: Reading,
    /// Decimal digits to shift by, for [`Reading::Decimal`]: 2 from EUR to EUR cents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<u8>,
    /// Own names of categories and the schema's, for [`Reading::Category`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub aliases: BTreeMap<String, String>,
    /// Tokens for missing in this column, instead of the mapping's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<String>>,
}

/// A whole mapping, written in TOML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The column with the customer's legal identity.
    pub key: String,
    /// What separates fields.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// Tokens for missing.
    #[serde(default = "missing_tokens")]
    pub missing: Vec<String>,
    /// The features that this institution knows.
    #[serde(rename = "features")]
    pub features: Vec<FeatureMapping>,
}

fn comma() -> char {
    ','
}

fn missing_tokens() -> Vec<String> {
    vec![String::new(), "NA".into()]
}

/// Why a mapping is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// Not the expected TOML.
    #[error("the mapping is not the expected TOML: {reason}")]
    Toml {
        /// What the decoder saw.
        reason: String,
    },
    /// Too long.
    #[error("the mapping has more than {MAPPING_BYTES_MAX} bytes")]
    TooLong,
    /// No features.
    #[error("the mapping names no feature: add at least one [[features]]")]
    Empty,
    /// The delimiter is not one ASCII character, or has another meaning.
    #[error("the delimiter must be one ASCII character other than a quote, a letter, a digit or a line end")]
    Delimiter,
    /// A feature that the schema does not have.
    #[error("the schema has no feature {feature:?}")]
    UnknownFeature {
        /// The feature.
        feature: String,
    },
    /// A feature mapped twice.
    #[error("feature {feature:?} is mapped twice")]
    DuplicateFeature {
        /// The feature.
        feature: String,
    },
    /// Categories read as numbers, or the other way round.
    #[error("feature {feature:?}: read = \"category\" is for codes, and codes are read by it alone")]
    Kind {
        /// The feature.
        feature: String,
    },
    /// A scale where none belongs, or too large.
    #[error("feature {feature:?}: a scale of 0 to 9 belongs to read = \"decimal\", and to it alone")]
    Scale {
        /// The feature.
        feature: String,
    },
    /// Aliases where none belong, of nothing, or hiding a category or a missing value.
    #[error("feature {feature:?}: alias {alias:?} must be a new name for a category of the schema")]
    Alias {
        /// The feature.
        feature: String,
        /// The alias.
        alias: String,
    },
    /// A column that the file does not have, or has twice.
    #[error("the file's header must have the column {column:?} once")]
    Column {
        /// The column.
        column: String,
    },
}

impl Mapping {
    /// Reads TOML.
    ///
    /// # Errors
    /// [`MappingError::Toml`], [`MappingError::TooLong`].
    pub fn from_toml(text: &str) -> Result<Self, MappingError> {
        if text.len() > MAPPING_BYTES_MAX {
            return Err(MappingError::TooLong);
        }
        toml::from_str(text).map_err(|e| MappingError::Toml { reason: e.message().into() })
    }

    /// The delimiter as the CSV reader takes it.
    pub(super) fn delimiter(&self) -> Result<u8, MappingError> {
        let special = |c: char| c.is_ascii_alphanumeric() || matches!(c, '"' | '\n' | '\r' | '\0');
        u8::try_from(self.delimiter).ok().filter(|_| self.delimiter.is_ascii() && !special(self.delimiter)).ok_or(MappingError::Delimiter)
    }

    /// Checks against schema and header; `month` is the publication's.
    pub(super) fn bind(&self, schema: &Schema, header: &[String], month: Month) -> Result<Columns, MappingError> {
        if self.features.is_empty() {
            return Err(MappingError::Empty);
        }
        let column = |name: &str| {
            let mut places = header.iter().enumerate().filter(|(_, h)| *h == name).map(|(i, _)| i);
            match (places.next(), places.next()) {
                (Some(at), None) => Ok(at),
                _ => Err(MappingError::Column { column: name.into() }),
            }
        };
        let mut features = vec![];
        for (at, one) in self.features.iter().enumerate() {
            let name = || one.feature.clone();
            if self.features[..at].iter().any(|f| f.feature == one.feature) {
                return Err(MappingError::DuplicateFeature { feature: name() });
            }
            let slot = schema.slot(&one.feature).ok_or_else(|| MappingError::UnknownFeature { feature: name() })?;
            let def = schema.feature(slot).expect("the slot was found by name");
            if (def.kind == Kind::Code) != (one.read == Reading::Category) {
                return Err(MappingError::Kind { feature: name() });
            }
            let missing = one.missing.as_ref().unwrap_or(&self.missing).clone();
            features.push(BoundFeature { slot, column: column(&one.column)?, missing, reader: one.reader(&def.categories, month)? });
        }
        Ok(Columns { key: column(&self.key)?, features })
    }
}

impl FeatureMapping {
    fn reader(&self, categories: &[String], month: Month) -> Result<Reader, MappingError> {
        let feature = || self.feature.clone();
        let scale = match (self.read, self.scale) {
            (Reading::Decimal, Some(scale)) if scale <= SCALE_MAX => scale,
            (Reading::Decimal, _) | (_, Some(_)) => return Err(MappingError::Scale { feature: feature() }),
            (_, None) => 0,
        };
        let mut codes: BTreeMap<String, i64> = (0..).zip(categories).map(|(code, c)| (c.clone(), code)).collect();
        for (alias, category) in &self.aliases {
            let code = codes.get(category).copied().filter(|_| self.read == Reading::Category && categories.contains(category));
            if code.is_none_or(|code| codes.insert(alias.clone(), code).is_some()) {
                return Err(MappingError::Alias { feature: feature(), alias: alias.clone() });
            }
        }
        Ok(match self.read {
            Reading::Integer => Reader::Integer,
            Reading::Decimal => Reader::Decimal { scale },
            Reading::Category => Reader::Category { codes },
            Reading::ElapsedDays => Reader::Days { until: Date::end_of(month) },
            Reading::ElapsedMonths => Reader::Months { until: Date::end_of(month), per: 1 },
            Reading::ElapsedYears => Reader::Months { until: Date::end_of(month), per: 12 },
        })
    }
}

/// A mapping's columns in one file.
pub(super) struct Columns {
    pub(super) key: usize,
    pub(super) features: Vec<BoundFeature>,
}

/// One feature's column.
pub(super) struct BoundFeature {
    pub(super) slot: usize,
    pub(super) column: usize,
    pub(super) missing: Vec<String>,
    pub(super) reader: Reader,
}
