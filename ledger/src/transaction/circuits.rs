//! Decisions about circuits: validators adopt one, let one end, or stop one at once.
//!
//! Adoptions and retirements name the number of the decision about their circuit, so that approvals serve once: a circuit that was stopped
//! does not come back with the approvals that let it in. A stop names the key, which it stops for good: nothing that is decided meanwhile
//! voids it, and it cannot hit another key.

use super::approval::{Approval, check_approvals};
use crate::error::TxError;
use crate::genesis::GenesisCircuit;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::hash::label;
use serde::{Deserialize, Serialize};

/// Lets the chain accept a circuit's proofs from a height on.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdoptCircuit {
    /// The circuit with its key, under the same rules as one of the genesis.
    pub circuit: GenesisCircuit,
    /// How many decisions were made about this circuit before.
    pub sequence: u64,
    /// First height at which it is accepted.
    pub active_from_height: u64,
    /// Last height at which the approvals count.
    pub approved_until_height: u64,
    /// More than two thirds of the voting power, ascending by validator.
    pub approvals: Vec<Approval>,
}

/// Lets a circuit end at a height.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetireCircuit {
    /// The circuit.
    pub circuit: CircuitId,
    /// How many decisions were made about this circuit before.
    pub sequence: u64,
    /// Last height at which it is accepted.
    pub last_height: u64,
    /// Last height at which the approvals count.
    pub approved_until_height: u64,
    /// More than two thirds of the voting power, ascending by validator.
    pub approvals: Vec<Approval>,
}

/// Stops a circuit at once, because its proofs can no longer be trusted, and its key for good.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopCircuit {
    /// The circuit.
    pub circuit: CircuitId,
    /// Id of the verifying key, which must be the circuit's.
    pub verifying_key_id: Digest,
    /// Last height at which the approvals count.
    pub approved_until_height: u64,
    /// More than one third of the voting power, ascending by validator.
    pub approvals: Vec<Approval>,
}

impl AdoptCircuit {
    /// What validators sign: chain and all fields but the approvals.
    pub fn decision_digest(&self, chain_id: &Digest) -> Digest {
        Digest::of_value(
            label::sha256::CIRCUIT_DECISION,
            &(chain_id, "adopt", &self.circuit, self.sequence, self.active_from_height, self.approved_until_height),
        )
    }

    pub(super) fn check_structure(&self, chain_id: &Digest) -> Result<(), TxError> {
        check_approvals(&self.approvals, &self.decision_digest(chain_id))
    }
}

impl RetireCircuit {
    /// What validators sign: chain and all fields but the approvals.
    pub fn decision_digest(&self, chain_id: &Digest) -> Digest {
        Digest::of_value(
            label::sha256::CIRCUIT_DECISION,
            &(chain_id, "retire", self.circuit, self.sequence, self.last_height, self.approved_until_height),
        )
    }

    pub(super) fn check_structure(&self, chain_id: &Digest) -> Result<(), TxError> {
        check_approvals(&self.approvals, &self.decision_digest(chain_id))
    }
}

impl StopCircuit {
    /// What validators sign: chain and all fields but the approvals.
    pub fn decision_digest(&self, chain_id: &Digest) -> Digest {
        Digest::of_value(
            label::sha256::CIRCUIT_DECISION,
            &(chain_id, "stop", self.circuit, self.verifying_key_id, self.approved_until_height),
        )
    }

    pub(super) fn check_structure(&self, chain_id: &Digest) -> Result<(), TxError> {
        check_approvals(&self.approvals, &self.decision_digest(chain_id))
    }
}
