//! What validators sign, and how many signatures make a block final.
//!
//! A light client needs this file alone: [`ValidatorSet`] is committed to by the header before, [`Certificate::verify`] checks the
//! precommits of more than two thirds of the power. [`Equivocation`] is the proof that a validator signed two things where it may
//! sign one.

use crate::keys::{PublicKey, SecretKey, Signature};
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::Digest;
use probity_credit::hash::label::sha256 as label;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io;

/// Most validators of a set, and so most signatures of a certificate.
pub const MAX_VALIDATORS: usize = 512;

/// A key that votes, and how much its vote weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validator {
    /// The consensus key.
    pub public_key: PublicKey,
    /// Voting power, at least 1.
    pub power: u64,
}

/// Why a list of validators is no validator set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValidatorSetError {
    /// Nobody could decide a block.
    #[error("a validator set needs at least one validator")]
    Empty,
    /// Certificates would grow without bound.
    #[error("{count} validators, more than the limit of {limit}")]
    TooMany {
        /// Validators given.
        count: usize,
        /// Validators allowed.
        limit: usize,
    },
    /// A validator whose vote weighs nothing.
    #[error("validator {validator} has no power: leave it out of the set")]
    NoPower {
        /// Its key.
        validator: PublicKey,
    },
    /// A key is listed twice.
    #[error("validator {validator} is listed twice: add its powers up")]
    Duplicate {
        /// Its key.
        validator: PublicKey,
    },
    /// The order is not the canonical one.
    #[error("validators must be in ascending order of their keys")]
    Unsorted,
    /// A key for which no signature can be checked.
    #[error("validator {validator} has no usable Ed25519 key")]
    WeakKey {
        /// Its key.
        validator: PublicKey,
    },
    /// The powers do not add up in 64 bits.
    #[error("the total power does not fit 64 bits: scale the powers down")]
    Overflow,
}

/// The validators deciding a height: 1 to [`MAX_VALIDATORS`], ascending by key, powers at least 1 with a sum that fits 64 bits.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, Serialize, Deserialize)]
#[serde(try_from = "Vec<Validator>", into = "Vec<Validator>")]
pub struct ValidatorSet {
    validators: Vec<Validator>,
}

impl ValidatorSet {
    /// A set of these validators, given in any order.
    ///
    /// # Errors
    /// [`ValidatorSetError`], one variant per rule.
    pub fn new(mut validators: Vec<Validator>) -> Result<Self, ValidatorSetError> {
        validators.sort_by_key(|v| v.public_key);
        Self::from_sorted(validators)
    }

    fn from_sorted(validators: Vec<Validator>) -> Result<Self, ValidatorSetError> {
        if validators.is_empty() {
            return Err(ValidatorSetError::Empty);
        }
        if validators.len() > MAX_VALIDATORS {
            return Err(ValidatorSetError::TooMany { count: validators.len(), limit: MAX_VALIDATORS });
        }
        for pair in validators.windows(2) {
            if pair[0].public_key == pair[1].public_key {
                return Err(ValidatorSetError::Duplicate { validator: pair[0].public_key });
            }
            if pair[0].public_key > pair[1].public_key {
                return Err(ValidatorSetError::Unsorted);
            }
        }
        let mut total = 0u64;
        for v in &validators {
            if v.power == 0 {
                return Err(ValidatorSetError::NoPower { validator: v.public_key });
            }
            v.public_key.check().map_err(|_| ValidatorSetError::WeakKey { validator: v.public_key })?;
            total = total.checked_add(v.power).ok_or(ValidatorSetError::Overflow)?;
        }
        Ok(Self { validators })
    }

    /// The validators, ascending by key.
    pub fn validators(&self) -> &[Validator] {
        &self.validators
    }

    /// The power of all.
    pub fn total_power(&self) -> u64 {
        self.validators.iter().map(|v| v.power).sum()
    }

    /// The validator with this key.
    pub fn get(&self, key: &PublicKey) -> Option<&Validator> {
        self.validators.binary_search_by_key(key, |v| v.public_key).ok().map(|i| &self.validators[i])
    }

    /// Whether `power` is more than two thirds of the whole.
    pub fn is_quorum(&self, power: u64) -> bool {
        u128::from(power) * 3 > u128::from(self.total_power()) * 2
    }

    /// Whether `power` is more than one third of the whole: so much that no two thirds agree without some of it.
    pub fn exceeds_third(&self, power: u64) -> bool {
        u128::from(power) * 3 > u128::from(self.total_power())
    }

    /// How many validators it takes at least to have more than two thirds of the power.
    pub fn quorum_size_min(&self) -> usize {
        let mut powers: Vec<u64> = self.validators.iter().map(|v| v.power).collect();
        powers.sort_unstable_by(|a, b| b.cmp(a));
        let mut power = 0;
        1 + powers
            .iter()
            .take_while(|p| {
                power += **p;
                !self.is_quorum(power)
            })
            .count()
    }

    /// The commitment to this set that headers carry.
    pub fn hash(&self) -> Digest {
        Digest::of_value(label::VALIDATORS, self)
    }

    /// Who proposes the block of a height in a round.
    ///
    /// Powers are laid end to end in the order of the keys; height `h` points at the fraction `h * phi mod 1` of their total, `phi`
    /// the golden ratio. That sequence has low discrepancy: over any stretch of heights everyone leads in proportion to its power,
    /// evenly spread. Each further round of a height points, by `h + round`, into what is left without those who had their turn, so
    /// that `n` rounds in a row have `n` different proposers and one that is down costs one round only.
    pub fn proposer(&self, height: u64, round: u32) -> &Validator {
        let mut left: Vec<&Validator> = self.validators.iter().collect();
        let turn = usize::try_from(round).expect("32 bits fit an address") % left.len();
        let mut total = self.total_power();
        for earlier in 0..turn {
            let i = pointed_at(&left, total, height.wrapping_add(earlier as u64));
            total -= left[i].power;
            left.remove(i);
        }
        left[pointed_at(&left, total, height.wrapping_add(turn as u64))]
    }
}

/// 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn pointed_at(validators: &[&Validator], total: u64, step: u64) -> usize {
    let fraction = step.wrapping_mul(GOLDEN);
    let mut point = (u128::from(fraction) * u128::from(total)) >> 64;
    for (i, v) in validators.iter().enumerate() {
        if point < u128::from(v.power) {
            return i;
        }
        point -= u128::from(v.power);
    }
    unreachable!("the point is below the sum of the powers")
}

impl TryFrom<Vec<Validator>> for ValidatorSet {
    type Error = ValidatorSetError;
    fn try_from(validators: Vec<Validator>) -> Result<Self, ValidatorSetError> {
        Self::from_sorted(validators)
    }
}

impl From<ValidatorSet> for Vec<Validator> {
    fn from(set: ValidatorSet) -> Self {
        set.validators
    }
}

impl BorshDeserialize for ValidatorSet {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let validators = Vec::<Validator>::deserialize_reader(reader)?;
        Self::from_sorted(validators).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
    }
}

/// The two votes of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoteType {
    /// "I saw this block and it is valid."
    Prevote,
    /// "Two thirds said so": two thirds of these decide.
    Precommit,
}

/// What a vote signs: the borsh encoding of label, chain id, height, round, type and block.
///
/// The label comes first, with its length, so that no other signed message has the same bytes. `None` votes for no block.
pub fn vote_sign_bytes(chain_id: &Digest, height: u64, round: u32, block_hash: Option<Digest>, vote_type: VoteType) -> Vec<u8> {
    borsh::to_vec(&(label::VOTE, chain_id, height, round, vote_type, block_hash)).expect("writing to memory does not fail")
}

/// What a proposal signs. `valid_round` names the round whose prevotes it rests on, if any.
pub fn proposal_sign_bytes(chain_id: &Digest, height: u64, round: u32, valid_round: Option<u32>, block_hash: &Digest) -> Vec<u8> {
    borsh::to_vec(&(label::PROPOSAL, chain_id, height, round, valid_round, block_hash)).expect("writing to memory does not fail")
}

/// One validator's precommit in a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitSignature {
    /// Who signed.
    pub validator: PublicKey,
    /// The signature over [`vote_sign_bytes`] of the certificate's precommit.
    pub signature: Signature,
}

/// The precommits that made a block final.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Height decided.
    pub height: u64,
    /// Round it was decided in.
    pub round: u32,
    /// The block.
    pub block_hash: Digest,
    /// The precommits, each validator's at most once.
    pub signatures: Vec<CommitSignature>,
}

/// Why a certificate does not show that a block is final.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// It is about another block.
    #[error("the certificate is for block {found}, not for {expected}")]
    WrongBlock {
        /// The block asked about.
        expected: Digest,
        /// The block of the certificate.
        found: Digest,
    },
    /// Longer than any honest one.
    #[error("{count} signatures, more than the limit of {limit}")]
    TooManySignatures {
        /// Signatures seen.
        count: usize,
        /// Signatures allowed.
        limit: usize,
    },
    /// Signed by a stranger.
    #[error("signer {validator} is not in the validator set of the height: check that the set's hash is the one the header before names")]
    UnknownSigner {
        /// The signer.
        validator: PublicKey,
    },
    /// The same vote counted twice.
    #[error("signer {validator} appears twice")]
    DuplicateSigner {
        /// The signer.
        validator: PublicKey,
    },
    /// A signature that does not hold.
    #[error("the signature of {validator} does not hold for this chain, height, round and block")]
    BadSignature {
        /// The signer.
        validator: PublicKey,
    },
    /// Too few.
    #[error("the signers have {signed} of {total} power, which is not more than two thirds")]
    NotEnoughPower {
        /// Power of the signers.
        signed: u64,
        /// Power of the set.
        total: u64,
    },
}

impl Certificate {
    /// Checks that more than two thirds of the power of `validators` precommitted to `expected_block_hash`; gives the power that did.
    ///
    /// The caller takes the validator set from what it trusts already: its hash in the header before.
    ///
    /// # Errors
    /// [`CertificateError`], one variant per rule.
    pub fn verify(&self, chain_id: &Digest, expected_block_hash: &Digest, validators: &ValidatorSet) -> Result<u64, CertificateError> {
        if self.block_hash != *expected_block_hash {
            return Err(CertificateError::WrongBlock { expected: *expected_block_hash, found: self.block_hash });
        }
        if self.signatures.len() > MAX_VALIDATORS {
            return Err(CertificateError::TooManySignatures { count: self.signatures.len(), limit: MAX_VALIDATORS });
        }
        // power first: it is cheap, and signatures of a minority need no check
        let mut seen = BTreeSet::new();
        let mut signed = 0u64;
        for CommitSignature { validator, .. } in &self.signatures {
            let known = validators.get(validator).ok_or(CertificateError::UnknownSigner { validator: *validator })?;
            if !seen.insert(*validator) {
                return Err(CertificateError::DuplicateSigner { validator: *validator });
            }
            signed += known.power; // at most the total, which fits
        }
        if !validators.is_quorum(signed) {
            return Err(CertificateError::NotEnoughPower { signed, total: validators.total_power() });
        }
        let message = vote_sign_bytes(chain_id, self.height, self.round, Some(self.block_hash), VoteType::Precommit);
        for CommitSignature { validator, signature } in &self.signatures {
            validator.verify_bytes(&message, signature).map_err(|_| CertificateError::BadSignature { validator: *validator })?;
        }
        Ok(signed)
    }
}

/// A vote with its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedVote {
    /// Height voted on.
    pub height: u64,
    /// Round voted in.
    pub round: u32,
    /// Prevote or precommit.
    pub vote_type: VoteType,
    /// The block, or none.
    pub block_hash: Option<Digest>,
    /// Who votes.
    pub validator: PublicKey,
    /// Over [`vote_sign_bytes`].
    pub signature: Signature,
}

impl SignedVote {
    /// Signs a vote.
    pub fn sign(key: &SecretKey, chain_id: &Digest, height: u64, round: u32, vote_type: VoteType, block_hash: Option<Digest>) -> Self {
        let signature = key.sign_bytes(&vote_sign_bytes(chain_id, height, round, block_hash, vote_type));
        Self { height, round, vote_type, block_hash, validator: key.public(), signature }
    }

    /// Whether the signature holds on this chain.
    pub fn is_signed(&self, chain_id: &Digest) -> bool {
        let message = vote_sign_bytes(chain_id, self.height, self.round, self.block_hash, self.vote_type);
        self.validator.verify_bytes(&message, &self.signature).is_ok()
    }
}

/// A proposal with its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedProposal {
    /// Height proposed for.
    pub height: u64,
    /// Round proposed in.
    pub round: u32,
    /// The round whose prevotes it rests on, if any.
    pub valid_round: Option<u32>,
    /// The block.
    pub block_hash: Digest,
    /// Who proposes.
    pub validator: PublicKey,
    /// Over [`proposal_sign_bytes`].
    pub signature: Signature,
}

impl SignedProposal {
    /// Signs a proposal.
    pub fn sign(key: &SecretKey, chain_id: &Digest, height: u64, round: u32, valid_round: Option<u32>, block_hash: Digest) -> Self {
        let signature = key.sign_bytes(&proposal_sign_bytes(chain_id, height, round, valid_round, &block_hash));
        Self { height, round, valid_round, block_hash, validator: key.public(), signature }
    }

    /// Whether the signature holds on this chain.
    pub fn is_signed(&self, chain_id: &Digest) -> bool {
        let message = proposal_sign_bytes(chain_id, self.height, self.round, self.valid_round, &self.block_hash);
        self.validator.verify_bytes(&message, &self.signature).is_ok()
    }
}

/// Two signed messages of one validator where an honest one signs one.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Equivocation {
    /// Two votes of one type in one round.
    Votes(SignedVote, SignedVote),
    /// Two proposals in one round.
    Proposals(SignedProposal, SignedProposal),
}

/// Who misbehaved, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offence {
    /// The height: one punishment each, however many pairs were signed.
    pub height: u64,
    /// The offender's consensus key at that height.
    pub validator: PublicKey,
}

/// Why two messages are no equivocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EquivocationError {
    /// Two honest validators may differ.
    #[error("the two messages are of different validators")]
    DifferentValidators,
    /// Each height, round and kind of vote has its own message.
    #[error("the two messages are of different heights, rounds or kinds of vote")]
    DifferentSlots,
    /// Sending one message twice is no offence.
    #[error("the two messages say the same")]
    SameMessage,
    /// A forged message.
    #[error("a signature does not hold on this chain")]
    BadSignature,
}

impl Equivocation {
    /// Checks both signatures and that the messages contradict each other.
    ///
    /// Whether the key was a validator's at that height is for the chain to check.
    ///
    /// # Errors
    /// [`EquivocationError`], one variant per rule.
    pub fn verify(&self, chain_id: &Digest) -> Result<Offence, EquivocationError> {
        let (validators, slots, same, signed, height) = match self {
            Self::Votes(a, b) => (
                a.validator == b.validator,
                (a.height, a.round, a.vote_type) == (b.height, b.round, b.vote_type),
                a.block_hash == b.block_hash,
                a.is_signed(chain_id) && b.is_signed(chain_id),
                a.height,
            ),
            Self::Proposals(a, b) => (
                a.validator == b.validator,
                (a.height, a.round) == (b.height, b.round),
                (a.block_hash, a.valid_round) == (b.block_hash, b.valid_round),
                a.is_signed(chain_id) && b.is_signed(chain_id),
                a.height,
            ),
        };
        if !validators {
            return Err(EquivocationError::DifferentValidators);
        }
        if !slots {
            return Err(EquivocationError::DifferentSlots);
        }
        if same {
            return Err(EquivocationError::SameMessage);
        }
        if !signed {
            return Err(EquivocationError::BadSignature);
        }
        let validator = match self {
            Self::Votes(a, _) => a.validator,
            Self::Proposals(a, _) => a.validator,
        };
        Ok(Offence { height, validator })
    }
}

#[cfg(test)]
#[path = "certificate_tests.rs"]
mod tests;
