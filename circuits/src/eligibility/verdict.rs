//! Clause *verdict*: outcome, reasons and the answer that hides them.

use super::attributes::ScoredVar;
use super::identity::PersonVar;
use super::public::PublicVar;
use crate::gadgets::bits::{is_zero, pack, to_bits};
use crate::gadgets::membership::one_of;
use crate::gadgets::{Bit, Builder, Num, poseidon};
use ark_ff::PrimeField;
use probity_credit::field::F;
use probity_credit::hash::label::poseidon::ANSWER;
use probity_credit::policy::{ATTRIBUTES, TOTAL_LOSS_BITS};
use probity_credit::statement::{REASON_BITS, REASONS, Witness};

/// Bits of a key `32 loss + (31 - index)`.
const KEY_BITS: usize = 17;
/// Bits of the index in a key.
const INDEX_BITS: usize = 5;

pub(super) fn synthesize(b: &mut Builder<'_>, public: &PublicVar, person: &PersonVar, scored: &ScoredVar, witness: Option<&Witness>) {
    let one = F::from(1u64);
    let approved = b.bit("approved", || witness.map(|w| w.verdict.approved));
    let margin = &public.allowance - Num::sum(&scored.losses);
    // approved: margin >= 0; declined: -margin - 1 >= 0
    let doubled = b.mul("margin", approved.num(), &(&margin * F::from(2u64) + one));
    to_bits(b, "margin", &(doubled - margin - one), TOTAL_LOSS_BITS);

    let true_reasons = b.scope("reasons", |b| largest(b, &scored.losses));
    let mut packed = approved.num().clone();
    for (k, reason) in true_reasons.iter().enumerate() {
        let reason = b.mul(("reason", k), approved.not().num(), reason);
        packed = packed.add_scaled(F::from(2u64 << (REASON_BITS * k)), &reason);
    }
    let shown = b.mul("show-person", &public.show_person, &person.person);
    let salt = b.witness("salt", || witness.map(|w| w.salt.element()));
    let mut inputs = vec![packed, shown];
    inputs.extend(scored.request.iter().cloned());
    inputs.push(salt);
    let answer = b.scope("answer", |b| poseidon::hash(b, ANSWER, &inputs));
    b.enforce_equal("answer", &answer, &public.answer);
}

/// Attribute index + 1 of the four largest losses above 0, by falling key, 0 where there are fewer.
///
/// The keys differ from each other. Four falling keys that are keys of attributes, with exactly four keys not below the last, are the four largest.
fn largest(b: &mut Builder<'_>, losses: &[Num]) -> Vec<Num> {
    let keys: Vec<Num> = losses
        .iter()
        .enumerate()
        .map(|(i, loss)| loss * F::from(1u64 << INDEX_BITS) + F::from((1u64 << INDEX_BITS) - 1 - i as u64))
        .collect();
    let mut sorted: Option<Vec<F>> = keys.iter().map(Num::value).collect();
    if let Some(values) = &mut sorted {
        values.sort_unstable_by_key(|x| std::cmp::Reverse(x.into_bigint()));
    }
    let mut tops: Vec<Num> = vec![];
    for k in 0..REASONS {
        let top = b.witness(("top", k), || sorted.as_ref().map(|s| s[k]));
        one_of(b, ("top", k), &top, &keys);
        if let Some(before) = tops.last() {
            to_bits(b, ("falls", k), &(before - &top - F::from(1u64)), KEY_BITS);
        }
        tops.push(top);
    }
    let last = &tops[REASONS - 1];
    let not_below: Vec<Bit> = (0..ATTRIBUTES)
        .map(|i| {
            let shifted = &keys[i] - last + F::from(1u64 << KEY_BITS);
            to_bits(b, ("not-below", i), &shifted, KEY_BITS + 1).pop().expect("eighteen bits")
        })
        .collect();
    b.enforce_equal("four", &Num::sum(not_below.iter().map(Bit::num)), &Num::constant(F::from(REASONS as u64)));
    tops.iter()
        .enumerate()
        .map(|(k, top)| {
            let bits = to_bits(b, ("parts", k), top, KEY_BITS);
            let (index, loss) = bits.split_at(INDEX_BITS);
            let no_loss = is_zero(b, ("no-loss", k), &pack(loss));
            let number = Num::constant(F::from(1u64 << INDEX_BITS)) - pack(index);
            b.mul(("number", k), no_loss.not().num(), &number)
        })
        .collect()
}
