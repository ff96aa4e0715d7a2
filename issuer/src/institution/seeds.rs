//! The two secrets of a publication: where blindings and empty nodes come from.

use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::hash::label;
use rand::RngCore;
use rand::rngs::OsRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Bytes of both seeds.
pub(super) const SEEDS_BYTES: usize = 64;

/// Fresh for every publication; wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Seeds {
    blinding: [u8; 32],
    empties: [u8; 32],
}

impl Seeds {
    /// From the operating system's randomness.
    pub(super) fn fresh() -> Self {
        let mut seeds = Self { blinding: [0; 32], empties: [0; 32] };
        OsRng.fill_bytes(&mut seeds.blinding);
        OsRng.fill_bytes(&mut seeds.empties);
        seeds
    }

    /// As [`Seeds::to_bytes`] wrote them.
    pub(super) fn from_bytes(bytes: &[u8; SEEDS_BYTES]) -> Self {
        let mut seeds = Self { blinding: [0; 32], empties: [0; 32] };
        seeds.blinding.copy_from_slice(&bytes[..32]);
        seeds.empties.copy_from_slice(&bytes[32..]);
        seeds
    }

    /// For the publication's protected file.
    pub(super) fn to_bytes(&self) -> Zeroizing<[u8; SEEDS_BYTES]> {
        let mut bytes = Zeroizing::new([0; SEEDS_BYTES]);
        bytes[..32].copy_from_slice(&self.blinding);
        bytes[32..].copy_from_slice(&self.empties);
        bytes
    }

    /// Seed of the tree's empty nodes.
    pub(super) fn empties(&self) -> [u8; 32] {
        self.empties
    }

    /// The blinding of the file at `position`: uniform in the field to anybody without the seed.
    pub(super) fn blinding(&self, position: u32) -> FieldBytes {
        for attempt in 0u32.. {
            let digest = Digest::of(label::sha256::FILE_BLINDING, &[&self.blinding, &position.to_le_bytes(), &attempt.to_le_bytes()]);
            let mut bytes = digest.0;
            // the modulus has 254 bits: rejection below 2^254 keeps the distribution uniform
            bytes[0] &= 0x3f;
            if let Ok(element) = FieldBytes::from_be_bytes(bytes) {
                return element;
            }
        }
        unreachable!("three of four attempts succeed")
    }
}
