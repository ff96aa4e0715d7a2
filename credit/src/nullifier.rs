//! Scopes, nullifiers and the context that a proof is bound to.

use crate::digest::Digest;
use crate::field::{F, FieldBytes};
use crate::hash::{self, label};
use crate::identity::Secret;
use crate::month::Month;
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// In whose scope a policy's nullifiers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeKind {
    /// The policy's lender.
    Lender,
    /// All lenders of the chain together, against loan stacking.
    Consortium,
}

/// A nullifier scope: one grant a person, owner and window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Scope {
    /// Digest of chain, kind and lender.
    pub owner: Digest,
    /// Number of the window: the anchor's month divided by the owner's window length.
    pub window: u32,
}

impl Scope {
    /// The scope of `kind` on `chain` for `lender`, in the window of `window_months` months that `month` lies in.
    ///
    /// Never free bytes, so that no lender can aim at another's scope.
    pub fn new(chain: &Digest, kind: ScopeKind, lender: &Digest, window_months: std::num::NonZeroU16, month: Month) -> Self {
        let owner = match kind {
            ScopeKind::Lender => Digest::of(label::sha256::SCOPE_OWNER, &[&chain.0, b"lender", &lender.0]),
            ScopeKind::Consortium => Digest::of(label::sha256::SCOPE_OWNER, &[&chain.0, b"consortium"]),
        };
        Self { owner, window: u32::from(month.0 / window_months) }
    }

    /// `H(scope; owner, window)`.
    pub fn element(&self) -> F {
        hash::hash(label::poseidon::SCOPE, &[self.owner.to_field(), F::from(u64::from(self.window))])
    }
}

/// `H(nullifier; sk, scope)`: the same for a person in a scope, whatever anchor, files and proof.
pub fn nullifier(secret: &Secret, scope: F) -> FieldBytes {
    hash::hash(label::poseidon::NULLIFIER, &[secret.expose(), scope]).into()
}

/// What a proof is bound to; its digest is the public input `context`.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Context {
    /// Chain id.
    pub chain: Digest,
    /// Circuit id, for example `eligibility-3`.
    pub circuit: String,
    /// Address of the lender that asks.
    pub lender: Digest,
    /// Policy id.
    pub policy: Digest,
    /// Height of the anchor.
    pub anchor_height: u64,
    /// The request's nonce.
    pub nonce: [u8; 32],
    /// When the request expires, milliseconds since 1970.
    pub expires_unix_ms: u64,
    /// Digest of the address the answer is sent to.
    pub response_uri: Digest,
    /// One-time key with which the subject later consents to a release of records.
    pub consent_key: [u8; 32],
}

impl Context {
    /// Identifies the answered request on chain.
    pub fn digest(&self) -> Digest {
        Digest::of_value(label::sha256::CONTEXT, self)
    }

    /// The public input.
    pub fn element(&self) -> F {
        self.digest().to_field()
    }
}
