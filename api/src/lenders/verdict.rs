//! `GET /v1/requests/{id}/verdict`: what became of a request, check by check.

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::policy::Policy;
use probity_ledger::address::Address;
use probity_ledger::error::TxError;
use probity_ledger::transaction::TxId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::check::{Check, CheckName, CheckStatus, Checks};
use super::fetch::find;
use super::store::{Answered, Final, Stored};
use crate::app::{App, Shared, now_unix_ms};
use crate::auth::AsLender;
use crate::http::extract::{InPath, InQuery};
use crate::problem::{Problem, Rule};

/// Longest a client may wait for news, seconds.
pub const WAIT_SECONDS_MAX: u64 = 30;

/// Waiting for news.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WaitQuery {
    /// Seconds to wait for a final answer, at most 30.
    pub wait_seconds: Option<u64>,
}

impl WaitQuery {
    /// How long to wait.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.wait_seconds.unwrap_or(0).min(WAIT_SECONDS_MAX))
    }
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictStatus {
    /// No response was verified yet.
    Pending,
    /// None was, and none can be any more.
    Expired,
    /// A response was verified; the chain has not spoken.
    Recording,
    /// Recorded, and the applicant meets the policy.
    Approved,
    /// Recorded, and the applicant does not.
    Declined,
    /// The chain refused the record: nothing may be granted.
    Refused,
}

/// A reason of a decline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reason {
    /// The attribute's index.
    pub index: u8,
    /// Its name in the policy.
    pub name: String,
}

/// What the answer's opening says. It is for the lender: the chain shows neither outcome nor reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Decision {
    /// Whether the cut-off is reached.
    pub approved: bool,
    /// The attributes that cost most, first the largest loss.
    pub reasons: Vec<Reason>,
    /// Who the applicant is, for policies that show it.
    #[schema(value_type = Option<String>)]
    pub person: Option<FieldBytes>,
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RecordStatus {
    /// Not included yet.
    Pending,
    /// Recorded.
    Applied,
    /// Included as failed.
    Failed,
}

/// The record on the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordState {
    /// Its key on the chain.
    #[schema(value_type = String)]
    pub context: Digest,
    /// The transaction, once sent.
    #[schema(value_type = Option<String>)]
    pub transaction: Option<TxId>,
    /// What became of it.
    pub status: RecordStatus,
    /// Height of its block.
    pub height: Option<u64>,
    /// Time of its block.
    pub time_unix_ms: Option<u64>,
    /// Why it failed.
    #[schema(value_type = Option<Object>)]
    pub error: Option<TxError>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VerdictView {
    /// The request.
    pub id: String,
    /// Where it stands.
    pub status: VerdictStatus,
    /// Policy id.
    #[schema(value_type = String)]
    pub policy: Digest,
    /// The lender.
    #[schema(value_type = String)]
    pub lender: Address,
    /// Height of the anchor.
    pub anchor_height: u64,
    /// How long ago another anchor took its place; 0 for the newest.
    pub anchor_age_ms: u64,
    /// When the request ends.
    pub expires_unix_ms: u64,
    /// Responses refused.
    pub attempts: u32,
    /// All checks in their order: of the verified response, or of the last one refused.
    pub checks: Vec<Check>,
    /// The decision, once a response is verified.
    pub decision: Option<Decision>,
    /// The record, once a response is verified.
    pub record: Option<RecordState>,
}

/// Reads the verdict on a request of one's own.
#[utoipa::path(
    get, path = "/v1/requests/{id}/verdict", tag = "lenders", security(("key" = [])),
    params(("id" = String, Path, description = "The request"), WaitQuery),
    responses((status = 200, body = VerdictView), (status = "default", description = "A problem", body = crate::openapi::ProblemBody))
)]
pub async fn verdict(
    State(app): State<Shared>,
    AsLender(lender): AsLender,
    InPath(id): InPath<String>,
    InQuery(wait): InQuery<WaitQuery>,
) -> Result<Json<VerdictView>, Problem> {
    let end = Instant::now() + wait.patience();
    let address = lender.account.address();
    loop {
        // subscribed before looking: news in between is not missed
        let news = app.recorder.news();
        let id = id.clone();
        let view = app.blocking(move |app| look(app, &id, address)).await?;
        let open = matches!(view.status, VerdictStatus::Pending | VerdictStatus::Recording);
        if !open || app.wait(end.saturating_duration_since(Instant::now()), news).await.is_none() {
            return Ok(Json(view));
        }
    }
}

fn look(app: &App, id: &str, lender: Address) -> Result<VerdictView, Problem> {
    let stored = find(app, id)?;
    if stored.lender() != lender {
        return Err(Rule::NotYourRequest.into());
    }
    let now = now_unix_ms();
    let request = &stored.request.request;
    let replaced = app.newest().anchor(request.anchor.height)?.and_then(|a| a.replaced_unix_ms);
    let answered = stored.answered.as_ref();
    Ok(VerdictView {
        id: id.to_owned(),
        status: status(&stored, now),
        policy: request.policy.id(),
        lender,
        anchor_height: request.anchor.height,
        anchor_age_ms: replaced.map_or(0, |r| now.saturating_sub(r)),
        expires_unix_ms: request.expires_unix_ms,
        attempts: stored.attempts,
        checks: checks(&stored),
        decision: answered.map(|a| decision(&request.policy, a)),
        record: answered.map(record),
    })
}

fn status(stored: &Stored, now: u64) -> VerdictStatus {
    match &stored.answered {
        None if stored.request.request.expires_unix_ms < now => VerdictStatus::Expired,
        None => VerdictStatus::Pending,
        Some(answered) => match &answered.r#final {
            None => VerdictStatus::Recording,
            Some(Final::Failed { .. }) => VerdictStatus::Refused,
            Some(Final::Applied { .. }) if answered.presentation.opening.verdict.approved => VerdictStatus::Approved,
            Some(Final::Applied { .. }) => VerdictStatus::Declined,
        },
    }
}

fn checks(stored: &Stored) -> Vec<Check> {
    let Some(answered) = &stored.answered else {
        return stored.refused.clone().unwrap_or_else(|| Checks::default().into_list());
    };
    let mut list = answered.checks.clone();
    if let Some(last) = list.iter_mut().find(|c| c.name == CheckName::Recorded) {
        match &answered.r#final {
            None => {
                last.detail = "verified here; the chain has not recorded it yet: grant nothing before".into();
                last.hint.clone_from(&answered.trouble);
            }
            Some(Final::Applied { height, .. }) => {
                (last.status, last.detail) = (CheckStatus::Passed, format!("recorded at height {height}"));
            }
            Some(Final::Failed { error, .. }) => {
                (last.status, last.detail) = (CheckStatus::Failed, error.to_string());
                (last.code, last.hint) = (Some(error.code().to_owned()), Some(error.hint().to_owned()));
            }
        }
    }
    list
}

fn decision(policy: &Policy, answered: &Answered) -> Decision {
    let opening = &answered.presentation.opening;
    let reasons = opening.verdict.reasons.iter().filter_map(|r| r.checked_sub(1)).map(|index| {
        let name = policy.attribute(index.into()).map_or_else(|| format!("attribute {index}"), |a| a.name.clone());
        Reason { index, name }
    });
    Decision { approved: opening.verdict.approved, reasons: reasons.collect(), person: policy.show_person.then_some(opening.person) }
}

fn record(answered: &Answered) -> RecordState {
    let (status, height, time_unix_ms, error) = match &answered.r#final {
        None => (RecordStatus::Pending, None, None, None),
        Some(Final::Applied { height, time_unix_ms }) => (RecordStatus::Applied, Some(*height), Some(*time_unix_ms), None),
        Some(Final::Failed { height, time_unix_ms, error }) => {
            (RecordStatus::Failed, Some(*height), Some(*time_unix_ms), Some(error.clone()))
        }
    };
    RecordState { context: answered.context, transaction: answered.transaction, status, height, time_unix_ms, error }
}
