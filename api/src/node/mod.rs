//! The node itself: health, metrics, the API's description and its problems in words.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{Shared, now_unix_ms};
use crate::http::extract::InPath;
use crate::problem::{self, Problem, Rule};

/// A tip older than this means that the chain has stopped, or that this node is behind.
const STALE_AFTER_HEARTBEATS: u64 = 6;
/// Shortest time after which a tip is stale.
const STALE_AFTER_MS_MIN: u64 = 30_000;

/// Whether the node follows the chain.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether requests may come here.
    pub ready: bool,
    /// Newest height.
    pub height: u64,
    /// Why not.
    pub reason: Option<&'static str>,
}

/// Says that the process lives.
#[utoipa::path(get, path = "/healthz", tag = "node", responses((status = 200, description = "It lives", body = String)))]
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Says whether the node follows the chain.
#[utoipa::path(get, path = "/readyz", tag = "node", responses((status = 200, body = Readiness), (status = 503, body = Readiness)))]
pub async fn readyz(State(app): State<Shared>) -> (StatusCode, Json<Readiness>) {
    let status = app.node.status();
    let patience = app.config.engine.heartbeat_ms.saturating_mul(STALE_AFTER_HEARTBEATS).max(STALE_AFTER_MS_MIN);
    let reason = if status.height == 0 {
        Some("the chain has no block yet")
    } else if now_unix_ms().saturating_sub(status.time_unix_ms) > patience {
        Some("the newest block is old: the chain has stopped, or this node is behind")
    } else {
        None
    };
    let code = if reason.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(Readiness { ready: reason.is_none(), height: status.height, reason }))
}

/// All metrics in the OpenMetrics text format.
#[utoipa::path(get, path = "/metrics", tag = "node", security((), ("key" = [])), responses((status = 200, description = "OpenMetrics text", body = String), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn metrics(State(app): State<Shared>) -> Response {
    let status = app.node.status();
    app.metrics.height.set(i64::try_from(status.height).unwrap_or(i64::MAX));
    app.metrics.mempool.set(i64::try_from(status.mempool_transactions).unwrap_or(i64::MAX));
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], probity_chain::engine::metrics_text()).into_response()
}

/// This document.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "node", responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], crate::openapi::document_json()).into_response()
}

/// Lists the types of all problems.
#[utoipa::path(get, path = "/problems", tag = "node", responses((status = 200, description = "One a line", body = String)))]
pub async fn problems() -> String {
    problem::codes().into_iter().fold(String::new(), |text, code| text + "/problems/" + code + "\n")
}

/// Explains a type of problem.
#[utoipa::path(get, path = "/problems/{code}", tag = "node", params(("code" = String, Path, description = "End of the problem's type")), responses((status = 200, description = "In words", body = String), (status = 404, body = crate::openapi::ProblemBody)))]
pub async fn problem(InPath(code): InPath<String>) -> Result<String, Problem> {
    problem::explain(&code).ok_or_else(|| Rule::NotFound.into())
}
