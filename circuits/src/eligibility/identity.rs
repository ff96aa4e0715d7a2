//! Clause *identity*: the leaf with the secret's commitment is at the position in the identity root.

use super::public::PublicVar;
use crate::gadgets::bits::to_bits;
use crate::gadgets::{Bit, Builder, Num, path, poseidon};
use probity_credit::domain::{DOMAINS, Domain};
use probity_credit::field::F;
use probity_credit::hash::label::poseidon::{IDENTITY, IDENTITY_LEAF};
use probity_credit::identity::COUNT_BITS;
use probity_credit::statement::Witness;
use probity_credit::tree::POSITION_BITS;

/// The person, as the other clauses need it.
pub(super) struct PersonVar {
    pub secret: Num,
    pub person: Num,
    pub counts: Vec<Num>,
    /// The position, shared by the identity tree and all file trees.
    pub position: Vec<Bit>,
}

pub(super) fn synthesize(b: &mut Builder<'_>, public: &PublicVar, witness: Option<&Witness>) -> PersonVar {
    let secret = b.witness("secret", || witness.map(|w| w.secret.expose()));
    let commitment = b.scope("commitment", |b| poseidon::hash(b, IDENTITY, std::slice::from_ref(&secret)));
    let person = b.witness("person", || witness.map(|w| w.identity.person.element()));
    let counts: Vec<Num> = (0..DOMAINS)
        .map(|d| {
            let count = b.witness(("count", d), || witness.map(|w| F::from(u64::from(w.identity.counts.get(Domain::ALL[d])))));
            to_bits(b, ("count", d), &count, COUNT_BITS);
            count
        })
        .collect();
    let packed = Num::linear_combination(counts.iter().enumerate().map(|(d, count)| (F::from(1u64 << (COUNT_BITS * d)), count)));
    let blinding = b.witness("blinding", || witness.map(|w| w.identity.blinding.element()));
    let leaf = b.scope("leaf", |b| poseidon::hash(b, IDENTITY_LEAF, &[commitment, person.clone(), packed, blinding]));

    let number = b.witness("position", || witness.map(|w| F::from(w.position)));
    let position = to_bits(b, "position", &number, POSITION_BITS);
    let root = b.scope("path", |b| path::root(b, &leaf, &position, witness.map(|w| &w.identity_path)));
    b.enforce_equal("root", &root, &public.identity_root);
    PersonVar { secret, person, counts, position }
}
