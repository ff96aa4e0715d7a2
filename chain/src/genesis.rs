//! The state that a chain begins with.

use crate::state::{Changes, View};
use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::tree::{Empties, REGISTRY_DEPTH, Tree};
use probity_ledger::genesis::Genesis;
use probity_ledger::state_key;
use probity_ledger::state_value::{Account, AnchorState, CircuitState, IdentityRoot, IdentityState, RegistryState};

/// The entries of height 0.
pub fn genesis_state(genesis: &Genesis) -> Changes {
    let nothing = Changes::new();
    let mut view = View::new(&nothing);
    for account in &genesis.accounts {
        view.put(state_key::account(&account.address), &Account { balance: account.balance, ..Account::default() });
    }
    view.put(state_key::validators(), &genesis.validators);
    for circuit in &genesis.circuits {
        view.put(state_key::circuit(circuit.id), &CircuitState::of_genesis(circuit));
    }
    let root = Tree::empty(REGISTRY_DEPTH, Empties::Zero).root().into();
    view.put(state_key::registry(), &RegistryState { slots_used: 0, root, staged: Vec::new() });
    let live = IdentityRoot { root: FieldBytes::ZERO, leaf_file: Digest::default(), shards: 0, height: 0 };
    view.put(state_key::identities(), &IdentityState { authority: genesis.authority(), live, pending: None, positions_used: 0 });
    view.put(state_key::anchors(), &AnchorState { newest: None });
    view.into_changes()
}
