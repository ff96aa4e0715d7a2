//! Clauses *files* and *weights*: each used file is registered at the person's position and has a weight.

use super::identity::PersonVar;
use super::public::PublicVar;
use crate::gadgets::bits::{is_zero, to_bits};
use crate::gadgets::mux::mux;
use crate::gadgets::{Bit, Builder, Num, path, poseidon};
use ark_ff::PrimeField;
use probity_credit::circuit_id::CircuitId;
use probity_credit::domain::DOMAINS;
use probity_credit::field::F;
use probity_credit::file::{FEATURE_BITS, FEATURES, FEATURES_PER_ELEMENT};
use probity_credit::hash::label::poseidon::{FILE, ROOT};
use probity_credit::policy::DECAY_MONTHS;
use probity_credit::statement::{AGE_BITS, Clause, UsedFile, Witness};
use probity_credit::tree::{MerklePath, REGISTRY_DEPTH, SLOT_BITS, TREE_DEPTH};

/// A file, as consolidation and completeness need it.
pub(super) struct FileVar {
    /// Features with their offset, 0 for missing.
    pub raw: Vec<Num>,
    /// Whether a feature is missing.
    pub missing: Vec<Bit>,
    /// Weight in 1/10,000; 0 for an unused file.
    pub weight: Num,
    /// Whether the weight is above 0.
    pub live: Bit,
    /// Whether the file is used and of the domain: 0 or 1.
    pub in_domain: Vec<Num>,
}

/// One file of the witness, or what stands for an unused one: zeros at the anchor's month.
struct Hint {
    used: Option<UsedFile>,
    month: u16,
}

impl Hint {
    fn number(&self, f: impl FnOnce(&UsedFile) -> F) -> F {
        self.used.as_ref().map_or(F::from(0u64), f)
    }

    fn path(&self, depth: usize, f: impl FnOnce(&UsedFile) -> &MerklePath) -> MerklePath {
        let zeros = || MerklePath { levels: vec![[probity_credit::field::FieldBytes::ZERO; 7]; depth] };
        self.used.as_ref().map_or_else(zeros, |u| f(u).clone())
    }
}

pub(super) fn synthesize(
    b: &mut Builder<'_>,
    circuit: CircuitId,
    public: &PublicVar,
    person: &PersonVar,
    witness: Option<&Witness>,
) -> Vec<FileVar> {
    let month = public.month.value().map(|m| m.into_bigint().0[0] as u16);
    let mut previous: Option<(Num, Num)> = None;
    let mut files = vec![];
    for index in 0..circuit.files() {
        let hint = witness.zip(month).map(|(w, month)| Hint { used: w.files.get(index).cloned(), month });
        let hint = hint.as_ref();
        let part = b.scope(Clause::Files.anchor(), |b| {
            b.scope(("file", index), |b| {
                let used = b.bit("used", || hint.map(|h| h.used.is_some()));
                let slot = b.witness("slot", || hint.map(|h| h.number(|u| F::from(u.slot))));
                if let Some((used_before, slot_before)) = previous.take() {
                    b.enforce("used-first", used.num(), &(Num::one() - used_before), &Num::zero());
                    let gap = b.mul("slot-gap", used.num(), &(&slot - slot_before - F::from(1u64)));
                    to_bits(b, "slot-gap", &gap, SLOT_BITS);
                }
                previous = Some((used.num().clone(), slot.clone()));
                committed(b, public, person, hint, used, &slot)
            })
        });
        files.push(b.scope(Clause::Weights.anchor(), |b| b.scope(("file", index), |b| weighted(b, public, part))));
    }
    files
}

struct Committed {
    used: Bit,
    raw: Vec<Num>,
    domain: Vec<Bit>,
    month: Num,
}

/// The leaf at the person's position, the root at the slot.
fn committed(b: &mut Builder<'_>, public: &PublicVar, person: &PersonVar, hint: Option<&Hint>, used: Bit, slot: &Num) -> Committed {
    let raw: Vec<Num> = (0..FEATURES)
        .map(|f| {
            let raw = b.witness(("feature", f), || hint.map(|h| h.number(|u| F::from(u.file.features[f].raw()))));
            to_bits(b, ("feature", f), &raw, FEATURE_BITS);
            raw
        })
        .collect();
    let shift = |i: usize| F::from(1u128 << FEATURE_BITS).pow_small(i);
    let packed =
        raw.chunks_exact(FEATURES_PER_ELEMENT).map(|five| Num::linear_combination(five.iter().enumerate().map(|(i, x)| (shift(i), x))));
    let mut inputs: Vec<Num> = packed.collect();
    inputs.push(b.witness("records-digest", || hint.map(|h| h.number(|u| u.file.records_digest.to_field()))));
    inputs.push(b.witness("blinding", || hint.map(|h| h.number(|u| u.file.blinding.element()))));
    let leaf = b.scope("leaf", |b| poseidon::hash(b, FILE, &inputs));
    let file_path = hint.map(|h| h.path(TREE_DEPTH, |u| &u.path));
    let root = b.scope("path", |b| path::root(b, &leaf, &person.position, file_path.as_ref()));

    let domain_number = b.witness("domain", || hint.map(|h| h.number(|u| F::from(u.domain.index() as u64))));
    let domain = to_bits(b, "domain", &domain_number, DOMAINS.ilog2() as usize);
    let month = b.witness("month", || hint.map(|h| F::from(h.used.as_ref().map_or(h.month, |u| u.month.0))));
    let publication = b.scope("publication", |b| poseidon::hash(b, ROOT, &[domain_number, month.clone(), public.schema.clone(), root]));
    let slot_bits = to_bits(b, "slot", slot, SLOT_BITS);
    let registry_path = hint.map(|h| h.path(REGISTRY_DEPTH, |u| &u.registry_path));
    let registry_root = b.scope("registry", |b| path::root(b, &publication, &slot_bits, registry_path.as_ref()));
    b.enforce("registered", used.num(), &(registry_root - &public.registry_root), &Num::zero());
    Committed { used, raw, domain, month }
}

/// Age, domain and the weight they give; missing features.
fn weighted(b: &mut Builder<'_>, public: &PublicVar, file: Committed) -> FileVar {
    let Committed { used, raw, domain, month } = file;
    let missing = raw.iter().enumerate().map(|(f, raw)| is_zero(b, ("missing", f), raw)).collect();

    let age = to_bits(b, "age", &(&public.month - month), AGE_BITS);
    let (low, high) = age.split_at(4);
    let below_16 = is_zero(b, "below-16", &Num::sum(high.iter().map(Bit::num)));
    let mut decay = public.decay.clone();
    decay.resize(1 << low.len(), Num::zero());
    debug_assert!(public.decay.len() == DECAY_MONTHS);
    let decay = mux(b, "decay", &decay, low);
    let decay = b.mul("decay-in-time", &decay, below_16.num());

    let in_domain = one_hot(b, &used, &domain);
    let products: Vec<Num> = (0..DOMAINS).map(|d| b.mul(("domain-weight", d), &public.weights[d], &in_domain[d])).collect();
    let weight = b.mul("weight", &decay, &Num::sum(&products));
    let live = is_zero(b, "live", &weight).not();
    FileVar { raw, missing, weight, live, in_domain }
}

/// `used` times the one-hot vector of three bits: ten rows.
fn one_hot(b: &mut Builder<'_>, used: &Bit, bits: &[Bit]) -> Vec<Num> {
    let [b0, b1, b2] = [bits[0].num(), bits[1].num(), bits[2].num()];
    let both = b.mul("domain-low", b0, b1);
    let low = [Num::one() - b0 - b1 + &both, b0 - &both, b1 - &both, both];
    let upper_half = b.mul("domain-upper", used.num(), b2);
    let upper: Vec<Num> = low.iter().enumerate().map(|(i, x)| b.mul(("domain-is", i + 4), x, &upper_half)).collect();
    let lower = low.iter().zip(&upper).enumerate().map(|(i, (x, up))| {
        let any = b.mul(("domain-is", i), x, used.num());
        any - up
    });
    let lower: Vec<Num> = lower.collect();
    lower.into_iter().chain(upper).collect()
}

trait PowSmall {
    fn pow_small(self, exponent: usize) -> Self;
}

impl PowSmall for F {
    fn pow_small(self, exponent: usize) -> Self {
        (0..exponent).fold(F::from(1u64), |acc, _| acc * self)
    }
}
