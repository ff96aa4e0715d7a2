//! Who asks, and what they may.

pub mod keys;

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use self::keys::{KeyEntry, Role};
use crate::app::Shared;
use crate::config::Access;
use crate::lenders::Lender;
use crate::problem::{Problem, Rule};

/// Who sends a request: nobody in particular, or the holder of a key.
#[derive(Debug, Clone, Default)]
pub struct Caller(Option<KeyEntry>);

impl Caller {
    /// The public part of the key.
    pub fn id(&self) -> Option<&str> {
        self.0.as_ref().map(|k| k.id.as_str())
    }

    /// For logs.
    pub fn role_name(&self) -> &'static str {
        self.0.as_ref().map_or("none", |k| k.role.name())
    }

    fn require(&self, allowed: &[Role]) -> Result<&KeyEntry, Problem> {
        let key = self.0.as_ref().ok_or(Rule::KeyMissing)?;
        if allowed.contains(&key.role) {
            return Ok(key);
        }
        let allowed = allowed.iter().map(|r| r.name()).collect::<Vec<_>>().join(", ");
        Err(Rule::RoleForbidden { role: key.role.name(), allowed }.into())
    }
}

/// The key that the headers show; a key that is shown must be a good one, also where none is needed.
fn caller(app: &Shared, headers: &HeaderMap) -> Result<Caller, Problem> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(Caller(None)) };
    let text = |v: &HeaderValue| v.to_str().ok().and_then(|t| t.strip_prefix("Bearer ")).map(str::to_owned);
    let text = zeroize::Zeroizing::new(text(value).ok_or(Rule::KeyUnknown)?);
    app.keys.find(&text).map(|k| Caller(Some(k))).ok_or_else(|| Rule::KeyUnknown.into())
}

/// Finds out who asks, for all layers and handlers after.
pub async fn identify(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    match caller(&app, request.headers()) {
        Ok(caller) => {
            request.extensions_mut().insert(caller.clone());
            let mut response = next.run(request).await;
            response.extensions_mut().insert(caller);
            response
        }
        Err(problem) => problem.into_response(),
    }
}

async fn only(allowed: &[Role], request: Request, next: Next) -> Response {
    let checked = match request.extensions().get::<Caller>() {
        Some(caller) => caller.require(allowed).map(|_| ()),
        None => Err(Rule::KeyMissing.into()),
    };
    match checked {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Layer of what lenders do.
pub async fn lenders(request: Request, next: Next) -> Response {
    only(&[Role::Lender], request, next).await
}

/// Layer of what the identity authority does.
pub async fn authority(request: Request, next: Next) -> Response {
    only(&[Role::Authority], request, next).await
}

/// Layer of sending transactions.
pub async fn submissions(State(app): State<Shared>, request: Request, next: Next) -> Response {
    match app.config.access.submissions {
        Access::Public => next.run(request).await,
        Access::Keyed => only(&[Role::Institution, Role::Lender, Role::Authority, Role::Operator], request, next).await,
    }
}

/// Layer of reading the chain.
pub async fn reads(State(app): State<Shared>, request: Request, next: Next) -> Response {
    match app.config.access.reads {
        Access::Public => next.run(request).await,
        Access::Keyed => only(&[Role::Auditor, Role::Institution, Role::Lender, Role::Authority, Role::Operator], request, next).await,
    }
}

/// Layer of metrics.
pub async fn metrics(State(app): State<Shared>, request: Request, next: Next) -> Response {
    match app.config.access.metrics {
        Access::Public => next.run(request).await,
        Access::Keyed => only(&[Role::Operator], request, next).await,
    }
}

/// The lender that the caller's key speaks for.
pub struct AsLender(pub Arc<Lender>);

impl FromRequestParts<Shared> for AsLender {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>().cloned().unwrap_or_default();
        let address = caller.require(&[Role::Lender])?.lender.ok_or(Rule::LenderNotHere)?;
        app.lenders.get(&address).cloned().map(Self).ok_or_else(|| Rule::LenderNotHere.into())
    }
}
