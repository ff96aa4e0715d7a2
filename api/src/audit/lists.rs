//! Lists of policies, schemas and anchors, newest first, and their entries.

use axum::Json;
use axum::extract::State;
use probity_credit::digest::Digest;
use probity_ledger::address::Address;
use probity_ledger::delivery::{LiveSlot, RegistrySnapshot};
use probity_ledger::error::TxError;
use probity_ledger::state_key;
use probity_ledger::state_value::{AnchorEntry, PolicyEntry, SchemaEntry};
use probity_ledger::transaction::Slot;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::entry::{Entry, EntryQuery, entry, read};
use crate::app::{App, Shared};
use crate::http::extract::{InPath, InQuery};
use crate::http::page::{Page, PageQuery};
use crate::problem::{Problem, Rule};
use crate::view::View;

/// A policy or schema with its id.
#[derive(Debug, Serialize, ToSchema)]
pub struct Identified<T> {
    /// Its id.
    #[schema(value_type = String)]
    pub id: Digest,
    /// What the chain holds.
    pub entry: T,
}

/// Whose policies.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PoliciesQuery {
    /// Of this lender alone.
    #[param(value_type = Option<String>)]
    pub lender: Option<Address>,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Entries looked at, 1 to 200; a page of one lender's policies may hold fewer.
    pub limit: Option<u32>,
}

/// Lists policies.
#[utoipa::path(get, path = "/v1/policies", tag = "audit", params(PoliciesQuery), responses((status = 200, body = Page<Object>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn policies(
    State(app): State<Shared>,
    InQuery(query): InQuery<PoliciesQuery>,
) -> Result<Json<Page<Identified<PolicyEntry>>>, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let found = app.blocking(move |app| {
        let found = app.node.policies(page.place()?, page.limit()?).map_err(Problem::internal)?;
        let wanted = |e: &PolicyEntry| query.lender.is_none_or(|l| l.0 == e.policy.owner);
        let items = found.entries.into_iter().filter(wanted).map(|entry| Identified { id: entry.policy.id(), entry });
        Ok(Page { items: items.collect(), next: found.next.map(|c| c.to_string()) })
    });
    found.await.map(Json)
}

/// Fetches a policy.
#[utoipa::path(get, path = "/v1/policies/{id}", tag = "audit", params(("id" = String, Path, description = "Policy id"), EntryQuery), responses((status = 200, body = Entry<Object>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn policy(
    State(app): State<Shared>,
    InPath(id): InPath<Digest>,
    InQuery(query): InQuery<EntryQuery>,
) -> Result<Json<Entry<PolicyEntry>>, Problem> {
    entry(app, query, "policy", state_key::policy(&id)).await
}

/// Lists schemas.
#[utoipa::path(get, path = "/v1/schemas", tag = "audit", params(PageQuery), responses((status = 200, body = Page<Object>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn schemas(State(app): State<Shared>, InQuery(page): InQuery<PageQuery>) -> Result<Json<Page<Identified<SchemaEntry>>>, Problem> {
    let found = app.blocking(move |app| {
        let found = app.node.schemas(page.place()?, page.limit()?).map_err(Problem::internal)?;
        let items = found.entries.into_iter().map(|entry| Identified { id: entry.schema.id(), entry });
        Ok(Page { items: items.collect(), next: found.next.map(|c| c.to_string()) })
    });
    found.await.map(Json)
}

/// Fetches a schema.
#[utoipa::path(get, path = "/v1/schemas/{id}", tag = "audit", params(("id" = String, Path, description = "Schema id"), EntryQuery), responses((status = 200, body = Entry<Object>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn schema(
    State(app): State<Shared>,
    InPath(id): InPath<Digest>,
    InQuery(query): InQuery<EntryQuery>,
) -> Result<Json<Entry<SchemaEntry>>, Problem> {
    entry(app, query, "schema", state_key::schema(&id)).await
}

/// Lists anchors.
#[utoipa::path(get, path = "/v1/anchors", tag = "audit", params(PageQuery), responses((status = 200, body = Page<Object>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn anchors(State(app): State<Shared>, InQuery(page): InQuery<PageQuery>) -> Result<Json<Page<AnchorEntry>>, Problem> {
    let found = app.blocking(move |app| {
        let found = app.node.anchors(page.place()?, page.limit()?).map_err(Problem::internal)?;
        Ok(Page { items: found.entries, next: found.next.map(|c| c.to_string()) })
    });
    found.await.map(Json)
}

/// The height of an anchor: a number, or `latest`.
fn anchor_height(app: &App, text: &str) -> Result<u64, Problem> {
    match text {
        "latest" => Ok(app.newest().newest_anchor()?.ok_or(Rule::NoAnchor)?.anchor.height),
        number => number.parse().map_err(|_| Rule::PathMalformed { reason: "an anchor's height is a number, or `latest`".into() }.into()),
    }
}

/// Fetches an anchor by height, or the `latest`.
#[utoipa::path(get, path = "/v1/anchors/{height}", tag = "audit", params(("height" = String, Path, description = "Height of the anchor, or `latest`"), EntryQuery), responses((status = 200, body = Entry<Object>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn anchor(
    State(app): State<Shared>,
    InPath(height): InPath<String>,
    InQuery(query): InQuery<EntryQuery>,
) -> Result<Json<Entry<AnchorEntry>>, Problem> {
    let found = app.blocking(move |app| {
        let key = state_key::anchor(anchor_height(app, &height)?);
        read(View::at(&app.node, query.height)?, key, query, "anchor")
    });
    found.await.map(Json)
}

/// Fetches what the registry held at an anchor: with it a wallet makes its registry paths.
#[utoipa::path(get, path = "/v1/anchors/{height}/registry", tag = "wallets", params(("height" = String, Path, description = "Height of the anchor, or `latest`")), responses((status = 200, description = "All live slots", body = Object), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn registry_at(State(app): State<Shared>, InPath(height): InPath<String>) -> Result<Json<RegistrySnapshot>, Problem> {
    let snapshot = app.blocking(move |app| {
        let height = anchor_height(app, &height)?;
        let view = View::at(&app.node, Some(height)).map_err(|_| TxError::AnchorUnknown { height })?;
        let anchor = view.anchor(height)?.ok_or(TxError::AnchorUnknown { height })?.anchor;
        let used = view.registry()?.map_or(0, |r| r.slots_used);
        let mut slots = Vec::new();
        for slot in (0..used).filter_map(|n| Slot::new(n).ok()) {
            let Some(state) = view.slot(slot)? else { continue };
            let Some(live) = state.live else { continue };
            let (month, sequence, schema, root) = (live.month, live.sequence, live.schema, live.root);
            slots.push(LiveSlot { slot, domain: state.domain, month, sequence, schema, root });
        }
        Ok(RegistrySnapshot { anchor, slots })
    });
    snapshot.await.map(Json)
}
