//! The eligibility statement as a constraint system, in three sizes.
//!
//! Twin of [`probity_credit::statement::check`]; `docs/statements/eligibility.md` is the reference. Every row's label begins with the
//! anchor of its clause ([`Clause::anchor`](probity_credit::statement::Clause::anchor)).
//!
//! [`synthesize`] reads top-down: public inputs, identity, files, consolidation, attributes, verdict, completeness, nullifier, context.

mod attributes;
mod consolidation;
mod file;
mod identity;
mod public;
mod verdict;

#[cfg(test)]
mod tests;

use crate::gadgets::{Assignment, BuildError, Builder, Checked, Num, Shape, poseidon};
use file::FileVar;
use probity_credit::circuit_id::CircuitId;
use probity_credit::domain::DOMAINS;
use probity_credit::field::F;
use probity_credit::hash::label::poseidon::NULLIFIER;
use probity_credit::policy::CompiledPolicy;
use probity_credit::statement::{Clause, PublicInputs, Witness};
use public::PublicVar;

/// A statement with its witness, to be proved or checked.
#[derive(Clone, Copy)]
pub struct Statement<'a> {
    /// The policy, which also says which circuit.
    pub policy: &'a CompiledPolicy,
    /// The inputs that change from proof to proof.
    pub public: &'a PublicInputs,
    /// What the prover knows.
    pub witness: &'a Witness,
}

/// Writes the rows of `circuit`; hints come from `statement`, which is not needed where only rows are recorded.
pub fn synthesize(b: &mut Builder<'_>, circuit: CircuitId, statement: Option<Statement<'_>>) {
    let public = PublicVar::new(b, statement);
    let witness = statement.map(|s| s.witness);

    let person = b.scope(Clause::Identity.anchor(), |b| identity::synthesize(b, &public, witness));
    let files: Vec<FileVar> = file::synthesize(b, circuit, &public, &person, witness);
    let features = b.scope(Clause::Consolidation.anchor(), |b| consolidation::synthesize(b, circuit, &public, &files));
    let scored = b.scope(Clause::Attributes.anchor(), |b| attributes::synthesize(b, circuit, &public, &features, &files, statement));
    b.scope(Clause::Verdict.anchor(), |b| verdict::synthesize(b, &public, &person, &scored, witness));
    b.scope(Clause::Completeness.anchor(), |b| {
        for domain in 0..DOMAINS {
            let used = Num::sum(files.iter().map(|f| &f.in_domain[domain]));
            b.enforce(("domain", domain), &public.complete[domain], &(used - &person.counts[domain]), &Num::zero());
        }
    });
    b.scope(Clause::Nullifier.anchor(), |b| {
        let nullifier = poseidon::hash(b, NULLIFIER, &[person.secret.clone(), public.scope.clone()]);
        b.enforce_equal("equal", &nullifier, &public.nullifier);
    });
    b.scope(Clause::Context.anchor(), |b| {
        b.mul("square", &public.context, &public.context);
    });
}

/// The rows of a circuit. Cost: about a second; keep it.
pub fn shape(circuit: CircuitId) -> Shape {
    Shape::synthesize(|b| synthesize(b, circuit, None))
}

/// The values of a statement that holds.
///
/// # Errors
/// [`BuildError`], if a row is found violated: check natively first, for a reason in plain words.
pub fn assignment(statement: Statement<'_>) -> Result<Assignment, BuildError> {
    Assignment::synthesize(|b| synthesize(b, statement.policy.circuit, Some(statement)))
}

/// Rows and values of a statement, true or not, with hints replaced by `replace`.
///
/// # Errors
/// [`BuildError::MissingValue`].
pub fn checked(statement: Statement<'_>, replace: &dyn Fn(&str, F) -> Option<F>) -> Result<Checked, BuildError> {
    Checked::synthesize_with(replace, |b| synthesize(b, statement.policy.circuit, Some(statement)))
}

/// The values alone of a statement, true or not, with hints replaced by `replace`; no row is looked at.
///
/// # Errors
/// [`BuildError::MissingValue`].
pub fn assignment_with(statement: Statement<'_>, replace: &dyn Fn(&str, F) -> Option<F>) -> Result<Assignment, BuildError> {
    Assignment::synthesize_with(replace, |b| synthesize(b, statement.policy.circuit, Some(statement)))
}
