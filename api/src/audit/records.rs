//! `/v1/records`: every proof that was recorded, with all that a re-verification needs.

use axum::Json;
use axum::extract::State;
use probity_credit::digest::Digest;
use probity_ledger::address::Address;
use probity_ledger::state_key;
use probity_ledger::state_proof::StateProof;
use probity_ledger::state_value::Record;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::Shared;
use crate::http::extract::{InPath, InQuery};
use crate::http::page::{Page, PageQuery};
use crate::institutions::transactions::TransactionStatus;
use crate::problem::{Problem, Rule};
use crate::view::View;

/// Which records.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RecordsQuery {
    /// Of this lender alone.
    #[param(value_type = Option<String>)]
    pub lender: Option<Address>,
    /// Of this policy alone.
    #[param(value_type = Option<String>)]
    pub policy: Option<Digest>,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Entries looked at, 1 to 200; a filtered page may hold fewer.
    pub limit: Option<u32>,
}

/// A record with its proofs.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordView {
    /// The record.
    #[schema(value_type = Object)]
    pub record: Record,
    /// That it is in the state after its own height.
    #[schema(value_type = Object)]
    pub proof: StateProof,
    /// The transaction with its receipt and proofs.
    pub inclusion: TransactionStatus,
}

/// Lists records, newest first.
#[utoipa::path(get, path = "/v1/records", tag = "audit", params(RecordsQuery), responses((status = 200, body = Page<Object>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn list(State(app): State<Shared>, InQuery(query): InQuery<RecordsQuery>) -> Result<Json<Page<Record>>, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let found = app.blocking(move |app| {
        let found = app.node.records(page.place()?, page.limit()?).map_err(Problem::internal)?;
        let wanted = |r: &Record| query.lender.is_none_or(|l| l == r.lender) && query.policy.is_none_or(|p| p == r.policy);
        Ok(Page { items: found.entries.into_iter().filter(wanted).collect(), next: found.next.map(|c| c.to_string()) })
    });
    found.await.map(Json)
}

/// Fetches a record with the proofs that it is on the chain.
#[utoipa::path(
    get, path = "/v1/records/{context}", tag = "audit", params(("context" = String, Path, description = "Digest of the context")),
    responses((status = 200, body = RecordView), (status = "default", description = "A problem", body = crate::openapi::ProblemBody))
)]
pub async fn record(State(app): State<Shared>, InPath(context): InPath<Digest>) -> Result<Json<RecordView>, Problem> {
    let found = app.blocking(move |app| {
        let newest = app.newest();
        let record = newest.record(&context)?.ok_or(Rule::EntryUnknown { what: "record", height: newest.height() })?;
        let proof = View::at(&app.node, Some(record.height))?.prove(&state_key::record(&context))?;
        let included = app.node.transaction(&record.transaction).map_err(Problem::internal)?;
        let inclusion = included.ok_or_else(|| Problem::internal("a record without its transaction"))?.into();
        Ok(RecordView { record, proof, inclusion })
    });
    found.await.map(Json)
}
