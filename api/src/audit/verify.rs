//! `POST /v1/verify`: whether any proof holds. Nothing is recorded and nothing on the chain changes.

use axum::Json;
use axum::extract::State;
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::policy::Policy;
use probity_credit::schema::Schema;
use probity_credit::statement::{Opening, PublicInputs};
use probity_ledger::error::TxError;
use probity_ledger::transaction::ProofBytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, Shared};
use crate::http::extract::JsonBody;
use crate::lenders::check::{Check, CheckName, Checks};
use crate::problem::{Problem, Rule};

/// A policy of the chain by id, or any policy with its schema.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum PolicySource {
    /// Policy id.
    Registered(Digest),
    /// A whole policy.
    Given {
        /// The policy.
        policy: Box<Policy>,
        /// Its schema.
        schema: Box<Schema>,
    },
}

/// What to verify.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
    /// The id of a registered policy, or an object with a whole `policy` and its `schema`.
    #[schema(value_type = Object)]
    pub policy: PolicySource,
    /// The circuit.
    #[schema(value_type = String)]
    pub circuit: CircuitId,
    /// The public inputs that change from proof to proof.
    #[schema(value_type = Object)]
    pub public_inputs: PublicInputs,
    /// The proof, 128 bytes in base64url.
    pub proof: String,
    /// The anchor that roots and month must be of.
    pub anchor_height: Option<u64>,
    /// The opening that must be the answer's.
    #[schema(value_type = Option<Object>)]
    pub opening: Option<Opening>,
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerifyAnswer {
    /// Whether all checks passed.
    pub valid: bool,
    /// The checks in their order, up to the first that failed.
    pub checks: Vec<Check>,
}

/// The checks that do not need a lender's request.
const NAMES: [CheckName; 7] = [
    CheckName::Encoding,
    CheckName::AnchorKnown,
    CheckName::PolicyActive,
    CheckName::Circuit,
    CheckName::VerifyingKey,
    CheckName::AnswerOpening,
    CheckName::Pairing,
];

/// Verifies a proof.
#[utoipa::path(
    post, path = "/v1/verify", tag = "audit", request_body = VerifyRequest,
    responses((status = 200, body = VerifyAnswer), (status = "default", description = "A problem", body = crate::openapi::ProblemBody))
)]
pub async fn verify(State(app): State<Shared>, JsonBody(wanted): JsonBody<VerifyRequest>) -> Result<Json<VerifyAnswer>, Problem> {
    let answer = app.verifying(move |app| {
        let mut checks = Checks::of(&NAMES);
        match run(app, &wanted, &mut checks) {
            Err(problem) if !checks.have_failed() => Err(problem),
            outcome => Ok(VerifyAnswer { valid: outcome.is_ok(), checks: checks.into_list() }),
        }
    });
    answer.await.map(Json)
}

fn run(app: &App, wanted: &VerifyRequest, checks: &mut Checks) -> Result<(), Problem> {
    let refused = |reason: String| Rule::ProofEncoding { reason };
    let bytes: ProofBytes =
        serde_json::from_value(wanted.proof.as_str().into()).map_err(|e| checks.fail(CheckName::Encoding, refused(e.to_string())))?;
    let proof = probity_verifier::decode(&bytes).map_err(|e| checks.fail(CheckName::Encoding, refused(e.to_string())))?;
    checks.pass(CheckName::Encoding, "the proof has 128 canonical bytes");

    let (inputs, view) = (&wanted.public_inputs, app.newest());
    match wanted.anchor_height {
        None => checks.skip(CheckName::AnchorKnown, "no anchor was named: compare roots and month with one"),
        Some(height) => {
            let unknown = TxError::AnchorUnknown { height };
            let anchor = view.anchor(height)?.ok_or_else(|| checks.fail(CheckName::AnchorKnown, unknown))?.anchor;
            let same = anchor.identity_root == inputs.identity_root && anchor.registry_root == inputs.registry_root;
            if !same || anchor.month != inputs.month {
                return Err(checks.fail(CheckName::AnchorKnown, Rule::AnchorMismatch));
            }
            checks.pass(CheckName::AnchorKnown, format!("roots and month are those of the anchor of height {height}"));
        }
    }

    let (policy, schema) = match &wanted.policy {
        PolicySource::Given { policy, schema } => {
            let wrong = policy.check(schema).err();
            if let Some(e) = wrong {
                return Err(checks.fail(CheckName::PolicyActive, Rule::PolicyMalformed { reason: e.to_string() }));
            }
            checks.pass(CheckName::PolicyActive, "the policy given keeps all rules; it need not be registered");
            (policy.as_ref().clone(), schema.as_ref().clone())
        }
        PolicySource::Registered(id) => {
            let entry = view.policy(id)?.ok_or_else(|| checks.fail(CheckName::PolicyActive, TxError::PolicyUnknown { policy: *id }))?;
            let schema = view.schema(&entry.policy.schema)?.ok_or_else(|| Problem::internal("a registered policy without its schema"))?;
            checks.pass(CheckName::PolicyActive, "the policy is registered");
            (entry.policy, schema.schema)
        }
    };
    if policy.circuit != wanted.circuit {
        let other = Rule::CircuitNotOfPolicy { expected: policy.circuit.name().into(), found: wanted.circuit.name().into() };
        return Err(checks.fail(CheckName::Circuit, other));
    }
    checks.pass(CheckName::Circuit, format!("it is the policy's, {}", policy.circuit.name()));
    let unknown = TxError::CircuitUnknown { circuit: policy.circuit };
    let circuit = view.circuit(policy.circuit)?.ok_or_else(|| checks.fail(CheckName::VerifyingKey, unknown))?;
    let accepted = match circuit.check_accepted(view.height().saturating_add(1)) {
        Ok(()) => "proofs of it are accepted".to_owned(),
        Err(e) => format!("but {e}"),
    };
    checks.pass(CheckName::VerifyingKey, format!("the chain's key is {}; {accepted}", circuit.verifying_key_id));

    match &wanted.opening {
        None => checks.skip(CheckName::AnswerOpening, "no opening was given: the verdict stays closed"),
        Some(opening) => {
            let reason = match opening.check() {
                Err(e) => Some(e.to_string()),
                Ok(()) if opening.answer() != inputs.answer => Some("it does not hash to the answer".into()),
                Ok(()) => None,
            };
            if let Some(reason) = reason {
                return Err(checks.fail(CheckName::AnswerOpening, Rule::AnswerMismatch { reason }));
            }
            checks.pass(CheckName::AnswerOpening, "it hashes to the answer");
        }
    }
    let prepared = app.verifier.policy(&circuit, &policy, &schema).map_err(Problem::internal)?;
    if prepared.verify(&inputs.changing(), &proof).is_err() {
        return Err(checks.fail(CheckName::Pairing, TxError::ProofInvalid));
    }
    checks.pass(CheckName::Pairing, "the proof holds for these public inputs");
    Ok(())
}
