//! Transactions that wait for a block: each sender's in the order of nonces, the best payers first.
//!
//! Everything is bounded: bytes, number, transactions a sender. What is here was checked against structure, account and fee; whether
//! it succeeds is found out in a block.

use crate::tx::account::check_standing;
use probity_credit::digest::Digest;
use probity_ledger::address::Address;
use probity_ledger::error::TxError;
use probity_ledger::genesis::Genesis;
use probity_ledger::state_value::Account;
use probity_ledger::transaction::{Payload, Transaction, TxId};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// How much may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MempoolLimits {
    /// Transactions.
    pub transactions: usize,
    /// Their bytes together.
    pub bytes: usize,
    /// Transactions of one sender.
    pub per_sender: usize,
    /// How much more a replacement of the same nonce must pay, per cent.
    pub replacement_per_cent: u64,
}

impl Default for MempoolLimits {
    fn default() -> Self {
        Self { transactions: 20_000, bytes: 64 << 20, per_sender: 256, replacement_per_cent: 10 }
    }
}

/// Why a transaction may not wait here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// A rule of the chain refuses it.
    #[error(transparent)]
    Refused(#[from] TxError),
    /// The same transaction waits already.
    #[error("the transaction waits already: ask for its receipt")]
    Known {
        /// Its id.
        id: TxId,
    },
    /// The nonce was used, or lies too far ahead.
    #[error("the account's next nonce is {next}; {found} is not in {next}..{end}")]
    NonceWindow {
        /// The account's next nonce.
        next: u64,
        /// First nonce too far ahead.
        end: u64,
        /// The transaction's.
        found: u64,
    },
    /// Another transaction has this nonce and pays about as much.
    #[error("another transaction waits with this nonce: offer a fee of at least {least} to replace it")]
    Underpriced {
        /// Least fee that replaces.
        least: u64,
    },
    /// The sender's waiting transactions cost more than it has.
    #[error("the balance of {balance} does not cover the fees of {fees} of all transactions that wait: fund the account or wait")]
    FeesNotCovered {
        /// What the account has.
        balance: u64,
        /// What the fees add up to.
        fees: u64,
    },
    /// Full of better payers.
    #[error("too many transactions wait and all offer at least as much per byte: raise the fee or try again later")]
    Full,
}

struct Waiting {
    id: TxId,
    transaction: Transaction,
    bytes: usize,
}

impl Waiting {
    /// Fee per kilobyte: what orders transactions.
    fn rate(&self) -> u128 {
        u128::from(self.transaction.body.fee) * 1024 / self.bytes as u128
    }
}

/// What a block may take of the mempool.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Transactions.
    pub transactions: usize,
    /// Encoded bytes.
    pub bytes: usize,
    /// Proofs to verify.
    pub proofs: usize,
}

/// The mempool.
pub struct Mempool {
    limits: MempoolLimits,
    senders: BTreeMap<Address, BTreeMap<u64, Waiting>>,
    ids: BTreeMap<TxId, (Address, u64)>,
    bytes: usize,
}

impl Mempool {
    /// An empty one.
    pub fn new(limits: MempoolLimits) -> Self {
        Self { limits, senders: BTreeMap::new(), ids: BTreeMap::new(), bytes: 0 }
    }

    /// Transactions that wait.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Bytes that wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// A transaction that waits.
    pub fn get(&self, id: &TxId) -> Option<&Transaction> {
        let (sender, nonce) = self.ids.get(id)?;
        Some(&self.senders.get(sender)?.get(nonce)?.transaction)
    }

    /// The nonce after the sender's waiting transactions without a gap, from `next` on.
    pub fn next_nonce(&self, sender: &Address, next: u64) -> u64 {
        let Some(waiting) = self.senders.get(sender) else { return next };
        (next..).find(|nonce| !waiting.contains_key(nonce)).unwrap_or(u64::MAX)
    }

    /// Takes a transaction whose structure and signature were checked; `account` is its sender's in the newest state, `height` the
    /// next block's.
    ///
    /// # Errors
    /// [`SubmitError`]; then nothing changes.
    pub fn insert(
        &mut self,
        transaction: Transaction,
        account: &Account,
        genesis: &Genesis,
        chain_id: &Digest,
        height: u64,
    ) -> Result<TxId, SubmitError> {
        let id = transaction.id();
        if self.ids.contains_key(&id) {
            return Err(SubmitError::Known { id });
        }
        check_standing(account, &transaction, genesis, chain_id, height)?;
        let (sender, nonce, fee) = (transaction.body.sender, transaction.body.nonce, transaction.body.fee);
        let end = account.nonce.saturating_add(self.limits.per_sender as u64);
        if !(account.nonce..end).contains(&nonce) {
            return Err(SubmitError::NonceWindow { next: account.nonce, end, found: nonce });
        }
        let others = self.senders.get(&sender);
        let replaced = others.and_then(|w| w.get(&nonce));
        if let Some(old) = replaced {
            let old_fee = old.transaction.body.fee;
            let least = old_fee.saturating_add((old_fee / 100).saturating_mul(self.limits.replacement_per_cent)).saturating_add(1);
            if fee < least {
                return Err(SubmitError::Underpriced { least });
            }
        }
        let other_fees = others.into_iter().flatten().filter(|(n, _)| **n != nonce).map(|(_, w)| w.transaction.body.fee);
        let fees = other_fees.fold(fee, u64::saturating_add);
        if fees > account.balance {
            return Err(SubmitError::FeesNotCovered { balance: account.balance, fees });
        }
        let bytes = transaction.encode().len();
        let waiting = Waiting { id, transaction, bytes };
        self.make_room(&waiting, sender, nonce)?;
        self.remove(&sender, nonce);
        self.bytes += bytes;
        self.ids.insert(id, (sender, nonce));
        self.senders.entry(sender).or_default().insert(nonce, waiting);
        Ok(id)
    }

    /// Drops the worst payers until the newcomer fits; refuses it when it would be the worst itself.
    fn make_room(&mut self, newcomer: &Waiting, sender: Address, nonce: u64) -> Result<(), SubmitError> {
        let (freed_bytes, freed) = self.senders.get(&sender).and_then(|w| w.get(&nonce)).map_or((0, 0), |old| (old.bytes, 1));
        let mut bytes = self.bytes - freed_bytes + newcomer.bytes;
        let mut count = self.ids.len() - freed + 1;
        let mut victims = Vec::new();
        if bytes > self.limits.bytes || count > self.limits.transactions {
            // the last of each other sender: what remains has no gap
            let mut tails: BinaryHeap<Reverse<(u128, Address, u64)>> = self
                .senders
                .iter()
                .filter(|(address, _)| **address != sender)
                .filter_map(|(address, w)| w.last_key_value().map(|(n, w)| Reverse((w.rate(), *address, *n))))
                .collect();
            while bytes > self.limits.bytes || count > self.limits.transactions {
                let Some(Reverse((rate, address, nonce))) = tails.pop().filter(|t| t.0.0 < newcomer.rate()) else {
                    return Err(SubmitError::Full);
                };
                debug_assert!(rate < newcomer.rate());
                victims.push((address, nonce));
                let of_sender = &self.senders[&address];
                bytes -= of_sender[&nonce].bytes;
                count -= 1;
                if let Some((n, w)) = of_sender.range(..nonce).next_back() {
                    tails.push(Reverse((w.rate(), address, *n)));
                }
            }
        }
        for (address, nonce) in victims {
            self.remove(&address, nonce);
        }
        Ok(())
    }

    fn remove(&mut self, sender: &Address, nonce: u64) {
        let Some(of_sender) = self.senders.get_mut(sender) else { return };
        if let Some(old) = of_sender.remove(&nonce) {
            self.bytes -= old.bytes;
            self.ids.remove(&old.id);
        }
        if of_sender.is_empty() {
            self.senders.remove(sender);
        }
    }

    /// Transactions for a block within `budget`, best payers first, each sender's in order. They stay here until a block has them.
    pub fn select(&self, budget: &Budget, next_nonce: &dyn Fn(&Address) -> u64) -> Vec<Transaction> {
        let mut heads: BinaryHeap<(u128, Reverse<Address>, Reverse<u64>)> = BinaryHeap::new();
        let rate = |sender: &Address, nonce: u64| self.senders.get(sender).and_then(|w| w.get(&nonce)).map(Waiting::rate);
        for sender in self.senders.keys() {
            let nonce = next_nonce(sender);
            if let Some(rate) = rate(sender, nonce) {
                heads.push((rate, Reverse(*sender), Reverse(nonce)));
            }
        }
        let (mut out, mut bytes, mut proofs) = (Vec::new(), 0, 0);
        while let Some((_, Reverse(sender), Reverse(nonce))) = heads.pop() {
            let waiting = &self.senders[&sender][&nonce];
            let needs_proof = usize::from(matches!(waiting.transaction.body.payload, Payload::RecordProof(_)));
            if out.len() == budget.transactions {
                break;
            }
            if bytes + waiting.bytes > budget.bytes || proofs + needs_proof > budget.proofs {
                continue; // with it the sender's later ones: they need its nonce
            }
            bytes += waiting.bytes;
            proofs += needs_proof;
            out.push(waiting.transaction.clone());
            if let Some(rate) = rate(&sender, nonce + 1) {
                heads.push((rate, Reverse(sender), Reverse(nonce + 1)));
            }
        }
        out
    }

    /// After a block: what it or the time has made impossible goes. `touched` are the senders of the block: nobody else has a new
    /// nonce, another key or less money. `account` reads the newest state, `height` is the next block's.
    ///
    /// # Errors
    /// Those of `account`; then nothing changes.
    pub fn settle<E>(
        &mut self,
        height: u64,
        touched: &BTreeSet<Address>,
        account: &dyn Fn(&Address) -> Result<Account, E>,
    ) -> Result<(), E> {
        let is_late = |w: &Waiting| w.transaction.body.valid_until_height.is_some_and(|last| last < height);
        let mut gone = Vec::new();
        for (sender, waiting) in &self.senders {
            let account = if touched.contains(sender) { Some(account(sender)?) } else { None };
            let mut left = account.as_ref().map_or(u64::MAX, |a| a.balance);
            for (nonce, w) in waiting {
                let body = &w.transaction.body;
                let outdated = account.as_ref().is_some_and(|a| *nonce < a.nonce || !a.is_key(sender, &body.key));
                match left.checked_sub(body.fee) {
                    Some(rest) if !outdated && !is_late(w) => left = if account.is_some() { rest } else { left },
                    _ => gone.push((*sender, *nonce)),
                }
            }
        }
        for (sender, nonce) in gone {
            self.remove(&sender, nonce);
        }
        Ok(())
    }

    /// Drops a transaction that no block can include.
    pub fn drop_transaction(&mut self, id: &TxId) {
        if let Some((sender, nonce)) = self.ids.get(id).copied() {
            self.remove(&sender, nonce);
        }
    }
}

#[cfg(test)]
mod tests;
