//! `update_identities`: the authority's new root waits for the next anchor, together with the publications it covers.

use super::{BlockContext, Execution};
use crate::state::View;
use probity_ledger::address::Address;
use probity_ledger::error::TxError;
use probity_ledger::receipt::Event;
use probity_ledger::state_key;
use probity_ledger::state_value::{AnchorEntry, AnchorState, IdentityRoot, IdentityState, Publication, RegistryState, SlotState};
use probity_ledger::transaction::UpdateIdentities;

pub(super) fn execute(view: &mut View<'_>, sender: &Address, p: &UpdateIdentities, ctx: &BlockContext<'_>) -> Execution {
    let mut state: IdentityState = view.expect(&state_key::identities(), "identity state")?;
    if state.authority != *sender {
        return Err(TxError::NotAuthority { authority: state.authority }.into());
    }
    let expected = state.newest().root;
    if p.previous_root != expected {
        return Err(TxError::StaleIdentityRoot { expected, found: p.previous_root }.into());
    }
    if p.positions_used < state.positions_used {
        return Err(TxError::PositionsFell { before: state.positions_used, after: p.positions_used }.into());
    }
    if p.rotations > 0 {
        check_rotation(view, ctx)?;
    }
    let mut events = vec![Event::IdentitiesUpdated { root: p.root, leaf_file: p.leaf_file }];
    let mut registry: RegistryState = view.expect(&state_key::registry(), "registry")?;
    for cover in &p.covers {
        let key = state_key::slot(cover.slot);
        let mut slot: SlotState = view.get(&key)?.ok_or(TxError::CoverUnknown { slot: cover.slot })?;
        let newest = slot.waiting.last().ok_or(TxError::CoverUnknown { slot: cover.slot })?;
        let same = |p: &Publication| (p.month, p.sequence) == (cover.month, cover.sequence);
        let mismatch = TxError::CoverMismatch { slot: cover.slot, month: newest.month, sequence: newest.sequence };
        let at = slot.waiting.iter().position(same).ok_or(mismatch)?;
        // what was published since goes on waiting: nothing an institution sends can make this update fail
        slot.staged = slot.waiting.drain(..=at).next_back();
        view.put(key, &slot);
        stage(&mut registry, cover.slot);
        events.push(Event::CommitmentStaged { slot: cover.slot, month: cover.month, sequence: cover.sequence });
    }
    view.put(state_key::registry(), &registry);
    state.pending = Some(IdentityRoot { root: p.root, leaf_file: p.leaf_file, shards: p.shards, height: ctx.height });
    state.positions_used = p.positions_used;
    view.put(state_key::identities(), &state);
    Ok(events)
}

/// A rotated key has other nullifiers, so rotations show at the first anchor of a month only.
fn check_rotation(view: &View<'_>, ctx: &BlockContext<'_>) -> Result<(), super::ExecError> {
    let anchors: AnchorState = view.expect(&state_key::anchors(), "anchor state")?;
    let Some(newest) = anchors.newest else { return Ok(()) };
    let entry: AnchorEntry = view.expect(&state_key::anchor(newest), "anchor")?;
    if entry.anchor.month >= ctx.month() {
        return Err(TxError::RotationNotYet { month: entry.anchor.month }.into());
    }
    Ok(())
}

/// Notes that a slot changes with the next anchor.
pub(super) fn stage(registry: &mut RegistryState, slot: probity_ledger::transaction::Slot) {
    if let Err(at) = registry.staged.binary_search(&slot) {
        registry.staged.insert(at, slot);
    }
}
