//! `record_proof`: the chain rebuilds every public input, checks all that is cheap, and only then the proof.

use super::{BlockContext, ExecError, Execution, circuits};
use crate::proofs::ProofItem;
use crate::state::View;
use probity_credit::nullifier::{Scope, ScopeKind};
use probity_credit::statement::PublicInputs;
use probity_ledger::address::Address;
use probity_ledger::error::TxError;
use probity_ledger::receipt::Event;
use probity_ledger::state_key;
use probity_ledger::state_value::{AnchorEntry, Lender, NullifierEntry, PolicyEntry, Record, SchemaEntry};
use probity_ledger::transaction::{RecordProof, TxId, Verdict};
use std::num::NonZeroU16;

/// A record whose every check but the proof has passed.
pub(crate) struct Prepared {
    /// What the proof must hold for.
    pub(crate) item: ProofItem,
    record: Record,
}

/// All checks before the pairing, in the order of the protocol: request, anchor, policy, circuit, nullifier.
pub(crate) fn prepare(
    view: &View<'_>,
    sender: &Address,
    p: &RecordProof,
    id: &TxId,
    ctx: &BlockContext<'_>,
) -> Result<Prepared, ExecError> {
    let lender: Lender = view.get(&state_key::lender(sender))?.ok_or(TxError::NotALender { sender: *sender })?;
    let policy: PolicyEntry = view.get(&state_key::policy(&p.policy))?.ok_or(TxError::PolicyUnknown { policy: p.policy })?;
    if policy.policy.owner != sender.0 {
        return Err(TxError::NotPolicyOwner { owner: Address(policy.policy.owner) }.into());
    }
    let circuit = policy.policy.circuit;
    let context = p.context(&ctx.chain_id, sender, circuit);
    let digest = context.digest();
    check_request(view, p, &digest, ctx)?;
    let anchor = check_anchor(view, p.anchor_height, ctx)?.anchor;
    if policy.active_from > anchor.height {
        let (active_from, anchor_height) = (policy.active_from, anchor.height);
        return Err(TxError::PolicyNotActive { policy: p.policy, active_from, anchor_height }.into());
    }
    if let Some(height) = policy.retired_at.filter(|&end| anchor.height >= end) {
        return Err(TxError::PolicyRetired { policy: p.policy, height }.into());
    }
    let accepted = circuits::accepted(view, circuit, ctx)?;
    let window = match policy.policy.scope {
        ScopeKind::Lender => NonZeroU16::new(lender.window_months).expect("admission refuses a window of 0"),
        ScopeKind::Consortium => ctx.genesis.consortium_window_months,
    };
    let scope = Scope::new(&ctx.chain_id, policy.policy.scope, &sender.0, window, anchor.month).element().into();
    if let Some(spent) = view.get::<NullifierEntry>(&state_key::nullifier(&scope, &p.nullifier))? {
        return Err(TxError::NullifierSpent { record: spent.record }.into());
    }
    let schema: SchemaEntry = view.expect(&state_key::schema(&policy.policy.schema), "schema")?;
    let inputs = PublicInputs {
        identity_root: anchor.identity_root,
        registry_root: anchor.registry_root,
        month: anchor.month,
        scope,
        nullifier: p.nullifier,
        context: context.element().into(),
        answer: p.answer,
    };
    let record = Record {
        lender: *sender,
        policy: p.policy,
        circuit,
        anchor,
        context: digest,
        nonce: p.nonce,
        expires_unix_ms: p.expires_unix_ms,
        response_uri: p.response_uri,
        consent_key: p.consent_key,
        scope,
        nullifier: p.nullifier,
        answer: p.answer,
        proof: p.proof.clone(),
        verdict: p.verdict,
        height: ctx.height,
        time_unix_ms: ctx.time_unix_ms,
        transaction: *id,
    };
    let (policy, schema, proof) = (policy.policy, schema.schema, p.proof.clone());
    let item = ProofItem { policy_id: p.policy, policy, circuit: accepted, schema, inputs, proof };
    Ok(Prepared { item, record })
}

/// In time, not longer than the grace, not answered before.
fn check_request(
    view: &View<'_>,
    p: &RecordProof,
    context: &probity_credit::digest::Digest,
    ctx: &BlockContext<'_>,
) -> Result<(), ExecError> {
    if p.expires_unix_ms < ctx.time_unix_ms {
        return Err(TxError::RequestExpired { expires_unix_ms: p.expires_unix_ms, now_unix_ms: ctx.time_unix_ms }.into());
    }
    let limit_unix_ms = ctx.time_unix_ms.saturating_add(ctx.genesis.anchors.grace_ms);
    if p.expires_unix_ms > limit_unix_ms {
        return Err(TxError::RequestTooLong { expires_unix_ms: p.expires_unix_ms, limit_unix_ms }.into());
    }
    if view.has(&state_key::record(context))? {
        return Err(TxError::RecordExists { context: *context }.into());
    }
    Ok(())
}

/// On chain, and replaced no longer ago than the grace.
fn check_anchor(view: &View<'_>, height: u64, ctx: &BlockContext<'_>) -> Result<AnchorEntry, ExecError> {
    let entry: AnchorEntry = view.get(&state_key::anchor(height))?.ok_or(TxError::AnchorUnknown { height })?;
    if let Some(replaced_unix_ms) = entry.replaced_unix_ms.filter(|&r| ctx.time_unix_ms > r.saturating_add(ctx.genesis.anchors.grace_ms)) {
        return Err(TxError::AnchorOutOfGrace { height, replaced_unix_ms, now_unix_ms: ctx.time_unix_ms }.into());
    }
    Ok(entry)
}

pub(super) fn execute(
    view: &mut View<'_>,
    sender: &Address,
    p: &RecordProof,
    id: &TxId,
    ctx: &BlockContext<'_>,
    proof_holds: &dyn Fn(&ProofItem) -> bool,
) -> Execution {
    let Prepared { item, record } = prepare(view, sender, p, id, ctx)?;
    if !proof_holds(&item) {
        return Err(TxError::ProofInvalid.into());
    }
    if p.verdict == Verdict::Granted {
        let spent = NullifierEntry { record: record.context, height: ctx.height };
        view.put(state_key::nullifier(&record.scope, &record.nullifier), &spent);
    }
    view.put(state_key::record(&record.context), &record);
    Ok(vec![Event::ProofRecorded { context: record.context, lender: *sender, policy: p.policy, verdict: p.verdict }])
}
