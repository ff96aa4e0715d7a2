//! The checks of a response, in the order of the protocol, each with its own code.
//!
//! Every public input is rebuilt here: roots and month from the chain's anchor, scope from the chain's windows, context from the request
//! as signed. Only proof, nullifier, answer and its opening come from the wallet.

use std::num::NonZeroU16;

use probity_credit::field::FieldBytes;
use probity_credit::nullifier::{Scope, ScopeKind};
use probity_credit::statement::PublicInputs;
use probity_ledger::error::TxError;
use probity_ledger::request::{Presentation, RequestObject, ResponseObject};
use probity_ledger::state_value::{CircuitState, PolicyEntry};

use super::check::{CheckName, Checks};
use super::create::check_active;
use super::record_time_ms;
use super::store::Stored;
use crate::app::App;
use crate::problem::{Problem, Rule};
use crate::view::View;

/// Makes all checks but the last, which is the chain's.
///
/// # Errors
/// The first check that fails.
pub(super) fn verify(app: &App, stored: &Stored, response: &ResponseObject, now: u64, checks: &mut Checks) -> Result<(), Problem> {
    let request = &stored.request.request;
    let given = response.presentation();
    let proof = probity_verifier::decode(&given.proof)
        .map_err(|e| checks.fail(CheckName::Encoding, Rule::ProofEncoding { reason: e.to_string() }))?;
    checks.pass(CheckName::Encoding, "the response is well formed and the proof has 128 canonical bytes");

    let view = app.newest();
    check_request(app, &view, stored, response, now, checks)?;
    check_anchor(app, &view, request, now, checks)?;
    let (policy, circuit) = check_policy(&view, request, checks)?;

    let scope = scope(app, &view, request)?;
    if let Some(spent) = view.nullifier(&scope, &given.nullifier)? {
        return Err(checks.fail(CheckName::NullifierUnspent, TxError::NullifierSpent { record: spent.record }));
    }
    checks.pass(CheckName::NullifierUnspent, "the person was granted nothing in this scope and window");
    check_opening(stored, given, checks)?;

    let inputs = PublicInputs {
        identity_root: request.anchor.identity_root,
        registry_root: request.anchor.registry_root,
        month: request.anchor.month,
        scope,
        nullifier: given.nullifier,
        context: request.context(&given.consent_key).element().into(),
        answer: given.answer,
    };
    let schema = view.schema(&policy.policy.schema)?.ok_or_else(|| Problem::internal("a registered policy without its schema"))?;
    let prepared = app.verifier.policy(&circuit, &policy.policy, &schema.schema).map_err(Problem::internal)?;
    if prepared.verify(&inputs.changing(), &proof).is_err() {
        return Err(checks.fail(CheckName::Pairing, TxError::ProofInvalid));
    }
    checks.pass(CheckName::Pairing, "the proof holds for these public inputs");
    Ok(())
}

/// Milliseconds to a request's end, if a record still gets into a block before.
fn time_left(expires_unix_ms: u64, now_unix_ms: u64, needed_ms: u64) -> Result<u64, Problem> {
    match expires_unix_ms.checked_sub(now_unix_ms) {
        None => Err(TxError::RequestExpired { expires_unix_ms, now_unix_ms }.into()),
        Some(left_ms) if left_ms < needed_ms => Err(Rule::RequestEndsTooSoon { left_ms, needed_ms }.into()),
        Some(left_ms) => Ok(left_ms),
    }
}

fn check_request(
    app: &App,
    view: &View<'_>,
    stored: &Stored,
    response: &ResponseObject,
    now: u64,
    checks: &mut Checks,
) -> Result<(), Problem> {
    let request = &stored.request.request;
    if response.state != request.state {
        return Err(checks.fail(CheckName::RequestKnown, Rule::StateMismatch));
    }
    checks.pass(CheckName::RequestKnown, "the request is this lender's");
    // the chain judges the record by its block's time, which is after its newest block's
    let now = now.max(app.node.status().time_unix_ms);
    let needed_ms = record_time_ms(&app.config.engine, app.genesis());
    let left_ms = time_left(request.expires_unix_ms, now, needed_ms).map_err(|e| checks.fail(CheckName::RequestUnexpired, e))?;
    checks.pass(CheckName::RequestUnexpired, format!("it ends in {} seconds", left_ms / 1000));
    let context = request.context(&response.presentation().consent_key).digest();
    if stored.answered.is_some() || view.record(&context)?.is_some() {
        return Err(checks.fail(CheckName::RequestUnanswered, Rule::RequestAnswered));
    }
    checks.pass(CheckName::RequestUnanswered, "nobody answered it before");
    response.verify_consent(request).map_err(|e| checks.fail(CheckName::Consent, Rule::ConsentInvalid { reason: e.to_string() }))?;
    checks.pass(CheckName::Consent, "the one-time key signed this very answer");
    Ok(())
}

fn check_anchor(app: &App, view: &View<'_>, request: &RequestObject, now: u64, checks: &mut Checks) -> Result<(), Problem> {
    let height = request.anchor.height;
    let entry = view.same_anchor(&request.anchor)?.ok_or_else(|| checks.fail(CheckName::AnchorKnown, TxError::AnchorUnknown { height }))?;
    checks.pass(CheckName::AnchorKnown, format!("the chain has it, of height {height} and month {}", entry.anchor.month));
    let grace = app.genesis().anchors.grace_ms;
    match entry.replaced_unix_ms {
        Some(replaced_unix_ms) if now > replaced_unix_ms.saturating_add(grace) => {
            let late = TxError::AnchorOutOfGrace { height, replaced_unix_ms, now_unix_ms: now };
            Err(checks.fail(CheckName::AnchorInGrace, late))
        }
        Some(replaced) => {
            checks.pass(
                CheckName::AnchorInGrace,
                format!("it was replaced {} seconds ago and counts still", now.saturating_sub(replaced) / 1000),
            );
            Ok(())
        }
        None => {
            checks.pass(CheckName::AnchorInGrace, "it is the newest");
            Ok(())
        }
    }
}

fn check_policy(view: &View<'_>, request: &RequestObject, checks: &mut Checks) -> Result<(PolicyEntry, CircuitState), Problem> {
    let meta = &request.dcql_query.credentials[0].meta;
    let id = meta.policy_id;
    let entry = view.policy(&id)?.ok_or_else(|| checks.fail(CheckName::PolicyActive, TxError::PolicyUnknown { policy: id }))?;
    check_active(&entry, id, request.anchor.height).map_err(|e| checks.fail(CheckName::PolicyActive, e))?;
    checks.pass(CheckName::PolicyActive, "it is registered, the lender's own, and was active at the anchor");
    let circuit = entry.policy.circuit;
    if meta.circuit_id != circuit {
        let other = Rule::CircuitNotOfPolicy { expected: circuit.name().into(), found: meta.circuit_id.name().into() };
        return Err(checks.fail(CheckName::Circuit, other));
    }
    let state = view.accepted_circuit(circuit).map_err(|e| checks.fail(CheckName::Circuit, e))?;
    checks.pass(CheckName::Circuit, format!("it is the policy's, {}, and the chain accepts it", circuit.name()));
    if state.verifying_key_id != meta.verifying_key_id {
        return Err(checks.fail(CheckName::VerifyingKey, Rule::VerifyingKeyUnknown { circuit: circuit.name().into() }));
    }
    checks.pass(CheckName::VerifyingKey, "its digest is the one that the chain has");
    Ok((entry, state))
}

/// From what the chain says of the owner's window, as the chain itself computes it for the record.
fn scope(app: &App, view: &View<'_>, request: &RequestObject) -> Result<FieldBytes, Problem> {
    let lender = view.lender(&request.client_id)?.ok_or(TxError::NotALender { sender: request.client_id })?;
    let window = match request.policy.scope {
        ScopeKind::Lender => {
            NonZeroU16::new(lender.window_months).ok_or_else(|| Problem::internal("a lender with a window of 0 months"))?
        }
        ScopeKind::Consortium => app.genesis().consortium_window_months,
    };
    Ok(Scope::new(&app.chain_id, request.policy.scope, &request.client_id.0, window, request.anchor.month).element().into())
}

fn check_opening(stored: &Stored, given: &Presentation, checks: &mut Checks) -> Result<(), Problem> {
    let request = &stored.request.request;
    let opening = &given.opening;
    let refused = if let Err(e) = opening.check() {
        Some(e.to_string())
    } else if opening.answer() != given.answer {
        Some("it does not hash to the answer".into())
    } else if opening.request != request.attributes() {
        Some("other request attributes were scored than the request gives".into())
    } else {
        None
    };
    if let Some(reason) = refused {
        return Err(checks.fail(CheckName::AnswerOpening, Rule::AnswerMismatch { reason }));
    }
    checks.pass(CheckName::AnswerOpening, "it hashes to the answer, and the request's own attributes were scored");
    match (request.policy.show_person, stored.applicant_person) {
        (false, _) if opening.person != FieldBytes::ZERO => {
            let shown = Rule::PersonMismatch { reason: "the policy does not show a person, the answer does" };
            Err(checks.fail(CheckName::Person, shown))
        }
        (false, _) => {
            checks.skip(CheckName::Person, "the policy does not ask who the applicant is");
            Ok(())
        }
        (true, None) => {
            checks.skip(CheckName::Person, "the request named no applicant: compare the decision's `person` with the applicant's papers");
            Ok(())
        }
        (true, Some(expected)) if expected != opening.person => {
            let other = Rule::PersonMismatch { reason: "it is not the applicant that the request named" };
            Err(checks.fail(CheckName::Person, other))
        }
        (true, Some(_)) => {
            checks.pass(CheckName::Person, "the person is the applicant");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_leaves_time_for_its_record() {
        let code = |left: Result<u64, Problem>| left.map_err(|p| p.code());
        assert_eq!(code(time_left(1_000, 900, 100)), Ok(100));
        assert_eq!(code(time_left(1_000, 901, 100)), Err("request-ends-too-soon"));
        assert_eq!(code(time_left(1_000, 1_000, 100)), Err("request-ends-too-soon"));
        assert_eq!(code(time_left(1_000, 1_001, 100)), Err("request-expired"));
    }
}
