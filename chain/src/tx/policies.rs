//! `register_policy`, `retire_policy`.

use super::{BlockContext, Execution, circuits};
use crate::state::View;
use probity_ledger::address::Address;
use probity_ledger::error::TxError;
use probity_ledger::receipt::Event;
use probity_ledger::state_key;
use probity_ledger::state_value::{Lender, PolicyEntry, SchemaEntry};
use probity_ledger::transaction::{RegisterPolicy, RetirePolicy};

pub(super) fn execute_register(view: &mut View<'_>, sender: &Address, p: &RegisterPolicy, ctx: &BlockContext<'_>) -> Execution {
    let lender: Lender = view.get(&state_key::lender(sender))?.ok_or(TxError::NotALender { sender: *sender })?;
    let id = p.policy.id();
    if view.has(&state_key::policy(&id))? {
        return Err(TxError::PolicyExists { policy: id }.into());
    }
    let schema: Option<SchemaEntry> = view.get(&state_key::schema(&p.policy.schema))?;
    let schema = schema.ok_or(TxError::SchemaUnknown { schema: p.policy.schema })?;
    p.policy.check(&schema.schema).map_err(|e| TxError::PolicyRefused { reason: e.to_string() })?;
    circuits::accepted(view, p.policy.circuit, ctx)?;
    if p.policy.scope != lender.kind.scope() {
        return Err(TxError::ScopeNotAllowed.into());
    }
    view.put(state_key::policy(&id), &PolicyEntry { policy: p.policy.clone(), active_from: ctx.height, retired_at: None });
    Ok(vec![Event::PolicyRegistered { policy: id, lender: *sender }])
}

pub(super) fn execute_retire(view: &mut View<'_>, sender: &Address, p: &RetirePolicy, ctx: &BlockContext<'_>) -> Execution {
    let key = state_key::policy(&p.policy);
    let entry: PolicyEntry = view.get(&key)?.ok_or(TxError::PolicyUnknown { policy: p.policy })?;
    if entry.policy.owner != sender.0 {
        return Err(TxError::NotPolicyOwner { owner: Address(entry.policy.owner) }.into());
    }
    if let Some(height) = entry.retired_at {
        return Err(TxError::PolicyRetired { policy: p.policy, height }.into());
    }
    view.put(key, &PolicyEntry { retired_at: Some(ctx.height), ..entry });
    Ok(vec![Event::PolicyRetired { policy: p.policy }])
}
