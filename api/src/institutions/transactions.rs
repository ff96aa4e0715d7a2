//! `/v1/transactions`: signed transactions in, receipts with inclusion proofs out.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use probity_chain::node::Included;
use probity_ledger::encoding::base64url;
use probity_ledger::merkle::InclusionProof;
use probity_ledger::receipt::Receipt;
use probity_ledger::transaction::{Transaction, TxId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::Shared;
use crate::http::extract::{InPath, InQuery, media_type, read_body};
use crate::lenders::verdict::WaitQuery;
use crate::problem::{Problem, Rule};
use crate::sender::submit;

/// Where a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// It waits.
    Pending,
    /// It is in a final block.
    Included,
}

/// A transaction, its receipt, and the proofs that both are in the block.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransactionStatus {
    /// Its id.
    #[schema(value_type = String)]
    pub id: TxId,
    /// Where it stands.
    pub status: Place,
    /// Height of its block.
    pub height: Option<u64>,
    /// Index in it.
    pub index: Option<u32>,
    /// The transaction, once included.
    #[schema(value_type = Option<Object>)]
    pub transaction: Option<Transaction>,
    /// What became of it.
    #[schema(value_type = Option<Object>)]
    pub receipt: Option<Receipt>,
    /// Under the header's transactions root.
    #[schema(value_type = Option<Object>)]
    pub transaction_proof: Option<InclusionProof>,
    /// Under the header's receipts root.
    #[schema(value_type = Option<Object>)]
    pub receipt_proof: Option<InclusionProof>,
}

impl TransactionStatus {
    fn pending(id: TxId) -> Self {
        Self {
            id,
            status: Place::Pending,
            height: None,
            index: None,
            transaction: None,
            receipt: None,
            transaction_proof: None,
            receipt_proof: None,
        }
    }
}

impl From<Included> for TransactionStatus {
    fn from(included: Included) -> Self {
        Self {
            id: included.receipt.transaction,
            status: Place::Included,
            height: Some(included.height),
            index: Some(included.index),
            transaction: Some(included.transaction),
            receipt: Some(included.receipt),
            transaction_proof: Some(included.transaction_proof),
            receipt_proof: Some(included.receipt_proof),
        }
    }
}

/// A transaction in JSON.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Submission {
    /// The transaction's JSON.
    #[schema(value_type = Object)]
    Transaction(Box<Transaction>),
    /// Its canonical bytes in base64url.
    Encoded(String),
}

/// Submits a signed transaction.
#[utoipa::path(
    post, path = "/v1/transactions", tag = "institutions", request_body = Submission,
    params(WaitQuery, ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition harmless")),
    responses(
        (status = 202, description = "It waits", body = TransactionStatus), (status = 200, description = "It is final", body = TransactionStatus),
        (status = "default", description = "A problem", body = crate::openapi::ProblemBody)
    )
)]
pub async fn send(
    State(app): State<Shared>,
    InQuery(wait): InQuery<WaitQuery>,
    request: Request,
) -> Result<(StatusCode, Json<TransactionStatus>), Problem> {
    let kind = media_type(request.headers());
    let body = read_body(request, app.config.limits.body_bytes as usize).await?;
    let transaction = match kind.as_str() {
        "application/json" => from_json(&body)?,
        "application/octet-stream" => from_bytes(&body)?,
        _ => return Err(Rule::MediaType { expected: "application/json or application/octet-stream" }.into()),
    };
    submit_and_wait(&app, transaction, wait.patience()).await
}

/// Hands a transaction in and waits for its block, as long as `patience` goes.
pub(super) async fn submit_and_wait(
    app: &Shared,
    transaction: Transaction,
    patience: Duration,
) -> Result<(StatusCode, Json<TransactionStatus>), Problem> {
    let id = app.blocking(move |app| submit(&app.node, transaction)).await?;
    wait_for(app, id, patience).await
}

/// Waits for a submitted transaction's block, as long as `patience` goes.
pub(super) async fn wait_for(app: &Shared, id: TxId, patience: Duration) -> Result<(StatusCode, Json<TransactionStatus>), Problem> {
    let included = match app.wait(patience, app.node.wait_for(&id, patience)).await {
        Some(found) => found.map_err(Problem::internal)?,
        None => None,
    };
    Ok(match included {
        Some(included) => (StatusCode::OK, Json(included.into())),
        None => (StatusCode::ACCEPTED, Json(TransactionStatus::pending(id))),
    })
}

fn from_json(body: &Bytes) -> Result<Transaction, Problem> {
    let malformed = |reason: String| Problem::from(Rule::BodyMalformed { reason });
    match serde_json::from_slice(body).map_err(|e| malformed(e.to_string()))? {
        Submission::Transaction(transaction) => Ok(*transaction),
        Submission::Encoded(text) => from_bytes(&base64url::decode(&text).map_err(|e| malformed(e.into()))?),
    }
}

fn from_bytes(bytes: &[u8]) -> Result<Transaction, Problem> {
    Transaction::decode(bytes).map_err(|e| Rule::BodyMalformed { reason: e.to_string() }.into())
}

/// Fetches a transaction's receipt.
#[utoipa::path(
    get, path = "/v1/transactions/{id}", tag = "institutions", params(("id" = String, Path, description = "Transaction id"), WaitQuery),
    responses((status = 200, body = TransactionStatus), (status = "default", description = "A problem", body = crate::openapi::ProblemBody))
)]
pub async fn receipt(
    State(app): State<Shared>,
    InPath(id): InPath<TxId>,
    InQuery(wait): InQuery<WaitQuery>,
) -> Result<Json<TransactionStatus>, Problem> {
    let found = app.blocking(move |app| app.node.transaction(&id).map_err(Problem::internal)).await?;
    if let Some(included) = found {
        return Ok(Json(included.into()));
    }
    if !app.node.is_waiting(&id) && wait.patience().is_zero() {
        // it may have been included just now
        let included = app.blocking(move |app| app.node.transaction(&id).map_err(Problem::internal)).await?;
        return included.map(|i| Json(i.into())).ok_or_else(|| Rule::TransactionUnknown.into());
    }
    let (_, status) = wait_for(&app, id, wait.patience()).await?;
    if status.0.status == Place::Pending && !app.node.is_waiting(&id) {
        return Err(Rule::TransactionUnknown.into());
    }
    Ok(status)
}
