//! Refusals on the wire: `application/problem+json` (RFC 9457) with one `type` for each rule.

mod rule;

pub use rule::Rule;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use probity_ledger::error::TxError;
use probity_ledger::state_proof::StateProof;
use serde_json::{Map, Value, json};

use crate::lenders::check::Check;

/// An answer that is a refusal.
#[derive(Debug)]
pub struct Problem {
    code: &'static str,
    status: StatusCode,
    detail: String,
    hint: &'static str,
    more: Map<String, Value>,
}

impl Problem {
    /// A failure inside the node: logged here, never sent.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "internal error");
        Rule::Internal.into()
    }

    /// Adds the checks of a response, up to the one that failed.
    pub fn with_checks(self, checks: &[Check]) -> Self {
        self.with("checks", json!(checks))
    }

    /// Adds the proof that there is no such entry.
    pub fn with_proof(self, proof: &StateProof) -> Self {
        self.with("proof", json!(proof))
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    /// The rule's stable name.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What happened, in a sentence.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What to do.
    pub fn hint(&self) -> &'static str {
        self.hint
    }
}

impl From<Rule> for Problem {
    fn from(rule: Rule) -> Self {
        let status = StatusCode::from_u16(rule.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { code: rule.code(), status, detail: rule.to_string(), hint: rule.hint(), more: Map::new() }
    }
}

impl From<TxError> for Problem {
    fn from(error: TxError) -> Self {
        let problem = Self { code: error.code(), status: status(&error), detail: error.to_string(), hint: error.hint(), more: Map::new() };
        problem.with("error", json!(error))
    }
}

/// Conflicts with what is there are 409, all other refusals of the chain 422.
fn status(error: &TxError) -> StatusCode {
    match error {
        TxError::WrongNonce { .. }
        | TxError::InstitutionExists { .. }
        | TxError::LenderExists { .. }
        | TxError::SchemaExists { .. }
        | TxError::PolicyExists { .. }
        | TxError::CircuitExists { .. }
        | TxError::CircuitHasOtherKey { .. }
        | TxError::WrongDecision { .. }
        | TxError::StaleIdentityRoot { .. }
        | TxError::RecordExists { .. }
        | TxError::NullifierSpent { .. } => StatusCode::CONFLICT,
        TxError::RequestExpired { .. } => StatusCode::GONE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// `wrong-nonce` as `Wrong nonce`.
fn title(code: &str) -> String {
    let mut words = code.replace('-', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = Map::new();
        body.insert("type".into(), format!("/problems/{}", self.code).into());
        body.insert("title".into(), title(self.code).into());
        body.insert("status".into(), self.status.as_u16().into());
        body.insert("code".into(), self.code.into());
        body.insert("detail".into(), self.detail.into());
        body.insert("hint".into(), self.hint.into());
        body.extend(self.more);
        let mut response = (self.status, Value::Object(body).to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// What `/problems/{code}` says, or nothing for an unknown code.
pub fn explain(code: &str) -> Option<String> {
    if let Some((code, status, message, hint)) = Rule::ALL.iter().find(|r| r.0 == code) {
        return Some(format!("{}\n\nStatus {status}. {message}\n\nWhat to do: {hint}.\n", title(code)));
    }
    TxError::CODES.contains(&code).then(|| {
        format!(
            "{}\n\nA rule of the chain. The problem's `detail` says what was found, `hint` what to do, `error` holds the values.\n",
            title(code)
        )
    })
}

/// All codes, for the list at `/problems`.
pub fn codes() -> Vec<&'static str> {
    let mut codes: Vec<&'static str> = Rule::ALL.iter().map(|r| r.0).chain(TxError::CODES.iter().copied()).collect();
    codes.sort_unstable();
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_one_rule_and_one_page() {
        let all = codes();
        let mut different = all.clone();
        different.dedup();
        assert_eq!(all, different);
        for code in all {
            assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{code}");
            assert!(explain(code).is_some_and(|text| text.starts_with(&title(code))), "{code}");
        }
        assert_eq!(explain("nothing-of-the-kind"), None);
    }

    #[tokio::test]
    async fn the_chains_rules_keep_their_values() {
        let response = Problem::from(TxError::WrongNonce { expected: 3, found: 5 }).into_response();
        assert_eq!(response.status(), StatusCode::CONFLICT);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["type"], "/problems/wrong-nonce");
        assert_eq!(body["title"], "Wrong nonce");
        assert_eq!(body["error"]["expected"], 3);
        assert_eq!(body["hint"], "fetch the account's nonce and sign again");
    }

    #[tokio::test]
    async fn internal_errors_are_not_sent() {
        let response = Problem::internal("the secret path /var/x").into_response();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("/var/x"));
    }
}
