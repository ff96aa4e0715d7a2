//! `POST /v1/requests`: a lender asks for a proof.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::nullifier::ScopeKind;
use probity_credit::policy::{Attribute, Policy, REQUEST_ATTRIBUTES, REQUEST_SLOTS, Source};
use probity_credit::statement::request_in_range;
use probity_ledger::error::TxError;
use probity_ledger::request::{CREDENTIAL, CredentialMeta, CredentialQuery, DcqlQuery, FORMAT, RequestObject, SignedRequest};
use probity_ledger::state_value::{AnchorEntry, PolicyEntry};
use rand::RngCore;
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU16;
use utoipa::ToSchema;

use super::store::{RequestName, Stored};
use super::{Lender, record_time_ms};
use crate::app::{App, Shared, now_unix_ms};
use crate::auth::AsLender;
use crate::http::extract::JsonBody;
use crate::problem::{Problem, Rule};
use crate::view::View;

/// Life of a request, seconds, unless asked otherwise.
const LIFE_SECONDS_DEFAULT: u64 = 600;

/// A request attribute: a number, or the name of a category.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum AttributeValue {
    /// In the attribute's unit.
    Number(i64),
    /// As in the policy.
    Category(String),
}

/// What a lender asks.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRequest {
    /// Policy id.
    #[schema(value_type = String)]
    pub policy: Digest,
    /// Values of all attributes that the policy takes from the request, by name.
    #[serde(default)]
    pub attributes: BTreeMap<String, AttributeValue>,
    /// What for, in plain words that the applicant reads.
    pub purpose: String,
    /// Life of the request; 600 unless given.
    pub expires_in_seconds: Option<u64>,
    /// Height of the anchor; the newest unless given.
    pub anchor_height: Option<u64>,
    /// Who the applicant is (the digest of legal identity and salt), for policies that show it.
    #[schema(value_type = Option<String>)]
    pub applicant_person: Option<FieldBytes>,
}

/// The request that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedRequest {
    /// Its id: a secret that only the applicant gets.
    pub id: String,
    /// Where the wallet fetches it.
    pub request_uri: String,
    /// The same as a link that opens a wallet.
    pub wallet_uri: String,
    /// When it ends, milliseconds since 1970.
    pub expires_unix_ms: u64,
    /// The signed request.
    #[schema(value_type = Object)]
    pub request: SignedRequest,
}

/// Asks for a proof.
#[utoipa::path(
    post, path = "/v1/requests", tag = "lenders", request_body = CreateRequest, security(("key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition harmless")),
    responses((status = 201, body = CreatedRequest), (status = "default", description = "A problem", body = crate::openapi::ProblemBody))
)]
pub async fn create(
    State(app): State<Shared>,
    AsLender(lender): AsLender,
    JsonBody(wanted): JsonBody<CreateRequest>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<CreatedRequest>), Problem> {
    let created = app.blocking(move |app| make(app, &lender, wanted)).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, created.request_uri.clone())], Json(created)))
}

fn make(app: &App, lender: &Lender, wanted: CreateRequest) -> Result<CreatedRequest, Problem> {
    let now = now_unix_ms();
    let view = app.newest();
    let address = lender.account.address();
    let admitted = view.lender(&address)?.ok_or(TxError::NotALender { sender: address })?;
    if admitted.public_key != lender.account.public_key() {
        return Err(TxError::KeyNotCurrent { account: address }.into());
    }
    let anchor = anchor(&view, wanted.anchor_height)?;
    let policy = active_policy(&view, wanted.policy, anchor.anchor.height)?;
    if policy.owner != address.0 {
        return Err(Rule::PolicyNotYours.into());
    }
    if wanted.applicant_person.is_some() && !policy.show_person {
        return Err(Rule::ApplicantNotShown.into());
    }
    let circuit = view.accepted_circuit(policy.circuit)?;
    let window_months = match policy.scope {
        ScopeKind::Lender => {
            NonZeroU16::new(admitted.window_months).ok_or_else(|| Problem::internal("a lender with a window of 0 months"))?
        }
        ScopeKind::Consortium => app.genesis().consortium_window_months,
    };
    let expires_unix_ms = expiry(app, &anchor, wanted.expires_in_seconds, now)?;
    let id = random_text();
    let request_uri = format!("{}/v1/requests/{id}", app.config.api.public_url);
    let mut nonce = [0; 32];
    OsRng.fill_bytes(&mut nonce);
    let meta = CredentialMeta { circuit_id: policy.circuit, policy_id: wanted.policy, verifying_key_id: circuit.verifying_key_id };
    let request = RequestObject {
        client_id: address,
        response_type: "vp_token".into(),
        response_mode: "direct_post".into(),
        response_uri: format!("{request_uri}/response"),
        nonce,
        state: id.clone(),
        issued_unix_ms: now,
        expires_unix_ms,
        chain_id: app.chain_id,
        dcql_query: DcqlQuery { credentials: [CredentialQuery { id: CREDENTIAL.into(), format: FORMAT.into(), meta }] },
        request_attributes: attributes(&policy, wanted.attributes)?,
        policy,
        anchor: anchor.anchor,
        window_months,
        purpose: wanted.purpose,
    };
    request.check().map_err(|e| Rule::RequestRefused { reason: e.to_string() })?;
    let signature = lender.account.sign(&request.signing_digest());
    let signed = SignedRequest { request, signature };
    let name = RequestName::of(&id);
    let stored = Stored { request: signed.clone(), applicant_person: wanted.applicant_person, attempts: 0, refused: None, answered: None };
    app.requests.add(name, &stored, app.config.limits.open_requests as usize, now)?;
    tracing::info!(request = name.short(), lender = %address, policy = %wanted.policy, "a proof is asked for");
    let wallet_uri = format!("openid4vp://?client_id={address}&request_uri={}", percent_encoded(&request_uri));
    Ok(CreatedRequest { id, request_uri, wallet_uri, expires_unix_ms, request: signed })
}

fn random_text() -> String {
    let mut bytes = [0; 32];
    OsRng.fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// RFC 3986's unreserved characters stay, all others become escapes.
fn percent_encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn anchor(view: &View<'_>, height: Option<u64>) -> Result<AnchorEntry, Problem> {
    match height {
        Some(height) => view.anchor(height)?.ok_or_else(|| TxError::AnchorUnknown { height }.into()),
        None => view.newest_anchor()?.ok_or_else(|| Rule::NoAnchor.into()),
    }
}

fn active_policy(view: &View<'_>, id: Digest, anchor_height: u64) -> Result<Policy, Problem> {
    let entry = view.policy(&id)?.ok_or(TxError::PolicyUnknown { policy: id })?;
    check_active(&entry, id, anchor_height)?;
    Ok(entry.policy)
}

/// Whether the policy was active at the anchor, and if not, why.
pub(super) fn check_active(entry: &PolicyEntry, id: Digest, anchor_height: u64) -> Result<(), TxError> {
    match entry.retired_at {
        _ if entry.is_active_at(anchor_height) => Ok(()),
        Some(height) if anchor_height >= height => Err(TxError::PolicyRetired { policy: id, height }),
        _ => Err(TxError::PolicyNotActive { policy: id, active_from: entry.active_from, anchor_height }),
    }
}

/// A request lives no longer than its anchor's grace, so that a proof in flight survives new anchors.
fn expiry(app: &App, anchor: &AnchorEntry, seconds: Option<u64>, now: u64) -> Result<u64, Problem> {
    let grace_end = anchor.replaced_unix_ms.unwrap_or(now).saturating_add(app.genesis().anchors.grace_ms);
    // the chain counts from the block's time, which may lag behind this clock: one second less than it allows is always right
    let most = grace_end.saturating_sub(now) / 1000;
    let most = most.saturating_sub(u64::from(most > 1));
    // an answer needs some time before the record needs its own
    let least = record_time_ms(&app.config.engine, app.genesis()) / 1000 + 1;
    match seconds.unwrap_or(LIFE_SECONDS_DEFAULT.min(most)) {
        seconds if seconds < least || seconds > most => Err(Rule::ExpiryRange { least, most }.into()),
        seconds => Ok(now.saturating_add(seconds.saturating_mul(1000))),
    }
}

fn attributes(policy: &Policy, mut given: BTreeMap<String, AttributeValue>) -> Result<[Option<i64>; REQUEST_SLOTS], Problem> {
    let mut out = [None; REQUEST_SLOTS];
    for (slot, out) in out.iter_mut().enumerate() {
        let Some(attribute) = policy.attribute(REQUEST_ATTRIBUTES.start + slot) else { continue };
        let Source::Request { categories } = &attribute.source else { continue };
        let value = given.remove(&attribute.name).ok_or_else(|| Rule::AttributeMissing { name: attribute.name.clone() })?;
        *out = Some(number(attribute, categories, &value)?);
    }
    match given.into_keys().next() {
        Some(name) => Err(Rule::AttributeUnknown { name: name.chars().take(96).collect() }.into()),
        None => Ok(out),
    }
}

fn number(attribute: &Attribute, categories: &[String], value: &AttributeValue) -> Result<i64, Problem> {
    let refused = |expected: String| Rule::AttributeValue { name: attribute.name.clone(), expected }.into();
    match value {
        AttributeValue::Category(name) => match categories.iter().position(|c| c == name) {
            Some(code) => Ok(code as i64),
            None if categories.is_empty() => Err(refused("a whole number".into())),
            None => Err(refused(format!("one of {}", categories.join(", ")))),
        },
        AttributeValue::Number(code) if !categories.is_empty() => {
            let known = usize::try_from(*code).is_ok_and(|c| c < categories.len());
            if known { Ok(*code) } else { Err(refused(format!("one of {}", categories.join(", ")))) }
        }
        AttributeValue::Number(n) if request_in_range(*n) => Ok(*n),
        AttributeValue::Number(_) => Err(refused("a whole number of at most 39 bits and a sign".into())),
    }
}

#[cfg(test)]
#[path = "create_tests.rs"]
mod tests;
