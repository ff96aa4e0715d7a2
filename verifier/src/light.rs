//! Follows a chain by headers and certificates alone, from a genesis that the caller trusts.
//!
//! Headers may be left out as long as none is missing that changes the validator set: a header counts if more than two thirds of the
//! validators that the last one named have signed it, whatever lies between. Honest validators sign one block a height and none after
//! they have left the set, so this trusts them no more than following every header does. What it cannot see, and following every
//! header cannot either, is whether two thirds of an old set, long out of office, sold their keys later: compare a recent block hash
//! with another source when that matters.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::Digest;
use probity_ledger::block::{Header, PROTOCOL_VERSION};
use probity_ledger::certificate::{Certificate, CertificateError, ValidatorSet};
use probity_ledger::genesis::Genesis;
use serde::{Deserialize, Serialize};

/// A header, why it is final, and the validators after it where they change.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHeader {
    /// The header.
    pub header: Header,
    /// The precommits for it.
    pub certificate: Certificate,
    /// The next height's validators, if they are not this height's.
    pub next_validators: Option<ValidatorSet>,
}

/// Why a header is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LightError {
    /// From another chain.
    #[error("the header of height {height} is of chain {found}, not of {expected}")]
    OtherChain {
        /// Its height.
        height: u64,
        /// The chain followed.
        expected: Digest,
        /// The header's chain.
        found: Digest,
    },
    /// Made by rules this program does not know.
    #[error("the header of height {height} follows protocol version {found}, this program knows {PROTOCOL_VERSION}: update it")]
    ProtocolVersion {
        /// Its height.
        height: u64,
        /// Its version.
        found: u32,
    },
    /// Heights must rise.
    #[error("the header of height {height} comes after that of height {last}: send headers in ascending order")]
    Height {
        /// Its height.
        height: u64,
        /// The height before.
        last: u64,
    },
    /// Time must rise.
    #[error("the header of height {height} is not later than the one before it")]
    Time {
        /// Its height.
        height: u64,
    },
    /// Directly after the last header, but not built on it.
    #[error("the header of height {height} is not built on the header before it: one of the two is of a fork")]
    Parent {
        /// Its height.
        height: u64,
    },
    /// The certificate is for another height.
    #[error("the certificate beside the header of height {height} is for height {found}")]
    CertificateHeight {
        /// The header's height.
        height: u64,
        /// The certificate's.
        found: u64,
    },
    /// The certificate does not make it final.
    #[error("the header of height {height} is not final: {reason}")]
    Certificate {
        /// Its height.
        height: u64,
        /// What is wrong.
        reason: CertificateError,
    },
    /// The validators change, and the new ones are missing or others.
    #[error("the validators change after height {height}: send the set with hash {expected}")]
    NextValidators {
        /// The height.
        height: u64,
        /// The hash in its header.
        expected: Digest,
    },
}

/// What is trusted: a height and the validators of the next.
#[derive(Debug, Clone)]
pub struct LightClient {
    chain_id: Digest,
    height: u64,
    hash: Digest,
    time_unix_ms: u64,
    validators: ValidatorSet,
}

impl LightClient {
    /// Starts from a genesis. That it is the right one is for the caller to know: by its chain id.
    pub fn new(genesis: &Genesis) -> Self {
        let chain_id = genesis.chain_id();
        Self { chain_id, height: 0, hash: chain_id, time_unix_ms: genesis.time_unix_ms, validators: genesis.validators.clone() }
    }

    /// The chain.
    pub fn chain_id(&self) -> Digest {
        self.chain_id
    }

    /// The last height accepted; 0 for the genesis.
    pub fn height(&self) -> u64 {
        self.height
    }

    /// The hash of the last header accepted; the chain id for the genesis.
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// The validators of the next height.
    pub fn validators(&self) -> &ValidatorSet {
        &self.validators
    }

    /// Accepts the next header, or one further on that the same validators signed; gives the power that signed it.
    ///
    /// # Errors
    /// [`LightError`]; what is trusted is then unchanged.
    pub fn advance(&mut self, signed: &SignedHeader) -> Result<u64, LightError> {
        let SignedHeader { header, certificate, next_validators } = signed;
        let height = header.height;
        if header.chain_id != self.chain_id {
            return Err(LightError::OtherChain { height, expected: self.chain_id, found: header.chain_id });
        }
        if header.protocol_version != PROTOCOL_VERSION {
            return Err(LightError::ProtocolVersion { height, found: header.protocol_version });
        }
        if height <= self.height {
            return Err(LightError::Height { height, last: self.height });
        }
        if header.time_unix_ms <= self.time_unix_ms {
            return Err(LightError::Time { height });
        }
        // the height is above the last, so this does not overflow
        if height == self.height + 1 && header.parent_hash != self.hash {
            return Err(LightError::Parent { height });
        }
        if certificate.height != height {
            return Err(LightError::CertificateHeight { height, found: certificate.height });
        }
        let hash = header.hash();
        let signed_power =
            certificate.verify(&self.chain_id, &hash, &self.validators).map_err(|reason| LightError::Certificate { height, reason })?;
        let expected = header.next_validators_hash;
        if self.validators.hash() != expected {
            let next = next_validators.as_ref().filter(|set| set.hash() == expected);
            self.validators = next.ok_or(LightError::NextValidators { height, expected })?.clone();
        }
        (self.height, self.hash, self.time_unix_ms) = (height, hash, header.time_unix_ms);
        Ok(signed_power)
    }
}

#[cfg(test)]
#[path = "light_tests.rs"]
mod tests;
