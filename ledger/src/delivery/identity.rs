//! Between the identity authority and a subject: enrolment, registration, and the leaf file in shards.

use super::{Delivery, DeliveryError, check_position};
use crate::encoding::hex_array;
use crate::keys::{PublicKey, SecretKey, Signature};
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::Digest;
use probity_credit::field::{F, FieldBytes};
use probity_credit::hash::label;
use probity_credit::identity;
use probity_credit::tree::{ARITY_BITS, Empties, MerklePath, TREE_DEPTH, Tree};
use serde::{Deserialize, Serialize};

/// Levels of the identity tree inside a shard.
pub const SHARD_DEPTH: usize = 4;
/// Positions of a shard.
pub const SHARD_LEAVES: usize = 1 << (ARITY_BITS * SHARD_DEPTH);
/// Shards of a full tree.
pub const SHARDS_MAX: u32 = 1 << (ARITY_BITS * (TREE_DEPTH - SHARD_DEPTH));
/// Longest sealed opening.
pub const SEALED_BYTES_MAX: usize = 1024;
/// Characters of an age X25519 recipient.
pub const RECIPIENT_CHARS: usize = 62;

/// Shards of a leaf file that covers `positions_used` positions; an empty tree still has one.
pub fn shards_for(positions_used: u32) -> u32 {
    positions_used.div_ceil(SHARD_LEAVES as u32).max(1)
}

/// What a subject brings to the authority: the key to attest, and where to seal openings to.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// `C`, the commitment to the subject's secret.
    pub commitment: FieldBytes,
    /// The subject's age X25519 recipient, `age1...`.
    pub recipient: String,
}

impl Delivery for Enrolment {
    const WHAT: &'static str = "an enrolment";
    const BYTES_MAX: usize = 256;

    fn check(&self) -> Result<(), DeliveryError> {
        let letters = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let r = &self.recipient;
        let fits = r.len() == RECIPIENT_CHARS && r.starts_with("age1") && r.bytes().all(letters);
        if fits { Ok(()) } else { Err(DeliveryError::Recipient) }
    }
}

/// What a registration says.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationTerms {
    /// The chain on which the authority acts.
    pub chain_id: Digest,
    /// The person's position, for life.
    pub position: u32,
    /// Digest of legal identity and salt.
    pub person: FieldBytes,
    /// The salt: with it a lender recomputes `person` from the applicant's papers.
    #[serde(with = "hex_array")]
    pub salt: [u8; 16],
    /// The commitment that holds the position from now on.
    pub commitment: FieldBytes,
    /// The authority's key.
    pub authority: PublicKey,
}

/// The authority's word that a key holds a position.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// What is signed.
    pub terms: RegistrationTerms,
    /// By the authority's key.
    pub signature: Signature,
}

impl RegistrationTerms {
    /// What is signed.
    pub fn digest(&self) -> Digest {
        Digest::of_value(label::sha256::REGISTRATION, self)
    }

    /// Signs; the key must be the one the terms name.
    pub fn sign(self, key: &SecretKey) -> Registration {
        let signature = key.sign(&self.digest());
        Registration { terms: self, signature }
    }
}

impl Registration {
    /// Whether `person` is the digest of this legal identity.
    pub fn is_of(&self, legal_identity: &str) -> bool {
        identity::person(legal_identity, &self.terms.salt) == self.terms.person
    }
}

impl Delivery for Registration {
    const WHAT: &'static str = "a registration";
    const BYTES_MAX: usize = 512;

    fn check(&self) -> Result<(), DeliveryError> {
        check_position(self.terms.position)?;
        let signed = self.terms.authority.verify(&self.terms.digest(), &self.signature);
        signed.map_err(|reason| DeliveryError::Signature { what: Self::WHAT, reason })
    }
}

/// What an applicant hands a lender whose policy shows `person`: with it the lender recomputes the digest from the applicant's papers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applicant {
    /// Digest of legal identity and salt.
    pub person: FieldBytes,
    /// The salt.
    #[serde(with = "hex_array")]
    pub salt: [u8; 16],
}

impl Applicant {
    /// Whether `person` is the digest of this legal identity.
    pub fn is_of(&self, legal_identity: &str) -> bool {
        identity::person(legal_identity, &self.salt) == self.person
    }
}

/// The opening of one leaf, for its subject alone.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedOpening {
    /// Position within the shard.
    pub offset: u16,
    /// age ciphertext, to the subject's recipient, of the canonical bytes of a [`probity_credit::identity::IdentityOpening`].
    #[serde(with = "crate::encoding::base64url")]
    pub ciphertext: Vec<u8>,
}

/// 4,096 neighbouring leaves of the identity tree with their sealed openings and the way up to the root.
///
/// Everybody may fetch a shard; who does shows one of 4,096 people.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityShard {
    /// Number of the leaf file it belongs to.
    pub sequence: u64,
    /// Number of the shard: positions `4096 index` to `4096 index + 4095`.
    pub index: u32,
    /// The leaves; 0 where there is none.
    pub leaves: Vec<FieldBytes>,
    /// Siblings of the shard's root up to the identity root.
    pub upper: MerklePath,
    /// One for each leaf other than 0, by rising offset.
    pub openings: Vec<SealedOpening>,
}

impl IdentityShard {
    /// Digest of the shard, as listed in the leaf file.
    pub fn digest(&self) -> Digest {
        Digest::of_value(label::sha256::LEAF_SHARD, self)
    }

    /// The shard in which `position` lies.
    pub fn index_of(position: u32) -> u32 {
        position / SHARD_LEAVES as u32
    }

    /// Whether `position` lies in this shard.
    pub fn holds(&self, position: u32) -> bool {
        Self::index_of(position) == self.index
    }

    fn offset(&self, position: u32) -> Result<usize, DeliveryError> {
        if self.holds(position) { Ok(position as usize % SHARD_LEAVES) } else { Err(DeliveryError::Position { position }) }
    }

    fn tree(&self) -> Result<Tree, DeliveryError> {
        let taken = self.leaves.iter().enumerate().filter(|(_, l)| **l != FieldBytes::ZERO);
        Ok(Tree::build(SHARD_DEPTH, Empties::Zero, taken.map(|(i, l)| (i as u32, l.element())).collect())?)
    }

    /// The identity root that the shard belongs to: compare it with the anchor's. Cost: at most 590 hashes.
    ///
    /// # Errors
    /// [`DeliveryError::Tree`] for a shard that was never checked.
    pub fn root(&self) -> Result<F, DeliveryError> {
        Ok(self.upper.root(self.index, self.tree()?.root()))
    }

    /// The identity path of a position of this shard.
    ///
    /// # Errors
    /// [`DeliveryError::Position`] for one of another shard.
    pub fn path(&self, position: u32) -> Result<MerklePath, DeliveryError> {
        let mut path = self.tree()?.path(self.offset(position)? as u32)?;
        path.levels.extend_from_slice(&self.upper.levels);
        Ok(path)
    }

    /// The leaf at a position of this shard; none where it is empty.
    ///
    /// # Errors
    /// [`DeliveryError::Position`] for one of another shard.
    pub fn leaf(&self, position: u32) -> Result<Option<FieldBytes>, DeliveryError> {
        let leaf = self.leaves.get(self.offset(position)?).copied();
        Ok(leaf.filter(|l| *l != FieldBytes::ZERO))
    }

    /// The sealed opening of a position of this shard, if its leaf is not empty.
    ///
    /// # Errors
    /// [`DeliveryError::Position`] for one of another shard.
    pub fn sealed(&self, position: u32) -> Result<Option<&[u8]>, DeliveryError> {
        let offset = self.offset(position)?;
        let at = self.openings.binary_search_by_key(&offset, |o| o.offset.into());
        Ok(at.ok().map(|i| self.openings[i].ciphertext.as_slice()))
    }
}

impl Delivery for IdentityShard {
    const WHAT: &'static str = "a shard of the leaf file";
    const BYTES_MAX: usize = SHARD_LEAVES * (32 + 8 + SEALED_BYTES_MAX) + 4096;

    fn check(&self) -> Result<(), DeliveryError> {
        let levels = TREE_DEPTH - SHARD_DEPTH;
        if self.leaves.len() != SHARD_LEAVES || self.upper.levels.len() != levels || self.index >= SHARDS_MAX {
            return Err(DeliveryError::ShardShape);
        }
        let taken = self.leaves.iter().enumerate().filter(|(_, l)| **l != FieldBytes::ZERO).map(|(i, _)| i);
        let short = self.openings.iter().all(|o| (1..=SEALED_BYTES_MAX).contains(&o.ciphertext.len()));
        if !short || !taken.eq(self.openings.iter().map(|o| usize::from(o.offset))) {
            return Err(DeliveryError::SealedOpenings { shard: self.index });
        }
        Ok(())
    }
}

/// The table of contents of a leaf file; its digest is on the chain.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeafFile {
    /// The chain.
    pub chain_id: Digest,
    /// Number of the leaf file, rising.
    pub sequence: u64,
    /// Root of the identity tree over all shards.
    pub root: FieldBytes,
    /// Digest of each shard.
    pub shards: Vec<Digest>,
}

impl LeafFile {
    /// The digest on the chain.
    pub fn digest(&self) -> Digest {
        Digest::of_value(label::sha256::LEAF_FILE, self)
    }

    /// Whether `shard` is the one listed, with the listed root.
    pub fn lists(&self, shard: &IdentityShard) -> bool {
        shard.sequence == self.sequence
            && self.shards.get(shard.index as usize) == Some(&shard.digest())
            && shard.root().is_ok_and(|root| FieldBytes::from(root) == self.root)
    }
}

impl Delivery for LeafFile {
    const WHAT: &'static str = "a leaf file's table of contents";
    const BYTES_MAX: usize = 32 * SHARDS_MAX as usize + 256;

    fn check(&self) -> Result<(), DeliveryError> {
        let count = self.shards.len();
        if (1..=SHARDS_MAX as usize).contains(&count) { Ok(()) } else { Err(DeliveryError::ShardCount(count)) }
    }
}
