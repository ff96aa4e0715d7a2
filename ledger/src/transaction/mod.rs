//! Signed transactions: one body for all kinds, one file a kind.
//!
//! Structural checks live here and need nothing but the bytes; whether a transaction fits the state is the chain's to say.

mod admission;
mod approval;
mod circuits;
mod identities;
mod policies;
mod publication;
mod record;
mod rotation;
mod transfer;

pub use admission::{LenderKind, RegisterInstitution, RegisterLender, WINDOW_MONTHS_MAX};
pub use approval::{APPROVALS_MAX, Approval};
pub use circuits::{AdoptCircuit, RetireCircuit, StopCircuit};
pub use identities::{COVERS_MAX, Cover, UpdateIdentities};
pub use policies::{RegisterPolicy, RegisterSchema, RetirePolicy};
pub use publication::{PublishCommitment, Slot, SlotError};
pub use record::{PROOF_BYTES, ProofBytes, RecordProof, Verdict};
pub use rotation::RotateKey;
pub use transfer::Transfer;

use crate::address::Address;
use crate::error::TxError;
use crate::keys::{PublicKey, SecretKey, Signature};
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::codec::{self, CodecError};
use probity_credit::digest::Digest;
use probity_credit::hash::label;
use serde::{Deserialize, Serialize};

/// Longest encoded transaction; a policy or schema with long names is the largest kind.
pub const TRANSACTION_BYTES_MAX: usize = 64 * 1024;

/// Digest of a whole signed transaction: identifies what was sent and included.
pub type TxId = Digest;

/// What a transaction does.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Payload {
    /// Moves money.
    Transfer(Transfer),
    /// Admits an institution and gives it a registry slot for each domain.
    RegisterInstitution(RegisterInstitution),
    /// Admits a lender.
    RegisterLender(RegisterLender),
    /// Replaces the key of the sender's account.
    RotateKey(RotateKey),
    /// The identity authority's new root.
    UpdateIdentities(UpdateIdentities),
    /// A schema for files and policies.
    RegisterSchema(RegisterSchema),
    /// An institution's root for a month.
    PublishCommitment(PublishCommitment),
    /// A lender's policy.
    RegisterPolicy(RegisterPolicy),
    /// Ends a policy.
    RetirePolicy(RetirePolicy),
    /// A proof that a lender received.
    RecordProof(RecordProof),
    /// Lets the chain accept a circuit's proofs.
    AdoptCircuit(AdoptCircuit),
    /// Lets a circuit end.
    RetireCircuit(RetireCircuit),
    /// Stops a circuit at once.
    StopCircuit(StopCircuit),
}

impl Payload {
    /// The kind's name, its `type` in JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Transfer(_) => "transfer",
            Self::RegisterInstitution(_) => "register_institution",
            Self::RegisterLender(_) => "register_lender",
            Self::RotateKey(_) => "rotate_key",
            Self::UpdateIdentities(_) => "update_identities",
            Self::RegisterSchema(_) => "register_schema",
            Self::PublishCommitment(_) => "publish_commitment",
            Self::RegisterPolicy(_) => "register_policy",
            Self::RetirePolicy(_) => "retire_policy",
            Self::RecordProof(_) => "record_proof",
            Self::AdoptCircuit(_) => "adopt_circuit",
            Self::RetireCircuit(_) => "retire_circuit",
            Self::StopCircuit(_) => "stop_circuit",
        }
    }

    /// What validators sign to approve this on a chain, and the approvals so far; none for what needs none.
    pub fn decision(&mut self, chain_id: &Digest) -> Option<(Digest, &mut Vec<Approval>)> {
        match self {
            Self::RegisterInstitution(p) => Some((p.admission_digest(chain_id), &mut p.approvals)),
            Self::RegisterLender(p) => Some((p.admission_digest(chain_id), &mut p.approvals)),
            Self::AdoptCircuit(p) => Some((p.decision_digest(chain_id), &mut p.approvals)),
            Self::RetireCircuit(p) => Some((p.decision_digest(chain_id), &mut p.approvals)),
            Self::StopCircuit(p) => Some((p.decision_digest(chain_id), &mut p.approvals)),
            _ => None,
        }
    }

    /// Checks what can be checked without the state, signatures inside the payload included.
    fn check_structure(&self, body: &Body) -> Result<(), TxError> {
        match self {
            Self::Transfer(p) => p.check_structure(),
            Self::RegisterInstitution(p) => p.check_structure(&body.chain_id),
            Self::RegisterLender(p) => p.check_structure(&body.chain_id),
            Self::RotateKey(p) => p.check_structure(&body.chain_id, &body.sender),
            Self::UpdateIdentities(p) => p.check_structure(),
            Self::RegisterSchema(p) => p.check_structure(),
            Self::PublishCommitment(p) => p.check_structure(),
            Self::RegisterPolicy(p) => p.check_structure(&body.sender),
            Self::AdoptCircuit(p) => p.check_structure(&body.chain_id),
            Self::RetireCircuit(p) => p.check_structure(&body.chain_id),
            Self::StopCircuit(p) => p.check_structure(&body.chain_id),
            Self::RetirePolicy(_) | Self::RecordProof(_) => Ok(()),
        }
    }
}

/// All that a transaction's signature covers.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Body {
    /// The chain it is for: no other accepts it.
    pub chain_id: Digest,
    /// The account that acts and pays.
    pub sender: Address,
    /// The account's current key: the one it began with, until it rotates.
    pub key: PublicKey,
    /// How many transactions of the account were included before.
    pub nonce: u64,
    /// Paid to the proposer of the block, whether it succeeds or fails.
    pub fee: u64,
    /// Last height at which it may be included; none for no limit.
    pub valid_until_height: Option<u64>,
    /// What it does.
    pub payload: Payload,
}

impl Body {
    /// What is signed: the digest of the canonical body, chain id included.
    pub fn signing_digest(&self) -> Digest {
        Digest::of_value(label::sha256::TRANSACTION, self)
    }

    /// Signs the body. The key must be the one that the body names.
    pub fn sign(self, secret: &SecretKey) -> Transaction {
        let signature = secret.sign(&self.signing_digest());
        Transaction { body: self, signature }
    }
}

/// A signed transaction.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Transaction {
    /// What is signed.
    pub body: Body,
    /// By [`Body::key`], over [`Body::signing_digest`].
    pub signature: Signature,
}

impl Transaction {
    /// Decodes canonical bytes of at most [`TRANSACTION_BYTES_MAX`].
    ///
    /// # Errors
    /// [`CodecError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode("a transaction", bytes, TRANSACTION_BYTES_MAX)
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Digest of the whole, signature included: what a block commits to and a receipt names.
    ///
    /// Nothing that must happen once is keyed on it: accounts have nonces, records their context.
    pub fn id(&self) -> TxId {
        Digest::of(label::sha256::TRANSACTION, &[b"signed", &self.encode()])
    }

    /// Checks size, signature and the payload's structure: all that needs no state.
    ///
    /// # Errors
    /// The first rule broken.
    pub fn check_structure(&self) -> Result<(), TxError> {
        let bytes = self.encode().len();
        if bytes > TRANSACTION_BYTES_MAX {
            return Err(TxError::TooLarge { bytes: bytes as u64, limit: TRANSACTION_BYTES_MAX as u64 });
        }
        // the sender's signature first: payloads may hold hundreds, which only an account that pays may make others check
        self.body.key.verify(&self.body.signing_digest(), &self.signature).map_err(|_| TxError::BadSignature)?;
        self.body.payload.check_structure(&self.body)
    }
}

/// Checks a key inside a payload.
fn check_key(key: &PublicKey) -> Result<(), TxError> {
    key.check().map_err(|_| TxError::WeakKey { key: *key })
}

#[cfg(test)]
mod tests;
