//! Schemas: what a file's features mean and how files are put together.

use crate::digest::Digest;
use crate::file::{FEATURES, SUM_FEATURES};
use crate::hash::label;
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// Longest name or unit, bytes.
pub const NAME_BYTES_MAX: usize = 96;
/// Most categories of a feature.
pub const CATEGORIES_MAX: usize = 256;

/// How a feature of several files becomes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Sum, each file in full: for debts, which a haircut would flatter.
    SumFull,
    /// Sum, each file times its weight: for income and assets.
    SumWeighted,
    /// The largest value.
    Max,
    /// The smallest value.
    Min,
}

/// What kind of number a feature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Money in minor units.
    Money,
    /// A count.
    Count,
    /// Days.
    Days,
    /// Months.
    Months,
    /// Years.
    Years,
    /// A category's code: its index in `categories`.
    Code,
}

/// One feature.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureDef {
    /// Unique name, for example `credit_history`.
    pub name: String,
    /// Unit in plain words, for example `EUR cents`.
    pub unit: String,
    /// Kind of number.
    pub kind: Kind,
    /// How files are put together.
    pub rule: Rule,
    /// Category names in order of their codes, for [`Kind::Code`] only.
    #[serde(default)]
    pub categories: Vec<String>,
}

/// A schema: up to 20 features in fixed slots.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// Name, for example `consumer-credit`.
    pub name: String,
    /// Version, rising when the schema grows.
    pub version: u32,
    /// Slot `i` is feature `i`; 0..10 are summed, 10..20 take maximum or minimum.
    pub features: Vec<Option<FeatureDef>>,
}

/// Why a schema is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Not 20 slots.
    #[error("a schema has exactly 20 slots (null for an unused one), this one has {0}")]
    Slots(usize),
    /// Empty, too long or unprintable name.
    #[error("{field} of slot {slot:?} must have 1 to 96 bytes of printable characters")]
    Name {
        /// Which text.
        field: &'static str,
        /// Slot, or none for the schema's own name.
        slot: Option<usize>,
    },
    /// Two features with one name.
    #[error("the name of slot {slot} is already taken: every feature needs its own")]
    DuplicateName {
        /// The later slot.
        slot: usize,
    },
    /// The rule does not belong into the slot.
    #[error("slot {slot} cannot use this rule: slots 0 to 9 are sum-full or sum-weighted, slots 10 to 19 max or min")]
    Rule {
        /// Slot.
        slot: usize,
    },
    /// Categories where none belong, or none where they do, or too many or twice the same.
    #[error("slot {slot}: a code has 1 to 256 different categories and lies in slots 10 to 19; other kinds have none")]
    Categories {
        /// Slot.
        slot: usize,
    },
    /// A slot changed its meaning.
    #[error("slot {slot} differs from the earlier version: a schema only grows, so put the new feature into a free slot")]
    Changed {
        /// Slot.
        slot: usize,
    },
    /// Not a later version of the same schema.
    #[error("the version must rise and the name stay the same when a schema grows")]
    Version,
}

/// Whether `text` may be a name or unit: 1 to 96 bytes, no control characters.
pub fn is_name(text: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

impl Schema {
    /// Digest of the canonical encoding.
    pub fn id(&self) -> Digest {
        Digest::of_value(label::sha256::SCHEMA, self)
    }

    /// Checks structure and names.
    ///
    /// # Errors
    /// [`SchemaError`], the first rule broken.
    pub fn check(&self) -> Result<(), SchemaError> {
        if self.features.len() != FEATURES {
            return Err(SchemaError::Slots(self.features.len()));
        }
        if !is_name(&self.name) {
            return Err(SchemaError::Name { field: "the name", slot: None });
        }
        for (slot, def) in self.features.iter().enumerate() {
            let Some(def) = def else { continue };
            for (field, text) in [("the name", &def.name), ("the unit", &def.unit)] {
                if !is_name(text) {
                    return Err(SchemaError::Name { field, slot: Some(slot) });
                }
            }
            if self.features[..slot].iter().flatten().any(|d| d.name == def.name) {
                return Err(SchemaError::DuplicateName { slot });
            }
            if matches!(def.rule, Rule::SumFull | Rule::SumWeighted) != (slot < SUM_FEATURES) {
                return Err(SchemaError::Rule { slot });
            }
            let is_code = def.kind == Kind::Code;
            let count = def.categories.len();
            let mut sorted: Vec<&String> = def.categories.iter().collect();
            sorted.sort_unstable();
            sorted.dedup();
            let names_fit = sorted.len() == count && def.categories.iter().all(|c| is_name(c));
            if is_code != (1..=CATEGORIES_MAX).contains(&count)
                || (!is_code && count != 0)
                || (is_code && slot < SUM_FEATURES)
                || !names_fit
            {
                return Err(SchemaError::Categories { slot });
            }
        }
        Ok(())
    }

    /// Checks that `self` is a later version of `earlier` in which no slot changed.
    ///
    /// # Errors
    /// [`SchemaError::Version`], [`SchemaError::Changed`].
    pub fn extends(&self, earlier: &Schema) -> Result<(), SchemaError> {
        if self.name != earlier.name || self.version <= earlier.version {
            return Err(SchemaError::Version);
        }
        for (slot, (new, old)) in self.features.iter().zip(&earlier.features).enumerate() {
            let grown = match (new, old) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(n), Some(o)) => {
                    FeatureDef { categories: vec![], ..n.clone() } == FeatureDef { categories: vec![], ..o.clone() }
                        && n.categories.starts_with(&o.categories)
                }
            };
            if !grown {
                return Err(SchemaError::Changed { slot });
            }
        }
        Ok(())
    }

    /// The definition of a slot.
    pub fn feature(&self, slot: usize) -> Option<&FeatureDef> {
        self.features.get(slot).and_then(Option::as_ref)
    }

    /// The slot of a feature by name.
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.features.iter().position(|d| d.as_ref().is_some_and(|d| d.name == name))
    }
}

/// Fixtures for tests.
pub mod testing {
    use super::{FeatureDef, Kind, Rule, Schema};

    /// A schema with all 20 slots: even sums full, odd weighted; 10..15 max, 15..20 min.
    pub fn schema() -> Schema {
        let def = |slot: usize| FeatureDef {
            name: format!("feature_{slot}"),
            unit: "units".into(),
            kind: Kind::Count,
            rule: match slot {
                0..10 if slot.is_multiple_of(2) => Rule::SumFull,
                0..10 => Rule::SumWeighted,
                10..15 => Rule::Max,
                _ => Rule::Min,
            },
            categories: vec![],
        };
        Schema { name: "test".into(), version: 1, features: (0..20).map(|s| Some(def(s))).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_refuses() {
        let good = testing::schema();
        good.check().unwrap();
        let with = |f: &dyn Fn(&mut Schema)| {
            let mut s = good.clone();
            f(&mut s);
            s.check().unwrap_err()
        };
        fn at(s: &mut Schema, slot: usize) -> &mut FeatureDef {
            s.features[slot].as_mut().unwrap()
        }
        assert_eq!(with(&|s| drop(s.features.pop())), SchemaError::Slots(19));
        assert_eq!(with(&|s| s.name.clear()), SchemaError::Name { field: "the name", slot: None });
        assert_eq!(with(&|s| at(s, 3).unit = "\n".into()), SchemaError::Name { field: "the unit", slot: Some(3) });
        assert_eq!(with(&|s| at(s, 3).name = "feature_2".into()), SchemaError::DuplicateName { slot: 3 });
        assert_eq!(with(&|s| at(s, 3).rule = Rule::Max), SchemaError::Rule { slot: 3 });
        assert_eq!(with(&|s| at(s, 12).rule = Rule::SumFull), SchemaError::Rule { slot: 12 });
        assert_eq!(with(&|s| at(s, 12).kind = Kind::Code), SchemaError::Categories { slot: 12 });
        assert_eq!(with(&|s| at(s, 12).categories.push("a".into())), SchemaError::Categories { slot: 12 });
    }

    #[test]
    fn schemas_only_grow() {
        let old = Schema {
            features: testing::schema().features.into_iter().map(|d| d.filter(|d| d.name != "feature_4")).collect(),
            ..testing::schema()
        };
        let new = Schema { version: 2, ..testing::schema() };
        new.extends(&old).unwrap();
        assert_eq!(Schema { version: 3, ..old.clone() }.extends(&new), Err(SchemaError::Changed { slot: 4 }));
        assert_eq!(old.extends(&old), Err(SchemaError::Version));
    }
}
