//! The rules of an audit: one variant each.

use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::statement::OpeningError;
use probity_ledger::error::TxError;
use probity_ledger::genesis::GenesisError;
use probity_ledger::merkle::MerkleError;
use probity_ledger::state_proof::StateProofError;

use crate::VerifyError;
use crate::light::LightError;
use crate::registry::RegistryError;

/// An entry of the state that an audit needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// The record.
    Record,
    /// The policy.
    Policy,
    /// The schema.
    Schema,
    /// The anchor.
    Anchor,
    /// The lender.
    Lender,
    /// The circuit.
    Circuit,
    /// The spent nullifier.
    Nullifier,
}

impl std::fmt::Display for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Record => "record",
            Self::Policy => "policy",
            Self::Schema => "schema",
            Self::Anchor => "anchor",
            Self::Lender => "lender",
            Self::Circuit => "circuit",
            Self::Nullifier => "nullifier",
        })
    }
}

/// Why a record does not stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// The bundle is about another chain than the auditor's.
    #[error(
        "the bundle's genesis has chain id {found}, you trust {trusted}: ask for the record of your chain, or check where you got the id"
    )]
    OtherChain {
        /// The trusted chain id.
        trusted: Digest,
        /// That of the bundle.
        found: Digest,
    },
    /// The genesis breaks a rule.
    #[error("the genesis is refused: {0}")]
    Genesis(#[from] GenesisError),
    /// More headers than a bundle may have.
    #[error("the bundle has {count} headers, more than {limit}: leave out those that change no validators and no state proof needs")]
    TooManyHeaders {
        /// Headers.
        count: usize,
        /// Limit.
        limit: usize,
    },
    /// A header is not final.
    #[error(transparent)]
    Header(#[from] LightError),
    /// No header for a height that something refers to.
    #[error("the bundle has no header of height {height}, which the {entry} refers to: fetch the bundle again")]
    NoHeader {
        /// The height.
        height: u64,
        /// What refers to it.
        entry: Entry,
    },
    /// A state proof shows nothing.
    #[error("the state proof of the {entry} is refused: {reason}")]
    StateProof {
        /// Which entry.
        entry: Entry,
        /// What is wrong.
        reason: StateProofError,
    },
    /// A state proof shows that there is no such entry.
    #[error("the chain's state at height {height} has no such {entry}")]
    Absent {
        /// Which entry.
        entry: Entry,
        /// Height of the proof.
        height: u64,
    },
    /// A granted record needs the proof that it spent its nullifier.
    #[error("the record was granted, but the bundle has no proof that its nullifier is spent: fetch the bundle again")]
    NoNullifier,
    /// The nullifier was spent by another record.
    #[error("the nullifier was spent by record {found}, not by this one")]
    NullifierOfOther {
        /// The record that spent it.
        found: Digest,
    },
    /// The state is older than the record, so that it might not show yet what the record must agree with.
    #[error("the state proof of the {entry} is of height {height}, before the record's {record_height}: fetch the bundle again")]
    TooEarly {
        /// Which entry.
        entry: Entry,
        /// Height of the proof.
        height: u64,
        /// Height of the record.
        record_height: u64,
    },
    /// The circuit may have had another key at another height.
    #[error("the state proof of the circuit is of height {height}, not of the record's {record_height}: fetch the bundle again")]
    OtherHeight {
        /// Height of the proof.
        height: u64,
        /// Height of the record.
        record_height: u64,
    },
    /// Two things that the chain keeps equal differ.
    #[error("the record's {field} is not that of the {other}: the chain that wrote this broke its own rules")]
    Contradiction {
        /// What differs.
        field: &'static str,
        /// What it is compared with.
        other: &'static str,
    },
    /// The policy was not in force.
    #[error("the policy was not active at the anchor of height {anchor_height}")]
    PolicyNotActive {
        /// The anchor.
        anchor_height: u64,
    },
    /// The circuit was not accepted.
    #[error("the chain did not accept proofs of {circuit} at height {height}, when the proof was recorded")]
    CircuitNotAccepted {
        /// The circuit.
        circuit: CircuitId,
        /// The height.
        height: u64,
    },
    /// The anchor was too old.
    #[error("the anchor of height {anchor_height} was out of its grace when the proof was recorded")]
    AnchorOutOfGrace {
        /// The anchor.
        anchor_height: u64,
    },
    /// The request was over.
    #[error("the request had expired when the proof was recorded")]
    RequestExpired,
    /// The transaction's own structure or signature is wrong.
    #[error("the transaction is refused: {0}")]
    Transaction(TxError),
    /// The transaction is not the record's.
    #[error("the transaction's {field} is not the record's")]
    OtherTransaction {
        /// What differs.
        field: &'static str,
    },
    /// The transaction is not in the block.
    #[error("the transaction is not shown to be in the block of height {height}: {reason}")]
    NotIncluded {
        /// The block.
        height: u64,
        /// What is wrong.
        reason: MerkleError,
    },
    /// There is no key for the record's circuit.
    #[error("neither the circuit's entry nor the genesis has a key for the record's circuit")]
    NoCircuit,
    /// The verifying key is refused.
    #[error(transparent)]
    Key(#[from] RegistryError),
    /// The context rebuilt from its parts is another.
    #[error("the context rebuilt from the transaction is not the record's")]
    Context,
    /// The scope rebuilt from its parts is another.
    #[error("the scope rebuilt from policy, lender and month is not the record's")]
    Scope,
    /// Policy, inputs or proof are refused.
    #[error(transparent)]
    Proof(#[from] VerifyError),
    /// The opening is malformed.
    #[error("the opening is refused: {0}")]
    Opening(#[from] OpeningError),
    /// The opening is of another answer.
    #[error("the opening does not open this record's answer: ask the lender for the right one")]
    OtherOpening,
}
