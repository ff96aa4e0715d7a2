//! Anchors: at a fixed interval both roots, of one height, become what proofs are about.

use crate::state::{StateError, View};
use crate::tx::BlockContext;
use probity_credit::commitment::{Anchor, root_leaf};
use probity_credit::tree::{Empties, REGISTRY_DEPTH, Tree};
use probity_ledger::state_key;
use probity_ledger::state_value::{AnchorEntry, AnchorState, IdentityState, RegistryState, SlotState};
use probity_ledger::transaction::Slot;

/// At the end of a block whose height is a multiple of the interval: staged publications and the pending identity root go live
/// together, and the anchor is written. Says whether it was.
///
/// # Errors
/// When the state can't be read.
pub(crate) fn end_of_block(view: &mut View<'_>, ctx: &BlockContext<'_>) -> Result<bool, StateError> {
    if !ctx.height.is_multiple_of(ctx.genesis.anchors.interval_blocks) {
        return Ok(false);
    }
    let registry_root = raise_publications(view)?;
    let mut identities: IdentityState = view.expect(&state_key::identities(), "identity state")?;
    if let Some(pending) = identities.pending.take() {
        identities.live = pending;
        view.put(state_key::identities(), &identities);
    }
    let mut anchors: AnchorState = view.expect(&state_key::anchors(), "anchor state")?;
    let previous = anchors.newest.replace(ctx.height);
    if let Some(height) = previous {
        let key = state_key::anchor(height);
        let entry: AnchorEntry = view.expect(&key, "anchor")?;
        view.put(key, &AnchorEntry { replaced_unix_ms: Some(ctx.time_unix_ms), ..entry });
    }
    let live = identities.live;
    let entry = AnchorEntry {
        anchor: Anchor { height: ctx.height, identity_root: live.root, registry_root, month: ctx.month() },
        leaf_file: live.leaf_file,
        shards: live.shards,
        time_unix_ms: ctx.time_unix_ms,
        replaced_unix_ms: None,
        previous,
    };
    view.put(state_key::anchor(ctx.height), &entry);
    view.put(state_key::anchors(), &anchors);
    Ok(true)
}

/// Staged publications become the live ones; gives the registry root.
fn raise_publications(view: &mut View<'_>) -> Result<probity_credit::field::FieldBytes, StateError> {
    let mut registry: RegistryState = view.expect(&state_key::registry(), "registry")?;
    if registry.staged.is_empty() {
        return Ok(registry.root);
    }
    for slot in std::mem::take(&mut registry.staged) {
        let key = state_key::slot(slot);
        let mut state: SlotState = view.expect(&key, "registry slot")?;
        state.live = state.staged.take().or(state.live);
        view.put(key, &state);
    }
    let mut leaves = Vec::new();
    for number in 0..registry.slots_used {
        let slot = Slot::new(number).expect("admission gives out slots below the count");
        let state: SlotState = view.expect(&state_key::slot(slot), "registry slot")?;
        if let Some(live) = state.live {
            leaves.push((u32::from(number), root_leaf(state.domain, live.month, &live.schema, live.root.element())));
        }
    }
    let tree = Tree::build(REGISTRY_DEPTH, Empties::Zero, leaves).expect("slots are different and below the tree's capacity");
    registry.root = tree.root().into();
    view.put(state_key::registry(), &registry);
    Ok(registry.root)
}
