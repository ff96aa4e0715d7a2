//! `GET /v1/requests/{id}`: a wallet fetches what is asked.

use axum::Json;
use axum::extract::State;
use probity_ledger::error::TxError;
use probity_ledger::request::SignedRequest;

use super::store::{RequestName, Stored};
use crate::app::{App, Shared, now_unix_ms};
use crate::http::extract::InPath;
use crate::problem::{Problem, Rule};

/// Longest text that may be an id.
const ID_BYTES_MAX: usize = 64;

/// Fetches the signed request that belongs to a link.
#[utoipa::path(
    get, path = "/v1/requests/{id}", tag = "wallets", params(("id" = String, Path, description = "From the lender's link")),
    responses((status = 200, description = "The signed request", body = Object), (status = "default", description = "A problem", body = crate::openapi::ProblemBody))
)]
pub async fn fetch(State(app): State<Shared>, InPath(id): InPath<String>) -> Result<Json<SignedRequest>, Problem> {
    let stored = app.blocking(move |app| find(app, &id)).await?;
    let (expires_unix_ms, now_unix_ms) = (stored.request.request.expires_unix_ms, now_unix_ms());
    if expires_unix_ms < now_unix_ms {
        return Err(TxError::RequestExpired { expires_unix_ms, now_unix_ms }.into());
    }
    Ok(Json(stored.request))
}

/// The request with this id.
pub(super) fn find(app: &App, id: &str) -> Result<Stored, Problem> {
    if id.len() > ID_BYTES_MAX {
        return Err(Rule::RequestUnknown.into());
    }
    app.requests.find(RequestName::of(id))?.ok_or_else(|| Rule::RequestUnknown.into())
}
