//! The library's messages on the wire and in its log: each has a plain borsh form, decoded canonically and with a limit.

use crate::engine::context::{BlockHash, BlockHeight, EngineContext, Proposal, ValidatorId, Vote};
use crate::engine::parts::{PART_BYTES, Part};
use crate::engine::signing::ledger_vote_type;
use arc_malachitebft_app_channel::app::consensus::{LivenessMsg, ProposedValue, SignedConsensusMsg};
use arc_malachitebft_app_channel::app::streaming::{StreamContent, StreamId, StreamMessage};
use arc_malachitebft_app_channel::app::types::codec::{Codec, HasEncodedLen};
use arc_malachitebft_app_channel::app::types::core::{
    self, CommitCertificate, ExtendedCommitCertificate, ExtendedCommitSignature, NilOrVal, PolkaCertificate, PolkaSignature, Round,
    RoundCertificate, RoundCertificateType, RoundSignature, SignedMessage, ValidatorProof, Validity,
};
use borsh::{BorshDeserialize, BorshSerialize};
use bytes::Bytes;
use probity_credit::codec::{self as canonical, CodecError};
use probity_credit::digest::Digest;
use probity_ledger::certificate::{Certificate, CommitSignature, MAX_VALIDATORS, SignedProposal, SignedVote, VoteType};
use probity_ledger::keys::{PublicKey, Signature};

/// Room for a message with one entry of up to 160 bytes per validator.
pub(crate) const CERTIFICATE_BYTES: usize = 256 + 160 * MAX_VALIDATORS;
/// Room for a part with its header.
const PART_MESSAGE_BYTES: usize = PART_BYTES + 512;

/// Why bytes or a message are refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    #[error(transparent)]
    Codec(#[from] CodecError),
    #[error("a vote, proposal or certificate without a round")]
    NoRound,
    #[error("a peer id that is none")]
    PeerId,
    #[error("more than {MAX_VALIDATORS} signatures")]
    TooManySignatures,
    #[error("a vote extension, which this chain does not use")]
    Extension,
    #[error("a key of the wrong length")]
    Key,
}

/// A foreign type with a plain form.
pub(crate) trait Wire: Sized {
    /// The plain form.
    type Plain: BorshSerialize + BorshDeserialize;
    /// For error messages.
    const WHAT: &'static str;
    /// Most bytes of an encoding.
    const LIMIT: usize;
    fn plain(&self) -> Result<Self::Plain, WireError>;
    fn from_plain(plain: Self::Plain) -> Result<Self, WireError>;
}

/// The codec of every message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WireCodec;

impl<T: Wire> Codec<T> for WireCodec {
    type Error = WireError;

    fn decode(&self, bytes: Bytes) -> Result<T, WireError> {
        T::from_plain(canonical::decode(T::WHAT, &bytes, T::LIMIT)?)
    }

    fn encode(&self, message: &T) -> Result<Bytes, WireError> {
        Ok(canonical::encode(&message.plain()?).into())
    }
}

impl<T: Wire> HasEncodedLen<T> for WireCodec {
    fn encoded_len(&self, message: &T) -> Result<usize, WireError> {
        Ok(borsh::object_length(&message.plain()?).expect("the length of a value in memory fits memory"))
    }
}

fn round(round: Round) -> Result<u32, WireError> {
    round.as_u32().ok_or(WireError::NoRound)
}

fn round_or_nil(round: Option<u32>) -> Round {
    round.map_or(Round::Nil, Round::new)
}

fn block(block: &NilOrVal<BlockHash>) -> Option<Digest> {
    match block {
        NilOrVal::Nil => None,
        NilOrVal::Val(hash) => Some(hash.0),
    }
}

fn nil_or_block(hash: Option<Digest>) -> NilOrVal<BlockHash> {
    hash.map_or(NilOrVal::Nil, |h| NilOrVal::Val(BlockHash(h)))
}

fn library_vote_type(vote_type: VoteType) -> core::VoteType {
    match vote_type {
        VoteType::Prevote => core::VoteType::Prevote,
        VoteType::Precommit => core::VoteType::Precommit,
    }
}

type SignedLibraryVote = SignedMessage<EngineContext, Vote>;
type SignedLibraryProposal = SignedMessage<EngineContext, Proposal>;

impl Wire for SignedLibraryVote {
    type Plain = SignedVote;
    const WHAT: &'static str = "a vote";
    const LIMIT: usize = 512;

    fn plain(&self) -> Result<SignedVote, WireError> {
        let vote = &self.message;
        Ok(SignedVote {
            height: vote.height.0,
            round: round(vote.round)?,
            vote_type: ledger_vote_type(vote.vote_type),
            block_hash: block(&vote.block),
            validator: vote.validator.0,
            signature: self.signature,
        })
    }

    fn from_plain(v: SignedVote) -> Result<Self, WireError> {
        let vote = Vote {
            height: BlockHeight(v.height),
            round: Round::new(v.round),
            block: nil_or_block(v.block_hash),
            vote_type: library_vote_type(v.vote_type),
            validator: ValidatorId(v.validator),
        };
        Ok(Self::new(vote, v.signature))
    }
}

impl Wire for SignedLibraryProposal {
    type Plain = SignedProposal;
    const WHAT: &'static str = "a proposal";
    const LIMIT: usize = 512;

    fn plain(&self) -> Result<SignedProposal, WireError> {
        let proposal = &self.message;
        Ok(SignedProposal {
            height: proposal.height.0,
            round: round(proposal.round)?,
            valid_round: proposal.valid_round.as_u32(),
            block_hash: proposal.block.0,
            validator: proposal.validator.0,
            signature: self.signature,
        })
    }

    fn from_plain(p: SignedProposal) -> Result<Self, WireError> {
        let proposal = Proposal {
            height: BlockHeight(p.height),
            round: Round::new(p.round),
            valid_round: round_or_nil(p.valid_round),
            block: BlockHash(p.block_hash),
            validator: ValidatorId(p.validator),
        };
        Ok(Self::new(proposal, p.signature))
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(crate) enum PlainConsensus {
    Vote(SignedVote),
    Proposal(SignedProposal),
}

impl Wire for SignedConsensusMsg<EngineContext> {
    type Plain = PlainConsensus;
    const WHAT: &'static str = "a consensus message";
    const LIMIT: usize = 512;

    fn plain(&self) -> Result<PlainConsensus, WireError> {
        Ok(match self {
            Self::Vote(v) => PlainConsensus::Vote(v.plain()?),
            Self::Proposal(p) => PlainConsensus::Proposal(p.plain()?),
        })
    }

    fn from_plain(plain: PlainConsensus) -> Result<Self, WireError> {
        Ok(match plain {
            PlainConsensus::Vote(v) => Self::Vote(Wire::from_plain(v)?),
            PlainConsensus::Proposal(p) => Self::Proposal(Wire::from_plain(p)?),
        })
    }
}

fn bounded<T>(signatures: Vec<T>) -> Result<Vec<T>, WireError> {
    if signatures.len() > MAX_VALIDATORS { Err(WireError::TooManySignatures) } else { Ok(signatures) }
}

impl Wire for PolkaCertificate<EngineContext> {
    /// The ledger's type has the same fields; here the signatures are those of prevotes.
    type Plain = Certificate;
    const WHAT: &'static str = "a certificate of prevotes";
    const LIMIT: usize = CERTIFICATE_BYTES;

    fn plain(&self) -> Result<Certificate, WireError> {
        let signatures = self.polka_signatures.iter().map(|s| CommitSignature { validator: s.address.0, signature: s.signature }).collect();
        Ok(Certificate { height: self.height.0, round: round(self.round)?, block_hash: self.value_id.0, signatures })
    }

    fn from_plain(c: Certificate) -> Result<Self, WireError> {
        let signatures = bounded(c.signatures)?;
        Ok(Self {
            height: BlockHeight(c.height),
            round: Round::new(c.round),
            value_id: BlockHash(c.block_hash),
            polka_signatures: signatures.into_iter().map(|s| PolkaSignature::new(ValidatorId(s.validator), s.signature)).collect(),
        })
    }
}

/// The plain form of a certificate of precommits, with signers in ascending order.
pub(crate) fn plain_certificate(c: &CommitCertificate<EngineContext>) -> Result<Certificate, WireError> {
    let mut signatures: Vec<_> =
        c.commit_signatures.iter().map(|s| CommitSignature { validator: s.address.0, signature: s.signature }).collect();
    signatures.sort_by_key(|s| s.validator);
    Ok(Certificate { height: c.height.0, round: round(c.round)?, block_hash: c.value_id.0, signatures })
}

impl Wire for ExtendedCommitCertificate<EngineContext> {
    type Plain = Certificate;
    const WHAT: &'static str = "a certificate";
    const LIMIT: usize = CERTIFICATE_BYTES;

    fn plain(&self) -> Result<Certificate, WireError> {
        if self.commit_signatures.iter().any(|s| s.extension.is_some()) {
            return Err(WireError::Extension);
        }
        plain_certificate(&self.trim_vote_extensions())
    }

    fn from_plain(c: Certificate) -> Result<Self, WireError> {
        let signatures = bounded(c.signatures)?;
        let entry = |s: CommitSignature| ExtendedCommitSignature::new(ValidatorId(s.validator), s.signature, None);
        Ok(Self {
            height: BlockHeight(c.height),
            round: Round::new(c.round),
            value_id: BlockHash(c.block_hash),
            commit_signatures: signatures.into_iter().map(entry).collect(),
        })
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(crate) struct PlainRoundSignature {
    vote_type: VoteType,
    block_hash: Option<Digest>,
    validator: PublicKey,
    signature: Signature,
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(crate) struct PlainRoundCertificate {
    height: u64,
    round: u32,
    /// Whether a third of the votes justifies skipping to the round, rather than two thirds leaving it.
    skip: bool,
    signatures: Vec<PlainRoundSignature>,
}

impl Wire for RoundCertificate<EngineContext> {
    type Plain = PlainRoundCertificate;
    const WHAT: &'static str = "a round certificate";
    const LIMIT: usize = CERTIFICATE_BYTES;

    fn plain(&self) -> Result<PlainRoundCertificate, WireError> {
        let entry = |s: &RoundSignature<EngineContext>| PlainRoundSignature {
            vote_type: ledger_vote_type(s.vote_type),
            block_hash: block(&s.value_id),
            validator: s.address.0,
            signature: s.signature,
        };
        Ok(PlainRoundCertificate {
            height: self.height.0,
            round: round(self.round)?,
            skip: self.cert_type == RoundCertificateType::Skip,
            signatures: self.round_signatures.iter().map(entry).collect(),
        })
    }

    fn from_plain(c: PlainRoundCertificate) -> Result<Self, WireError> {
        let entry = |s: PlainRoundSignature| {
            RoundSignature::new(library_vote_type(s.vote_type), nil_or_block(s.block_hash), ValidatorId(s.validator), s.signature)
        };
        Ok(Self {
            height: BlockHeight(c.height),
            round: Round::new(c.round),
            cert_type: if c.skip { RoundCertificateType::Skip } else { RoundCertificateType::Precommit },
            round_signatures: bounded(c.signatures)?.into_iter().map(entry).collect(),
        })
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(crate) enum PlainLiveness {
    Vote(SignedVote),
    Polka(Certificate),
    Round(PlainRoundCertificate),
}

impl Wire for LivenessMsg<EngineContext> {
    type Plain = PlainLiveness;
    const WHAT: &'static str = "a liveness message";
    const LIMIT: usize = CERTIFICATE_BYTES;

    fn plain(&self) -> Result<PlainLiveness, WireError> {
        Ok(match self {
            Self::Vote(v) => PlainLiveness::Vote(v.plain()?),
            Self::PolkaCertificate(c) => PlainLiveness::Polka(c.plain()?),
            Self::SkipRoundCertificate(c) => PlainLiveness::Round(c.plain()?),
        })
    }

    fn from_plain(plain: PlainLiveness) -> Result<Self, WireError> {
        Ok(match plain {
            PlainLiveness::Vote(v) => Self::Vote(Wire::from_plain(v)?),
            PlainLiveness::Polka(c) => Self::PolkaCertificate(Wire::from_plain(c)?),
            PlainLiveness::Round(c) => Self::SkipRoundCertificate(Wire::from_plain(c)?),
        })
    }
}

impl Wire for Part {
    type Plain = Part;
    const WHAT: &'static str = "a block part";
    const LIMIT: usize = PART_MESSAGE_BYTES;

    fn plain(&self) -> Result<Part, WireError> {
        Ok(self.clone())
    }

    fn from_plain(part: Part) -> Result<Self, WireError> {
        Ok(part)
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(crate) struct PlainStream {
    stream_id: [u8; 16],
    sequence: u64,
    /// The end of a stream is not used, but other versions may send it.
    part: Option<Part>,
}

impl Wire for StreamMessage<Part> {
    type Plain = PlainStream;
    const WHAT: &'static str = "a block part in a stream";
    const LIMIT: usize = PART_MESSAGE_BYTES;

    fn plain(&self) -> Result<PlainStream, WireError> {
        let stream_id = self.stream_id.to_bytes().as_ref().try_into().map_err(|_| WireError::Key)?;
        Ok(PlainStream { stream_id, sequence: self.sequence, part: self.content.as_data().cloned() })
    }

    fn from_plain(s: PlainStream) -> Result<Self, WireError> {
        let content = s.part.map_or(StreamContent::Fin, StreamContent::Data);
        Ok(Self::new(StreamId::new(Bytes::copy_from_slice(&s.stream_id)), s.sequence, content))
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(crate) struct PlainProof {
    public_key: PublicKey,
    peer_id: Vec<u8>,
    signature: Signature,
}

impl Wire for ValidatorProof<EngineContext> {
    type Plain = PlainProof;
    const WHAT: &'static str = "a validator proof";
    const LIMIT: usize = 512;

    fn plain(&self) -> Result<PlainProof, WireError> {
        let key = self.public_key.as_slice().try_into().map_err(|_| WireError::Key)?;
        Ok(PlainProof { public_key: PublicKey(key), peer_id: self.peer_id.clone(), signature: self.signature })
    }

    fn from_plain(p: PlainProof) -> Result<Self, WireError> {
        Ok(Self::new(p.public_key.0.to_vec(), p.peer_id, p.signature))
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(crate) struct PlainValue {
    height: u64,
    round: u32,
    valid_round: Option<u32>,
    proposer: PublicKey,
    block_hash: Digest,
    valid: bool,
}

impl Wire for ProposedValue<EngineContext> {
    type Plain = PlainValue;
    const WHAT: &'static str = "a proposed value";
    const LIMIT: usize = 512;

    fn plain(&self) -> Result<PlainValue, WireError> {
        Ok(PlainValue {
            height: self.height.0,
            round: round(self.round)?,
            valid_round: self.valid_round.as_u32(),
            proposer: self.proposer.0,
            block_hash: self.value.0,
            valid: self.validity.is_valid(),
        })
    }

    fn from_plain(v: PlainValue) -> Result<Self, WireError> {
        Ok(Self {
            height: BlockHeight(v.height),
            round: Round::new(v.round),
            valid_round: round_or_nil(v.valid_round),
            proposer: ValidatorId(v.proposer),
            value: BlockHash(v.block_hash),
            validity: Validity::from_bool(v.valid),
        })
    }
}

#[cfg(test)]
#[path = "codec_tests.rs"]
mod tests;
