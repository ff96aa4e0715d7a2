//! The credit file: 20 features of one person at one institution, and its leaf.

use crate::digest::Digest;
use crate::field::{F, FieldBytes};
use crate::hash;
use ark_ff::PrimeField;
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// Features of a file.
pub const FEATURES: usize = 20;
/// Features 0..10 are summed, the others take their maximum or minimum.
pub const SUM_FEATURES: usize = 10;
/// Bits of a feature with its offset.
pub const FEATURE_BITS: usize = 40;
/// Added to a feature before packing; the packed value 0 means missing.
pub const FEATURE_OFFSET: i64 = 1 << (FEATURE_BITS - 1);
/// Features in one packed element.
pub const FEATURES_PER_ELEMENT: usize = 5;
/// Packed elements of a file.
pub const PACKED: usize = FEATURES / FEATURES_PER_ELEMENT;

/// One feature: an integer strictly between -2^39 and 2^39, or missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, BorshSerialize, Serialize)]
#[serde(transparent)]
pub struct Feature(Option<i64>);

/// The number does not fit a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a feature lies strictly between -549755813888 and 549755813888 (2^39): choose a larger unit")]
pub struct FeatureRange;

impl Feature {
    /// No value.
    pub const MISSING: Self = Self(None);

    /// A value.
    ///
    /// # Errors
    /// [`FeatureRange`] unless -2^39 < `value` < 2^39.
    pub fn new(value: i64) -> Result<Self, FeatureRange> {
        if value > -FEATURE_OFFSET && value < FEATURE_OFFSET { Ok(Self(Some(value))) } else { Err(FeatureRange) }
    }

    /// The value, unless missing.
    pub fn value(self) -> Option<i64> {
        self.0
    }

    /// The value with its offset, in [0, 2^40); 0 means missing.
    pub fn raw(self) -> u64 {
        self.0.map_or(0, |v| v.abs_diff(-FEATURE_OFFSET))
    }
}

impl BorshDeserialize for Feature {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        match Option::<i64>::deserialize_reader(reader)? {
            None => Ok(Self::MISSING),
            Some(v) => Self::new(v).map_err(|e| std::io::Error::new(std::io::ErrorKind::InvalidData, e)),
        }
    }
}

impl<'de> Deserialize<'de> for Feature {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match <Option<i64> as Deserialize>::deserialize(d)? {
            None => Ok(Self::MISSING),
            Some(v) => Self::new(v).map_err(serde::de::Error::custom),
        }
    }
}

/// A credit file: what one institution attests about one person in one month.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct CreditFile {
    /// The features, in the schema's slots.
    pub features: [Feature; FEATURES],
    /// Commits to the raw records, to check those released later with consent.
    pub records_digest: Digest,
    /// Uniform in the field, new at every publication.
    pub blinding: FieldBytes,
}

impl CreditFile {
    /// Five features an element: `sum raw_i * 2^(40 i)`, below 2^200.
    pub fn packed(&self) -> [F; PACKED] {
        std::array::from_fn(|k| {
            let features = &self.features[k * FEATURES_PER_ELEMENT..(k + 1) * FEATURES_PER_ELEMENT];
            let shift = F::from(1u64 << FEATURE_BITS);
            features.iter().rev().fold(F::from(0u64), |acc, f| acc * shift + F::from(f.raw()))
        })
    }

    /// `H(file; f0..f3, records_digest, blinding)`. Cost: one Poseidon of width 7.
    pub fn leaf(&self) -> F {
        let [f0, f1, f2, f3] = self.packed();
        hash::hash(hash::label::poseidon::FILE, &[f0, f1, f2, f3, self.records_digest.to_field(), self.blinding.element()])
    }
}

/// A uniform element from the operating system's randomness.
pub fn random_element(rng: &mut (impl rand::RngCore + rand::CryptoRng)) -> F {
    loop {
        let mut bytes = [0u8; 32];
        rng.fill_bytes(&mut bytes);
        // the modulus has 254 bits: rejection below 2^254 keeps the distribution uniform
        bytes[0] &= (1u8 << (F::MODULUS_BIT_SIZE % 8)) - 1;
        if let Ok(x) = FieldBytes::from_be_bytes(bytes) {
            return x.element();
        }
    }
}

/// Generators for tests.
pub mod testing {
    use super::{CreditFile, FEATURES, Feature, random_element};
    use crate::digest::Digest;

    /// A file with the given features (the rest missing), random blinding.
    pub fn file(values: &[(usize, i64)], rng: &mut (impl rand::RngCore + rand::CryptoRng)) -> CreditFile {
        let mut features = [Feature::MISSING; FEATURES];
        for &(slot, value) in values {
            features[slot] = Feature::new(value).expect("test features are in range");
        }
        CreditFile { features, records_digest: Digest::of("test", &[]), blinding: random_element(rng).into() }
    }
}
