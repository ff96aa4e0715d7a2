//! `POST /v1/requests/{id}/response`: a wallet answers, as OpenID4VP's `direct_post` or in JSON.

use axum::Json;
use axum::extract::{Request, State};
use probity_credit::digest::Digest;
use probity_ledger::request::{RESPONSE_BYTES_MAX, ResponseObject};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::check::{CheckName, Checks};
use super::fetch::find;
use super::store::{Answered, RequestName};
use super::verify::verify;
use crate::app::{Shared, now_unix_ms};
use crate::http::extract::{InPath, form_fields, media_type, read_body};
use crate::metrics::ResponseLabels;
use crate::problem::{Problem, Rule};

/// Refused responses that a request bears: each costs the node a pairing at most.
const ATTEMPTS_MAX: u32 = 32;
/// In a form, every byte of the JSON may take three.
const FORM_BYTES_MAX: usize = 3 * RESPONSE_BYTES_MAX;

/// What the wallet learns: that the proof holds. The verdict it knows itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct Verified {
    /// Always `verified`.
    pub status: &'static str,
    /// Digest of the context: where the record will be on the chain.
    #[schema(value_type = String)]
    pub context: Digest,
}

/// Answers a proof request.
#[utoipa::path(
    post, path = "/v1/requests/{id}/response", tag = "wallets", params(("id" = String, Path, description = "From the lender's link")),
    request_body(content((Object = "application/json"), (Object = "application/x-www-form-urlencoded")), description = "`state` and `vp_token`"),
    responses((status = 200, body = Verified), (status = "default", description = "A problem with `checks`", body = crate::openapi::ProblemBody))
)]
pub async fn respond(State(app): State<Shared>, InPath(id): InPath<String>, request: Request) -> Result<Json<Verified>, Problem> {
    let form = match media_type(request.headers()).as_str() {
        "application/json" => false,
        "application/x-www-form-urlencoded" => true,
        _ => return Err(Rule::MediaType { expected: "application/x-www-form-urlencoded or application/json" }.into()),
    };
    let body = read_body(request, if form { FORM_BYTES_MAX } else { RESPONSE_BYTES_MAX }).await?;
    let result = app.verifying(move |app| {
        let response = if form { from_form(&body) } else { parse(&body) };
        answer(app, &id, response)
    });
    let result = result.await;
    let outcome = result.as_ref().map_or_else(Problem::code, |_| "verified").to_owned();
    app.metrics.responses.get_or_create(&ResponseLabels { outcome }).inc();
    result.map(Json)
}

fn malformed(reason: impl ToString) -> Rule {
    Rule::ResponseMalformed { reason: reason.to_string() }
}

fn parse(json: &[u8]) -> Result<ResponseObject, Rule> {
    ResponseObject::from_json(json).map_err(malformed)
}

/// A form has the two members of the JSON object as fields; `vp_token` is JSON itself.
fn from_form(body: &[u8]) -> Result<ResponseObject, Rule> {
    let fields = form_fields(body).ok_or_else(|| malformed("the form is not well encoded"))?;
    let field = |name: &'static str| match fields.iter().filter(|(n, _)| n == name).collect::<Vec<_>>()[..] {
        [(_, value)] => Ok(value),
        _ => Err(malformed(format!("the form must have one field {name}"))),
    };
    if fields.len() != 2 {
        return Err(malformed("the form must have the fields state and vp_token, and no others"));
    }
    let token: serde_json::Value = serde_json::from_str(field("vp_token")?).map_err(malformed)?;
    parse(json!({ "state": field("state")?, "vp_token": token }).to_string().as_bytes())
}

fn answer(app: &Shared, id: &str, response: Result<ResponseObject, Rule>) -> Result<Verified, Problem> {
    let name = RequestName::of(id);
    let stored = find(app, id)?;
    if stored.answered.is_none() && stored.attempts >= ATTEMPTS_MAX {
        return Err(Rule::TooManyAttempts { most: ATTEMPTS_MAX }.into());
    }
    let mut checks = Checks::default();
    let verified = match response {
        Ok(response) => verify(app, &stored, &response, now_unix_ms(), &mut checks).map(|()| response),
        Err(rule) => Err(checks.fail(CheckName::Encoding, rule)),
    };
    let response = match verified {
        Ok(response) => response,
        Err(problem) if !checks.have_failed() => return Err(problem),
        Err(problem) => {
            tracing::info!(request = name.short(), code = problem.code(), "a response is refused");
            app.requests.refuse(name, checks.into_list())?;
            return Err(problem);
        }
    };
    let presentation = response.presentation().clone();
    let context = stored.request.request.context(&presentation.consent_key).digest();
    let checks = checks.into_list();
    app.requests.answer(name, Answered { presentation, context, checks, transaction: None, trouble: None, r#final: None })?;
    tracing::info!(request = name.short(), "a response is verified");
    app.recorder.wake();
    Ok(Verified { status: "verified", context })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_have_two_fields_each_once() {
        for bad in ["", "state=a", "vp_token=1", "state=a&vp_token=%7B", "state=a&state=b&vp_token=1", "state=a&vp_token=1&x=2", "state=%"]
        {
            assert!(matches!(from_form(bad.as_bytes()), Err(Rule::ResponseMalformed { .. })), "{bad}");
        }
    }
}
