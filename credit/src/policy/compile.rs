//! From a policy to the policy part of the public inputs, in one canonical way.
//!
//! Losses instead of points: `loss = best points of the row - points`, so that all are non-negative and small.
//!
//! A *plain* row is the interval `[lo, hi)` and the loss, packed in one element. The ten bins, missing and the filler all have that shape, so that
//! "exactly one bin" is membership in a set of eleven elements. Missing is a number of its own outside all bins ([`CompiledPolicy::missing_number`]).
//! Attributes that may be ratios (15..19) keep edges and losses apart, as their comparison is scaled by the denominator.

use super::{
    ATTRIBUTES, Attribute, BINS, DECAY_MONTHS, FILE_COUNT_ATTRIBUTE, Policy, RATIO_ATTRIBUTES, REQUEST_ATTRIBUTES, REQUEST_SLOTS, SCALE,
    Source,
};
use crate::circuit_id::CircuitId;
use crate::domain::DOMAINS;
use crate::field::{F, from_signed};
use crate::file::{FEATURE_OFFSET, FEATURES, SUM_FEATURES};
use crate::schema::{Rule, Schema};
use std::array::from_fn;

/// Bits of one attribute's loss.
pub const MAX_LOSS_BITS: usize = 12;
/// Bits of the sum of 20 losses, and of a distance to the allowance.
pub const TOTAL_LOSS_BITS: usize = 17;
/// Bits between the parts of a packed row: wider than any part's range check.
pub const ROW_PART_BITS: usize = 64;

/// One bin of a plain attribute: `lo <= x < hi` costs `loss`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlainRow {
    /// Lower edge, included.
    pub lo: i128,
    /// Upper edge, excluded.
    pub hi: i128,
    /// Loss.
    pub loss: u16,
}

impl PlainRow {
    /// `lo + 2^64 hi + 2^128 loss`: a public input.
    pub fn packed(&self) -> F {
        let shift = F::from(1u128 << ROW_PART_BITS);
        (F::from(u64::from(self.loss)) * shift + from_signed(self.hi)) * shift + from_signed(self.lo)
    }
}

/// Edges and losses of an attribute that may be a ratio.
///
/// Bin 0 is missing; bin `k` is `edges[k-2] <= x < edges[k-1]`, bins 1 and 10 being open below and above. A filler bin is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatioRows {
    /// Edges between bins 1 and 10.
    pub edges: [i32; BINS - 1],
    /// Losses by bin.
    pub losses: [u16; BINS + 1],
}

/// A policy with its schema's rules, as the circuits see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledPolicy {
    /// The circuit.
    pub circuit: CircuitId,
    /// The schema's id in the field.
    pub schema: F,
    /// Which of features 0..10 are weighted sums.
    pub sum_weighted: [bool; SUM_FEATURES],
    /// Which of features 10..20 take the minimum.
    pub take_min: [bool; FEATURES - SUM_FEATURES],
    /// Trust weights, per cent.
    pub weights: [u8; DOMAINS],
    /// Decay, per cent.
    pub decay: [u8; DECAY_MONTHS],
    /// Domains whose files must all be used: those of weight above 0, if the policy says `complete`.
    pub complete: [bool; DOMAINS],
    /// Which of attributes 6..10 come from the request.
    pub from_request: [bool; REQUEST_SLOTS],
    /// Whether attribute 19 is the number of files.
    pub file_count: bool,
    /// Which of attributes 15..19 are ratios.
    pub is_ratio: [bool; 4],
    /// Features in the numerators.
    pub numerator: [[bool; FEATURES]; 4],
    /// Features in the denominators.
    pub denominator: [[bool; FEATURES]; 4],
    /// Eleven rows of each plain attribute, in order 0..15, 19; the first is missing.
    pub plain: [[PlainRow; BINS + 1]; ATTRIBUTES - 4],
    /// Rows of attributes 15..19.
    pub ratio: [RatioRows; 4],
    /// Loss still allowed.
    pub allowance: u32,
    /// Whether the answer shows `person`.
    pub show_person: bool,
}

/// The plain attributes in the order of their rows.
pub fn plain_attributes() -> impl Iterator<Item = usize> {
    (0..ATTRIBUTES).filter(|i| !RATIO_ATTRIBUTES.contains(i))
}

impl Policy {
    /// Compiles a policy that [`Policy::check`] accepts.
    ///
    /// # Errors
    /// Whatever [`Policy::check`] refuses.
    pub fn compile(&self, schema: &Schema) -> Result<CompiledPolicy, super::PolicyError> {
        self.check(schema)?;
        let rule = |slot: usize| schema.feature(slot).map(|d| d.rule);
        let take_min = from_fn(|i| rule(SUM_FEATURES + i) == Some(Rule::Min));
        let ratio_of = |i: usize| match self.attribute(RATIO_ATTRIBUTES.start + i).map(|a| &a.source) {
            Some(Source::Ratio { a, b }) => Some((a, b)),
            _ => None,
        };
        let mask = |slots: Option<&Vec<u8>>| from_fn(|f| slots.is_some_and(|s| s.iter().any(|&x| usize::from(x) == f)));
        let mut plain_rows = plain_attributes().map(|i| {
            let numbers = Numbers::of(self.circuit, i, i >= SUM_FEATURES && take_min_at(&take_min, i) && !is_count(self.attribute(i)));
            numbers.rows(self.attribute(i))
        });
        Ok(CompiledPolicy {
            circuit: self.circuit,
            schema: self.schema.to_field(),
            sum_weighted: from_fn(|i| rule(i) == Some(Rule::SumWeighted)),
            take_min,
            weights: self.weights,
            decay: self.decay,
            complete: from_fn(|d| self.complete && self.weights[d] > 0),
            from_request: from_fn(|i| {
                matches!(self.attribute(REQUEST_ATTRIBUTES.start + i).map(|a| &a.source), Some(Source::Request { .. }))
            }),
            file_count: is_count(self.attribute(FILE_COUNT_ATTRIBUTE)),
            is_ratio: from_fn(|i| ratio_of(i).is_some()),
            numerator: from_fn(|i| mask(ratio_of(i).map(|r| r.0))),
            denominator: from_fn(|i| mask(ratio_of(i).map(|r| r.1))),
            plain: from_fn(|_| plain_rows.next().expect("sixteen plain attributes")),
            ratio: from_fn(|i| ratio_rows(self.attribute(RATIO_ATTRIBUTES.start + i))),
            allowance: u32::try_from(self.allowance()).expect("check keeps the allowance in [0, 20 * 4095)"),
            show_person: self.show_person,
        })
    }
}

fn take_min_at(take_min: &[bool; FEATURES - SUM_FEATURES], attribute: usize) -> bool {
    take_min[attribute - SUM_FEATURES]
}

fn is_count(attribute: Option<&Attribute>) -> bool {
    matches!(attribute.map(|a| &a.source), Some(Source::FileCount))
}

fn loss(attribute: &Attribute, points: i32) -> u16 {
    u16::try_from(i64::from(attribute.best()) - i64::from(points)).expect("check keeps losses below 4,096")
}

/// The numbers a plain attribute can take: `missing`, or anything in `[first, end)`; edges are multiples of `scale`.
struct Numbers {
    missing: i128,
    first: i128,
    end: i128,
    scale: i128,
}

impl Numbers {
    fn of(circuit: CircuitId, attribute: usize, take_min: bool) -> Self {
        let offset = i128::from(FEATURE_OFFSET);
        if attribute < SUM_FEATURES {
            let bound = 1i128 << circuit.sum_bits();
            Self { missing: -bound, first: -bound + 1, end: bound, scale: SCALE.into() }
        } else if take_min {
            Self { missing: offset, first: -offset + 1, end: offset, scale: 1 }
        } else {
            Self { missing: -offset, first: -offset + 1, end: offset, scale: 1 }
        }
    }

    fn rows(&self, attribute: Option<&Attribute>) -> [PlainRow; BINS + 1] {
        let Some(row) = attribute else {
            let filler = PlainRow { lo: self.first.min(self.missing), hi: self.end.max(self.missing + 1), loss: 0 };
            return [filler; BINS + 1];
        };
        let edge = |k: usize| row.edges.get(k).map_or(self.end, |&e| i128::from(e) * self.scale);
        let missing = PlainRow { lo: self.missing, hi: self.missing + 1, loss: loss(row, row.missing) };
        let bin = |k: usize| PlainRow { lo: if k == 0 { self.first } else { edge(k - 1) }, hi: edge(k), loss: loss(row, row.points[k]) };
        // filler repeats the last bin: membership in the set does not change
        from_fn(|k| if k == 0 { missing } else { bin((k - 1).min(row.points.len() - 1)) })
    }
}

fn ratio_rows(attribute: Option<&Attribute>) -> RatioRows {
    let Some(row) = attribute else {
        return RatioRows { edges: [0; BINS - 1], losses: [0; BINS + 1] };
    };
    let last = row.points.len() - 1;
    RatioRows {
        edges: from_fn(|k| row.edges.get(k).or(row.edges.last()).copied().unwrap_or(0)),
        losses: from_fn(|k| match k {
            0 => loss(row, row.missing),
            BINS => loss(row, row.points[last]),
            k => loss(row, row.points[(k - 1).min(last)]),
        }),
    }
}

impl CompiledPolicy {
    /// The policy part of the public inputs; [`crate::statement::position`] names the places.
    pub fn inputs(&self) -> Vec<F> {
        let mut out = vec![self.schema];
        let flag = |b: &bool| F::from(u64::from(*b));
        let small = |p: &u8| F::from(u64::from(*p));
        out.extend(self.sum_weighted.iter().chain(&self.take_min).map(flag));
        out.extend(self.weights.iter().chain(&self.decay).map(small));
        out.extend(self.complete.iter().chain(&self.from_request).chain([&self.file_count]).chain(&self.is_ratio).map(flag));
        out.extend(self.numerator.iter().chain(&self.denominator).flatten().map(flag));
        out.extend(self.plain.iter().flatten().map(PlainRow::packed));
        out.extend(self.ratio.iter().flat_map(|r| r.edges).map(|e| from_signed(e.into())));
        out.extend(self.ratio.iter().flat_map(|r| r.losses).map(|l| F::from(u64::from(l))));
        out.push(F::from(self.allowance));
        out.push(flag(&self.show_person));
        out
    }

    /// The number that stands for missing in a plain attribute.
    pub fn missing_number(&self, attribute: usize) -> i128 {
        let take_min = attribute >= SUM_FEATURES && take_min_at(&self.take_min, attribute);
        Numbers::of(self.circuit, attribute, take_min).missing
    }
}
