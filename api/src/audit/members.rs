//! Institutions, lenders, accounts, validators, the identity tree and spent nullifiers.

use axum::Json;
use axum::extract::State;
use probity_credit::field::FieldBytes;
use probity_ledger::address::Address;
use probity_ledger::certificate::ValidatorSet;
use probity_ledger::state_key;
use probity_ledger::state_value::{Account, IdentityState, Institution, Lender, NullifierEntry};

use super::entry::{Entry, EntryQuery, entry};
use crate::app::Shared;
use crate::http::extract::{InPath, InQuery};
use crate::http::page::{Page, PageQuery};
use crate::problem::Problem;
use crate::view::View;

/// Lists institutions.
#[utoipa::path(get, path = "/v1/institutions", tag = "audit", params(PageQuery), responses((status = 200, body = Page<Object>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn institutions(State(app): State<Shared>, InQuery(page): InQuery<PageQuery>) -> Result<Json<Page<Institution>>, Problem> {
    let found = app.blocking(move |app| {
        let found = app.node.institutions(page.place()?, page.limit()?).map_err(Problem::internal)?;
        Ok(Page { items: found.entries, next: found.next.map(|c| c.to_string()) })
    });
    found.await.map(Json)
}

/// Fetches an institution.
#[utoipa::path(get, path = "/v1/institutions/{address}", tag = "audit", params(("address" = String, Path, description = "Address"), EntryQuery), responses((status = 200, body = Entry<Object>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn institution(
    State(app): State<Shared>,
    InPath(address): InPath<Address>,
    InQuery(query): InQuery<EntryQuery>,
) -> Result<Json<Entry<Institution>>, Problem> {
    entry(app, query, "institution", state_key::institution(&address)).await
}

/// Lists lenders.
#[utoipa::path(get, path = "/v1/lenders", tag = "audit", params(PageQuery), responses((status = 200, body = Page<Object>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn lenders(State(app): State<Shared>, InQuery(page): InQuery<PageQuery>) -> Result<Json<Page<Lender>>, Problem> {
    let found = app.blocking(move |app| {
        let found = app.node.lenders(page.place()?, page.limit()?).map_err(Problem::internal)?;
        Ok(Page { items: found.entries, next: found.next.map(|c| c.to_string()) })
    });
    found.await.map(Json)
}

/// Fetches a lender.
#[utoipa::path(get, path = "/v1/lenders/{address}", tag = "audit", params(("address" = String, Path, description = "Address"), EntryQuery), responses((status = 200, body = Entry<Object>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn lender(
    State(app): State<Shared>,
    InPath(address): InPath<Address>,
    InQuery(query): InQuery<EntryQuery>,
) -> Result<Json<Entry<Lender>>, Problem> {
    entry(app, query, "lender", state_key::lender(&address)).await
}

/// Fetches an account; one that was never used has no money and nonce 0.
#[utoipa::path(get, path = "/v1/accounts/{address}", tag = "audit", params(("address" = String, Path, description = "Address"), EntryQuery), responses((status = 200, body = Entry<Object>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn account(
    State(app): State<Shared>,
    InPath(address): InPath<Address>,
    InQuery(query): InQuery<EntryQuery>,
) -> Result<Json<Entry<Account>>, Problem> {
    let found = app.blocking(move |app| {
        let view = View::at(&app.node, query.height)?;
        let key = state_key::account(&address);
        let value = view.get(&key)?.unwrap_or_default();
        let proof = if query.wants_proof() { Some(view.prove(&key)?) } else { None };
        Ok(Entry { height: view.height(), key, value, proof })
    });
    found.await.map(Json)
}

/// Fetches the validators that decide the height after.
#[utoipa::path(get, path = "/v1/validators", tag = "audit", params(EntryQuery), responses((status = 200, body = Entry<Object>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn validators(State(app): State<Shared>, InQuery(query): InQuery<EntryQuery>) -> Result<Json<Entry<ValidatorSet>>, Problem> {
    entry(app, query, "validator set", state_key::validators()).await
}

/// Fetches the state of the identity tree.
#[utoipa::path(get, path = "/v1/identities", tag = "audit", params(EntryQuery), responses((status = 200, body = Entry<Object>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn identities(State(app): State<Shared>, InQuery(query): InQuery<EntryQuery>) -> Result<Json<Entry<IdentityState>>, Problem> {
    entry(app, query, "identity tree", state_key::identities()).await
}

/// Fetches who spent a nullifier.
#[utoipa::path(
    get, path = "/v1/nullifiers/{scope}/{nullifier}", tag = "audit",
    params(("scope" = String, Path, description = "Scope"), ("nullifier" = String, Path, description = "Nullifier"), EntryQuery),
    responses((status = 200, body = Entry<Object>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody))
)]
pub async fn nullifier(
    State(app): State<Shared>,
    InPath((scope, nullifier)): InPath<(FieldBytes, FieldBytes)>,
    InQuery(query): InQuery<EntryQuery>,
) -> Result<Json<Entry<NullifierEntry>>, Problem> {
    entry(app, query, "spent nullifier", state_key::nullifier(&scope, &nullifier)).await
}
