//! Signing a transaction, sending it, and waiting for what became of it.

use crate::chain::ChainView;
use crate::client::{Client, ClientError};
use crate::error::CliError;
use probity_ledger::address::Address;
use probity_ledger::keys::SecretKey;
use probity_ledger::receipt::{Event, Outcome, Receipt};
use probity_ledger::state_value::Account;
use probity_ledger::transaction::{Body, Payload, Transaction, TxId};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Blocks for which a transaction may wait.
const VALID_BLOCKS: u64 = 1_000;
/// Times the node is asked to wait for it, 20 seconds each.
const TURNS: usize = 6;

/// `TransactionStatus` of the API, as far as it is used.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Status {
    /// Its id.
    pub id: TxId,
    /// `pending` or `included`.
    pub status: String,
    /// Height of its block.
    pub height: Option<u64>,
    /// What became of it.
    pub receipt: Option<Receipt>,
}

/// A transaction that was executed.
#[derive(Debug, Clone, Serialize)]
pub struct Sent {
    /// Its id.
    pub id: TxId,
    /// Height of its block.
    pub height: u64,
    /// What it cost.
    pub fee_paid: u64,
    /// What it changed.
    pub events: Vec<Event>,
}

/// Who signs and pays.
pub struct Sender {
    key: SecretKey,
    account: Address,
}

impl Sender {
    /// The account that began with this key.
    pub fn new(key: SecretKey) -> Self {
        let account = Address::of(&key.public());
        Self { key, account }
    }

    /// Another account, whose current key this is.
    pub fn for_account(key: SecretKey, account: Address) -> Self {
        Self { key, account }
    }

    /// The account.
    pub fn account(&self) -> Address {
        self.account
    }

    /// Signs `payload` with the next nonce and the least fee, sends it, and waits until a block has it.
    ///
    /// # Errors
    /// [`CliError::Transaction`] when the chain refuses it, [`CliError::NotIncluded`], [`CliError::Client`].
    pub fn send(&self, client: &Client, payload: Payload) -> Result<Sent, CliError> {
        let transaction = self.sign(client, payload)?;
        submit(client, &transaction)
    }

    /// Signs without sending.
    ///
    /// # Errors
    /// [`CliError::Client`].
    pub fn sign(&self, client: &Client, payload: Payload) -> Result<Transaction, CliError> {
        let chain = ChainView::fetch(client)?;
        let account: AccountEntry = client.get(&format!("/v1/accounts/{}", self.account))?;
        let mut body = Body {
            chain_id: chain.chain_id,
            sender: self.account,
            key: self.key.public(),
            nonce: account.value.nonce,
            fee: 0,
            valid_until_height: Some(chain.height().saturating_add(VALID_BLOCKS)),
            payload,
        };
        // the fee has a fixed width: its value does not change the length it pays for
        body.fee = chain.fees.minimum(&body.clone().sign(&self.key));
        Ok(body.sign(&self.key))
    }
}

#[derive(Deserialize)]
struct AccountEntry {
    value: Account,
}

/// Sends a signed transaction and waits until a block has it.
///
/// # Errors
/// As [`Sender::send`].
pub fn submit(client: &Client, transaction: &Transaction) -> Result<Sent, CliError> {
    let id = transaction.id();
    let first: Status = client.post("/v1/transactions?wait_seconds=20", &json!({ "transaction": transaction }))?;
    wait(client, id, first)
}

/// Waits for a transaction that was sent.
///
/// # Errors
/// As [`Sender::send`].
pub fn wait(client: &Client, id: TxId, mut status: Status) -> Result<Sent, CliError> {
    for _ in 0..TURNS {
        if let Some(height) = status.height {
            let receipt = status.receipt.ok_or_else(|| no_receipt(client))?;
            return match receipt.outcome {
                Outcome::Applied => Ok(Sent { id, height, fee_paid: receipt.fee_paid, events: receipt.events }),
                Outcome::Failed { error } => Err(CliError::Transaction { id, height, reason: Box::new(error) }),
            };
        }
        status = client.get(&format!("/v1/transactions/{id}?wait_seconds=20"))?;
    }
    Err(CliError::NotIncluded { id })
}

fn no_receipt(client: &Client) -> CliError {
    ClientError::Answer { address: client.base().to_owned(), reason: "an included transaction without a receipt".into() }.into()
}
