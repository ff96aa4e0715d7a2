//! What the registry tree held at an anchor: public, and the same for everybody.

use super::{Delivery, DeliveryError};
use crate::transaction::Slot;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::commitment::{Anchor, root_leaf};
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::field::FieldBytes;
use probity_credit::month::Month;
use probity_credit::tree::{Empties, REGISTRY_DEPTH, Tree};
use serde::{Deserialize, Serialize};

/// A slot with a live publication.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveSlot {
    /// The slot.
    pub slot: Slot,
    /// Its domain.
    pub domain: Domain,
    /// Month of the live publication.
    pub month: Month,
    /// Its sequence number.
    pub sequence: u32,
    /// Its schema.
    pub schema: Digest,
    /// Its root.
    pub root: FieldBytes,
}

/// All live slots of an anchor, with which anybody makes registry paths.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrySnapshot {
    /// The anchor.
    pub anchor: Anchor,
    /// By rising slot.
    pub slots: Vec<LiveSlot>,
}

impl RegistrySnapshot {
    /// The registry tree.
    ///
    /// # Errors
    /// [`DeliveryError::Tree`] for a snapshot that was never checked.
    pub fn tree(&self) -> Result<Tree, DeliveryError> {
        let leaf = |s: &LiveSlot| (s.slot.number().into(), root_leaf(s.domain, s.month, &s.schema, s.root.element()));
        Ok(Tree::build(REGISTRY_DEPTH, Empties::Zero, self.slots.iter().map(leaf).collect())?)
    }

    /// The live publication of a slot.
    pub fn live(&self, slot: Slot) -> Option<&LiveSlot> {
        self.slots.binary_search_by_key(&slot, |s| s.slot).ok().map(|at| &self.slots[at])
    }
}

impl Delivery for RegistrySnapshot {
    const WHAT: &'static str = "a registry snapshot";
    const BYTES_MAX: usize = Slot::COUNT as usize * 128;

    fn check(&self) -> Result<(), DeliveryError> {
        if !self.slots.is_sorted_by(|a, b| a.slot < b.slot) {
            return Err(DeliveryError::SlotOrder);
        }
        if let Some(late) = self.slots.iter().find(|s| s.month > self.anchor.month) {
            return Err(DeliveryError::LaterMonth { slot: late.slot.number(), month: late.month });
        }
        let root = FieldBytes::from(self.tree()?.root());
        if root == self.anchor.registry_root { Ok(()) } else { Err(DeliveryError::Root { what: "slots" }) }
    }
}
