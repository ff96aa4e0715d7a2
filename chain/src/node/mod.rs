//! The node: the engine's application, and what the HTTP layer asks.
//!
//! Blocks come in through [`Application`](crate::engine::Application), transactions through [`Node::submit`]; readers see committed
//! state only.

mod application;
mod reads;

pub use reads::{Included, Page, Status};

use crate::block::{Executed, Workshop};
use crate::genesis::genesis_state;
use crate::mempool::{Mempool, MempoolLimits, SubmitError};
use crate::proofs::ProofVerifier;
use crate::state::{StateError, Store, Tip, View};
use crate::tx::account::check_standing;
use probity_credit::codec::CodecError;
use probity_credit::digest::Digest;
use probity_ledger::address::Address;
use probity_ledger::error::TxError;
use probity_ledger::genesis::{Genesis, GenesisError};
use probity_ledger::keys::PublicKey;
use probity_ledger::state_key;
use probity_ledger::state_value::Account;
use probity_ledger::transaction::{Transaction, TxId};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// Why a node can't start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A bad genesis.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// A bad database.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Why a transaction was not taken.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// Not a transaction.
    #[error(transparent)]
    Malformed(#[from] CodecError),
    /// A rule refuses it.
    #[error(transparent)]
    Refused(#[from] SubmitError),
    /// The state can't be read.
    #[error(transparent)]
    State(#[from] StateError),
}

/// A node's chain.
pub struct Node {
    genesis: Genesis,
    chain_id: Digest,
    /// Who is paid for blocks this node builds; none for a node that only follows.
    own: Option<PublicKey>,
    store: Store,
    mempool: Mutex<Mempool>,
    verifier: Arc<dyn ProofVerifier>,
    /// The block checked last: commonly the one that is decided next.
    executed: Mutex<Option<Executed>>,
    tip: watch::Sender<Tip>,
}

impl Node {
    /// Opens the database under `path`, or begins it from the genesis.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(
        path: &Path,
        genesis: Genesis,
        own: Option<PublicKey>,
        limits: MempoolLimits,
        verifier: Arc<dyn ProofVerifier>,
    ) -> Result<Self, OpenError> {
        genesis.check()?;
        let chain_id = genesis.chain_id();
        let store = Store::open(path, &chain_id, genesis.time_unix_ms, &genesis_state(&genesis))?;
        let tip = watch::Sender::new(store.tip());
        let mempool = Mutex::new(Mempool::new(limits));
        Ok(Self { genesis, chain_id, own, store, mempool, verifier, executed: Mutex::new(None), tip })
    }

    fn workshop(&self) -> Workshop<'_> {
        Workshop { genesis: &self.genesis, chain_id: self.chain_id, store: &self.store, verifier: self.verifier.as_ref() }
    }

    fn mempool(&self) -> MutexGuard<'_, Mempool> {
        self.mempool.lock().expect("no thread panics while it holds the mempool")
    }

    fn newest_account(&self, address: &Address) -> Result<Account, StateError> {
        let below = self.store.snapshot(self.store.tip().height);
        Ok(View::new(&below).get(&state_key::account(address))?.unwrap_or_default())
    }

    /// Takes encoded bytes as a transaction that waits for a block.
    ///
    /// # Errors
    /// [`IntakeError`].
    pub fn submit_bytes(&self, bytes: &[u8]) -> Result<TxId, IntakeError> {
        self.submit(Transaction::decode(bytes)?)
    }

    /// Takes a transaction that waits for a block: structure, signature, account and fee are checked, and what happened to it before.
    ///
    /// # Errors
    /// [`IntakeError`].
    pub fn submit(&self, transaction: Transaction) -> Result<TxId, IntakeError> {
        self.check_payer(&transaction)?;
        transaction.check_structure().map_err(SubmitError::Refused)?;
        let mut mempool = self.mempool();
        // read under the lock: commits settle the mempool under it, so the account is not older than the pool
        let account = self.newest_account(&transaction.body.sender)?;
        let height = self.store.tip().height + 1;
        Ok(mempool.insert(transaction, &account, &self.genesis, &self.chain_id, height)?)
    }

    /// A look at the account before any signature is checked: strangers can't make the node work.
    fn check_payer(&self, transaction: &Transaction) -> Result<(), IntakeError> {
        let (body, height) = (&transaction.body, self.store.tip().height + 1);
        let account = self.newest_account(&body.sender)?;
        check_standing(&account, transaction, &self.genesis, &self.chain_id, height).map_err(SubmitError::Refused)?;
        if account.balance < body.fee {
            return Err(SubmitError::Refused(TxError::FeeNotCovered { balance: account.balance, fee: body.fee }).into());
        }
        Ok(())
    }
}

/// This node's clock. Only for proposing and for the one rule on blocks ahead of time; execution never sees it.
fn now_unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
