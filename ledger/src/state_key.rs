//! All keys of the state, in one file: what the chain writes, a light client asks for.
//!
//! | prefix | id | value |
//! |---|---|---|
//! | `account` | address | [`crate::state_value::Account`] |
//! | `institution` | address | [`crate::state_value::Institution`] |
//! | `lender` | address | [`crate::state_value::Lender`] |
//! | `slot` | number | [`crate::state_value::SlotState`] |
//! | `registry` | | [`crate::state_value::RegistryState`] |
//! | `identities` | | [`crate::state_value::IdentityState`] |
//! | `schema` | schema id | [`crate::state_value::SchemaEntry`] |
//! | `schema-name` | name | [`crate::state_value::SchemaName`] |
//! | `policy` | policy id | [`crate::state_value::PolicyEntry`] |
//! | `circuit` | circuit id | [`crate::state_value::CircuitState`] |
//! | `stopped-key` | verifying key id | [`crate::state_value::StoppedKey`] |
//! | `anchors` | | [`crate::state_value::AnchorState`] |
//! | `anchor` | height | [`crate::state_value::AnchorEntry`] |
//! | `record` | context digest | [`crate::state_value::Record`] |
//! | `nullifier` | scope, nullifier | [`crate::state_value::NullifierEntry`] |
//! | `validators` | | [`crate::certificate::ValidatorSet`] |

use crate::address::Address;
use crate::transaction::Slot;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::hash::label;
use serde::{Deserialize, Serialize};

/// The place of an entry in the state tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StateKey(pub Digest);

fn key(prefix: &str, parts: &[&[u8]]) -> StateKey {
    let parts: Vec<&[u8]> = std::iter::once(prefix.as_bytes()).chain(parts.iter().copied()).collect();
    StateKey(Digest::of(label::sha256::STATE_KEY, &parts))
}

/// An account.
pub fn account(address: &Address) -> StateKey {
    key("account", &[&address.0.0])
}

/// An institution.
pub fn institution(address: &Address) -> StateKey {
    key("institution", &[&address.0.0])
}

/// A lender.
pub fn lender(address: &Address) -> StateKey {
    key("lender", &[&address.0.0])
}

/// A registry slot.
pub fn slot(slot: Slot) -> StateKey {
    key("slot", &[&slot.number().to_le_bytes()])
}

/// The registry as a whole.
pub fn registry() -> StateKey {
    key("registry", &[])
}

/// The identity tree.
pub fn identities() -> StateKey {
    key("identities", &[])
}

/// A schema by id.
pub fn schema(id: &Digest) -> StateKey {
    key("schema", &[&id.0])
}

/// The newest schema of a name.
pub fn schema_name(name: &str) -> StateKey {
    key("schema-name", &[name.as_bytes()])
}

/// A policy by id.
pub fn policy(id: &Digest) -> StateKey {
    key("policy", &[&id.0])
}

/// A circuit by id.
pub fn circuit(id: CircuitId) -> StateKey {
    key("circuit", &[id.name().as_bytes()])
}

/// A verifying key that was stopped, by its id: for good, whatever key its circuit gets.
pub fn stopped_key(verifying_key_id: &Digest) -> StateKey {
    key("stopped-key", &[&verifying_key_id.0])
}

/// Which anchor is the newest.
pub fn anchors() -> StateKey {
    key("anchors", &[])
}

/// An anchor by height.
pub fn anchor(height: u64) -> StateKey {
    key("anchor", &[&height.to_le_bytes()])
}

/// A record by the digest of its context: never by proof bytes, which anybody can change.
pub fn record(context: &Digest) -> StateKey {
    key("record", &[&context.0])
}

/// A nullifier in its scope.
pub fn nullifier(scope: &FieldBytes, nullifier: &FieldBytes) -> StateKey {
    key("nullifier", &[&scope.to_be_bytes(), &nullifier.to_be_bytes()])
}

/// The validator set of the next height.
pub fn validators() -> StateKey {
    key("validators", &[])
}
