//! Transactions against the state: one file a kind, each with its contextual checks and its execution.
//!
//! Structure and signatures were checked before ([`Transaction::check_structure`]). Execution is pure: no clock, no floats, no order
//! that depends on hashing. A refusal by a kind rolls back all but fee and nonce.
//!
//! [`Transaction::check_structure`]: probity_ledger::transaction::Transaction::check_structure

pub mod account;
mod admission;
mod approval;
mod circuits;
mod identities;
mod policies;
mod publication;
pub mod record;
mod rotation;
mod schema;
mod transfer;

#[cfg(test)]
mod circuits_tests;
#[cfg(test)]
mod tests;

use crate::state::{StateError, View};
use probity_credit::digest::Digest;
use probity_credit::month::Month;
use probity_ledger::address::Address;
use probity_ledger::error::TxError;
use probity_ledger::genesis::Genesis;
use probity_ledger::receipt::Event;
use probity_ledger::transaction::{Body, Payload, TxId};

/// What the block tells its transactions.
#[derive(Debug, Clone)]
pub struct BlockContext<'a> {
    /// The chain's rules.
    pub genesis: &'a Genesis,
    /// The chain id.
    pub chain_id: Digest,
    /// Height of the block.
    pub height: u64,
    /// Time of the block.
    pub time_unix_ms: u64,
    /// Who is paid the fees.
    pub proposer: Address,
}

impl BlockContext<'_> {
    /// The month of the block's time.
    pub fn month(&self) -> Month {
        Month::of_unix_ms(self.time_unix_ms)
    }
}

/// Why a transaction was not executed.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// A rule refuses it.
    #[error(transparent)]
    Refused(#[from] TxError),
    /// The state can't be read: the node must stop.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Events of a transaction that was executed.
pub type Execution = Result<Vec<Event>, ExecError>;

/// Executes a payload; `proof_holds` says what the block's batch found, for a payload that has a proof.
pub(crate) fn execute(
    view: &mut View<'_>,
    body: &Body,
    id: &TxId,
    ctx: &BlockContext<'_>,
    proof: &dyn Fn(&crate::proofs::ProofItem) -> bool,
) -> Execution {
    match &body.payload {
        Payload::Transfer(p) => transfer::execute(view, &body.sender, p),
        Payload::RegisterInstitution(p) => admission::execute_institution(view, p, ctx),
        Payload::RegisterLender(p) => admission::execute_lender(view, p, ctx),
        Payload::RotateKey(p) => rotation::execute(view, body, p),
        Payload::UpdateIdentities(p) => identities::execute(view, &body.sender, p, ctx),
        Payload::RegisterSchema(p) => schema::execute(view, &body.sender, p, ctx),
        Payload::PublishCommitment(p) => publication::execute(view, &body.sender, p, ctx),
        Payload::RegisterPolicy(p) => policies::execute_register(view, &body.sender, p, ctx),
        Payload::RetirePolicy(p) => policies::execute_retire(view, &body.sender, p, ctx),
        Payload::RecordProof(p) => record::execute(view, &body.sender, p, id, ctx, proof),
        Payload::AdoptCircuit(p) => circuits::execute_adopt(view, p, ctx),
        Payload::RetireCircuit(p) => circuits::execute_retire(view, p, ctx),
        Payload::StopCircuit(p) => circuits::execute_stop(view, p, ctx),
    }
}
