//! The checks of a response by name, in the order in which they are made.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckName {
    /// Response and proof are in their canonical encoding.
    Encoding,
    /// The request is this lender's.
    RequestKnown,
    /// It has not ended.
    RequestUnexpired,
    /// Nobody answered it before.
    RequestUnanswered,
    /// The one-time key consented to this very answer.
    Consent,
    /// The anchor is on the chain.
    AnchorKnown,
    /// It counts still.
    AnchorInGrace,
    /// The policy was active at the anchor.
    PolicyActive,
    /// The circuit is the policy's, and the chain accepts it.
    Circuit,
    /// The verifying key is the one that the chain has for the circuit.
    VerifyingKey,
    /// The person was granted nothing in this scope and window.
    NullifierUnspent,
    /// The opening is the answer's, and the request's own attributes were scored.
    AnswerOpening,
    /// The person is the applicant.
    Person,
    /// The proof holds.
    Pairing,
    /// The chain recorded it.
    Recorded,
}

impl CheckName {
    /// All checks in their order.
    pub const ALL: [Self; 15] = [
        Self::Encoding,
        Self::RequestKnown,
        Self::RequestUnexpired,
        Self::RequestUnanswered,
        Self::Consent,
        Self::AnchorKnown,
        Self::AnchorInGrace,
        Self::PolicyActive,
        Self::Circuit,
        Self::VerifyingKey,
        Self::NullifierUnspent,
        Self::AnswerOpening,
        Self::Person,
        Self::Pairing,
        Self::Recorded,
    ];
}

/// What a check gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckStatus {
    /// It holds.
    Passed,
    /// It does not.
    Failed,
    /// There is nothing to check.
    Skipped,
    /// An earlier check failed, or nothing has come yet.
    NotRun,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// Which.
    pub name: CheckName,
    /// What it gave.
    pub status: CheckStatus,
    /// The rule that refused.
    pub code: Option<String>,
    /// What was found, in a sentence.
    pub detail: String,
    /// What to do.
    pub hint: Option<String>,
}

/// A list of checks that fills from the front and stops at the first that fails.
#[derive(Debug, Clone)]
pub struct Checks {
    list: Vec<Check>,
    next: usize,
}

impl Default for Checks {
    fn default() -> Self {
        Self::of(&CheckName::ALL)
    }
}

impl Checks {
    /// These checks, none made yet.
    pub fn of(names: &[CheckName]) -> Self {
        let not_run = |&name| Check { name, status: CheckStatus::NotRun, code: None, detail: String::new(), hint: None };
        Self { list: names.iter().map(not_run).collect(), next: 0 }
    }

    fn set(&mut self, name: CheckName, status: CheckStatus, detail: String) -> &mut Check {
        let at = self.next;
        debug_assert_eq!(self.list[at].name, name, "checks are made in their order");
        self.next += 1;
        let check = &mut self.list[at];
        (check.status, check.detail) = (status, detail);
        check
    }

    /// The next check holds.
    pub fn pass(&mut self, name: CheckName, detail: impl Into<String>) {
        self.set(name, CheckStatus::Passed, detail.into());
    }

    /// There is nothing to check.
    pub fn skip(&mut self, name: CheckName, detail: impl Into<String>) {
        self.set(name, CheckStatus::Skipped, detail.into());
    }

    /// The next check fails, and so does the response: gives the refusal to send.
    pub fn fail(&mut self, name: CheckName, problem: impl Into<Problem>) -> Problem {
        let problem = problem.into();
        let check = self.set(name, CheckStatus::Failed, problem.detail().to_owned());
        check.code = Some(problem.code().to_owned());
        check.hint = Some(problem.hint().to_owned());
        problem.with_checks(&self.list)
    }

    /// Whether a check failed: otherwise an error is the node's own.
    pub fn have_failed(&self) -> bool {
        self.list.iter().any(|c| c.status == CheckStatus::Failed)
    }

    /// The list.
    pub fn list(&self) -> &[Check] {
        &self.list
    }

    /// The list, for keeping.
    pub fn into_list(self) -> Vec<Check> {
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Rule;

    #[test]
    fn a_failure_leaves_the_rest_not_run() {
        let mut checks = Checks::default();
        checks.pass(CheckName::Encoding, "fine");
        let problem = checks.fail(CheckName::RequestKnown, Rule::RequestUnknown);
        assert_eq!(problem.code(), "request-unknown");
        let list = checks.into_list();
        assert_eq!(list.len(), CheckName::ALL.len());
        assert_eq!(list[1].code.as_deref(), Some("request-unknown"));
        assert!(list[2..].iter().all(|c| c.status == CheckStatus::NotRun));
        let names: Vec<String> = list.iter().map(|c| serde_json::to_value(c.name).unwrap().as_str().unwrap().to_owned()).collect();
        assert_eq!(names[..4], ["encoding", "request-known", "request-unexpired", "request-unanswered"]);
        assert!(CheckName::ALL.is_sorted());
    }
}
