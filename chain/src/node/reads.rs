//! What the HTTP layer asks of the node. Everything is of committed state; proofs come with the height whose header has the root.

use super::Node;
use crate::state::{Cursor, Listing, StateError, Tip, View};
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::hash::label::sha256::{RECEIPTS, TRANSACTIONS_ROOT};
use probity_ledger::address::Address;
use probity_ledger::block::{Block, Header};
use probity_ledger::certificate::{Certificate, Equivocation, ValidatorSet};
use probity_ledger::genesis::Genesis;
use probity_ledger::merkle::{self, InclusionProof};
use probity_ledger::receipt::Receipt;
use probity_ledger::state_key::{self, StateKey};
use probity_ledger::state_proof::StateProof;
use probity_ledger::state_value::{Account, AnchorEntry, AnchorState, CircuitState, Institution, Lender, PolicyEntry, Record, SchemaEntry};
use probity_ledger::transaction::{Transaction, TxId};
use serde::Serialize;
use std::time::Duration;
use tokio::sync::watch;

/// The node in a few numbers.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// Chain id.
    pub chain_id: Digest,
    /// Newest committed height.
    pub height: u64,
    /// Hash of that block.
    pub block_hash: Digest,
    /// Its time.
    pub time_unix_ms: u64,
    /// Transactions that wait.
    pub mempool_transactions: usize,
    /// Their bytes.
    pub mempool_bytes: usize,
}

/// A transaction in a committed block, with the proofs that it and its receipt are there.
#[derive(Debug, Clone, Serialize)]
pub struct Included {
    /// Height of the block.
    pub height: u64,
    /// Index in it.
    pub index: u32,
    /// The transaction.
    pub transaction: Transaction,
    /// What became of it.
    pub receipt: Receipt,
    /// Under the header's transactions root.
    pub transaction_proof: InclusionProof,
    /// Under the header's receipts root.
    pub receipt_proof: InclusionProof,
}

/// A page of a listing.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The entries.
    pub entries: Vec<T>,
    /// Where the next page begins; none when this is the last.
    pub next: Option<Cursor>,
}

impl Node {
    /// The genesis.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The node in a few numbers.
    pub fn status(&self) -> Status {
        let tip = self.store.tip();
        let mempool = self.mempool();
        Status {
            chain_id: self.chain_id,
            height: tip.height,
            block_hash: tip.hash,
            time_unix_ms: tip.time_unix_ms,
            mempool_transactions: mempool.len(),
            mempool_bytes: mempool.bytes(),
        }
    }

    /// Follows the tip: changes once a committed block is on disk.
    pub fn follow(&self) -> watch::Receiver<Tip> {
        self.tip.subscribe()
    }

    /// An entry of the newest state.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn get<T: BorshDeserialize + BorshSerialize>(&self, key: &StateKey) -> Result<Option<T>, StateError> {
        View::new(&self.store.snapshot(self.store.tip().height)).get(key)
    }

    /// An entry of the newest state with its proof.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn prove(&self, key: &StateKey) -> Result<StateProof, StateError> {
        self.store.prove(self.store.tip().height, key)
    }

    /// An entry of the state after a height with its proof; none above the tip.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn prove_at(&self, height: u64, key: &StateKey) -> Result<Option<StateProof>, StateError> {
        if height > self.store.tip().height { Ok(None) } else { self.store.prove(height, key).map(Some) }
    }

    /// A committed block.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn block(&self, height: u64) -> Result<Option<Block>, StateError> {
        self.store.block(height)
    }

    /// A committed header with what made it final.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn header(&self, height: u64) -> Result<Option<(Header, Certificate)>, StateError> {
        Ok(self.store.block(height)?.map(|b| b.header).zip(self.store.certificate(height)?))
    }

    /// The receipts of a block.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn receipts(&self, height: u64) -> Result<Option<Vec<Receipt>>, StateError> {
        self.store.receipts(height)
    }

    /// The validators that decide a height, at most one above the tip.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn validators_of(&self, height: u64) -> Result<Option<ValidatorSet>, StateError> {
        match height.checked_sub(1).filter(|h| *h <= self.store.tip().height) {
            Some(before) => View::new(&self.store.snapshot(before)).get(&state_key::validators()),
            None => Ok(None),
        }
    }

    /// A transaction in a committed block.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn transaction(&self, id: &TxId) -> Result<Option<Included>, StateError> {
        let Some(at) = self.store.locate(id)? else { return Ok(None) };
        let missing = || StateError::Missing { what: "block of a transaction" };
        let block = self.store.block(at.height)?.ok_or_else(missing)?;
        let receipts = self.store.receipts(at.height)?.ok_or_else(missing)?;
        let index = at.index as usize;
        let prove = |label, leaves: Vec<Vec<u8>>| merkle::prove(label, &leaves, index).map_err(|_| missing());
        let transaction_proof = prove(TRANSACTIONS_ROOT, block.transactions.iter().map(Transaction::encode).collect())?;
        let receipt_proof = prove(RECEIPTS, receipts.iter().map(Receipt::encode).collect())?;
        let transaction = block.transactions.into_iter().nth(index).ok_or_else(missing)?;
        let receipt = receipts.into_iter().nth(index).ok_or_else(missing)?;
        Ok(Some(Included { height: at.height, index: at.index, transaction, receipt, transaction_proof, receipt_proof }))
    }

    /// Whether a transaction waits for a block.
    pub fn is_waiting(&self, id: &TxId) -> bool {
        self.mempool().get(id).is_some()
    }

    /// Waits until a transaction is in a committed block, at most `timeout`.
    ///
    /// # Errors
    /// When it can't be read.
    pub async fn wait_for(&self, id: &TxId, timeout: Duration) -> Result<Option<Included>, StateError> {
        let mut tip = self.follow();
        let search = async {
            loop {
                tip.borrow_and_update();
                if let Some(included) = self.transaction(id)? {
                    return Ok(Some(included));
                }
                if tip.changed().await.is_err() {
                    return Ok(None);
                }
            }
        };
        tokio::time::timeout(timeout, search).await.unwrap_or(Ok(None))
    }

    /// An account of the newest state.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn account(&self, address: &Address) -> Result<Account, StateError> {
        self.newest_account(address)
    }

    /// The nonce for the sender's next transaction, those that wait counted.
    ///
    /// # Errors
    /// When the account can't be read.
    pub fn next_nonce(&self, address: &Address) -> Result<u64, StateError> {
        let mempool = self.mempool();
        Ok(mempool.next_nonce(address, self.newest_account(address)?.nonce))
    }

    /// The newest anchor; none before the first.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn newest_anchor(&self) -> Result<Option<AnchorEntry>, StateError> {
        let below = self.store.snapshot(self.store.tip().height);
        let view = View::new(&below);
        let anchors: AnchorState = view.expect(&state_key::anchors(), "anchor state")?;
        anchors.newest.map(|height| view.expect(&state_key::anchor(height), "anchor")).transpose()
    }

    /// Equivocations this node has seen.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn evidence(&self) -> Result<Vec<Equivocation>, StateError> {
        self.store.evidence()
    }

    /// Records, newest first.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn records(&self, before: Option<Cursor>, limit: usize) -> Result<Page<Record>, StateError> {
        self.page(Listing::Records, before, limit, |_, id| state_key::record(id))
    }

    /// Policies, newest first.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn policies(&self, before: Option<Cursor>, limit: usize) -> Result<Page<PolicyEntry>, StateError> {
        self.page(Listing::Policies, before, limit, |_, id| state_key::policy(id))
    }

    /// Schemas, newest first.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn schemas(&self, before: Option<Cursor>, limit: usize) -> Result<Page<SchemaEntry>, StateError> {
        self.page(Listing::Schemas, before, limit, |_, id| state_key::schema(id))
    }

    /// Institutions, newest first.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn institutions(&self, before: Option<Cursor>, limit: usize) -> Result<Page<Institution>, StateError> {
        self.page(Listing::Institutions, before, limit, |_, id| state_key::institution(&Address(*id)))
    }

    /// Lenders, newest first.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn lenders(&self, before: Option<Cursor>, limit: usize) -> Result<Page<Lender>, StateError> {
        self.page(Listing::Lenders, before, limit, |_, id| state_key::lender(&Address(*id)))
    }

    /// The circuits that the chain has or had, smallest first.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn circuits(&self) -> Result<Vec<CircuitState>, StateError> {
        let below = self.store.snapshot(self.store.tip().height);
        let view = View::new(&below);
        CircuitId::ALL.into_iter().filter_map(|id| view.get(&state_key::circuit(id)).transpose()).collect()
    }

    /// Anchors, newest first.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn anchors(&self, before: Option<Cursor>, limit: usize) -> Result<Page<AnchorEntry>, StateError> {
        self.page(Listing::Anchors, before, limit, |cursor, _| state_key::anchor(cursor.height))
    }

    /// Transactions that published commitments, newest first.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn commitments(&self, before: Option<Cursor>, limit: usize) -> Result<Page<Included>, StateError> {
        self.transactions_page(Listing::Commitments, before, limit)
    }

    /// Transactions that updated identities, newest first.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn identity_updates(&self, before: Option<Cursor>, limit: usize) -> Result<Page<Included>, StateError> {
        self.transactions_page(Listing::IdentityUpdates, before, limit)
    }

    fn transactions_page(&self, listing: Listing, before: Option<Cursor>, limit: usize) -> Result<Page<Included>, StateError> {
        let found = self.store.list_before(listing, before, limit)?;
        let next = found.last().filter(|_| found.len() == limit).map(|(cursor, _)| *cursor);
        let missing = || StateError::Missing { what: "listed transaction" };
        let entries = found.iter().map(|(_, id)| self.transaction(id)?.ok_or_else(missing)).collect::<Result<_, _>>()?;
        Ok(Page { entries, next })
    }

    fn page<T: BorshDeserialize + BorshSerialize>(
        &self,
        listing: Listing,
        before: Option<Cursor>,
        limit: usize,
        key: impl Fn(&Cursor, &Digest) -> StateKey,
    ) -> Result<Page<T>, StateError> {
        let found = self.store.list_before(listing, before, limit)?;
        let next = found.last().filter(|_| found.len() == limit).map(|(cursor, _)| *cursor);
        let below = self.store.snapshot(self.store.tip().height);
        let view = View::new(&below);
        let entries = found.iter().map(|(cursor, id)| view.expect(&key(cursor, id), "listed entry")).collect::<Result<_, _>>()?;
        Ok(Page { entries, next })
    }
}
