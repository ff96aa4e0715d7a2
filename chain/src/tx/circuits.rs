//! `adopt_circuit`, `retire_circuit`, `stop_circuit`, and whether a circuit is accepted.
//!
//! What changes what everybody counts on takes effect after a delay, so that wallets and lenders can prepare, and two circuits may be
//! accepted side by side; only a stop takes effect at once. A stop is for good: the state keeps the key's id, and no adoption brings it back.

use super::approval::{check_third, check_two_thirds};
use super::{BlockContext, ExecError, Execution};
use crate::state::View;
use probity_credit::circuit_id::CircuitId;
use probity_ledger::error::TxError;
use probity_ledger::genesis::{BLOCKS_AHEAD_MAX, GenesisCircuit};
use probity_ledger::receipt::Event;
use probity_ledger::state_key;
use probity_ledger::state_value::{CircuitState, StoppedKey};
use probity_ledger::transaction::{AdoptCircuit, RetireCircuit, StopCircuit};
use probity_verifier::registry::prepare;

/// The circuit, if this block's transactions may use it.
pub(super) fn accepted(view: &View<'_>, circuit: CircuitId, ctx: &BlockContext<'_>) -> Result<CircuitState, ExecError> {
    let state = known(view, circuit)?;
    state.check_accepted(ctx.height)?;
    Ok(state)
}

fn known(view: &View<'_>, circuit: CircuitId) -> Result<CircuitState, ExecError> {
    Ok(view.get(&state_key::circuit(circuit))?.ok_or(TxError::CircuitUnknown { circuit })?)
}

/// Approvals are for the decision of this number: they serve once.
fn check_sequence(circuit: CircuitId, expected: u64, found: u64) -> Result<(), TxError> {
    if expected == found { Ok(()) } else { Err(TxError::WrongDecision { circuit, expected, found }) }
}

/// Late enough for everybody to prepare, and not so late that the circuit is taken for ever: what is decided can't be decided anew.
fn check_delay(given: u64, ctx: &BlockContext<'_>) -> Result<(), TxError> {
    let least = ctx.height.saturating_add(ctx.genesis.circuit_delay_blocks);
    let most = least.saturating_add(BLOCKS_AHEAD_MAX);
    match given {
        _ if given < least => Err(TxError::CircuitTooSoon { given, least }),
        _ if given > most => Err(TxError::CircuitTooLate { given, most }),
        _ => Ok(()),
    }
}

fn check_never_stopped(view: &View<'_>, circuit: &GenesisCircuit) -> Result<(), ExecError> {
    let verifying_key_id = circuit.verifying_key_id;
    match view.get::<StoppedKey>(&state_key::stopped_key(&verifying_key_id))? {
        None => Ok(()),
        Some(s) => Err(TxError::KeyStopped { circuit: circuit.id, verifying_key_id, stopped_height: s.height }.into()),
    }
}

pub(super) fn execute_adopt(view: &mut View<'_>, p: &AdoptCircuit, ctx: &BlockContext<'_>) -> Execution {
    check_two_thirds(view, &p.approvals, p.approved_until_height, ctx)?;
    let (circuit, key) = (p.circuit.id, state_key::circuit(p.circuit.id));
    let before: Option<CircuitState> = view.get(&key)?;
    let sequence = before.as_ref().map_or(0, |b| b.sequence);
    check_sequence(circuit, sequence, p.sequence)?;
    if let Some(before) = before.filter(|b| !b.is_over_before(ctx.height)) {
        return Err(TxError::CircuitExists { circuit, verifying_key_id: before.verifying_key_id }.into());
    }
    check_delay(p.active_from_height, ctx)?;
    check_never_stopped(view, &p.circuit)?;
    // last, because it costs most: the gate
    prepare(&p.circuit, ctx.genesis.kind).map_err(|e| TxError::CircuitRefused { circuit, reason: e.to_string() })?;
    let (verifying_key_id, active_from_height) = (p.circuit.verifying_key_id, p.active_from_height);
    view.put(key, &CircuitState::adopted(p.circuit.clone(), active_from_height, sequence + 1));
    Ok(vec![Event::CircuitAdopted { circuit, verifying_key_id, active_from_height }])
}

pub(super) fn execute_retire(view: &mut View<'_>, p: &RetireCircuit, ctx: &BlockContext<'_>) -> Execution {
    check_two_thirds(view, &p.approvals, p.approved_until_height, ctx)?;
    let (circuit, last_height) = (p.circuit, p.last_height);
    let state = known(view, circuit)?;
    check_sequence(circuit, state.sequence, p.sequence)?;
    if let Some(last_height) = state.last_height {
        return Err(TxError::CircuitRetired { circuit, last_height }.into());
    }
    check_delay(last_height, ctx)?;
    // stopped before, or ended before it began
    state.check_accepted(last_height)?;
    view.put(state_key::circuit(circuit), &CircuitState { last_height: Some(last_height), sequence: state.sequence + 1, ..state });
    Ok(vec![Event::CircuitRetired { circuit, last_height }])
}

pub(super) fn execute_stop(view: &mut View<'_>, p: &StopCircuit, ctx: &BlockContext<'_>) -> Execution {
    check_third(view, &p.approvals, p.approved_until_height, ctx)?;
    let StopCircuit { circuit, verifying_key_id, .. } = *p;
    let state = known(view, circuit)?;
    if verifying_key_id != state.verifying_key_id {
        return Err(TxError::CircuitHasOtherKey { circuit, expected: state.verifying_key_id, found: verifying_key_id }.into());
    }
    if let Some(stopped_height) = state.stopped_height {
        return Err(TxError::CircuitStopped { circuit, stopped_height }.into());
    }
    // also after the circuit's last height: the key could be adopted again, and whoever audits a record should know
    let (height, stopped_height) = (ctx.height, Some(ctx.height));
    view.put(state_key::stopped_key(&verifying_key_id), &StoppedKey { circuit, height });
    view.put(state_key::circuit(circuit), &CircuitState { stopped_height, sequence: state.sequence + 1, ..state });
    Ok(vec![Event::CircuitStopped { circuit, verifying_key_id }])
}
