//! Clauses *files* and *weights*: each used file is registered at the person's position and has a weight.

use super::identity::PersonVar;
use super::public::PublicVar;
use crate::gadgets::bits::{is_zero, to_bits};
use crate::gadgets::mux::mux;
use crate::gadgets::{Bit, Builder, Num, path, poseidon};
use ark_ff::{Field, PrimeField};
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

/// One file of the witness, or what stands for an unused one.
///
/// An unused slot may hold anything, since nothing of it counts. Zeros would cost a prover less than a file does, and the time to prove would
/// tell the number of files: so there are large elements wherever a file has them.
struct Hint {
    used: bool,
    slot: u16,
    domain: usize,
    month: u16,
    features: [u64; FEATURES],
    records_digest: F,
    blinding: F,
    path: MerklePath,
    registry_path: MerklePath,
}

impl Hint {
    fn of(file: &UsedFile) -> Self {
        Self {
            used: true,
            slot: file.slot,
            domain: file.domain.index(),
            month: file.month.0,
            features: file.file.features.map(|f| f.raw()),
            records_digest: file.file.records_digest.to_field(),
            blinding: file.file.blinding.element(),
            path: file.path.clone(),
            registry_path: file.registry_path.clone(),
        }
    }

    /// At the anchor's month.
    fn unused(month: u16) -> Self {
        let filler = -F::from(2u64).inverse().expect("2 is not 0");
        let path = |depth| MerklePath { levels: vec![[filler.into(); 7]; depth] };
        Self {
            used: false,
            slot: 0,
            domain: 0,
            month,
            features: [(1 << (FEATURE_BITS - 1)) + 500; FEATURES],
            records_digest: filler,
            blinding: filler,
            path: path(TREE_DEPTH),
            registry_path: path(REGISTRY_DEPTH),
        }
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
        let hint = witness.zip(month).map(|(w, month)| w.files.get(index).map_or_else(|| Hint::unused(month), Hint::of));
        let hint = hint.as_ref();
        let part = b.scope(Clause::Files.anchor(), |b| {
            b.scope(("file", index), |b| {
                let used = b.bit("used", || hint.map(|h| h.used));
                let slot = b.witness("slot", || hint.map(|h| F::from(h.slot)));
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
            let raw = b.witness(("feature", f), || hint.map(|h| F::from(h.features[f])));
            to_bits(b, ("feature", f), &raw, FEATURE_BITS);
            raw
        })
        .collect();
    let shift = |i: usize| F::from(1u128 << FEATURE_BITS).pow_small(i);
    let packed =
        raw.chunks_exact(FEATURES_PER_ELEMENT).map(|five| Num::linear_combination(five.iter().enumerate().map(|(i, x)| (shift(i), x))));
    let mut inputs: Vec<Num> = packed.collect();
    inputs.push(b.witness("records-digest", || hint.map(|h| h.records_digest)));
    inputs.push(b.witness("blinding", || hint.map(|h| h.blinding)));
    let leaf = b.scope("leaf", |b| poseidon::hash(b, FILE, &inputs));
    let root = b.scope("path", |b| path::root(b, &leaf, &person.position, hint.map(|h| &h.path)));

    let domain_number = b.witness("domain", || hint.map(|h| F::from(h.domain as u64)));
    let domain = to_bits(b, "domain", &domain_number, DOMAINS.ilog2() as usize);
    let month = b.witness("month", || hint.map(|h| F::from(h.month)));
    let publication = b.scope("publication", |b| poseidon::hash(b, ROOT, &[domain_number, month.clone(), public.schema.clone(), root]));
    let slot_bits = to_bits(b, "slot", slot, SLOT_BITS);
    let registry_root = b.scope("registry", |b| path::root(b, &publication, &slot_bits, hint.map(|h| &h.registry_path)));
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
