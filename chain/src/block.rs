//! Blocks: built from the mempool, checked whole before they are voted for.

use crate::mempool::Budget;
use crate::proofs::ProofVerifier;
use crate::state::{Reader, StateError, Store, Tip, TreeUpdate};
use crate::transition::{Executor, Transition, TransitionError, Verdicts, apply};
use crate::tx::{BlockContext, ExecError};
use probity_credit::digest::Digest;
use probity_ledger::address::Address;
use probity_ledger::block::{Block, HEADER_BYTES_MAX, Header, PROTOCOL_VERSION, transactions_root};
use probity_ledger::certificate::ValidatorSet;
use probity_ledger::error::TxError;
use probity_ledger::genesis::Genesis;
use probity_ledger::receipt::receipts_root;
use probity_ledger::state_key;
use probity_ledger::transaction::{Payload, Transaction, TxId};
use rayon::prelude::*;
use std::time::Instant;

/// A block with what it does.
pub struct Executed {
    /// The block.
    pub block: Block,
    /// Changes and receipts.
    pub transition: Transition,
    /// The state tree after it.
    pub tree: TreeUpdate,
}

/// Why a block is invalid.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// Rules of another version.
    #[error("the block follows protocol version {found}, this node version {expected}: update the node")]
    ProtocolVersion {
        /// Ours.
        expected: u32,
        /// The block's.
        found: u32,
    },
    /// Of another chain.
    #[error("the block is of chain {found}")]
    WrongChain {
        /// The block's chain.
        found: Digest,
    },
    /// Not the next height.
    #[error("the block has height {found}, the next one is {expected}")]
    WrongHeight {
        /// Next height.
        expected: u64,
        /// The block's.
        found: u64,
    },
    /// Not on top of the tip.
    #[error("the block's parent is {found}, the newest block is {expected}")]
    WrongParent {
        /// Hash of the tip.
        expected: Digest,
        /// The block's parent.
        found: Digest,
    },
    /// Not later than its parent.
    #[error("the block's time {found} is not after its parent's {parent}")]
    TimeNotRising {
        /// The parent's.
        parent: u64,
        /// The block's.
        found: u64,
    },
    /// Ahead of this node's clock.
    #[error("the block's time {found} is more than {drift} ms ahead of this node's clock {now}: check both clocks")]
    TimeAhead {
        /// Our clock.
        now: u64,
        /// Tolerance.
        drift: u64,
        /// The block's.
        found: u64,
    },
    /// Behind this node's clock.
    #[error("the block's time {found} is more than {limit} ms behind this node's clock {now}: check both clocks")]
    TimeBehind {
        /// Our clock.
        now: u64,
        /// Tolerance.
        limit: u64,
        /// The block's.
        found: u64,
    },
    /// Paid to nobody who decides.
    #[error("the proposer {found} is not a validator of this height")]
    UnknownProposer {
        /// The header's proposer.
        found: Address,
    },
    /// More than a block may hold.
    #[error("the block has {found} {what}, more than the limit of {limit}")]
    OverLimit {
        /// Of what.
        what: &'static str,
        /// How much.
        found: u64,
        /// How much is allowed.
        limit: u64,
    },
    /// A transaction whose structure or signature is bad.
    #[error("transaction {index} is malformed: {error}")]
    Structure {
        /// Its place.
        index: usize,
        /// The rule.
        error: TxError,
    },
    /// A transaction that no block may hold here.
    #[error("transaction {index} may not be included: {error}")]
    NotIncludable {
        /// Its place.
        index: usize,
        /// The rule.
        error: TxError,
    },
    /// The header commits to something else than execution gives.
    #[error("the block's {what} is {found}, execution gives {expected}")]
    WrongCommitment {
        /// Which.
        what: &'static str,
        /// Ours.
        expected: Digest,
        /// The header's.
        found: Digest,
    },
    /// The state can't be read: the node must stop.
    #[error(transparent)]
    State(#[from] StateError),
}

/// How far the time of a new block may lie behind the clock of a validator that votes for it. Far more than clocks differ and proposals
/// take, and more than any genesis lets clocks run ahead: only a proposer who holds time back meets it.
pub const TIME_BEHIND_MAX_MS: u64 = 120_000;

/// By which rules the time of a block is compared with this node's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeliness {
    /// Proposed for the first time: neither ahead nor far behind.
    New,
    /// Proposed again after two thirds prevoted for it in an earlier round. Time has passed since, and validators that wait for each
    /// other must still be able to agree on it: not ahead.
    Again,
}

/// What building and checking need of the node.
pub struct Workshop<'a> {
    /// The chain's rules.
    pub genesis: &'a Genesis,
    /// Its id.
    pub chain_id: Digest,
    /// The database.
    pub store: &'a Store,
    /// Who checks proofs.
    pub verifier: &'a dyn ProofVerifier,
}

impl Workshop<'_> {
    fn context(&self, tip: &Tip, time_unix_ms: u64, proposer: Address) -> BlockContext<'_> {
        BlockContext { genesis: self.genesis, chain_id: self.chain_id, height: tip.height + 1, time_unix_ms, proposer }
    }

    /// What a block may take of the mempool.
    pub fn budget(&self) -> Budget {
        let limits = &self.genesis.limits;
        Budget {
            transactions: limits.block_transactions as usize,
            bytes: (limits.block_bytes as usize).saturating_sub(HEADER_BYTES_MAX),
            proofs: limits.block_proofs as usize,
        }
    }

    /// Builds the block after the tip from `candidates`, whose structure was checked when they came. Those that can't be included are
    /// left out and given back; after `deadline` no further one is run.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn build(
        &self,
        candidates: Vec<Transaction>,
        now_unix_ms: u64,
        proposer: Address,
        deadline: Instant,
    ) -> Result<(Executed, Vec<TxId>), StateError> {
        let tip = self.store.tip();
        let below = self.store.snapshot(tip.height);
        let time_unix_ms = now_unix_ms.max(tip.time_unix_ms + 1);
        let ctx = self.context(&tip, time_unix_ms, proposer);
        let with_ids: Vec<(TxId, &Transaction)> = candidates.iter().map(|t| (t.id(), t)).collect();
        let verdicts = Verdicts::of_batch(&below, &with_ids, &ctx, self.verifier)?;
        let mut executor = Executor::new(&below, &ctx, &verdicts);
        let (mut included, mut refused) = (Vec::new(), Vec::new());
        for (id, transaction) in with_ids {
            if Instant::now() >= deadline {
                break;
            }
            match executor.run(id, transaction) {
                Ok(()) => included.push(transaction.clone()),
                Err(ExecError::Refused(_)) => refused.push(id),
                Err(ExecError::State(e)) => return Err(e),
            }
        }
        let transition = executor.finish()?;
        let tree = self.store.tree_update(ctx.height, &transition.changes)?;
        let header = Header {
            protocol_version: PROTOCOL_VERSION,
            chain_id: self.chain_id,
            height: ctx.height,
            time_unix_ms,
            parent_hash: tip.hash,
            transactions_root: transactions_root(&included),
            state_root: tree.root,
            receipts_root: receipts_root(&transition.receipts),
            next_validators_hash: transition.next_validators.hash(),
            proposer,
        };
        Ok((Executed { block: Block { header, transactions: included }, transition, tree }, refused))
    }

    /// Checks a block after the tip: cheap rules first, then signatures, then execution. A pure function of committed state and the
    /// block but for its time, which is compared with `now_unix_ms`.
    ///
    /// # Errors
    /// [`BlockError`], the first rule broken.
    pub fn check(&self, block: Block, encoded_bytes: usize, timeliness: Timeliness, now_unix_ms: u64) -> Result<Executed, BlockError> {
        let (found, drift) = (block.header.time_unix_ms, self.genesis.limits.clock_drift_ms);
        if found > now_unix_ms.saturating_add(drift) {
            return Err(BlockError::TimeAhead { now: now_unix_ms, drift, found });
        }
        if timeliness == Timeliness::New && found.saturating_add(TIME_BEHIND_MAX_MS) < now_unix_ms {
            return Err(BlockError::TimeBehind { now: now_unix_ms, limit: TIME_BEHIND_MAX_MS, found });
        }
        self.execute(block, encoded_bytes)
    }

    /// As [`Workshop::check`] without a look at the clock: for a block that is decided.
    ///
    /// # Errors
    /// [`BlockError`], the first rule broken.
    pub fn execute(&self, block: Block, encoded_bytes: usize) -> Result<Executed, BlockError> {
        let tip = self.store.tip();
        let header = &block.header;
        self.check_header(header, &tip)?;
        self.check_limits(&block, encoded_bytes)?;
        let below = self.store.snapshot(tip.height);
        self.check_proposer(header, &below)?;
        let broken =
            block.transactions.par_iter().enumerate().find_map_first(|(index, t)| t.check_structure().err().map(|error| (index, error)));
        if let Some((index, error)) = broken {
            return Err(BlockError::Structure { index, error });
        }
        let ctx = self.context(&tip, header.time_unix_ms, header.proposer);
        let transition = apply(&below, &block.transactions, &ctx, self.verifier).map_err(|e| match e {
            TransitionError::NotIncludable { index, error } => BlockError::NotIncludable { index, error },
            TransitionError::State(e) => e.into(),
        })?;
        let tree = self.store.tree_update(header.height, &transition.changes)?;
        for (what, found, expected) in [
            ("transactions root", header.transactions_root, transactions_root(&block.transactions)),
            ("receipts root", header.receipts_root, receipts_root(&transition.receipts)),
            ("state root", header.state_root, tree.root),
            ("next validators' hash", header.next_validators_hash, transition.next_validators.hash()),
        ] {
            if found != expected {
                return Err(BlockError::WrongCommitment { what, expected, found });
            }
        }
        Ok(Executed { block, transition, tree })
    }

    fn check_header(&self, header: &Header, tip: &Tip) -> Result<(), BlockError> {
        if header.protocol_version != PROTOCOL_VERSION {
            return Err(BlockError::ProtocolVersion { expected: PROTOCOL_VERSION, found: header.protocol_version });
        }
        if header.chain_id != self.chain_id {
            return Err(BlockError::WrongChain { found: header.chain_id });
        }
        if header.height != tip.height + 1 {
            return Err(BlockError::WrongHeight { expected: tip.height + 1, found: header.height });
        }
        if header.parent_hash != tip.hash {
            return Err(BlockError::WrongParent { expected: tip.hash, found: header.parent_hash });
        }
        if header.time_unix_ms <= tip.time_unix_ms {
            return Err(BlockError::TimeNotRising { parent: tip.time_unix_ms, found: header.time_unix_ms });
        }
        Ok(())
    }

    fn check_limits(&self, block: &Block, encoded_bytes: usize) -> Result<(), BlockError> {
        let limits = &self.genesis.limits;
        let proofs = block.transactions.iter().filter(|t| matches!(t.body.payload, Payload::RecordProof(_))).count();
        for (what, found, limit) in [
            ("bytes", encoded_bytes, limits.block_bytes),
            ("transactions", block.transactions.len(), limits.block_transactions),
            ("proofs", proofs, limits.block_proofs),
        ] {
            if found as u64 > u64::from(limit) {
                return Err(BlockError::OverLimit { what, found: found as u64, limit: limit.into() });
            }
        }
        Ok(())
    }

    /// A block that is proposed again keeps its first proposer, and rounds may differ between nodes: so any validator will do.
    fn check_proposer(&self, header: &Header, below: &dyn Reader) -> Result<(), BlockError> {
        let validators: ValidatorSet = crate::state::View::new(below).expect(&state_key::validators(), "validator set")?;
        let known = validators.validators().iter().any(|v| Address::of(&v.public_key) == header.proposer);
        if known { Ok(()) } else { Err(BlockError::UnknownProposer { found: header.proposer }) }
    }
}
