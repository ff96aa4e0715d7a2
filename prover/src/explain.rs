//! Why there can be no proof, for the person who asked for one.

use crate::groth16::ProveError;
use probity_credit::circuit_id::CircuitId;
use probity_credit::domain::Domain;
use probity_credit::policy::{Policy, REQUEST_ATTRIBUTES};
use probity_credit::statement::{Clause, EvaluationError, StatementError};

/// Why there can be no proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotProve {
    /// A clause of the statement does not hold, so no proof of it exists.
    #[error("rule \"{rule}\" does not hold: {0}", rule = .0.clause().anchor())]
    Statement(#[from] StatementError),
    /// The policy is for another circuit than the prover that was loaded.
    #[error("the policy is for circuit {policy}, but the key of {loaded} was loaded: load the one that the policy names")]
    OtherCircuit {
        /// The policy's circuit.
        policy: CircuitId,
        /// The prover's.
        loaded: CircuitId,
    },
    /// The native check accepts what the constraints refuse.
    #[error(
        "the constraints of {circuit} refuse what the native check accepts ({detail}): this is a defect of the program, please report it; \
         nothing was sent"
    )]
    Constraints {
        /// The circuit.
        circuit: CircuitId,
        /// What the constraint system said; holds no values of the witness.
        detail: String,
    },
    /// The proof system made no proof that verifies.
    #[error(transparent)]
    Proof(#[from] ProveError),
}

/// A reason taken apart: the rule, what is wrong, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The clause of the statement, if one fails; its anchor is the section of `docs/statements/eligibility.md`.
    pub clause: Option<Clause>,
    /// The attribute by its name in the policy, if one is at fault.
    pub attribute: Option<String>,
    /// The domain, if one is at fault.
    pub domain: Option<Domain>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub todo: String,
}

impl CannotProve {
    /// The clause that fails.
    pub fn clause(&self) -> Option<Clause> {
        match self {
            Self::Statement(e) => Some(e.clause()),
            _ => None,
        }
    }

    /// The reason in plain words, with the names of `policy`.
    pub fn explain(&self, policy: &Policy) -> Explanation {
        let (what, todo) = match self {
            Self::Statement(e) => statement(e, policy),
            Self::OtherCircuit { .. } | Self::Constraints { .. } | Self::Proof(_) => {
                let text = self.to_string();
                let (what, todo) = text.split_once(": ").unwrap_or((&text, "report this"));
                (what.to_owned(), todo.to_owned())
            }
        };
        Explanation { clause: self.clause(), attribute: self.attribute(policy), domain: self.domain(), what, todo }
    }

    fn attribute(&self, policy: &Policy) -> Option<String> {
        match self {
            Self::Statement(StatementError::Evaluation(EvaluationError::RequestRange { index })) => Some(request_name(policy, *index)),
            _ => None,
        }
    }

    fn domain(&self) -> Option<Domain> {
        match self {
            Self::Statement(StatementError::Incomplete { domain, .. }) => Some(*domain),
            _ => None,
        }
    }
}

fn request_name(policy: &Policy, index: usize) -> String {
    policy.attribute(REQUEST_ATTRIBUTES.start + index).map_or_else(|| format!("request attribute {index}"), |a| a.name.clone())
}

/// What is wrong, and what to do.
fn statement(error: &StatementError, policy: &Policy) -> (String, String) {
    let (what, todo) = match error {
        StatementError::Shape => ("The data for the proof have the wrong shape.".into(), "Collect your files anew.".into()),
        StatementError::Key => (
            "Your identity record was made for another key than this wallet's.".into(),
            "Use the wallet that the identity authority registered, or ask it to rotate your key to this one.".to_owned(),
        ),
        StatementError::Identity => (
            "Your identity record is not in the anchor that the lender names.".into(),
            "Collect the shard of that anchor. If it is there and still does not fit, ask the identity authority.".into(),
        ),
        StatementError::SlotOrder { file } => {
            (format!("File {} is used twice or in the wrong order.", file + 1), "Use each file once, ordered by slot.".into())
        }
        StatementError::Registry { file } => (
            format!("File {} is not the one that its institution published under the policy's schema.", file + 1),
            "Collect the newest opening from the institution; with another schema, this lender can't use the file.".into(),
        ),
        StatementError::Evaluation(e) => evaluation(e, policy),
        StatementError::Outcome { total_loss, allowance } => (
            format!("The claimed outcome is wrong: {total_loss} points are lost, {allowance} may be."),
            "Claim the outcome that the scorecard gives.".into(),
        ),
        StatementError::Reasons => {
            ("The claimed reasons are not the attributes that cost most.".into(), "Claim the reasons that the scorecard gives.".into())
        }
        StatementError::Answer => ("The sealed answer does not hold the verdict.".into(), "Seal the answer anew from the verdict.".into()),
        StatementError::Incomplete { domain, used, held } => (
            format!(
                "The lender wants every file of the domain \"{domain}\". Your identity record counts {held}, the proof would use {used}."
            ),
            if usize::from(*held) > *used {
                format!("Collect the missing file from the other {domain} institution: leaving one out is what this rule prevents.")
            } else {
                "Collect the shard of this anchor anew, or leave the institution's older file out.".into()
            },
        ),
        StatementError::Nullifier => {
            ("The nullifier is not the one of your key in this lender's scope.".into(), "Let the wallet compute it.".into())
        }
    };
    (what, todo)
}

fn evaluation(error: &EvaluationError, policy: &Policy) -> (String, String) {
    match error {
        EvaluationError::TooManyFiles { given, limit } => (
            format!("You hold {given} files that count here, and the policy's circuit takes {limit}."),
            "Ask the lender for a policy with a larger circuit.".into(),
        ),
        EvaluationError::FileFromFuture { file } => {
            (format!("File {} is of a later month than the anchor.", file + 1), "Ask the lender for a request with a newer anchor.".into())
        }
        EvaluationError::FileTooOld { file } => {
            (format!("File {} is older than 341 years.", file + 1), "Collect a newer file from the institution.".into())
        }
        EvaluationError::RequestRange { index } => (
            format!("The lender's value for \"{}\" is too large.", request_name(policy, *index)),
            "Ask the lender to correct its request.".into(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use probity_credit::policy::testing::policy;

    #[test]
    fn reasons_name_the_rule_the_attribute_and_the_domain() {
        let policy = policy(CircuitId::Eligibility3);
        let why = CannotProve::from(StatementError::Incomplete { domain: Domain::Bank, used: 1, held: 2 }).explain(&policy);
        assert_eq!(why.clause.map(Clause::anchor), Some("completeness"));
        assert_eq!(why.domain, Some(Domain::Bank));
        assert!(why.what.contains("bank") && why.what.contains("counts 2"), "{}", why.what);
        assert!(why.todo.contains("missing file"), "{}", why.todo);

        let range = StatementError::Evaluation(EvaluationError::RequestRange { index: 1 });
        let why = CannotProve::from(range).explain(&policy);
        assert_eq!(why.attribute.as_deref(), Some("attribute_7"));
        assert!(why.what.contains("attribute_7"));
        assert_eq!(why.clause.map(Clause::anchor), Some("attributes"));

        let why = CannotProve::OtherCircuit { policy: CircuitId::Eligibility1, loaded: CircuitId::Eligibility3 }.explain(&policy);
        assert_eq!(why.clause, None);
        assert!(why.todo.starts_with("load the one"), "{}", why.todo);
    }
}
