//! Clause *consolidation*: the features of several files become one.

use super::file::FileVar;
use super::public::PublicVar;
use crate::gadgets::bits::{is_zero, to_bits};
use crate::gadgets::{Bit, Builder, Num};
use ark_ff::PrimeField;
use probity_credit::circuit_id::CircuitId;
use probity_credit::field::F;
use probity_credit::file::{FEATURE_BITS, FEATURE_OFFSET, FEATURES, SUM_FEATURES};
use probity_credit::policy::SCALE;

/// A consolidated feature.
pub(super) struct FeatureVar {
    /// In 1/10,000, for ratios; means nothing if missing, but stays in range.
    pub scaled: Num,
    /// As a plain attribute: the missing number if missing.
    pub plain: Num,
    /// Whether missing.
    pub missing: Bit,
}

pub(super) fn synthesize(b: &mut Builder<'_>, circuit: CircuitId, public: &PublicVar, files: &[FileVar]) -> Vec<FeatureVar> {
    (0..FEATURES)
        .map(|slot| {
            b.scope(("feature", slot), |b| {
                let present: Vec<Num> =
                    files.iter().enumerate().map(|(j, f)| b.mul(("present", j), f.live.num(), f.missing[slot].not().num())).collect();
                let rule = &public.rules[slot];
                if slot < SUM_FEATURES { sum(b, circuit, rule, files, slot, &present) } else { extreme(b, rule, files, slot, &present) }
            })
        })
        .collect()
}

fn offset() -> F {
    F::from(FEATURE_OFFSET as u64)
}

/// Sum over the live files, each times its weight or in full: three rows a file, `present` not counted, and two.
fn sum(b: &mut Builder<'_>, circuit: CircuitId, weighted: &Num, files: &[FileVar], slot: usize, present: &[Num]) -> FeatureVar {
    let scale = F::from(SCALE as u64);
    let terms: Vec<Num> = files
        .iter()
        .enumerate()
        .map(|(j, f)| {
            let full = f.live.num() * scale;
            let reduction = b.mul(("reduction", j), weighted, &(&f.weight - &full));
            let value = b.mul(("value", j), f.missing[slot].not().num(), &(&f.raw[slot] - offset()));
            b.mul(("term", j), &(full + reduction), &value)
        })
        .collect();
    let total = Num::sum(&terms);
    let missing = is_zero(b, "missing", &Num::sum(present));
    let plain = total.add_scaled(-F::from(1u128 << circuit.sum_bits()), missing.num());
    FeatureVar { scaled: total, plain, missing }
}

/// The largest value, or the smallest by turning signs: two rows a file, `present` not counted, 41 more for each after the first, and three.
fn extreme(b: &mut Builder<'_>, minimum: &Num, files: &[FileVar], slot: usize, present: &[Num]) -> FeatureVar {
    let sign = Num::one() - minimum * F::from(2u64);
    let mut best: Option<Num> = None;
    for (j, f) in files.iter().enumerate() {
        let signed = b.mul(("signed", j), &sign, &(&f.raw[slot] - offset()));
        // with the offset again, so that 0 stands for missing and lies below everything
        let candidate = b.mul(("candidate", j), &present[j], &(signed + offset()));
        best = Some(match best {
            None => candidate,
            Some(before) => b.scope(("larger", j), |b| larger(b, &before, &candidate)),
        });
    }
    let best = best.expect("a circuit takes at least one file");
    let missing = is_zero(b, "missing", &best);
    let plain = b.mul("unsigned", &sign, &(best - offset()));
    FeatureVar { scaled: &plain * F::from(SCALE as u64), plain, missing }
}

/// The larger of two numbers in `[0, 2^40)`: it is one of them, and lies above both by less than 2^40 in sum.
fn larger(b: &mut Builder<'_>, x: &Num, y: &Num) -> Num {
    let max = b.witness("max", || {
        let (x, y) = (x.value()?, y.value()?);
        Some(if x.into_bigint() >= y.into_bigint() { x } else { y })
    });
    b.enforce("one-of-both", &(&max - x), &(&max - y), &Num::zero());
    to_bits(b, "above", &(&max * F::from(2u64) - x - y), FEATURE_BITS);
    max
}
