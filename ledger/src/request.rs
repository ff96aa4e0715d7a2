//! A lender's request for a proof and a wallet's response, in the shape of OpenID for Verifiable Presentations.
//!
//! Both travel as JSON and are signed over their canonical (borsh) encoding: the request by the policy's owner, the response by the
//! subject's one-time consent key.

use crate::address::Address;
use crate::encoding::base64url_array;
use crate::keys::{KeyError, PublicKey, SecretKey, Signature};
use crate::transaction::{ProofBytes, RecordProof, Verdict};
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::circuit_id::CircuitId;
use probity_credit::commitment::Anchor;
use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::hash::label::sha256 as label;
use probity_credit::nullifier::{Context, Scope};
use probity_credit::policy::{Policy, REQUEST_ATTRIBUTES, REQUEST_SLOTS, Source};
use probity_credit::statement::{Opening, OpeningError, request_in_range};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU16;

/// Longest request document.
pub const REQUEST_BYTES_MAX: usize = 256 * 1024;
/// Longest response document.
pub const RESPONSE_BYTES_MAX: usize = 16 * 1024;
/// Longest response address, bytes.
pub const RESPONSE_URI_BYTES_MAX: usize = 512;
/// Longest purpose, characters.
pub const PURPOSE_CHARS_MAX: usize = 280;
/// Longest state, characters.
pub const STATE_CHARS_MAX: usize = 64;
/// The credential format of a proof.
pub const FORMAT: &str = "probity-eligibility+groth16";
/// The id of the one credential query.
pub const CREDENTIAL: &str = "eligibility";

/// The digest that a context holds of the address a response goes to.
pub fn response_uri_digest(uri: &str) -> Digest {
    Digest::of(label::RESPONSE_URI, &[uri.as_bytes()])
}

/// Why a request or response is malformed. Who may ask, and whether it is in time, is for those who know the chain and the clock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Too long a document.
    #[error("the document has {bytes} bytes, more than the limit of {limit}")]
    TooLong {
        /// Bytes.
        bytes: usize,
        /// Limit.
        limit: usize,
    },
    /// Not such a document.
    #[error("the document does not parse: {reason}")]
    Malformed {
        /// Where and why.
        reason: String,
    },
    /// A fixed field with another value.
    #[error("{field} must be {expected:?}: no other kind of request is supported")]
    Unsupported {
        /// The field.
        field: &'static str,
        /// Its one value.
        expected: &'static str,
    },
    /// Not an address for responses.
    #[error("response_uri must be an http or https address of at most 512 printable ASCII characters")]
    ResponseUri,
    /// Not a state.
    #[error("state must have 1 to 64 letters, digits, hyphens or underscores")]
    State,
    /// Not a purpose.
    #[error("purpose must have 1 to 280 printable characters")]
    Purpose,
    /// Nobody's policy but the asker's own.
    #[error("the policy belongs to another lender than the client_id: only its owner may ask with it")]
    NotPolicyOwner,
    /// Meta data about another policy or circuit.
    #[error("{field} in the query's meta is not that of the policy in the request")]
    Meta {
        /// The field.
        field: &'static str,
    },
    /// Attributes do not fit the policy.
    #[error("request attribute {index} must be {}: the policy says so", if *.taken { "given, within 40 bits signed" } else { "null" })]
    Attribute {
        /// 0..4.
        index: usize,
        /// Whether the policy takes it.
        taken: bool,
    },
    /// Ends before it begins.
    #[error("the request expires before it was issued")]
    Times,
    /// Not signed by the lender.
    #[error("the signature is not the lender's: {0}")]
    Signature(KeyError),
    /// The consent is not signed by the one-time key.
    #[error("the consent is not signed by the response's consent key: {0}")]
    Consent(KeyError),
    /// The opening has values out of range.
    #[error(transparent)]
    Opening(#[from] OpeningError),
}

/// `{"credentials": [..]}` of OpenID4VP's query language, with one credential.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DcqlQuery {
    /// The one proof asked for.
    pub credentials: [CredentialQuery; 1],
}

/// One credential asked for.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialQuery {
    /// [`CREDENTIAL`].
    pub id: String,
    /// [`FORMAT`].
    pub format: String,
    /// Which proof.
    pub meta: CredentialMeta,
}

/// Which circuit, policy and key.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialMeta {
    /// Circuit.
    pub circuit_id: CircuitId,
    /// Policy id.
    pub policy_id: Digest,
    /// Id of the verifying key in the genesis.
    pub verifying_key_id: Digest,
}

/// What a lender asks.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestObject {
    /// The lender.
    pub client_id: Address,
    /// `vp_token`.
    pub response_type: String,
    /// `direct_post`.
    pub response_mode: String,
    /// Where the response goes.
    pub response_uri: String,
    /// Random, new for every request.
    #[serde(with = "base64url_array")]
    pub nonce: [u8; 32],
    /// Names the request at the response address.
    pub state: String,
    /// When it was made, milliseconds since 1970.
    pub issued_unix_ms: u64,
    /// When it ends, milliseconds since 1970.
    pub expires_unix_ms: u64,
    /// The chain.
    pub chain_id: Digest,
    /// Format, circuit, policy, key.
    pub dcql_query: DcqlQuery,
    /// The whole policy.
    pub policy: Policy,
    /// The whole anchor, chosen by the lender: the subject cannot choose a kinder one.
    pub anchor: Anchor,
    /// Window length of the owner of the policy's scope, months.
    pub window_months: NonZeroU16,
    /// Values of attributes 6..10 where the policy takes them from the request.
    pub request_attributes: [Option<i64>; REQUEST_SLOTS],
    /// What for, in plain words.
    pub purpose: String,
}

fn is_text(text: &str, chars_max: usize) -> bool {
    (1..=chars_max).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

fn is_uri(uri: &str) -> bool {
    let rest = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("http://"));
    uri.len() <= RESPONSE_URI_BYTES_MAX && rest.is_some_and(|r| !r.is_empty()) && uri.bytes().all(|b| b.is_ascii_graphic())
}

fn is_state(state: &str) -> bool {
    (1..=STATE_CHARS_MAX).contains(&state.len()) && state.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl RequestObject {
    /// Checks that the request is complete and agrees with itself.
    ///
    /// # Errors
    /// [`RequestError`], the first rule broken.
    pub fn check(&self) -> Result<(), RequestError> {
        let [credential] = &self.dcql_query.credentials;
        for (field, value, expected) in [
            ("response_type", &self.response_type, "vp_token"),
            ("response_mode", &self.response_mode, "direct_post"),
            ("credential id", &credential.id, CREDENTIAL),
            ("credential format", &credential.format, FORMAT),
        ] {
            if value != expected {
                return Err(RequestError::Unsupported { field, expected });
            }
        }
        if !is_uri(&self.response_uri) {
            return Err(RequestError::ResponseUri);
        }
        if !is_state(&self.state) {
            return Err(RequestError::State);
        }
        if !is_text(&self.purpose, PURPOSE_CHARS_MAX) {
            return Err(RequestError::Purpose);
        }
        if self.policy.owner != self.client_id.0 {
            return Err(RequestError::NotPolicyOwner);
        }
        if credential.meta.policy_id != self.policy.id() {
            return Err(RequestError::Meta { field: "policy_id" });
        }
        if credential.meta.circuit_id != self.policy.circuit {
            return Err(RequestError::Meta { field: "circuit_id" });
        }
        for (index, value) in self.request_attributes.iter().enumerate() {
            let source = self.policy.attribute(REQUEST_ATTRIBUTES.start + index).map(|a| &a.source);
            let taken = matches!(source, Some(Source::Request { .. }));
            if value.is_some() != taken || value.is_some_and(|v| !request_in_range(v)) {
                return Err(RequestError::Attribute { index, taken });
            }
        }
        if self.expires_unix_ms <= self.issued_unix_ms {
            return Err(RequestError::Times);
        }
        Ok(())
    }

    /// What the lender signs.
    pub fn signing_digest(&self) -> Digest {
        Digest::of_value(label::REQUEST, self)
    }

    /// Signs the request.
    pub fn sign(self, secret: &SecretKey) -> SignedRequest {
        let signature = secret.sign(&self.signing_digest());
        SignedRequest { request: self, signature }
    }

    /// The request attributes as the statement takes them: 0 where there is none.
    pub fn attributes(&self) -> [i64; REQUEST_SLOTS] {
        self.request_attributes.map(Option::unwrap_or_default)
    }

    /// The nullifier scope.
    pub fn scope(&self) -> Scope {
        Scope::new(&self.chain_id, self.policy.scope, &self.client_id.0, self.window_months, self.anchor.month)
    }

    /// The context of an answer with this one-time key.
    pub fn context(&self, consent_key: &PublicKey) -> Context {
        Context {
            chain: self.chain_id,
            circuit: self.policy.circuit.name().to_owned(),
            lender: self.client_id.0,
            policy: self.policy.id(),
            anchor_height: self.anchor.height,
            nonce: self.nonce,
            expires_unix_ms: self.expires_unix_ms,
            response_uri: response_uri_digest(&self.response_uri),
            consent_key: consent_key.0,
        }
    }
}

/// A request with the lender's signature.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedRequest {
    /// The request.
    pub request: RequestObject,
    /// By the lender's current key.
    pub signature: Signature,
}

impl SignedRequest {
    /// Parses a JSON document and checks its form; the signature is checked by [`SignedRequest::verify`].
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn from_json(json: &[u8]) -> Result<Self, RequestError> {
        let signed: Self = parse(json, REQUEST_BYTES_MAX)?;
        signed.request.check()?;
        Ok(signed)
    }

    /// Checks form and signature; `lender` is the key that the chain knows for [`RequestObject::client_id`].
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn verify(&self, lender: &PublicKey) -> Result<(), RequestError> {
        self.request.check()?;
        lender.verify(&self.request.signing_digest(), &self.signature).map_err(RequestError::Signature)
    }
}

/// What a wallet answers with.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presentation {
    /// The proof.
    pub proof: ProofBytes,
    /// Public input `nullifier`.
    pub nullifier: FieldBytes,
    /// Public input `answer`.
    pub answer: FieldBytes,
    /// Its opening, for the lender alone.
    pub opening: Opening,
    /// One-time key, bound by the context.
    pub consent_key: PublicKey,
    /// By the one-time key over context, nullifier and answer.
    pub consent: Signature,
}

impl Presentation {
    /// What the one-time key signs.
    pub fn consent_digest(context: &Context, nullifier: &FieldBytes, answer: &FieldBytes) -> Digest {
        Digest::of_value(label::RESPONSE, &(context.digest(), nullifier, answer))
    }

    /// The transaction payload that records this answer to `request`.
    pub fn record(&self, request: &RequestObject, verdict: Verdict) -> RecordProof {
        RecordProof {
            verdict,
            policy: request.policy.id(),
            anchor_height: request.anchor.height,
            nonce: request.nonce,
            expires_unix_ms: request.expires_unix_ms,
            response_uri: response_uri_digest(&request.response_uri),
            consent_key: self.consent_key.0,
            nullifier: self.nullifier,
            answer: self.answer,
            proof: self.proof.clone(),
        }
    }
}

/// Presentations by the id of the query's credential.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VpToken {
    /// The one presentation.
    pub eligibility: [Presentation; 1],
}

/// The response that goes to [`RequestObject::response_uri`].
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResponseObject {
    /// The request's state.
    pub state: String,
    /// The proof.
    pub vp_token: VpToken,
}

impl ResponseObject {
    /// Parses a JSON document and checks its form.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn from_json(json: &[u8]) -> Result<Self, RequestError> {
        let response: Self = parse(json, RESPONSE_BYTES_MAX)?;
        if !is_state(&response.state) {
            return Err(RequestError::State);
        }
        response.presentation().opening.check()?;
        Ok(response)
    }

    /// The one presentation.
    pub fn presentation(&self) -> &Presentation {
        &self.vp_token.eligibility[0]
    }

    /// Checks that the one-time key consented to this answer to `request`.
    ///
    /// # Errors
    /// [`RequestError::Consent`].
    pub fn verify_consent(&self, request: &RequestObject) -> Result<(), RequestError> {
        let p = self.presentation();
        let digest = Presentation::consent_digest(&request.context(&p.consent_key), &p.nullifier, &p.answer);
        p.consent_key.verify(&digest, &p.consent).map_err(RequestError::Consent)
    }
}

fn parse<T: for<'de> Deserialize<'de>>(json: &[u8], limit: usize) -> Result<T, RequestError> {
    if json.len() > limit {
        return Err(RequestError::TooLong { bytes: json.len(), limit });
    }
    serde_json::from_slice(json).map_err(|e| RequestError::Malformed { reason: e.to_string() })
}

#[cfg(test)]
mod tests;
