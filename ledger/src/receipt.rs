//! What became of a transaction, and what happened on the way.

use crate::address::Address;
use crate::error::TxError;
use crate::merkle;
use crate::transaction::{Slot, TxId, Verdict};
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::circuit_id::CircuitId;
use probity_credit::codec;
use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::hash::label::sha256 as label;
use probity_credit::month::Month;
use serde::{Deserialize, Serialize};

/// Done, or failed and paid.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Outcome {
    /// Executed.
    Applied,
    /// Refused by a rule; only nonce and fee took effect.
    Failed {
        /// The rule.
        error: TxError,
    },
}

/// What a transaction changed, for those who follow the chain.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Money moved.
    Transferred {
        /// Who paid.
        from: Address,
        /// Who received.
        to: Address,
        /// How much.
        amount: u64,
    },
    /// An institution was admitted.
    InstitutionRegistered {
        /// Its address.
        institution: Address,
        /// Its slots, in the order of its domains.
        slots: Vec<Slot>,
    },
    /// A lender was admitted.
    LenderRegistered {
        /// Its address.
        lender: Address,
    },
    /// An account has a new key.
    KeyRotated {
        /// The account.
        account: Address,
    },
    /// A new identity root waits for the next anchor.
    IdentitiesUpdated {
        /// The root.
        root: FieldBytes,
        /// Digest of the leaf file.
        leaf_file: Digest,
    },
    /// A schema was registered.
    SchemaRegistered {
        /// Schema id.
        schema: Digest,
    },
    /// A root was published.
    CommitmentPublished {
        /// Slot.
        slot: Slot,
        /// Month.
        month: Month,
        /// Sequence number.
        sequence: u32,
    },
    /// A publication goes live with the next anchor.
    CommitmentStaged {
        /// Slot.
        slot: Slot,
        /// Month.
        month: Month,
        /// Sequence number.
        sequence: u32,
    },
    /// A policy was registered.
    PolicyRegistered {
        /// Policy id.
        policy: Digest,
        /// Its lender.
        lender: Address,
    },
    /// A policy ended.
    PolicyRetired {
        /// Policy id.
        policy: Digest,
    },
    /// A proof was verified and recorded.
    ProofRecorded {
        /// Context digest: the record's key.
        context: Digest,
        /// The lender.
        lender: Address,
        /// Policy id.
        policy: Digest,
        /// Granted or not.
        verdict: Verdict,
    },
    /// A circuit will be accepted.
    CircuitAdopted {
        /// The circuit.
        circuit: CircuitId,
        /// Id of its verifying key.
        verifying_key_id: Digest,
        /// First height at which it is accepted.
        active_from_height: u64,
    },
    /// A circuit will end.
    CircuitRetired {
        /// The circuit.
        circuit: CircuitId,
        /// Last height at which it is accepted.
        last_height: u64,
    },
    /// A circuit is not accepted any more, and its key never again.
    CircuitStopped {
        /// The circuit.
        circuit: CircuitId,
        /// Id of its verifying key.
        verifying_key_id: Digest,
    },
}

/// What became of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The transaction.
    pub transaction: TxId,
    /// Done or failed.
    pub outcome: Outcome,
    /// What the sender paid.
    pub fee_paid: u64,
    /// What changed; nothing when failed.
    pub events: Vec<Event>,
}

impl Receipt {
    /// The canonical bytes, a leaf of the receipts root.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }
}

/// The Merkle root of a block's receipts.
pub fn receipts_root(receipts: &[Receipt]) -> Digest {
    let encoded: Vec<Vec<u8>> = receipts.iter().map(Receipt::encode).collect();
    merkle::root(label::RECEIPTS, &encoded)
}
