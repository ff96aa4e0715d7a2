//! Signing and checking with the one Ed25519 rule of the whole product: strict, over bytes that name the chain.

use crate::engine::context::{EngineContext, Proposal, Vote};
use arc_malachitebft_app_channel::app::types::core::{
    NilOrVal, SignedMessage, SigningScheme, ValidatorProof, VoteExtensionScope, VoteType,
};
use arc_malachitebft_signing::{Error, Signer, VerificationResult, Verifier};
use async_trait::async_trait;
use probity_credit::digest::Digest;
use probity_credit::hash::label::sha256 as label;
use probity_ledger::certificate as ledger;
use probity_ledger::keys::{PublicKey, SecretKey, Signature};
use std::convert::Infallible;
use std::sync::Arc;

/// Ed25519 with strict verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ed25519Strict;

/// A key or signature of the wrong length.
#[derive(Debug, thiserror::Error)]
#[error("expected {expected} bytes, found {found}")]
pub(crate) struct WrongLength {
    expected: usize,
    found: usize,
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], WrongLength> {
    bytes.try_into().map_err(|_| WrongLength { expected: N, found: bytes.len() })
}

impl SigningScheme for Ed25519Strict {
    type DecodingError = WrongLength;
    type Signature = Signature;
    type PublicKey = PublicKey;
    /// Secret keys stay in [`NodeSigner`]: the library never sees one.
    type PrivateKey = Infallible;

    fn decode_signature(bytes: &[u8]) -> Result<Signature, WrongLength> {
        array(bytes).map(Signature)
    }

    fn encode_signature(signature: &Signature) -> Vec<u8> {
        signature.0.to_vec()
    }

    fn decode_public_key(bytes: &[u8]) -> Result<PublicKey, WrongLength> {
        array(bytes).map(PublicKey)
    }

    fn encode_public_key(key: &PublicKey) -> Vec<u8> {
        key.0.to_vec()
    }
}

/// A message no honest node makes, and which therefore has no bytes to sign.
#[derive(Debug, thiserror::Error)]
enum Unsignable {
    #[error("a vote or proposal without a round")]
    NoRound,
    #[error("vote extensions are not used on this chain")]
    Extension,
}

/// The ledger's name of a vote type.
pub(crate) fn ledger_vote_type(vote_type: VoteType) -> ledger::VoteType {
    match vote_type {
        VoteType::Prevote => ledger::VoteType::Prevote,
        VoteType::Precommit => ledger::VoteType::Precommit,
    }
}

fn vote_bytes(chain_id: &Digest, vote: &Vote) -> Result<Vec<u8>, Error> {
    let round = vote.round.as_u32().ok_or_else(|| Error::from_source(Unsignable::NoRound))?;
    let block = match vote.block {
        NilOrVal::Nil => None,
        NilOrVal::Val(hash) => Some(hash.0),
    };
    Ok(ledger::vote_sign_bytes(chain_id, vote.height.0, round, block, ledger_vote_type(vote.vote_type)))
}

fn proposal_bytes(chain_id: &Digest, proposal: &Proposal) -> Result<Vec<u8>, Error> {
    let round = proposal.round.as_u32().ok_or_else(|| Error::from_source(Unsignable::NoRound))?;
    Ok(ledger::proposal_sign_bytes(chain_id, proposal.height.0, round, proposal.valid_round.as_u32(), &proposal.block.0))
}

/// What ties a network identity to a consensus key, on this chain only.
fn proof_digest(chain_id: &Digest, public_key: &[u8], peer_id: &[u8]) -> Digest {
    Digest::of(label::VALIDATOR_PROOF, &[&chain_id.0, public_key, peer_id])
}

/// Checks votes, proposals and validator proofs of one chain.
#[derive(Clone)]
pub(crate) struct ChainVerifier {
    pub(crate) chain_id: Digest,
}

fn result(valid: bool) -> VerificationResult {
    VerificationResult::from_bool(valid)
}

#[async_trait]
impl Verifier<EngineContext> for ChainVerifier {
    async fn verify_signed_vote(&self, vote: &Vote, signature: &Signature, key: &PublicKey) -> Result<VerificationResult, Error> {
        let bytes = vote_bytes(&self.chain_id, vote);
        Ok(result(bytes.is_ok_and(|b| key.verify_bytes(&b, signature).is_ok())))
    }

    async fn verify_signed_proposal(
        &self,
        proposal: &Proposal,
        signature: &Signature,
        key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        let bytes = proposal_bytes(&self.chain_id, proposal);
        Ok(result(bytes.is_ok_and(|b| key.verify_bytes(&b, signature).is_ok())))
    }

    async fn verify_signed_vote_extension(
        &self,
        _: &VoteExtensionScope<EngineContext>,
        _: &(),
        _: &Signature,
        _: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(VerificationResult::Invalid)
    }

    async fn verify_validator_proof(&self, proof: &ValidatorProof<EngineContext>) -> Result<VerificationResult, Error> {
        let digest = proof_digest(&self.chain_id, &proof.public_key, &proof.peer_id);
        let key = Ed25519Strict::decode_public_key(&proof.public_key);
        Ok(result(key.is_ok_and(|k| k.verify(&digest, &proof.signature).is_ok())))
    }
}

/// Signs with this node's consensus key.
#[derive(Clone)]
pub(crate) struct NodeSigner {
    pub(crate) chain_id: Digest,
    pub(crate) key: Arc<SecretKey>,
}

#[async_trait]
impl Signer<EngineContext> for NodeSigner {
    async fn sign_vote(&self, vote: Vote) -> Result<SignedMessage<EngineContext, Vote>, Error> {
        let signature = self.key.sign_bytes(&vote_bytes(&self.chain_id, &vote)?);
        Ok(SignedMessage::new(vote, signature))
    }

    async fn sign_proposal(&self, proposal: Proposal) -> Result<SignedMessage<EngineContext, Proposal>, Error> {
        let signature = self.key.sign_bytes(&proposal_bytes(&self.chain_id, &proposal)?);
        Ok(SignedMessage::new(proposal, signature))
    }

    async fn sign_vote_extension(&self, _: VoteExtensionScope<EngineContext>, _: ()) -> Result<SignedMessage<EngineContext, ()>, Error> {
        Err(Error::from_source(Unsignable::Extension))
    }

    async fn sign_validator_proof(&self, public_key: Vec<u8>, peer_id: Vec<u8>) -> Result<ValidatorProof<EngineContext>, Error> {
        let signature = self.key.sign(&proof_digest(&self.chain_id, &public_key, &peer_id));
        Ok(ValidatorProof::new(public_key, peer_id, signature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::context::{BlockHash, BlockHeight, ValidatorId};
    use arc_malachitebft_app_channel::app::types::core::Round;

    fn signer(chain: &str) -> NodeSigner {
        NodeSigner { chain_id: Digest::of(chain, &[]), key: Arc::new(SecretKey::generate()) }
    }

    #[tokio::test]
    async fn signatures_hold_on_their_chain_and_for_their_purpose_only() {
        let signer = signer("a");
        let key = signer.key.public();
        let (here, there) = (ChainVerifier { chain_id: signer.chain_id }, ChainVerifier { chain_id: Digest::of("b", &[]) });
        let block = NilOrVal::Val(BlockHash(Digest::of("block", &[])));
        let vote = |round| Vote { height: BlockHeight(1), round, block, vote_type: VoteType::Precommit, validator: ValidatorId(key) };

        let signed = signer.sign_vote(vote(Round::new(0))).await.unwrap();
        assert!(here.verify_signed_vote(&signed.message, &signed.signature, &key).await.unwrap().is_valid());
        assert!(there.verify_signed_vote(&signed.message, &signed.signature, &key).await.unwrap().is_invalid());
        let prevote = Vote { vote_type: VoteType::Prevote, ..signed.message.clone() };
        assert!(here.verify_signed_vote(&prevote, &signed.signature, &key).await.unwrap().is_invalid());
        assert!(signer.sign_vote(vote(Round::Nil)).await.is_err());
        assert!(here.verify_signed_vote(&vote(Round::Nil), &signed.signature, &key).await.unwrap().is_invalid());

        let proof = signer.sign_validator_proof(key.0.to_vec(), vec![1, 2, 3]).await.unwrap();
        assert!(here.verify_validator_proof(&proof).await.unwrap().is_valid());
        assert!(there.verify_validator_proof(&proof).await.unwrap().is_invalid());
        let moved = ValidatorProof { peer_id: vec![1, 2, 4], ..proof.clone() };
        assert!(here.verify_validator_proof(&moved).await.unwrap().is_invalid());
        let short = ValidatorProof { public_key: vec![1], ..proof };
        assert!(here.verify_validator_proof(&short).await.unwrap().is_invalid());
    }
}
