//! `register_institution`, `register_lender`: admissions by more than two thirds of the voting power.

use super::approval::check_two_thirds;
use super::{BlockContext, Execution};
use crate::state::View;
use probity_ledger::error::TxError;
use probity_ledger::receipt::Event;
use probity_ledger::state_key;
use probity_ledger::state_value::{DomainSlot, Institution, Lender, RegistryState, SlotState};
use probity_ledger::transaction::{RegisterInstitution, RegisterLender, Slot};

pub(super) fn execute_institution(view: &mut View<'_>, p: &RegisterInstitution, ctx: &BlockContext<'_>) -> Execution {
    check_two_thirds(view, &p.approvals, p.approved_until_height, ctx)?;
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
    check_two_thirds(view, &p.approvals, p.approved_until_height, ctx)?;
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
