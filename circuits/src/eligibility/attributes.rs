//! Clause *attributes*: every attribute is in exactly one bin, which gives its loss.

use super::Statement;
use super::consolidation::FeatureVar;
use super::file::FileVar;
use super::public::PublicVar;
use crate::gadgets::bits::{is_zero, pack, select, to_bits};
use crate::gadgets::membership::one_of;
use crate::gadgets::{Bit, Builder, Num};
use ark_ff::Zero;
use probity_credit::circuit_id::CircuitId;
use probity_credit::field::{F, to_signed};
use probity_credit::file::{FEATURE_BITS, FEATURE_OFFSET, FEATURES, SUM_FEATURES};
use probity_credit::policy::{
    ATTRIBUTES, BINS, CompiledPolicy, FILE_COUNT_ATTRIBUTE, MAX_LOSS_BITS, PlainRow, RATIO_ATTRIBUTES, REQUEST_ATTRIBUTES, REQUEST_SLOTS,
    ROW_PART_BITS, SCALE, plain_attributes,
};

/// The scored attributes.
pub(super) struct ScoredVar {
    /// Loss by attribute.
    pub losses: Vec<Num>,
    /// The request attributes.
    pub request: Vec<Num>,
}

pub(super) fn synthesize(
    b: &mut Builder<'_>,
    circuit: CircuitId,
    public: &PublicVar,
    features: &[FeatureVar],
    files: &[FileVar],
    statement: Option<Statement<'_>>,
) -> ScoredVar {
    let policy = statement.map(|s| s.policy);
    let offset = F::from(FEATURE_OFFSET as u64);
    let request: Vec<Num> = (0..REQUEST_SLOTS)
        .map(|k| {
            let raw =
                b.witness(("request", k), || statement.map(|s| probity_credit::field::from_signed(s.witness.request[k].into()) + offset));
            to_bits(b, ("request", k), &raw, FEATURE_BITS);
            raw - offset
        })
        .collect();
    let file_count = Num::sum(files.iter().map(|f| f.live.num()));

    let mut losses = vec![Num::zero(); ATTRIBUTES];
    for (row, i) in plain_attributes().enumerate() {
        losses[i] = b.scope(("attribute", i), |b| {
            let feature = &features[i].plain;
            let x = match i {
                FILE_COUNT_ATTRIBUTE => replaced(b, "file-count", &public.file_count, feature, &file_count),
                i if REQUEST_ATTRIBUTES.contains(&i) => {
                    let k = i - REQUEST_ATTRIBUTES.start;
                    replaced(b, "from-request", &public.from_request[k], feature, &(&request[k] * F::from(SCALE as u64)))
                }
                _ => feature.clone(),
            };
            let distance_bits = if i < SUM_FEATURES { circuit.sum_bits() + 1 } else { FEATURE_BITS };
            plain(b, &x, &public.plain[row], distance_bits, policy.map(|p| &p.plain[row]))
        });
    }
    for k in 0..RATIO_ATTRIBUTES.len() {
        let i = RATIO_ATTRIBUTES.start + k;
        losses[i] = b.scope(("attribute", i), |b| ratio(b, circuit, public, features, k, policy));
    }
    ScoredVar { losses, request }
}

/// `flag ? replacement : feature`, the flag being a public input that verifiers compile as 0 or 1.
fn replaced(b: &mut Builder<'_>, name: &'static str, flag: &Num, feature: &Num, replacement: &Num) -> Num {
    feature + b.mul(name, flag, &(replacement - feature))
}

/// A plain attribute: `2 * distance_bits + 12 + 11` rows.
///
/// The parts of the row follow from the distances, `lo = x - below` and `hi = x + 1 + above`; packed with the loss they must be a row of the
/// policy. The distances are narrower than the gaps between the parts, so no other triple packs to the same element.
fn plain(b: &mut Builder<'_>, x: &Num, rows: &[Num], distance_bits: usize, policy: Option<&[PlainRow; BINS + 1]>) -> Num {
    let chosen = policy.zip(x.value()).map(|(rows, x)| {
        let x = to_signed(x).unwrap_or(0);
        // a replaced hint may have brought x outside all rows: then any row will do, and a distance will not fit
        (x, *rows.iter().find(|r| r.lo <= x && x < r.hi).unwrap_or(&rows[0]))
    });
    let below = free_bits(b, "below", distance_bits, chosen.map(|(x, row)| x - row.lo));
    let above = free_bits(b, "above", distance_bits, chosen.map(|(x, row)| row.hi - 1 - x));
    let loss = pack(&free_bits(b, "loss", MAX_LOSS_BITS, chosen.map(|(_, row)| row.loss.into())));
    let lo = x - pack(&below);
    let hi = x + pack(&above) + F::from(1u64);
    let shift = F::from(1u128 << ROW_PART_BITS);
    let packed = Num::linear_combination([(F::from(1u64), &lo), (shift, &hi), (shift * shift, &loss)]);
    let row = b.witness("row", || packed.value());
    b.enforce("row", &row, &Num::one(), &packed);
    one_of(b, "bin", &row, rows);
    loss
}

/// `n` bits that are witnesses themselves: `n` rows.
fn free_bits(b: &mut Builder<'_>, name: &'static str, n: usize, value: Option<i128>) -> Vec<Bit> {
    b.scope(name, |b| (0..n).map(|i| b.bit(("bit", i), || value.map(|v| v >> i & 1 == 1))).collect())
}

/// An attribute that may be a ratio: masks 60 rows, the one-hot bin and its edges 41, ranges `w + 2 (w + 31)` of `w` ratio bits, and 15.
fn ratio(
    b: &mut Builder<'_>,
    circuit: CircuitId,
    public: &PublicVar,
    features: &[FeatureVar],
    k: usize,
    policy: Option<&CompiledPolicy>,
) -> Num {
    let masked = |b: &mut Builder<'_>, name: &'static str, mask: &[Num]| {
        Num::sum(&(0..FEATURES).map(|f| b.mul((name, f), &mask[f], &features[f].scaled)).collect::<Vec<_>>())
    };
    let a = masked(b, "numerator", &public.numerator[k]);
    let denominator = masked(b, "denominator", &public.denominator[k]);
    let chosen_missing: Vec<Num> = (0..FEATURES)
        .map(|f| b.mul(("chosen-missing", f), &(&public.numerator[k][f] + &public.denominator[k][f]), features[f].missing.num()))
        .collect();
    let none_missing = is_zero(b, "none-missing", &Num::sum(&chosen_missing));
    let positive = is_positive(b, &denominator, circuit.ratio_bits());
    let ratio_present = none_missing.and(b, "ratio-present", &positive);

    // one comparison for both kinds: a ratio's numerator and denominator, or the feature over 1
    let own = &features[RATIO_ATTRIBUTES.start + k];
    let is_ratio = &public.is_ratio[k];
    let present = replaced(b, "present", is_ratio, own.missing.not().num(), ratio_present.num());
    let a = replaced(b, "a", is_ratio, &own.plain, &(a * F::from(SCALE as u64)));
    let denominator = replaced(b, "b", is_ratio, &Num::one(), &denominator);

    let missing_bin = Num::one() - present;
    let chosen = policy.and_then(|p| {
        let (a, d, missing) = (a.value()?, denominator.value()?, missing_bin.value()?);
        Some(if missing.is_zero() { find_bin(&p.ratio[k].edges, to_signed(a).unwrap_or(0), to_signed(d).unwrap_or(1)) } else { 0 })
    });
    let bins: Vec<Bit> = (1..=BINS).map(|j| b.bit(("bin", j), || chosen.map(|c| c == j))).collect();
    b.enforce_equal("one-bin", &Num::sum(bins.iter().map(Bit::num)), &(Num::one() - &missing_bin));
    let edges = &public.ratio_edges[k];
    // bin j lies between edges[j - 2] and edges[j - 1]; the first is open below, the last above
    let chosen_edge = |b: &mut Builder<'_>, name: &'static str, first: usize| {
        Num::sum(&(0..BINS - 1).map(|e| b.mul((name, e), &edges[e], bins[first + e].num())).collect::<Vec<_>>())
    };
    let lo = chosen_edge(b, "lower-edge", 1);
    let hi = chosen_edge(b, "upper-edge", 0);
    let losses = &public.ratio_losses[k];
    let of_bins = (1..=BINS).map(|j| b.mul(("loss", j), &losses[j], bins[j - 1].num())).collect::<Vec<_>>();
    let loss = Num::sum(&of_bins) + b.mul("loss-missing", &losses[0], &missing_bin);

    let has_lower = Num::sum(bins[1..].iter().map(Bit::num));
    let has_upper = Num::sum(bins[..BINS - 1].iter().map(Bit::num));
    let lo_b = b.mul("lower-times-b", &lo, &denominator);
    let hi_b = b.mul("upper-times-b", &hi, &denominator);
    let above = b.mul("above", &has_lower, &(&a - lo_b));
    to_bits(b, "above", &above, circuit.ratio_difference_bits());
    let below = b.mul("below", &has_upper, &(hi_b - a - F::from(1u64)));
    to_bits(b, "below", &below, circuit.ratio_difference_bits());
    loss
}

/// Whether `x`, strictly between -2^n and 2^n, is above 0: `n + 2` rows.
fn is_positive(b: &mut Builder<'_>, x: &Num, n: usize) -> Bit {
    b.scope("positive", |b| {
        let positive = b.bit("bit", || Some(to_signed(x.value()?).is_some_and(|x| x > 0)));
        let magnitude = select(b, "magnitude", &positive, &(x - F::from(1u64)), &-x);
        to_bits(b, "magnitude", &magnitude, n);
        positive
    })
}

fn find_bin(edges: &[i32; BINS - 1], a: i128, b: i128) -> usize {
    let above = |j: usize| j == 1 || i128::from(edges[j - 2]).checked_mul(b).is_some_and(|e| e <= a);
    let below = |j: usize| j == BINS || i128::from(edges[j - 1]).checked_mul(b).is_some_and(|e| a < e);
    (1..=BINS).find(|&j| above(j) && below(j)).unwrap_or(BINS)
}
