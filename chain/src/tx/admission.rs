//! `register_institution`, `register_lender`: admissions by more than two thirds of the voting power.

use super::{BlockContext, ExecError, Execution};
use crate::state::View;
use probity_ledger::certificate::ValidatorSet;
use probity_ledger::error::TxError;
use probity_ledger::receipt::Event;
use probity_ledger::state_key;
use probity_ledger::state_value::{DomainSlot, Institution, Lender, RegistryState, SlotState};
use probity_ledger::transaction::{Approval, RegisterInstitution, RegisterLender, Slot};

/// Signatures were checked with the structure; here it is who signed.
fn check_approvals(view: &View<'_>, approvals: &[Approval], approved_until_height: u64, ctx: &BlockContext<'_>) -> Result<(), ExecError> {
    if approved_until_height < ctx.height {
        return Err(TxError::ApprovalExpired { approved_until_height, height: ctx.height }.into());
    }
    let validators: ValidatorSet = view.expect(&state_key::validators(), "validator set")?;
    let mut approved = 0;
    for approval in approvals {
        let known = validators.get(&approval.validator).ok_or(TxError::ApprovalByStranger { validator: approval.validator })?;
        approved += known.power; // each once, so at most the total, which fits
    }
    if !validators.is_quorum(approved) {
        return Err(TxError::NotEnoughApproval { approved, total: validators.total_power() }.into());
    }
    Ok(())
}

pub(super) fn execute_institution(view: &mut View<'_>, p: &RegisterInstitution, ctx: &BlockContext<'_>) -> Execution {
    check_approvals(view, &p.approvals, p.approved_until_height, ctx)?;
    let address = p.address();
    if view.has(&state_key::institution(&address))? {
        return Err(TxError::InstitutionExists { institution: address }.into());
    }
    let mut registry: RegistryState = view.expect(&state_key::registry(), "registry")?;
    let free = Slot::COUNT - registry.slots_used;
    let full = || TxError::RegistryFull { needed: p.domains.len() as u64, free: free.into() };
    let mut slots = Vec::with_capacity(p.domains.len());
    for domain in &p.domains {
        let slot = Slot::new(registry.slots_used).map_err(|_| full())?;
        registry.slots_used += 1;
        let state = SlotState { institution: address, domain: *domain, live: None, staged: None, waiting: vec![] };
        view.put(state_key::slot(slot), &state);
        slots.push(DomainSlot { domain: *domain, slot });
    }
    view.put(state_key::registry(), &registry);
    let event = Event::InstitutionRegistered { institution: address, slots: slots.iter().map(|s| s.slot).collect() };
    let institution = Institution { name: p.name.clone(), address, public_key: p.public_key, slots, admitted_height: ctx.height };
    view.put(state_key::institution(&address), &institution);
    Ok(vec![event])
}

pub(super) fn execute_lender(view: &mut View<'_>, p: &RegisterLender, ctx: &BlockContext<'_>) -> Execution {
    check_approvals(view, &p.approvals, p.approved_until_height, ctx)?;
    let address = p.address();
    if view.has(&state_key::lender(&address))? {
        return Err(TxError::LenderExists { lender: address }.into());
    }
    let lender = Lender {
        name: p.name.clone(),
        address,
        public_key: p.public_key,
        window_months: p.window_months,
        kind: p.kind,
        admitted_height: ctx.height,
    };
    view.put(state_key::lender(&address), &lender);
    Ok(vec![Event::LenderRegistered { lender: address }])
}
