//! The chain's state at a height, typed.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_chain::node::Node;
use probity_credit::circuit_id::CircuitId;
use probity_credit::commitment::Anchor;
use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_ledger::address::Address;
use probity_ledger::certificate::ValidatorSet;
use probity_ledger::error::TxError;
use probity_ledger::state_key::{self, StateKey};
use probity_ledger::state_proof::StateProof;
use probity_ledger::state_value::{
    self, Account, AnchorEntry, AnchorState, CircuitState, IdentityState, Institution, Lender, NullifierEntry, PolicyEntry, Record,
    RegistryState, SchemaEntry, SlotState,
};
use probity_ledger::transaction::Slot;

use crate::problem::{Problem, Rule};

/// The state after a committed height.
#[derive(Clone, Copy)]
pub struct View<'a> {
    node: &'a Node,
    height: u64,
}

macro_rules! entries {
    ($( $(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $value:ty; )+) => {
        $( $(#[$doc])* ///
        /// # Errors
        /// When the store fails.
        pub fn $name(&self, $($arg: $type),*) -> Result<Option<$value>, Problem> { self.get(&state_key::$name($($arg),*)) } )+
    };
}

impl<'a> View<'a> {
    /// The newest state.
    pub fn newest(node: &'a Node) -> Self {
        Self { node, height: node.status().height }
    }

    /// The state after `height`, or the newest.
    ///
    /// # Errors
    /// [`Rule::HeightUnavailable`] beyond the tip.
    pub fn at(node: &'a Node, height: Option<u64>) -> Result<Self, Problem> {
        let newest = Self::newest(node);
        match height {
            Some(height) if height > newest.height => Err(Rule::HeightUnavailable { height }.into()),
            Some(height) => Ok(Self { node, height }),
            None => Ok(newest),
        }
    }

    /// The height.
    pub fn height(&self) -> u64 {
        self.height
    }

    /// The canonical bytes of an entry.
    ///
    /// # Errors
    /// When the store fails.
    pub fn bytes(&self, key: &StateKey) -> Result<Option<Vec<u8>>, Problem> {
        Ok(self.prove(key)?.value)
    }

    /// An entry.
    ///
    /// # Errors
    /// When the store fails.
    pub fn get<T: BorshDeserialize + BorshSerialize>(&self, key: &StateKey) -> Result<Option<T>, Problem> {
        self.bytes(key)?.map(|bytes| state_value::decode(&bytes).map_err(Problem::internal)).transpose()
    }

    /// The proof that an entry is, or is not, in the state.
    ///
    /// # Errors
    /// When the store fails.
    pub fn prove(&self, key: &StateKey) -> Result<StateProof, Problem> {
        let height = self.height;
        self.node.prove_at(height, key).map_err(Problem::internal)?.ok_or_else(|| Rule::HeightUnavailable { height }.into())
    }

    entries! {
        /// An account.
        account(address: &Address) -> Account;
        /// An institution.
        institution(address: &Address) -> Institution;
        /// A lender.
        lender(address: &Address) -> Lender;
        /// A registry slot.
        slot(slot: Slot) -> SlotState;
        /// The registry.
        registry() -> RegistryState;
        /// The identity tree.
        identities() -> IdentityState;
        /// A schema.
        schema(id: &Digest) -> SchemaEntry;
        /// A policy.
        policy(id: &Digest) -> PolicyEntry;
        /// A circuit.
        circuit(id: CircuitId) -> CircuitState;
        /// Which anchor is the newest.
        anchors() -> AnchorState;
        /// An anchor.
        anchor(height: u64) -> AnchorEntry;
        /// A record.
        record(context: &Digest) -> Record;
        /// A spent nullifier.
        nullifier(scope: &FieldBytes, nullifier: &FieldBytes) -> NullifierEntry;
        /// The validators of the next height.
        validators() -> ValidatorSet;
    }

    /// A circuit that the next block may use.
    ///
    /// # Errors
    /// [`TxError::CircuitUnknown`], those of [`CircuitState::check_accepted`], or when the store fails.
    pub fn accepted_circuit(&self, circuit: CircuitId) -> Result<CircuitState, Problem> {
        let state = self.circuit(circuit)?.ok_or(TxError::CircuitUnknown { circuit })?;
        state.check_accepted(self.height.saturating_add(1))?;
        Ok(state)
    }

    /// The newest anchor.
    ///
    /// # Errors
    /// When the store fails.
    pub fn newest_anchor(&self) -> Result<Option<AnchorEntry>, Problem> {
        match self.anchors()?.and_then(|a| a.newest) {
            Some(height) => self.anchor(height),
            None => Ok(None),
        }
    }

    /// The anchor of a height, if its content is this.
    ///
    /// # Errors
    /// When the store fails.
    pub fn same_anchor(&self, anchor: &Anchor) -> Result<Option<AnchorEntry>, Problem> {
        Ok(self.anchor(anchor.height)?.filter(|entry| entry.anchor == *anchor))
    }
}
