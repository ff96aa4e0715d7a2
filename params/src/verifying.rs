//! Verifying keys as canonical bytes, and back through a strict decoder.

use ark_bn254::{Bn254, G1Affine};
use ark_ec::AffineRepr;
use ark_groth16::VerifyingKey;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::codec;
use probity_credit::digest::Digest;
use probity_credit::hash::label::sha256;
use probity_curve::G1Point;
use rayon::prelude::*;

use crate::gate::{KeyError, KeyPoint, gate};
use crate::key_id::{KeyId, Kind, is_circuit_id};
use crate::point::{G1_BYTES, G2_BYTES, PointError, g1, g1_bytes, g2, g2_bytes};
use crate::setup::is_development;

/// The most public inputs of a circuit: bounds what a file can make a reader do.
pub const INPUTS_MAX: usize = 4_096;

/// The longest verifying key file.
pub const FILE_BYTES_MAX: usize = 256 + key_bytes_len(INPUTS_MAX);

/// A verifying key with what it is for: the file that nodes load, bundles carry and digests name.
#[derive(Clone, PartialEq, Eq, Debug, BorshSerialize, BorshDeserialize)]
pub struct VerifyingKeyFile {
    /// The circuit's id.
    pub circuit: String,
    /// How the key was made.
    pub kind: Kind,
    /// The digest of the circuit's constraints.
    pub constraints: Digest,
    /// alpha, beta, gamma, delta and the input points, each compressed, nothing between them: [`decode_key`] reads them.
    pub key: Vec<u8>,
}

/// Bytes of an encoded verifying key for `inputs` public inputs.
pub const fn key_bytes_len(inputs: usize) -> usize {
    G1_BYTES + 3 * G2_BYTES + G1_BYTES * (inputs + 1)
}

impl VerifyingKeyFile {
    /// The file of `vk`, which has passed the gate.
    ///
    /// # Errors
    /// [`KeyError`] if `circuit` is no circuit id or the gate refuses the key.
    pub fn new(circuit: &str, kind: Kind, constraints: Digest, vk: &VerifyingKey<Bn254>) -> Result<Self, KeyError> {
        let inputs = vk.gamma_abc_g1.len().checked_sub(1).ok_or(KeyError::NoInputPoints)?;
        if !is_circuit_id(circuit) {
            return Err(KeyError::CircuitId);
        }
        if inputs > INPUTS_MAX {
            return Err(KeyError::InputCount { expected: INPUTS_MAX, found: inputs });
        }
        gate(vk, inputs)?;
        let file = Self { circuit: circuit.to_owned(), kind, constraints, key: encode_key(vk) };
        file.check_kind(vk)?;
        Ok(file)
    }

    /// The kind is a word in the file: here it is held against the one key of which everybody knows how it was made.
    fn check_kind(&self, vk: &VerifyingKey<Bn254>) -> Result<(), KeyError> {
        let is_relabelled = self.kind == Kind::Ceremony && is_development(&self.circuit, &self.constraints, vk);
        if is_relabelled { Err(KeyError::DevelopmentKeyRelabelled) } else { Ok(()) }
    }

    /// Decodes a file. The key inside is still only bytes: see [`VerifyingKeyFile::verifying_key`].
    ///
    /// # Errors
    /// [`KeyError::File`], [`KeyError::CircuitId`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let file: Self = codec::decode("verifying key file", bytes, FILE_BYTES_MAX)?;
        if is_circuit_id(&file.circuit) { Ok(file) } else { Err(KeyError::CircuitId) }
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// The key's name: a digest over everything in the file.
    pub fn id(&self) -> KeyId {
        KeyId(Digest::of(sha256::VERIFYING_KEY, &[self.circuit.as_bytes(), self.kind.word().as_bytes(), &self.constraints.0, &self.key]))
    }

    /// How many public inputs the key's length speaks of; the decoder checks it.
    pub fn inputs(&self) -> usize {
        (self.key.len().saturating_sub(key_bytes_len(0))) / G1_BYTES
    }

    /// Decodes the key for exactly `inputs` public inputs and passes it through the gate.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn verifying_key(&self, inputs: usize) -> Result<VerifyingKey<Bn254>, KeyError> {
        let vk = decode_key(&self.key, inputs)?;
        self.check_kind(&vk)?;
        Ok(vk)
    }

    /// The same, sooner: `points` may hold the input points in full, which spares a square root each. They are believed only if they are
    /// points of the curve with exactly the key's bytes; others are passed over.
    ///
    /// # Errors
    /// [`KeyError`].
    pub(crate) fn verifying_key_near(&self, inputs: usize, points: &[G1Point]) -> Result<VerifyingKey<Bn254>, KeyError> {
        let vk = decode_key_with(&self.key, inputs, |i, bytes| {
            let point = points.get(i).and_then(G1Point::affine).filter(|point| !point.is_zero() && g1_bytes(point) == *bytes);
            // such a point is what the decoder would give: there is one encoding, and all of the curve is in the subgroup
            point.map_or_else(|| g1(bytes), Ok)
        })?;
        self.check_kind(&vk)?;
        Ok(vk)
    }
}

/// The canonical bytes of a verifying key.
pub fn encode_key(vk: &VerifyingKey<Bn254>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(key_bytes_len(vk.gamma_abc_g1.len()));
    bytes.extend_from_slice(&g1_bytes(&vk.alpha_g1));
    for point in [&vk.beta_g2, &vk.gamma_g2, &vk.delta_g2] {
        bytes.extend_from_slice(&g2_bytes(point));
    }
    for point in &vk.gamma_abc_g1 {
        bytes.extend_from_slice(&g1_bytes(point));
    }
    bytes
}

/// Decodes a verifying key of exactly `inputs` public inputs: exact length, canonical points, in their subgroups, through the gate.
///
/// # Errors
/// [`KeyError`].
pub fn decode_key(bytes: &[u8], inputs: usize) -> Result<VerifyingKey<Bn254>, KeyError> {
    decode_key_with(bytes, inputs, |_, bytes| g1(bytes))
}

fn decode_key_with(
    bytes: &[u8],
    inputs: usize,
    input_point: impl Fn(usize, &[u8; G1_BYTES]) -> Result<G1Affine, PointError> + Sync,
) -> Result<VerifyingKey<Bn254>, KeyError> {
    let expected = key_bytes_len(inputs.min(INPUTS_MAX));
    if inputs > INPUTS_MAX || bytes.len() != expected {
        return Err(KeyError::Length { expected, found: bytes.len() });
    }
    let (alpha, rest) = bytes.split_first_chunk::<G1_BYTES>().expect("the length was checked");
    let (twist, inputs_bytes) = rest.split_at(3 * G2_BYTES);
    let alpha_g1 = g1(alpha).map_err(|reason| KeyError::Point { point: KeyPoint::Alpha, reason })?;
    let twist_point = |i: usize, point| {
        let chunk = twist[i * G2_BYTES..][..G2_BYTES].try_into().expect("the length was checked");
        g2(chunk).map_err(|reason| KeyError::Point { point, reason })
    };
    let vk = VerifyingKey {
        alpha_g1,
        beta_g2: twist_point(0, KeyPoint::Beta)?,
        gamma_g2: twist_point(1, KeyPoint::Gamma)?,
        delta_g2: twist_point(2, KeyPoint::Delta)?,
        gamma_abc_g1: inputs_bytes
            .par_chunks_exact(G1_BYTES)
            .enumerate()
            .map(|(i, chunk)| {
                let chunk = chunk.try_into().expect("chunks of 32 bytes");
                input_point(i, chunk).map_err(|reason| KeyError::Point { point: KeyPoint::Input(i), reason })
            })
            .collect::<Result<Vec<G1Affine>, KeyError>>()?,
    };
    gate(&vk, inputs)?;
    Ok(vk)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Toy;
    use proptest::prelude::*;

    fn file() -> VerifyingKeyFile {
        Toy::new(2).verifying_key_file()
    }

    #[test]
    fn round_trip_and_id() {
        let toy = Toy::new(2);
        let file = file();
        let back = VerifyingKeyFile::from_bytes(&file.to_bytes()).unwrap();
        assert_eq!(back, file);
        assert_eq!(back.inputs(), toy.inputs());
        assert_eq!(back.verifying_key(toy.inputs()).unwrap(), toy.development_key().vk);
        for other in [
            VerifyingKeyFile { kind: Kind::Ceremony, ..file.clone() },
            VerifyingKeyFile { circuit: "toy-2".into(), ..file.clone() },
            VerifyingKeyFile { constraints: Digest([1; 32]), ..file.clone() },
        ] {
            assert_ne!(other.id(), file.id());
        }
    }

    #[test]
    fn a_development_key_under_another_name_is_refused() {
        let toy = Toy::new(2);
        let relabelled = VerifyingKeyFile { kind: Kind::Ceremony, ..file() };
        assert_eq!(relabelled.verifying_key(toy.inputs()), Err(KeyError::DevelopmentKeyRelabelled));
        assert_eq!(relabelled.verifying_key_near(toy.inputs(), &[]), Err(KeyError::DevelopmentKeyRelabelled));
        let made = VerifyingKeyFile::new("toy-1", Kind::Ceremony, file().constraints, &toy.development_key().vk);
        assert_eq!(made, Err(KeyError::DevelopmentKeyRelabelled));
        let other = toy.ceremony_key_file();
        assert_eq!((other.kind, &other.circuit, other.constraints), (Kind::Ceremony, &file().circuit, file().constraints));
        other.verifying_key(toy.inputs()).unwrap();
    }

    #[test]
    fn length_is_exact() {
        let file = file();
        let inputs = file.inputs();
        for (len, wanted) in [(file.key.len() - 1, inputs), (0, inputs), (file.key.len(), inputs + 1), (file.key.len(), inputs - 1)] {
            assert!(matches!(decode_key(&file.key[..len], wanted), Err(KeyError::Length { .. })));
        }
        let mut longer = file.key.clone();
        longer.push(0);
        assert!(matches!(decode_key(&longer, inputs), Err(KeyError::Length { .. })));
        assert!(matches!(decode_key(&file.key, usize::MAX), Err(KeyError::Length { .. })));
        let mut trailing = file.to_bytes();
        trailing.push(0);
        assert!(matches!(VerifyingKeyFile::from_bytes(&trailing), Err(KeyError::File(_))));
    }

    #[test]
    fn identity_and_flags_are_refused_in_place() {
        let mut file = file();
        let inputs = file.inputs();
        let at = key_bytes_len(4);
        file.key[at - G1_BYTES..at].copy_from_slice(&g1_bytes(&G1Affine::identity()));
        assert_eq!(decode_key(&file.key, inputs), Err(KeyError::Point { point: KeyPoint::Input(4), reason: PointError::Identity }));
    }

    #[test]
    fn points_in_full_change_nothing_but_the_time() {
        let toy = Toy::new(2);
        let (file, vk) = (file(), toy.development_key().vk);
        let full: Vec<G1Point> = vk.gamma_abc_g1.iter().map(|point| G1Point::from(*point)).collect();
        let [mut negated, mut swapped, mut off_curve] = [(); 3].map(|()| full.clone());
        negated[3] = (-vk.gamma_abc_g1[3]).into();
        swapped.swap(0, 1);
        off_curve[2].x[0] ^= 1;
        for points in [full, negated, swapped, off_curve, vec![G1Point::from(G1Affine::identity()); 10], Vec::new()] {
            assert_eq!(file.verifying_key_near(toy.inputs(), &points).unwrap(), vk);
        }
        let mut other = file.clone();
        other.key[key_bytes_len(0)] ^= 1;
        let hinted = other.verifying_key_near(toy.inputs(), &[G1Point::from(vk.gamma_abc_g1[0])]);
        assert_eq!(hinted, other.verifying_key(toy.inputs()), "bytes of another point are decoded, not taken for this one");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_flipped_bit_goes_unnoticed(bit in 0usize..8 * key_bytes_len(9)) {
            let mut file = file();
            let id = file.id();
            file.key[bit / 8] ^= 1 << (bit % 8);
            prop_assert_ne!(file.id(), id);
            // a flip is either refused or gives another key: never the same key from other bytes
            if let Ok(vk) = decode_key(&file.key, 9) {
                prop_assert_eq!(encode_key(&vk), file.key);
            }
        }
    }
}
