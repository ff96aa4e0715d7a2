//! From an institution to the identity authority: who has a file in a publication, and never what it says.

use super::{Delivery, DeliveryError, check_position};
use crate::encoding::hex_array;
use crate::keys::{PublicKey, SecretKey, Signature};
use crate::transaction::Slot;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::hash::label;
use probity_credit::month::Month;
use probity_credit::tree::{Empties, TREE_DEPTH, Tree};
use serde::{Deserialize, Serialize};

/// Most members of one list.
pub const MEMBERS_MAX: usize = 1 << 24;

/// One customer: where the file lies and its hash, which is blinded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Position.
    pub position: u32,
    /// Leaf of the file tree.
    pub leaf: FieldBytes,
}

/// What an institution says about a publication's members.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MembershipTerms {
    /// The chain.
    pub chain_id: Digest,
    /// Registry slot.
    pub slot: Slot,
    /// Month of the publication.
    pub month: Month,
    /// Its sequence number.
    pub sequence: u32,
    /// Root of the file tree.
    pub root: FieldBytes,
    /// Seed of the tree's empty nodes.
    #[serde(with = "hex_array")]
    pub empties: [u8; 32],
    /// Everybody with a file, by rising position.
    pub members: Vec<Member>,
    /// The institution's key.
    pub institution: PublicKey,
}

/// The signed list of everybody with a file in a publication, with which the authority rebuilds the tree: it counts a file only
/// against a leaf that is really there.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MembershipList {
    /// What is signed.
    pub terms: MembershipTerms,
    /// By the institution's key.
    pub signature: Signature,
}

impl MembershipTerms {
    /// What is signed, and stands on the chain when the members changed.
    pub fn digest(&self) -> Digest {
        Digest::of_value(label::sha256::MEMBERSHIP, self)
    }

    /// Signs; the key must be the one the terms name.
    pub fn sign(self, key: &SecretKey) -> MembershipList {
        let signature = key.sign(&self.digest());
        MembershipList { terms: self, signature }
    }
}

impl MembershipList {
    /// Rebuilds the tree and compares its root. Cost: one hash for about seven members, more when they are far apart.
    ///
    /// # Errors
    /// [`DeliveryError::Root`], or [`DeliveryError::Tree`] for a list that was never checked.
    pub fn check_root(&self) -> Result<(), DeliveryError> {
        let leaves = self.terms.members.iter().map(|m| (m.position, m.leaf.element())).collect();
        let tree = Tree::build(TREE_DEPTH, Empties::Seeded(self.terms.empties), leaves)?;
        if FieldBytes::from(tree.root()) == self.terms.root { Ok(()) } else { Err(DeliveryError::Root { what: "members" }) }
    }
}

impl Delivery for MembershipList {
    const WHAT: &'static str = "a membership list";
    const BYTES_MAX: usize = 36 * MEMBERS_MAX + 512;

    fn check(&self) -> Result<(), DeliveryError> {
        let members = &self.terms.members;
        let ordered = members.len() <= MEMBERS_MAX && members.is_sorted_by(|a, b| a.position < b.position);
        if !ordered || members.iter().any(|m| m.leaf == FieldBytes::ZERO) {
            return Err(DeliveryError::Members);
        }
        members.last().map_or(Ok(()), |m| check_position(m.position))?;
        let signed = self.terms.institution.verify(&self.terms.digest(), &self.signature);
        signed.map_err(|reason| DeliveryError::Signature { what: Self::WHAT, reason })
    }
}
