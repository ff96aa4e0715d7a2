//! The types consensus is run over: heights, block hashes as values, public keys as addresses.

use crate::engine::parts::Part;
use crate::engine::signing::Ed25519Strict;
use arc_malachitebft_app_channel::app::types::core::{self, LinearTimeouts, NilOrVal, Round, SignedExtension, VoteType};
use probity_credit::digest::Digest;
use probity_ledger::certificate::ValidatorSet;
use probity_ledger::keys::PublicKey;
use std::fmt;
use std::sync::Arc;

/// Names the types below to the consensus library.
#[derive(Clone, Debug)]
pub(crate) struct EngineContext;

/// A height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct BlockHeight(pub(crate) u64);

impl fmt::Display for BlockHeight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::Height for BlockHeight {
    const ZERO: Self = Self(0);
    const INITIAL: Self = Self(1);

    fn increment_by(&self, n: u64) -> Self {
        Self(self.0.saturating_add(n)) // half a billion years of blocks away
    }

    fn decrement_by(&self, n: u64) -> Option<Self> {
        self.0.checked_sub(n).map(Self)
    }

    fn as_u64(&self) -> u64 {
        self.0
    }
}

/// A validator is addressed by its consensus key: nothing to look up, nothing to collide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ValidatorId(pub(crate) PublicKey);

impl fmt::Display for ValidatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::Address for ValidatorId {}

/// The value agreed on: a block's hash, which is its own id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BlockHash(pub(crate) Digest);

impl fmt::Display for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::Value for BlockHash {
    type Id = Self;
    fn id(&self) -> Self {
        *self
    }
}

/// One validator as consensus sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    id: ValidatorId,
    power: u64,
}

impl core::Validator<EngineContext> for Member {
    fn address(&self) -> &ValidatorId {
        &self.id
    }

    fn public_key(&self) -> &PublicKey {
        &self.id.0
    }

    fn voting_power(&self) -> u64 {
        self.power
    }
}

/// A validator set, shared: consensus clones it often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Members(Arc<(ValidatorSet, Vec<Member>)>);

impl Members {
    pub(crate) fn new(set: ValidatorSet) -> Self {
        let members = set.validators().iter().map(|v| Member { id: ValidatorId(v.public_key), power: v.power }).collect();
        Self(Arc::new((set, members)))
    }

    pub(crate) fn set(&self) -> &ValidatorSet {
        &self.0.0
    }
}

impl core::ValidatorSet<EngineContext> for Members {
    fn count(&self) -> usize {
        self.0.1.len()
    }

    fn total_voting_power(&self) -> u64 {
        self.set().total_power()
    }

    fn get_by_address(&self, address: &ValidatorId) -> Option<&Member> {
        self.0.1.binary_search_by_key(address, |m| m.id).ok().map(|i| &self.0.1[i])
    }

    fn get_by_index(&self, index: usize) -> Option<&Member> {
        self.0.1.get(index)
    }
}

/// A vote. Extensions are not used: none is ever attached, sent or signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Vote {
    pub(crate) height: BlockHeight,
    pub(crate) round: Round,
    pub(crate) block: NilOrVal<BlockHash>,
    pub(crate) vote_type: VoteType,
    pub(crate) validator: ValidatorId,
}

impl core::Vote<EngineContext> for Vote {
    fn height(&self) -> BlockHeight {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &NilOrVal<BlockHash> {
        &self.block
    }

    fn take_value(self) -> NilOrVal<BlockHash> {
        self.block
    }

    fn vote_type(&self) -> VoteType {
        self.vote_type
    }

    fn validator_address(&self) -> &ValidatorId {
        &self.validator
    }

    fn extension(&self) -> Option<&SignedExtension<EngineContext>> {
        None
    }

    fn take_extension(&mut self) -> Option<SignedExtension<EngineContext>> {
        None
    }

    fn extend(self, _: SignedExtension<EngineContext>) -> Self {
        self
    }
}

/// A proposal: the hash only, the block itself travels in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) height: BlockHeight,
    pub(crate) round: Round,
    pub(crate) valid_round: Round,
    pub(crate) block: BlockHash,
    pub(crate) validator: ValidatorId,
}

impl core::Proposal<EngineContext> for Proposal {
    fn height(&self) -> BlockHeight {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &BlockHash {
        &self.block
    }

    fn take_value(self) -> BlockHash {
        self.block
    }

    fn pol_round(&self) -> Round {
        self.valid_round
    }

    fn validator_address(&self) -> &ValidatorId {
        &self.validator
    }
}

impl core::ProposalPart<EngineContext> for Part {
    fn is_first(&self) -> bool {
        self.index == 0
    }

    fn is_last(&self) -> bool {
        self.index.checked_add(1) == Some(self.header.part_count())
    }
}

impl core::Context for EngineContext {
    type Address = ValidatorId;
    type Height = BlockHeight;
    type ProposalPart = Part;
    type Proposal = Proposal;
    type Validator = Member;
    type ValidatorSet = Members;
    type Timeouts = LinearTimeouts;
    type Value = BlockHash;
    type Vote = Vote;
    type Extension = ();
    type SigningScheme = Ed25519Strict;

    fn select_proposer<'a>(&self, members: &'a Members, height: BlockHeight, round: Round) -> &'a Member {
        let key = members.set().proposer(height.0, round.as_u32().unwrap_or(0)).public_key;
        core::ValidatorSet::get_by_address(members, &ValidatorId(key)).expect("the proposer is of the set")
    }

    fn new_proposal(&self, height: BlockHeight, round: Round, block: BlockHash, valid_round: Round, validator: ValidatorId) -> Proposal {
        Proposal { height, round, valid_round, block, validator }
    }

    fn new_prevote(&self, height: BlockHeight, round: Round, block: NilOrVal<BlockHash>, validator: ValidatorId) -> Vote {
        Vote { height, round, block, vote_type: VoteType::Prevote, validator }
    }

    fn new_precommit(&self, height: BlockHeight, round: Round, block: NilOrVal<BlockHash>, validator: ValidatorId) -> Vote {
        Vote { height, round, block, vote_type: VoteType::Precommit, validator }
    }
}
