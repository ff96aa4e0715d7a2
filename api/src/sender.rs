//! An account of this node that sends transactions by itself: a lender's records, the faucet's gifts.

use probity_chain::mempool::SubmitError;
use probity_chain::node::{IntakeError, Node};
use probity_credit::digest::Digest;
use probity_ledger::address::Address;
use probity_ledger::keys::{PublicKey, SecretKey, Signature};
use probity_ledger::transaction::{Body, Payload, Transaction, TxId};
use std::sync::{Mutex, PoisonError};

use crate::problem::{Problem, Rule};

/// How many blocks a transaction may wait. After that it can't be included any more, and is sent anew.
pub const PATIENCE_BLOCKS: u64 = 20;

/// An account with its key.
pub struct Sender {
    address: Address,
    key: SecretKey,
    /// One transaction is made at a time: two would take the same nonce.
    turn: Mutex<()>,
}

impl Sender {
    /// The account at `address`, whose current key is `key`.
    pub fn new(address: Address, key: SecretKey) -> Self {
        Self { address, key, turn: Mutex::default() }
    }

    /// The account.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Its key.
    pub fn public_key(&self) -> PublicKey {
        self.key.public()
    }

    /// Signs what is not a transaction.
    pub fn sign(&self, digest: &Digest) -> Signature {
        self.key.sign(digest)
    }

    /// Signs and submits a transaction at the least fee; says until which height it may be included.
    ///
    /// # Errors
    /// The mempool's refusal.
    pub fn send(&self, node: &Node, chain_id: Digest, payload: Payload) -> Result<(TxId, u64), Problem> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let nonce = node.next_nonce(&self.address).map_err(Problem::internal)?;
        let until = node.status().height.saturating_add(PATIENCE_BLOCKS);
        let body = |fee| Body {
            chain_id,
            sender: self.address,
            key: self.key.public(),
            nonce,
            fee,
            valid_until_height: Some(until),
            payload: payload.clone(),
        };
        // the encoded length does not depend on the fee
        let fee = node.genesis().fees.minimum(&body(0).sign(&self.key));
        Ok((submit(node, body(fee).sign(&self.key))?, until))
    }
}

/// Gives a transaction to the mempool. One that waits already is as good as taken.
///
/// # Errors
/// The mempool's refusal.
pub fn submit(node: &Node, transaction: Transaction) -> Result<TxId, Problem> {
    node.submit(transaction).or_else(|error| match error {
        IntakeError::Malformed(e) => Err(Rule::BodyMalformed { reason: e.to_string() }.into()),
        IntakeError::State(e) => Err(Problem::internal(e)),
        IntakeError::Refused(SubmitError::Known { id }) => Ok(id),
        IntakeError::Refused(refused) => Err(refusal(refused)),
    })
}

fn refusal(error: SubmitError) -> Problem {
    match error {
        SubmitError::Refused(e) => e.into(),
        SubmitError::Known { .. } | SubmitError::Full => Rule::MempoolFull.into(),
        SubmitError::NonceWindow { next, end, found } => Rule::NonceWindow { next, end, found }.into(),
        SubmitError::Underpriced { least } => Rule::NonceWaiting { least }.into(),
        SubmitError::FeesNotCovered { balance, fees } => Rule::WaitingFeesNotCovered { balance, fees }.into(),
    }
}
