//! The rules a policy keeps, each with its own refusal.

use super::{ATTRIBUTES, BINS, FILE_COUNT_ATTRIBUTE, MAX_LOSS_BITS, Policy, RATIO_ATTRIBUTES, REQUEST_ATTRIBUTES, Source};
use crate::digest::Digest;
use crate::file::FEATURES;
use crate::schema::{CATEGORIES_MAX, Kind, Schema, is_name};

/// Largest points in absolute value.
const POINTS_MAX: i32 = 1_000_000;

/// Why a policy is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Another schema than the one named.
    #[error("the policy names schema {named}, not {given}")]
    Schema {
        /// Named by the policy.
        named: Digest,
        /// Given to check against.
        given: Digest,
    },
    /// Names are 1 to 96 printable bytes.
    #[error("{what} must have 1 to 96 bytes of printable characters")]
    Name {
        /// Which name.
        what: String,
    },
    /// No or too many attributes.
    #[error("a policy scores 1 to 20 attributes, this one {0}")]
    AttributeCount(usize),
    /// Index order.
    #[error("attribute {index}: numbers are below 20 and rise from row to row")]
    Index {
        /// The attribute.
        index: u8,
    },
    /// The attribute's feature is not in the schema.
    #[error("attribute {index}: the schema has no feature in slot {slot}")]
    NoFeature {
        /// The attribute.
        index: u8,
        /// The slot.
        slot: u8,
    },
    /// A request attribute outside 6..10.
    #[error("attribute {index}: only attributes 6 to 9 can come from the request")]
    RequestIndex {
        /// The attribute.
        index: u8,
    },
    /// Categories of a request attribute.
    #[error("attribute {index}: at most 256 different category names of 1 to 96 printable bytes")]
    Categories {
        /// The attribute.
        index: u8,
    },
    /// A ratio outside 15..19.
    #[error("attribute {index}: only attributes 15 to 18 can be ratios")]
    RatioIndex {
        /// The attribute.
        index: u8,
    },
    /// Empty, unsorted or repeated slots.
    #[error("attribute {index}: a ratio names at least one slot above and below the line, each once, rising")]
    RatioSlots {
        /// The attribute.
        index: u8,
    },
    /// A ratio of category codes.
    #[error("attribute {index}: slot {slot} holds category codes, which cannot be added up")]
    RatioOfCodes {
        /// The attribute.
        index: u8,
        /// The slot.
        slot: u8,
    },
    /// File count outside 19.
    #[error("attribute {index}: only attribute 19 can be the number of files")]
    FileCountIndex {
        /// The attribute.
        index: u8,
    },
    /// Bins and points do not fit.
    #[error("attribute {index}: 1 to 10 bins with one edge fewer than points; it has {edges} edges and {points} points")]
    Bins {
        /// The attribute.
        index: u8,
        /// Edges.
        edges: usize,
        /// Points.
        points: usize,
    },
    /// Edges must rise.
    #[error("attribute {index}: edge {edge} does not rise above the one before")]
    FallingEdges {
        /// The attribute.
        index: u8,
        /// The edge, counted from 0.
        edge: usize,
    },
    /// Points too large.
    #[error("attribute {index}: points lie between -1,000,000 and 1,000,000")]
    Points {
        /// The attribute.
        index: u8,
    },
    /// Best and worst too far apart.
    #[error("attribute {index}: best and worst points differ by {spread}, more than 4,095: scale the card down")]
    Spread {
        /// The attribute.
        index: u8,
        /// The difference.
        spread: i64,
    },
    /// Base points or cut-off too large.
    #[error("base points and cut-off lie between -20,000,000 and 20,000,000")]
    BaseOrCutOff,
    /// Nobody or everybody would pass.
    #[error("the cut-off leaves an allowance of {allowance} points; it must lie between 0 and {worst} (everybody passes from there on)")]
    Allowance {
        /// `base + best - cut-off`.
        allowance: i64,
        /// Sum of the worst losses.
        worst: i64,
    },
    /// Leaving out a file must not pay.
    #[error("attribute {index}: without `complete` the points for missing must be the row's worst, or leaving out a file would pay")]
    MissingNotWorst {
        /// The attribute.
        index: u8,
    },
    /// Points that nobody can get would decide the reasons.
    #[error("attribute {index} is never missing: its points for missing must be those of one of its bins, for instance the worst")]
    NeverMissing {
        /// The attribute.
        index: u8,
    },
    /// Weights and decay are per cent.
    #[error("weights and decay are per cent, 0 to 100")]
    Percent,
    /// No file could count.
    #[error("at least one domain and the first month need a weight above 0, or no file counts")]
    NoWeight,
}

impl Policy {
    /// Checks every rule against the policy's schema.
    ///
    /// # Errors
    /// [`PolicyError`], the first rule broken.
    pub fn check(&self, schema: &Schema) -> Result<(), PolicyError> {
        if schema.id() != self.schema {
            return Err(PolicyError::Schema { named: self.schema, given: schema.id() });
        }
        if !is_name(&self.name) {
            return Err(PolicyError::Name { what: "the policy's name".into() });
        }
        if !(1..=ATTRIBUTES).contains(&self.attributes.len()) {
            return Err(PolicyError::AttributeCount(self.attributes.len()));
        }
        if self.weights.iter().chain(&self.decay).any(|&p| p > 100) {
            return Err(PolicyError::Percent);
        }
        if self.weights.iter().all(|&w| w == 0) || self.decay[0] == 0 {
            return Err(PolicyError::NoWeight);
        }
        for at in 0..self.attributes.len() {
            self.check_row(at, schema)?;
        }
        if self.base_points.unsigned_abs() > 20_000_000 || self.cut_off.unsigned_abs() > 20_000_000 {
            return Err(PolicyError::BaseOrCutOff);
        }
        let worst: i64 = self.attributes.iter().map(|a| i64::from(a.best()) - i64::from(a.worst())).sum();
        let allowance = self.allowance();
        if !(0..worst).contains(&allowance) {
            return Err(PolicyError::Allowance { allowance, worst });
        }
        Ok(())
    }

    fn check_row(&self, at: usize, schema: &Schema) -> Result<(), PolicyError> {
        let row = &self.attributes[at];
        let index = row.index;
        if usize::from(index) >= ATTRIBUTES || (at > 0 && self.attributes[at - 1].index >= index) {
            return Err(PolicyError::Index { index });
        }
        if !is_name(&row.name) {
            return Err(PolicyError::Name { what: format!("the name of attribute {index}") });
        }
        self.check_source(at, schema)?;
        if !(1..=BINS).contains(&row.points.len()) || row.edges.len() + 1 != row.points.len() {
            return Err(PolicyError::Bins { index, edges: row.edges.len(), points: row.points.len() });
        }
        if let Some(edge) = row.edges.windows(2).position(|e| e[0] >= e[1]) {
            return Err(PolicyError::FallingEdges { index, edge: edge + 1 });
        }
        if row.points.iter().chain([&row.missing]).any(|p| p.unsigned_abs() > POINTS_MAX.unsigned_abs()) {
            return Err(PolicyError::Points { index });
        }
        let spread = i64::from(row.best()) - i64::from(row.worst());
        if spread >= 1 << MAX_LOSS_BITS {
            return Err(PolicyError::Spread { index, spread });
        }
        // request attributes and the file count are never missing; for these leaving out a file gains nothing by the missing bin
        let can_be_missing = matches!(row.source, Source::Feature | Source::Ratio { .. });
        if !self.complete && can_be_missing && row.missing != row.worst() {
            return Err(PolicyError::MissingNotWorst { index });
        }
        // losses are counted from the row's best points: ones that cannot be reached would make everybody lose there, and name this attribute first
        if !can_be_missing && !row.points.contains(&row.missing) {
            return Err(PolicyError::NeverMissing { index });
        }
        Ok(())
    }

    fn check_source(&self, at: usize, schema: &Schema) -> Result<(), PolicyError> {
        let row = &self.attributes[at];
        let index = row.index;
        match &row.source {
            Source::Feature if schema.feature(index.into()).is_none() => Err(PolicyError::NoFeature { index, slot: index }),
            Source::Feature => Ok(()),
            Source::Request { .. } if !REQUEST_ATTRIBUTES.contains(&index.into()) => Err(PolicyError::RequestIndex { index }),
            Source::Request { categories } => {
                let mut sorted: Vec<&String> = categories.iter().collect();
                sorted.sort_unstable();
                sorted.dedup();
                let fits = sorted.len() == categories.len() && categories.len() <= CATEGORIES_MAX && categories.iter().all(|c| is_name(c));
                if fits { Ok(()) } else { Err(PolicyError::Categories { index }) }
            }
            Source::Ratio { a, b } => {
                if !RATIO_ATTRIBUTES.contains(&index.into()) {
                    return Err(PolicyError::RatioIndex { index });
                }
                let rises = |s: &[u8]| !s.is_empty() && s.windows(2).all(|w| w[0] < w[1]) && s.iter().all(|&i| usize::from(i) < FEATURES);
                if !rises(a) || !rises(b) {
                    return Err(PolicyError::RatioSlots { index });
                }
                for &slot in a.iter().chain(b) {
                    match schema.feature(slot.into()) {
                        None => return Err(PolicyError::NoFeature { index, slot }),
                        Some(def) if def.kind == Kind::Code => return Err(PolicyError::RatioOfCodes { index, slot }),
                        Some(_) => {}
                    }
                }
                Ok(())
            }
            Source::FileCount if usize::from(index) != FILE_COUNT_ATTRIBUTE => Err(PolicyError::FileCountIndex { index }),
            Source::FileCount => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit_id::CircuitId;
    use crate::policy::testing::policy;
    use crate::schema::testing::schema;

    #[test]
    fn each_rule_refuses() {
        let good = policy(CircuitId::Eligibility3);
        good.check(&schema()).unwrap();
        let with = |f: &dyn Fn(&mut Policy)| {
            let mut policy = good.clone();
            f(&mut policy);
            policy.check(&schema()).unwrap_err()
        };
        let ratio = |a: &[u8], b: &[u8]| Source::Ratio { a: a.to_vec(), b: b.to_vec() };
        let request = |categories: &[&str]| Source::Request { categories: categories.iter().map(|c| (*c).to_owned()).collect() };
        assert!(matches!(with(&|p| p.schema = Digest::default()), PolicyError::Schema { .. }));
        assert!(matches!(with(&|p| p.name.clear()), PolicyError::Name { .. }));
        assert!(matches!(with(&|p| p.attributes[3].name = "a\nb".into()), PolicyError::Name { .. }));
        assert_eq!(with(&|p| p.attributes.clear()), PolicyError::AttributeCount(0));
        assert_eq!(with(&|p| p.attributes.swap(2, 3)), PolicyError::Index { index: 2 });
        assert_eq!(with(&|p| p.attributes[18].index = 20), PolicyError::Index { index: 20 });
        assert_eq!(with(&|p| p.attributes[0].source = request(&[])), PolicyError::RequestIndex { index: 0 });
        assert_eq!(with(&|p| p.attributes[6].source = request(&["car", "car"])), PolicyError::Categories { index: 6 });
        assert_eq!(with(&|p| p.attributes[0].source = ratio(&[0], &[1])), PolicyError::RatioIndex { index: 0 });
        assert_eq!(with(&|p| p.attributes[15].source = ratio(&[1, 0], &[2])), PolicyError::RatioSlots { index: 15 });
        assert_eq!(with(&|p| p.attributes[15].source = ratio(&[0], &[])), PolicyError::RatioSlots { index: 15 });
        assert_eq!(with(&|p| p.attributes[0].source = Source::FileCount), PolicyError::FileCountIndex { index: 0 });
        assert!(matches!(with(&|p| p.attributes[0].points.truncate(2)), PolicyError::Bins { index: 0, .. }));
        assert_eq!(with(&|p| p.attributes[0].edges[1] = -500), PolicyError::FallingEdges { index: 0, edge: 1 });
        assert_eq!(with(&|p| p.attributes[0].points[1] = 1_000_001), PolicyError::Points { index: 0 });
        assert_eq!(with(&|p| p.attributes[0].points[1] = 10 + (1 << 12)), PolicyError::Spread { index: 0, spread: 4_096 });
        assert_eq!(with(&|p| p.cut_off = 20_000_001), PolicyError::BaseOrCutOff);
        assert!(matches!(with(&|p| p.cut_off += 201), PolicyError::Allowance { allowance: -1, .. }));
        assert!(matches!(with(&|p| p.cut_off = -10_000), PolicyError::Allowance { .. }));
        assert_eq!(with(&|p| p.decay[11] = 101), PolicyError::Percent);
        assert_eq!(with(&|p| p.decay[0] = 0), PolicyError::NoWeight);
        let leave_out = |p: &mut Policy| (p.complete, p.attributes[0].missing) = (false, 40);
        assert_eq!(with(&leave_out), PolicyError::MissingNotWorst { index: 0 });
        for (at, index) in [(6, 6), (18, 19)] {
            assert_eq!(with(&|p| p.attributes[at].missing = 3_000), PolicyError::NeverMissing { index }, "above all bins");
            assert_eq!(with(&|p| p.attributes[at].missing -= 5), PolicyError::NeverMissing { index }, "below all bins");
        }
    }

    #[test]
    fn features_come_from_the_schema() {
        let mut schema = schema();
        schema.features[3] = None;
        let with = |change: &dyn Fn(&mut Policy)| {
            let mut policy = policy(CircuitId::Eligibility3);
            policy.schema = schema.id();
            change(&mut policy);
            policy.check(&schema).unwrap_err()
        };
        assert_eq!(with(&|_| ()), PolicyError::NoFeature { index: 3, slot: 3 });
        assert_eq!(with(&|p| drop(p.attributes.remove(3))), PolicyError::NoFeature { index: 18, slot: 3 });
    }
}
