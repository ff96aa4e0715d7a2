//! Around every request: an id, a time limit, a net for panics, a line in the log and the counters.

use std::any::Any;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rand::RngCore;
use rand::rngs::OsRng;

use crate::app::Shared;
use crate::auth::Caller;
use crate::metrics::{RequestLabels, RouteLabels};
use crate::problem::{Problem, Rule};

/// Names an answer, so that its line in the log can be found.
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// Measures, logs and bounds a request. The log has the route's pattern, never the address: addresses hold ids that are secrets.
pub async fn observe(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = format!("{:016x}", OsRng.next_u64());
    let method = request.method().as_str().to_owned();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let limit = app.config.limits.request_time();
    let span = tracing::info_span!("request", id);
    let answered = tracing::Instrument::instrument(tokio::time::timeout(limit, next.run(request)), span).await;
    let mut response = answered.unwrap_or_else(|_| Problem::from(Rule::Timeout { seconds: limit.as_secs() }).into_response());

    let (status, took) = (response.status().as_u16(), begun.elapsed());
    let role = response.extensions().get::<Caller>().map_or("none", Caller::role_name);
    tracing::info!(request = id, method, route, status, role, ms = took.as_secs_f64() * 1e3, "answered");
    app.metrics.requests.get_or_create(&RequestLabels { method, route: route.clone(), status }).inc();
    app.metrics.seconds.get_or_create(&RouteLabels { route }).observe(took.as_secs_f64());
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// What is answered after a panic in a handler.
pub fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let said = cause.downcast_ref::<&str>().copied().or_else(|| cause.downcast_ref::<String>().map(String::as_str));
    Problem::internal(format!("a handler panicked: {}", said.unwrap_or("no message"))).into_response()
}
