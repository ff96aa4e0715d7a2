//! The eligibility statement: public inputs, witness, and the native check, clause by clause.
//!
//! `docs/statements/eligibility.md` is the reference; [`Clause`] names its anchors. The constraint systems in `circuits` are the twins of
//! [`check`]: whatever one refuses, the other must.

mod check;
mod evaluate;
pub mod position;
pub mod testing;
#[cfg(test)]
mod tests;

pub use check::{StatementError, check};
pub use evaluate::{Evaluation, EvaluationError, RatioEvaluation, Reasons, evaluate, file_weight};

use crate::domain::Domain;
use crate::field::{F, FieldBytes, from_signed};
use crate::file::{CreditFile, FEATURE_OFFSET};
use crate::hash::{self, label};
use crate::identity::{IdentityOpening, Secret};
use crate::month::Month;
use crate::policy::{ATTRIBUTES, CompiledPolicy, REQUEST_SLOTS};
use crate::tree::MerklePath;
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// Reasons of a decline at most.
pub const REASONS: usize = 4;
/// Bits of a reason in the packed verdict.
pub const REASON_BITS: usize = 5;
/// Bits of an age in months.
pub const AGE_BITS: usize = 12;

/// The clauses of the statement. `anchor` is where the document explains one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clause {
    /// The identity leaf is in the identity root.
    Identity,
    /// Files are at the person's position of registered roots with the policy's schema, in rising slots.
    Files,
    /// Features have 40 bits, ages 12; weights follow domain and age.
    Weights,
    /// Consolidated features follow their rules.
    Consolidation,
    /// Every attribute is in exactly one bin.
    Attributes,
    /// Outcome, reasons and answer.
    Verdict,
    /// All files of the weighted domains are used.
    Completeness,
    /// The nullifier is the person's in the scope.
    Nullifier,
    /// The context is bound.
    Context,
}

impl Clause {
    /// All clauses in the order of the document.
    pub const ALL: [Self; 9] = [
        Self::Identity,
        Self::Files,
        Self::Weights,
        Self::Consolidation,
        Self::Attributes,
        Self::Verdict,
        Self::Completeness,
        Self::Nullifier,
        Self::Context,
    ];

    /// The anchor in `docs/statements/eligibility.md`; also the label of the clause's constraints.
    pub fn anchor(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Files => "files",
            Self::Weights => "weights",
            Self::Consolidation => "consolidation",
            Self::Attributes => "attributes",
            Self::Verdict => "verdict",
            Self::Completeness => "completeness",
            Self::Nullifier => "nullifier",
            Self::Context => "context",
        }
    }
}

/// The seven public inputs that change from proof to proof; the policy's follow them.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct PublicInputs {
    /// Root of the identity tree.
    pub identity_root: FieldBytes,
    /// Root of the registry tree.
    pub registry_root: FieldBytes,
    /// The anchor's month.
    pub month: Month,
    /// See [`crate::nullifier::Scope`].
    pub scope: FieldBytes,
    /// See [`crate::nullifier::nullifier`].
    pub nullifier: FieldBytes,
    /// See [`crate::nullifier::Context`].
    pub context: FieldBytes,
    /// See [`Opening`].
    pub answer: FieldBytes,
}

impl PublicInputs {
    /// The changing inputs in their order; only this function knows it.
    pub fn changing(&self) -> [F; position::POLICY] {
        [
            self.identity_root.element(),
            self.registry_root.element(),
            F::from(u64::from(self.month.0)),
            self.scope.element(),
            self.nullifier.element(),
            self.context.element(),
            self.answer.element(),
        ]
    }

    /// All public inputs of the circuit for `policy`: `position::COUNT` elements.
    pub fn all(&self, policy: &CompiledPolicy) -> Vec<F> {
        let mut out = self.changing().to_vec();
        out.extend(policy.inputs());
        out
    }
}

/// Approved, or declined with reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether the cut-off is reached.
    pub approved: bool,
    /// Attribute index + 1, largest loss first, padded with 0; all 0 when approved.
    pub reasons: [u8; REASONS],
}

impl Verdict {
    /// `outcome + 2 (r1 + 2^5 r2 + 2^10 r3 + 2^15 r4)`.
    pub fn packed(&self) -> F {
        let reasons = self.reasons.iter().rev().fold(0u64, |acc, &r| (acc << REASON_BITS) | u64::from(r));
        F::from(u64::from(self.approved) + 2 * reasons)
    }
}

/// Opening of `answer`: who holds it learns the verdict, and that its own request attributes were scored.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The verdict.
    pub verdict: Verdict,
    /// `person`, or 0 if the policy does not show it.
    pub person: FieldBytes,
    /// The request attributes scored.
    pub request: [i64; REQUEST_SLOTS],
    /// Uniform in the field.
    pub salt: FieldBytes,
}

/// Why an opening cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpeningError {
    /// A reason above 20, after a 0, twice, or with an approval.
    #[error("reasons are different attribute numbers 1 to 20, padded with 0 at the end, and none when approved")]
    Reasons,
    /// A request attribute outside its 40 bits.
    #[error("request attribute {0} is outside [-2^39, 2^39)")]
    Request(usize),
}

impl Opening {
    /// `H(answer; verdict, person, r0..r3, salt)`.
    pub fn answer(&self) -> FieldBytes {
        let [r0, r1, r2, r3] = self.request.map(|r| from_signed(r.into()));
        let inputs = [self.verdict.packed(), self.person.element(), r0, r1, r2, r3, self.salt.element()];
        hash::hash(label::poseidon::ANSWER, &inputs).into()
    }

    /// Checks ranges and form, without which the packing would not be injective.
    ///
    /// # Errors
    /// [`OpeningError`].
    pub fn check(&self) -> Result<(), OpeningError> {
        let reasons = self.verdict.reasons;
        let given: Vec<u8> = reasons.into_iter().take_while(|&r| r != 0).collect();
        let padded = reasons[given.len()..].iter().all(|&r| r == 0);
        let different = (1..given.len()).all(|k| !given[..k].contains(&given[k]));
        let in_range = given.iter().all(|&r| usize::from(r) <= ATTRIBUTES);
        if !(padded && different && in_range) || (self.verdict.approved && !given.is_empty()) {
            return Err(OpeningError::Reasons);
        }
        match self.request.iter().position(|r| !request_in_range(*r)) {
            Some(k) => Err(OpeningError::Request(k)),
            None => Ok(()),
        }
    }
}

/// Whether a request attribute fits its 40 bits.
pub fn request_in_range(r: i64) -> bool {
    (-FEATURE_OFFSET..FEATURE_OFFSET).contains(&r)
}

/// A file that the proof uses, with its way to the registry.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct UsedFile {
    /// Registry slot of (institution, domain).
    pub slot: u16,
    /// Domain of the slot.
    pub domain: Domain,
    /// Month of the publication.
    pub month: Month,
    /// The file.
    pub file: CreditFile,
    /// From the file's leaf at the person's position to the publication's root.
    pub path: MerklePath,
    /// From the slot to the registry root.
    pub registry_path: MerklePath,
}

/// All that the prover knows.
#[derive(Clone)]
pub struct Witness {
    /// `sk`.
    pub secret: Secret,
    /// The person's position for life.
    pub position: u32,
    /// Opening of the identity leaf; its commitment is the secret's.
    pub identity: IdentityOpening,
    /// From the identity leaf to the identity root.
    pub identity_path: MerklePath,
    /// Files used, by rising slot.
    pub files: Vec<UsedFile>,
    /// The request's attributes, 0 where the policy takes none.
    pub request: [i64; REQUEST_SLOTS],
    /// The claimed verdict.
    pub verdict: Verdict,
    /// Salt of the answer.
    pub salt: FieldBytes,
}

impl Witness {
    /// The answer's opening under `policy`.
    pub fn opening(&self, policy: &CompiledPolicy) -> Opening {
        let person = if policy.show_person { self.identity.person } else { FieldBytes::ZERO };
        Opening { verdict: self.verdict, person, request: self.request, salt: self.salt }
    }
}
