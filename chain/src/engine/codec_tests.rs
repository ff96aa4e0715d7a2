use super::*;
use crate::engine::codec_sync::RESPONSE_BYTES_MAX;
use crate::engine::parts::PartHeader;
use arc_malachitebft_app_channel::app::types::PeerId;
use arc_malachitebft_app_channel::app::types::sync::{RawDecidedValue, Request, Response, Status};
use arc_malachitebft_sync::{ValueRequest, ValueResponse};
use std::fmt::Debug;

fn hash(n: u8) -> Digest {
    Digest([n; 32])
}

fn id(n: u8) -> ValidatorId {
    ValidatorId(PublicKey([n; 32]))
}

const SIGNATURE: Signature = Signature([7; 64]);

/// Writes, measures and reads a message; then everything one byte off is refused.
fn round_trip<T: Wire + PartialEq + Debug>(message: &T) {
    let bytes = WireCodec.encode(message).unwrap();
    assert_eq!(WireCodec.encoded_len(message).unwrap(), bytes.len());
    assert_eq!(&Codec::<T>::decode(&WireCodec, bytes.clone()).unwrap(), message);
    let mut longer = bytes.to_vec();
    longer.push(0);
    assert!(Codec::<T>::decode(&WireCodec, longer.into()).is_err(), "{}: a byte too many", T::WHAT);
    assert!(Codec::<T>::decode(&WireCodec, bytes.slice(..bytes.len() - 1)).is_err(), "{}: a byte too few", T::WHAT);
}

fn vote(round: Round, block: NilOrVal<BlockHash>) -> SignedLibraryVote {
    let vote = Vote { height: BlockHeight(9), round, block, vote_type: core::VoteType::Precommit, validator: id(1) };
    SignedMessage::new(vote, SIGNATURE)
}

fn proposal(valid_round: Round) -> SignedLibraryProposal {
    let proposal = Proposal { height: BlockHeight(9), round: Round::new(3), valid_round, block: BlockHash(hash(2)), validator: id(1) };
    SignedMessage::new(proposal, SIGNATURE)
}

fn polka(signatures: usize) -> PolkaCertificate<EngineContext> {
    PolkaCertificate {
        height: BlockHeight(9),
        round: Round::new(0),
        value_id: BlockHash(hash(2)),
        polka_signatures: vec![PolkaSignature::new(id(1), SIGNATURE); signatures],
    }
}

fn round_certificate(signatures: usize, cert_type: RoundCertificateType) -> RoundCertificate<EngineContext> {
    let entry = RoundSignature::new(core::VoteType::Prevote, NilOrVal::Val(BlockHash(hash(2))), id(1), SIGNATURE);
    RoundCertificate { height: BlockHeight(9), round: Round::new(1), cert_type, round_signatures: vec![entry; signatures] }
}

fn commit(signatures: usize) -> ExtendedCommitCertificate<EngineContext> {
    ExtendedCommitCertificate {
        height: BlockHeight(9),
        round: Round::new(1),
        value_id: BlockHash(hash(2)),
        commit_signatures: vec![ExtendedCommitSignature::new(id(1), SIGNATURE, None); signatures],
    }
}

#[test]
fn every_message_round_trips() {
    let block = NilOrVal::Val(BlockHash(hash(2)));
    round_trip(&SignedConsensusMsg::Vote(vote(Round::new(0), NilOrVal::Nil)));
    round_trip(&SignedConsensusMsg::Vote(vote(Round::new(1), block)));
    round_trip(&SignedConsensusMsg::Proposal(proposal(Round::Nil)));
    round_trip(&SignedConsensusMsg::Proposal(proposal(Round::new(2))));
    round_trip(&LivenessMsg::Vote(vote(Round::new(0), block)));
    // the largest ones fit their limits
    round_trip(&LivenessMsg::PolkaCertificate(polka(MAX_VALIDATORS)));
    round_trip(&LivenessMsg::SkipRoundCertificate(round_certificate(MAX_VALIDATORS, RoundCertificateType::Skip)));
    round_trip(&round_certificate(1, RoundCertificateType::Precommit));
    round_trip(&polka(0));
    round_trip(&commit(MAX_VALIDATORS));

    let header = PartHeader {
        height: 9,
        round: 1,
        valid_round: Some(0),
        sender: PublicKey([1; 32]),
        block_hash: hash(2),
        content: hash(3),
        length: PART_BYTES as u32,
    };
    let part = Part { header, index: 0, data: vec![1; PART_BYTES], signature: SIGNATURE };
    round_trip(&part);
    let stream = |content| StreamMessage::new(StreamId::new(Bytes::from_static(&[5; 16])), 3, content);
    round_trip(&stream(StreamContent::Data(part)));
    round_trip(&stream(StreamContent::Fin));

    round_trip(&ValidatorProof::<EngineContext>::new(vec![1; 32], vec![2; 38], SIGNATURE));
    round_trip(&ProposedValue::<EngineContext> {
        height: BlockHeight(9),
        round: Round::new(1),
        valid_round: Round::Nil,
        proposer: id(1),
        value: BlockHash(hash(2)),
        validity: Validity::Invalid,
    });

    let peer_id = PeerId::from_bytes(&[0, 2, 8, 1]).unwrap();
    round_trip(&Status::<EngineContext> { peer_id, tip_height: BlockHeight(5), history_min_height: BlockHeight(1) });
    round_trip(&Request::<EngineContext>::ValueRequest(ValueRequest::new(BlockHeight(2)..=BlockHeight(4))));
    let values = vec![RawDecidedValue::new(Bytes::from_static(b"block"), commit(2)); 2];
    round_trip(&Response::ValueResponse(ValueResponse::new(BlockHeight(9), values)));
}

#[test]
fn what_no_honest_node_sends_is_refused() {
    let no_round = SignedConsensusMsg::Vote(vote(Round::Nil, NilOrVal::Nil));
    assert!(matches!(WireCodec.encode(&no_round), Err(WireError::NoRound)));

    let too_many = canonical::encode(&polka(MAX_VALIDATORS + 1).plain().unwrap());
    let decoded = Codec::<PolkaCertificate<EngineContext>>::decode(&WireCodec, too_many.into());
    assert!(matches!(decoded, Err(WireError::TooManySignatures)));
    let huge = vec![0; CERTIFICATE_BYTES + 1];
    let decoded = Codec::<LivenessMsg<EngineContext>>::decode(&WireCodec, huge.into());
    assert!(matches!(decoded, Err(WireError::Codec(CodecError::TooLong { .. }))));

    let mut extended = commit(1);
    extended.commit_signatures[0].extension = Some(SignedMessage::new((), SIGNATURE));
    assert!(matches!(WireCodec.encode(&extended), Err(WireError::Extension)));

    // a length that promises more than there is must not be believed
    let mut response = vec![0; 8];
    response.extend(u32::MAX.to_le_bytes());
    assert!(response.len() < RESPONSE_BYTES_MAX);
    assert!(Codec::<Response<EngineContext>>::decode(&WireCodec, response.into()).is_err());

    let status = PlainStatusForTest { peer_id: vec![1, 2, 3], tip: 1, base: 1 };
    let decoded = Codec::<Status<EngineContext>>::decode(&WireCodec, canonical::encode(&status).into());
    assert!(matches!(decoded, Err(WireError::PeerId)));
}

#[derive(BorshSerialize)]
struct PlainStatusForTest {
    peer_id: Vec<u8>,
    tip: u64,
    base: u64,
}
