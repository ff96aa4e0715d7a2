//! `publish_commitment`: an institution's root for a month.
//!
//! A publication with membership changes waits for the identity update that counts them; one without goes live by itself with the next
//! anchor. Membership changes are counted against the publication that is staged or live. One that waits stays until an update covers it
//! or a later one: the authority may be counting it right now.

use super::identities::stage;
use super::{BlockContext, Execution};
use crate::state::View;
use probity_ledger::address::Address;
use probity_ledger::error::TxError;
use probity_ledger::receipt::Event;
use probity_ledger::state_key;
use probity_ledger::state_value::{Publication, RegistryState, SlotState, WAITING_MAX};
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
    check_membership(&slot, p)?;
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
        slot.waiting.push(publication);
    } else {
        slot.staged = Some(publication);
        let mut registry: RegistryState = view.expect(&state_key::registry(), "registry")?;
        stage(&mut registry, p.slot);
        view.put(state_key::registry(), &registry);
        events.push(Event::CommitmentStaged { slot: p.slot, month: p.month, sequence: p.sequence });
    }
    view.put(key, &slot);
    Ok(events)
}

/// A publication without a list claims the members of the one counted last. That it has as many files is all the chain can see of that.
fn check_membership(slot: &SlotState, p: &PublishCommitment) -> Result<(), TxError> {
    if p.membership.is_some() {
        let full = slot.waiting.len() >= WAITING_MAX;
        return if full { Err(TxError::WaitingFull { slot: p.slot, limit: WAITING_MAX as u64 }) } else { Ok(()) };
    }
    if !slot.waiting.is_empty() {
        return Err(TxError::MembershipWaits { slot: p.slot });
    }
    match slot.counted() {
        None if p.files > 0 => Err(TxError::MembershipMissing { slot: p.slot }),
        Some(counted) if counted.files != p.files => {
            Err(TxError::MembershipChanged { slot: p.slot, counted: counted.files, files: p.files })
        }
        _ => Ok(()),
    }
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
