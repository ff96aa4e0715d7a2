//! From an institution to its customer: the file with its path, and the signed word that it is in the root.

use super::{Delivery, DeliveryError, check_position};
use crate::keys::{PublicKey, SecretKey, Signature};
use crate::transaction::Slot;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::field::FieldBytes;
use probity_credit::file::CreditFile;
use probity_credit::hash::label;
use probity_credit::month::Month;
use probity_credit::tree::{MerklePath, TREE_DEPTH};
use serde::{Deserialize, Serialize};

/// What an institution confirms: this leaf at this position of the root it published.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptTerms {
    /// The chain: a receipt for one is no evidence on another.
    pub chain_id: Digest,
    /// Registry slot.
    pub slot: Slot,
    /// The slot's domain.
    pub domain: Domain,
    /// Month of the publication.
    pub month: Month,
    /// Its sequence number.
    pub sequence: u32,
    /// Schema of the file.
    pub schema: Digest,
    /// Root of the file tree.
    pub root: FieldBytes,
    /// The customer's position.
    pub position: u32,
    /// The leaf there.
    pub leaf: FieldBytes,
    /// The institution's key.
    pub institution: PublicKey,
}

/// A signed inclusion receipt: against a root with another leaf there it is evidence.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InclusionReceipt {
    /// What is signed.
    pub terms: ReceiptTerms,
    /// By the institution's key.
    pub signature: Signature,
}

impl ReceiptTerms {
    /// What is signed.
    pub fn digest(&self) -> Digest {
        Digest::of_value(label::sha256::RECEIPT, self)
    }

    /// Signs; the key must be the one the terms name.
    pub fn sign(self, key: &SecretKey) -> InclusionReceipt {
        let signature = key.sign(&self.digest());
        InclusionReceipt { terms: self, signature }
    }
}

impl Delivery for InclusionReceipt {
    const WHAT: &'static str = "an inclusion receipt";
    const BYTES_MAX: usize = 512;

    fn check(&self) -> Result<(), DeliveryError> {
        check_position(self.terms.position)?;
        let signed = self.terms.institution.verify(&self.terms.digest(), &self.signature);
        signed.map_err(|reason| DeliveryError::Signature { what: Self::WHAT, reason })
    }
}

/// A customer's file with all that a proof needs from its institution.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileOpening {
    /// The file.
    pub file: CreditFile,
    /// Its path to the receipt's root.
    pub path: MerklePath,
    /// Slot, domain, month, sequence, schema, root, position and leaf, signed.
    pub receipt: InclusionReceipt,
}

impl FileOpening {
    /// What the institution signed.
    pub fn terms(&self) -> &ReceiptTerms {
        &self.receipt.terms
    }
}

impl Delivery for FileOpening {
    const WHAT: &'static str = "the opening of a credit file";
    const BYTES_MAX: usize = 8192;

    fn check(&self) -> Result<(), DeliveryError> {
        self.receipt.check()?;
        let terms = self.terms();
        if self.path.levels.len() != TREE_DEPTH {
            return Err(DeliveryError::PathLength(self.path.levels.len()));
        }
        let leaf = self.file.leaf();
        if FieldBytes::from(leaf) != terms.leaf {
            return Err(DeliveryError::FileLeaf);
        }
        if FieldBytes::from(self.path.root(terms.position, leaf)) != terms.root {
            return Err(DeliveryError::FilePath);
        }
        Ok(())
    }
}
