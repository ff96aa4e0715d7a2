//! The node as the engine sees it: propose, validate, commit.

use super::{Node, now_unix_ms};
use crate::block::{BlockError, Executed, Timeliness};
use crate::engine::{AppError, Application, Candidate, Origin, Proposed, Undecided, Verdict};
use crate::state::{BlockWrite, StateError, StoredBlock, View};
use probity_credit::digest::Digest;
use probity_ledger::address::Address;
use probity_ledger::block::{Block, transactions_root};
use probity_ledger::certificate::{Certificate, Equivocation, ValidatorSet};
use probity_ledger::state_key;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// A commit of a block that this node never stored.
#[derive(Debug, thiserror::Error)]
enum CommitError {
    #[error("block {hash} of height {height} was decided but is not stored")]
    NotStored { height: u64, hash: Digest },
    #[error("a decided block is invalid here: {0}. Compare the program's version with the other validators'")]
    Invalid(#[from] BlockError),
    #[error("a stored block does not decode: {0}")]
    Codec(#[from] probity_credit::codec::CodecError),
    #[error(transparent)]
    State(#[from] StateError),
}

impl Node {
    fn remember(&self, executed: Executed) {
        *self.executed.lock().expect("no thread panics while it holds the cache") = Some(executed);
    }

    /// What was executed before under this hash, on top of the tip.
    fn recall(&self, hash: &Digest) -> Option<Executed> {
        let mut cache = self.executed.lock().expect("no thread panics while it holds the cache");
        cache.take_if(|e| e.block.hash() == *hash && e.block.header.height == self.store.tip().height + 1)
    }

    fn build(&self, height: u64, round: u32, budget: Duration) -> Result<StoredBlock, StateError> {
        let own = self.own.expect("the engine asks only validators for a proposal");
        let tip = self.store.tip();
        if height != tip.height + 1 {
            return Err(StateError::NotNext { tip: tip.height, found: height });
        }
        let deadline = Instant::now() + budget / 2;
        let workshop = self.workshop();
        let below = self.store.snapshot(tip.height);
        let view = View::new(&below);
        let candidates = self.mempool().select(&workshop.budget(), &|sender| {
            // a sender that can't be read has nothing in this block; the next read of the state reports the failure
            crate::tx::account::load(&view, sender).map_or(u64::MAX, |a| a.nonce)
        });
        let (executed, refused) = workshop.build(candidates, now_unix_ms(), Address::of(&own), deadline)?;
        {
            let mut mempool = self.mempool();
            refused.iter().for_each(|id| mempool.drop_transaction(id));
        }
        let stored = StoredBlock { round, valid_round: None, proposer: own, hash: executed.block.hash(), bytes: executed.block.encode() };
        self.store.keep_proposal(height, &stored)?;
        self.remember(executed);
        Ok(stored)
    }

    fn check(&self, candidate: &Candidate) -> Result<Verdict, StateError> {
        let malformed = |reason: String| Ok(Verdict::Malformed { reason });
        let block = match Block::decode(&candidate.bytes) {
            Ok(block) => block,
            Err(e) => return malformed(e.to_string()),
        };
        // the hash must commit to all bytes before anything is said about it
        if transactions_root(&block.transactions) != block.header.transactions_root {
            return malformed("the transactions are not those of the header".into());
        }
        let hash = block.hash();
        if block.header.height != candidate.height {
            return Ok(Verdict::Invalid { hash, reason: format!("height {} in a proposal for {}", block.header.height, candidate.height) });
        }
        if self.store.undecided(candidate.height, &hash)?.is_none() {
            let workshop = self.workshop();
            let length = candidate.bytes.len();
            let checked = match (candidate.origin, candidate.valid_round) {
                (Origin::Decided, _) => workshop.execute(block, length),
                (Origin::Proposed, None) => workshop.check(block, length, Timeliness::New, now_unix_ms()),
                (Origin::Proposed, Some(_)) => workshop.check(block, length, Timeliness::Again, now_unix_ms()),
            };
            match checked {
                Ok(executed) => self.remember(executed),
                Err(BlockError::State(e)) => return Err(e),
                Err(e @ (BlockError::TimeAhead { .. } | BlockError::TimeBehind { .. })) => {
                    return Ok(Verdict::Untimely { hash, reason: e.to_string() });
                }
                Err(e) => return Ok(Verdict::Invalid { hash, reason: e.to_string() }),
            }
            let Candidate { round, valid_round, proposer, ref bytes, .. } = *candidate;
            self.store.keep_undecided(candidate.height, &StoredBlock { round, valid_round, proposer, hash, bytes: bytes.clone() })?;
        }
        Ok(Verdict::Valid(hash))
    }

    fn finish(&self, certificate: &Certificate) -> Result<(), CommitError> {
        let (height, hash) = (certificate.height, certificate.block_hash);
        let executed = match self.recall(&hash) {
            Some(executed) => executed,
            None => {
                let stored = self.store.undecided(height, &hash)?.ok_or(CommitError::NotStored { height, hash })?;
                self.workshop().execute(Block::decode(&stored.bytes)?, stored.bytes.len())?
            }
        };
        let write = BlockWrite {
            block: &executed.block,
            certificate,
            receipts: &executed.transition.receipts,
            tree: &executed.tree,
            anchored: executed.transition.anchored,
        };
        let mut mempool = self.mempool();
        let tip = self.store.commit(&write)?;
        let senders: BTreeSet<Address> = executed.block.transactions.iter().map(|t| t.body.sender).collect();
        mempool.settle(tip.height + 1, &senders, &|address| self.newest_account(address))?;
        drop(mempool);
        self.tip.send_replace(tip);
        Ok(())
    }
}

impl Application for Node {
    fn chain_id(&self) -> Digest {
        self.chain_id
    }

    fn tip(&self) -> u64 {
        self.store.tip().height
    }

    fn base(&self) -> u64 {
        1
    }

    fn validators(&self, height: u64) -> Result<ValidatorSet, AppError> {
        let read = || -> Result<ValidatorSet, StateError> {
            let below = height.checked_sub(1).filter(|h| *h <= self.store.tip().height);
            let below = below.ok_or(StateError::Missing { what: "validator set of a later height" })?;
            View::new(&self.store.snapshot(below)).expect(&state_key::validators(), "validator set")
        };
        read().map_err(|e| AppError::new("reading the validator set", e))
    }

    fn wants_block(&self) -> bool {
        !self.mempool().is_empty()
    }

    fn propose(&self, height: u64, round: u32, budget: Duration) -> Result<Proposed, AppError> {
        let propose = || match self.store.proposal(height, round)? {
            Some(stored) => Ok(stored),
            None => self.build(height, round, budget),
        };
        let stored: StoredBlock = propose().map_err(|e: StateError| AppError::new("proposing a block", e))?;
        Ok(Proposed { hash: stored.hash, bytes: stored.bytes })
    }

    fn validate(&self, candidate: &Candidate) -> Result<Verdict, AppError> {
        self.check(candidate).map_err(|e| AppError::new("checking a block", e))
    }

    fn undecided(&self, height: u64) -> Result<Vec<Undecided>, AppError> {
        let blocks = self.store.undecided_at(height).map_err(|e| AppError::new("reading undecided blocks", e))?;
        let undecided =
            |b: StoredBlock| Undecided { round: b.round, valid_round: b.valid_round, proposer: b.proposer, hash: b.hash, bytes: b.bytes };
        Ok(blocks.into_iter().map(undecided).collect())
    }

    fn commit(&self, certificate: Certificate) -> Result<(), AppError> {
        self.finish(&certificate).map_err(|e| AppError::new("committing a block", e))
    }

    fn misbehaviour(&self, evidence: Vec<Equivocation>) -> Result<(), AppError> {
        self.store.keep_evidence(&evidence).map_err(|e| AppError::new("keeping evidence", e))
    }

    fn decided(&self, height: u64) -> Result<Option<(Vec<u8>, Certificate)>, AppError> {
        let read = || -> Result<_, StateError> { Ok(self.store.block_bytes(height)?.zip(self.store.certificate(height)?)) };
        read().map_err(|e| AppError::new("reading a decided block", e))
    }
}
