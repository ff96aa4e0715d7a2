//! A proof that a lender received, for the record.

use crate::address::Address;
use crate::encoding::base64url_array;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::nullifier::Context;
use serde::{Deserialize, Serialize};

/// Bytes of a compressed proof.
pub const PROOF_BYTES: usize = 128;

/// A compressed proof, not yet decoded: its points are checked by the verifier.
#[derive(Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProofBytes(#[serde(with = "base64url_array")] pub [u8; PROOF_BYTES]);

impl std::fmt::Debug for ProofBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::encoding::base64url::encode(&self.0))
    }
}

/// What the lender did with the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It granted: the nullifier is spent.
    Granted,
    /// It did not: the nullifier stays unspent.
    NotGranted,
}

/// Records a proof. Every public input that is not here, the chain rebuilds.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordProof {
    /// Granted or not.
    pub verdict: Verdict,
    /// Policy id; the sender is its owner.
    pub policy: Digest,
    /// Height of the anchor that the request named.
    pub anchor_height: u64,
    /// The request's nonce.
    #[serde(with = "base64url_array")]
    pub nonce: [u8; 32],
    /// When the request expires, milliseconds since 1970.
    pub expires_unix_ms: u64,
    /// Digest of the address the response was sent to ([`crate::request::response_uri_digest`]).
    pub response_uri: Digest,
    /// The subject's one-time key.
    #[serde(with = "base64url_array")]
    pub consent_key: [u8; 32],
    /// From the proof.
    pub nullifier: FieldBytes,
    /// From the proof; only who has the opening learns the verdict.
    pub answer: FieldBytes,
    /// The proof.
    pub proof: ProofBytes,
}

impl RecordProof {
    /// The context that the proof is bound to, when `lender` sends it for a policy of `circuit`.
    pub fn context(&self, chain_id: &Digest, lender: &Address, circuit: CircuitId) -> Context {
        Context {
            chain: *chain_id,
            circuit: circuit.name().to_owned(),
            lender: lender.0,
            policy: self.policy,
            anchor_height: self.anchor_height,
            nonce: self.nonce,
            expires_unix_ms: self.expires_unix_ms,
            response_uri: self.response_uri,
            consent_key: self.consent_key,
        }
    }
}
