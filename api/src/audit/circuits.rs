//! `/v1/circuits`: the circuits that the chain has or had, and their verifying keys.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_ledger::error::TxError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{App, Shared};
use crate::http::extract::InPath;
use crate::problem::{Problem, Rule};

/// A circuit of the chain.
#[derive(Debug, Serialize, ToSchema)]
pub struct CircuitView {
    /// Circuit.
    #[schema(value_type = String)]
    pub id: CircuitId,
    /// Digest of its constraints.
    #[schema(value_type = String)]
    pub constraints: Digest,
    /// Id of its verifying key.
    #[schema(value_type = String)]
    pub verifying_key_id: Digest,
    /// SHA-256 of the transcript of the ceremony that the key came from; none for a development key.
    #[schema(value_type = Option<String>)]
    pub transcript: Option<Digest>,
    /// First height at which it is accepted.
    pub active_from_height: u64,
    /// Last height at which it is accepted, once it is retired.
    pub last_height: Option<u64>,
    /// Height of the block in which validators stopped it.
    pub stopped_height: Option<u64>,
    /// Whether the next block may use it.
    pub accepted_now: bool,
    /// The number of the next decision about it.
    pub sequence: u64,
}

/// All circuits, smallest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Circuits {
    /// The state after this height.
    pub height: u64,
    /// The circuits.
    pub items: Vec<CircuitView>,
}

/// The circuits as of the newest block.
pub(super) fn read(app: &App) -> Result<Circuits, Problem> {
    let (view, mut items) = (app.newest(), Vec::new());
    for id in CircuitId::ALL {
        let Some(c) = view.circuit(id)? else { continue };
        items.push(CircuitView {
            id,
            constraints: c.constraints,
            verifying_key_id: c.verifying_key_id,
            transcript: c.transcript,
            active_from_height: c.active_from_height,
            last_height: c.last_height,
            stopped_height: c.stopped_height,
            accepted_now: c.check_accepted(view.height().saturating_add(1)).is_ok(),
            sequence: c.sequence,
        });
    }
    Ok(Circuits { height: view.height(), items })
}

/// Lists the circuits that the chain has or had.
#[utoipa::path(get, path = "/v1/circuits", tag = "audit", responses((status = 200, body = Circuits), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn list(State(app): State<Shared>) -> Result<Json<Circuits>, Problem> {
    app.blocking(|app| read(app)).await.map(Json)
}

/// Fetches the verifying key that the chain has for a circuit.
#[utoipa::path(
    get, path = "/v1/verifying-keys/{circuit}", tag = "audit", params(("circuit" = String, Path, description = "For example eligibility-3")),
    responses((status = 200, description = "The key's file", body = Vec<u8>, content_type = "application/octet-stream"), (status = "default", description = "A problem", body = crate::openapi::ProblemBody))
)]
pub async fn verifying_key(State(app): State<Shared>, InPath(name): InPath<String>) -> Result<Response, Problem> {
    let unknown = || Problem::from(Rule::PathMalformed { reason: "the circuits are listed in /v1/circuits".into() });
    let circuit: CircuitId = name.parse().map_err(|_| unknown())?;
    let found = app.blocking(move |app| {
        let entry = app.newest().circuit(circuit)?.ok_or(TxError::CircuitUnknown { circuit })?;
        entry.with_key(app.genesis()).ok_or_else(|| Problem::internal("a circuit without a key"))
    });
    let found = found.await?;
    let id = HeaderValue::from_str(&found.verifying_key_id.to_string()).map_err(Problem::internal)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (HeaderName::from_static("probity-verifying-key-id"), id),
    ];
    Ok((headers, Body::from(found.verifying_key)).into_response())
}
