//! A customer's file without its blinding, in a fixed number of bytes.

use super::seeds::Seeds;
use probity_credit::digest::Digest;
use probity_credit::file::{CreditFile, FEATURE_OFFSET, FEATURES, Feature};

/// Bytes of a packed feature.
const FEATURE_BYTES: usize = 5;
/// Bytes of a row.
pub(super) const ROW_BYTES: usize = 4 + FEATURES * FEATURE_BYTES + 32;

/// One customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) position: u32,
    pub(super) features: [Feature; FEATURES],
    pub(super) records_digest: Digest,
}

impl Row {
    pub(super) fn to_bytes(&self) -> [u8; ROW_BYTES] {
        let mut bytes = [0; ROW_BYTES];
        bytes[..4].copy_from_slice(&self.position.to_le_bytes());
        for (chunk, feature) in bytes[4..].chunks_exact_mut(FEATURE_BYTES).zip(&self.features) {
            chunk.copy_from_slice(&feature.raw().to_le_bytes()[..FEATURE_BYTES]);
        }
        bytes[ROW_BYTES - 32..].copy_from_slice(&self.records_digest.0);
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; ROW_BYTES]) -> Self {
        let mut features = [Feature::MISSING; FEATURES];
        for (feature, chunk) in features.iter_mut().zip(bytes[4..].chunks_exact(FEATURE_BYTES)) {
            let mut raw = [0; 8];
            raw[..FEATURE_BYTES].copy_from_slice(chunk);
            let raw = i64::try_from(u64::from_le_bytes(raw)).expect("40 bits");
            // 0, the offset's own place, stands for missing: the only number that is refused
            *feature = Feature::new(raw - FEATURE_OFFSET).unwrap_or(Feature::MISSING);
        }
        let position = u32::from_le_bytes(bytes[..4].try_into().expect("four bytes"));
        let records_digest = Digest(bytes[ROW_BYTES - 32..].try_into().expect("32 bytes"));
        Self { position, features, records_digest }
    }

    pub(super) fn file(&self, seeds: &Seeds) -> CreditFile {
        CreditFile { features: self.features, records_digest: self.records_digest, blinding: seeds.blinding(self.position) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_round_trip(position in 0u32..1 << 27, values in proptest::collection::vec(proptest::option::of(1 - FEATURE_OFFSET..FEATURE_OFFSET), FEATURES)) {
            let features = std::array::from_fn(|i| values[i].map_or(Feature::MISSING, |v| Feature::new(v).unwrap()));
            let row = Row { position, features, records_digest: Digest::of("test", &[&position.to_le_bytes()]) };
            prop_assert_eq!(Row::from_bytes(&row.to_bytes()), row);
        }
    }
}
