//! `publish_commitment`: an institution's root for a month.
//!
//! A publication with membership changes waits for the identity update that counts them; one without goes live by itself with the next
//! anchor. Membership changes are counted against the publication that is staged or live; a newer publication takes the place of
//! one that still waits.

use super::identities::stage;
use super::{BlockContext, Execution};
use crate::state::View;
use probity_ledger::address::Address;
use probity_ledger::error::TxError;
use probity_ledger::receipt::Event;
use probity_ledger::state_key;
use probity_ledger::state_value::{Publication, RegistryState, SlotState};
use probity_ledger::transaction::PublishCommitment;

pub(super) fn execute(view: &mut View<'_>, sender: &Address, p: &PublishCommitment, ctx: &BlockContext<'_>) -> Execution {
    if !view.has(&state_key::institution(sender))? {
        return Err(TxError::NotAnInstitution { sender: *sender }.into());
    }
    let key = state_key::slot(p.slot);
    let slot: Option<SlotState> = view.get(&key)?;
    let mut slot = slot.filter(|s| s.institution == *sender).ok_or(TxError::SlotNotOwned { slot: p.slot })?;
    if !view.has(&state_key::schema(&p.schema))? {
        return Err(TxError::SchemaUnknown { schema: p.schema }.into());
    }
    check_order(&slot, p, ctx)?;
    if p.files > 0 && p.membership.is_none() && slot.staged.is_none() && slot.live.is_none() {
        return Err(TxError::MembershipMissing { slot: p.slot }.into());
    }
    let publication = Publication {
        month: p.month,
        sequence: p.sequence,
        schema: p.schema,
        root: p.root,
        files: p.files,
        membership: p.membership,
        height: ctx.height,
    };
    let mut events = vec![Event::CommitmentPublished { slot: p.slot, month: p.month, sequence: p.sequence }];
    if p.membership.is_some() {
        slot.waiting = Some(publication);
    } else {
        slot.waiting = None;
        slot.staged = Some(publication);
        let mut registry: RegistryState = view.expect(&state_key::registry(), "registry")?;
        stage(&mut registry, p.slot);
        view.put(state_key::registry(), &registry);
        events.push(Event::CommitmentStaged { slot: p.slot, month: p.month, sequence: p.sequence });
    }
    view.put(key, &slot);
    Ok(events)
}

/// Months never go back, and within a month numbers rise by one: nobody can publish an older, kinder file again.
fn check_order(slot: &SlotState, p: &PublishCommitment, ctx: &BlockContext<'_>) -> Result<(), TxError> {
    let now = ctx.month();
    if p.month > now {
        return Err(TxError::MonthInFuture { month: p.month, now });
    }
    let expected = match slot.newest() {
        Some(newest) if p.month < newest.month => return Err(TxError::MonthTooOld { month: p.month, newest: newest.month }),
        Some(newest) if p.month == newest.month => newest.sequence.saturating_add(1),
        _ => 0,
    };
    if p.sequence != expected {
        return Err(TxError::WrongSequence { expected, found: p.sequence });
    }
    Ok(())
}
