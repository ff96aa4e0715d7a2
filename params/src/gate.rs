//! The gate that every verifying key passes before it may decide about proofs.
//!
//! The proof system's library checks nothing about a key. Yet with gamma = delta, for one, anybody proves anything: take A = alpha,
//! B = beta and C = minus the folded inputs. The gate refuses the degenerate keys that can be recognised without the set-up's secrets.
//! It cannot tell whether somebody knows those secrets: that is what a ceremony and the [`Kind`](crate::Kind) are for.
//!
//! Ceremonies leave gamma at the generator: [`scale_gamma`] moves it by a public number, so that the gate can keep its one rule that no
//! generator stands in a key.

use ark_bn254::{Bn254, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::Field;
use ark_groth16::VerifyingKey;
use probity_credit::field::F;
use std::collections::BTreeMap;
use std::fmt;

use crate::point::{PointError, g1_bytes};

/// A place in a verifying key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPoint {
    /// alpha in G1.
    Alpha,
    /// beta in G2.
    Beta,
    /// gamma in G2.
    Gamma,
    /// delta in G2.
    Delta,
    /// The point of a public input; 0 is the constant.
    Input(usize),
}

impl fmt::Display for KeyPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alpha => f.write_str("alpha"),
            Self::Beta => f.write_str("beta"),
            Self::Gamma => f.write_str("gamma"),
            Self::Delta => f.write_str("delta"),
            Self::Input(i) => write!(f, "the point of public input {i}"),
        }
    }
}

/// Why a verifying key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No input points at all, not even the constant's.
    #[error("the verifying key has no input points: it is not a key of any circuit")]
    NoInputPoints,
    /// The key is for another number of public inputs.
    #[error("the verifying key takes {found} public inputs, the circuit has {expected}: take the key made for this circuit")]
    InputCount {
        /// Inputs of the circuit.
        expected: usize,
        /// Inputs of the key.
        found: usize,
    },
    /// A point at infinity lets proofs be forged or an input be ignored.
    #[error("the verifying key's {point} is the identity: the key is degenerate and must not be used")]
    Identity {
        /// Which point.
        point: KeyPoint,
    },
    /// A generator means that a secret was left at one (or minus one).
    #[error("the verifying key's {point} is the group's generator: its secret was never drawn, make the key anew")]
    Generator {
        /// Which point.
        point: KeyPoint,
    },
    /// gamma = delta or gamma = -delta: anybody could forge proofs.
    #[error("the verifying key's gamma and delta are equal up to sign: anybody could forge proofs, the key must not be used")]
    GammaIsDelta,
    /// Two inputs share a point up to sign, so that one could be traded for the other.
    #[error("public inputs {first} and {second} share a point of the verifying key: one could be traded for the other, make the key anew")]
    RepeatedInputPoint {
        /// The first of the two.
        first: usize,
        /// The second.
        second: usize,
    },
    /// A point is not canonical, not on the curve or outside its subgroup.
    #[error("the verifying key's {point} is refused: {reason}")]
    Point {
        /// Which point.
        point: KeyPoint,
        /// What is wrong with it.
        reason: PointError,
    },
    /// The encoded key has another length than its input count asks for.
    #[error("the encoded verifying key has {found} bytes instead of {expected}")]
    Length {
        /// Bytes for the expected number of inputs.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// The file around the key does not decode.
    #[error("the verifying key file is refused: {0}")]
    File(#[from] probity_credit::codec::CodecError),
    /// The development key of the circuit, called a ceremony's.
    #[error(
        "the verifying key says that it comes from a ceremony, but it is the circuit's development key: anybody can forge proofs for it"
    )]
    DevelopmentKeyRelabelled,
    /// The circuit's id is not one.
    #[error("a circuit id is 1 to 48 lower-case letters, digits and single hyphens")]
    CircuitId,
}

/// Checks that `vk` is fit to decide about proofs with exactly `inputs` public inputs.
///
/// # Errors
/// [`KeyError`], one variant per rule.
pub fn gate(vk: &VerifyingKey<Bn254>, inputs: usize) -> Result<(), KeyError> {
    let found = vk.gamma_abc_g1.len().checked_sub(1).ok_or(KeyError::NoInputPoints)?;
    if found != inputs {
        return Err(KeyError::InputCount { expected: inputs, found });
    }
    check_g1(KeyPoint::Alpha, &vk.alpha_g1)?;
    for (point, value) in [(KeyPoint::Beta, &vk.beta_g2), (KeyPoint::Gamma, &vk.gamma_g2), (KeyPoint::Delta, &vk.delta_g2)] {
        check_g2(point, value)?;
    }
    if vk.gamma_g2 == vk.delta_g2 || vk.gamma_g2 == -vk.delta_g2 {
        return Err(KeyError::GammaIsDelta);
    }
    let mut seen = BTreeMap::new();
    for (i, value) in vk.gamma_abc_g1.iter().enumerate() {
        check_g1(KeyPoint::Input(i), value)?;
        // the sign is in the two top bits: without them a point and its negative are the same bytes
        let mut x = g1_bytes(value);
        x[31] &= 0x3f;
        if let Some(first) = seen.insert(x, i) {
            return Err(KeyError::RepeatedInputPoint { first, second: i });
        }
    }
    Ok(())
}

/// The same key with gamma off the generator: gamma doubled, the input points halved. Any other key as it is.
///
/// Every ceremony that follows Bowe, Gabizon and Miers, snarkjs' among them, leaves gamma at the generator on purpose. The gate cannot tell
/// that from a secret that was never drawn and refuses it. The same proofs hold: `e(IC / 2, 2 gamma) = e(IC, gamma)`.
pub fn scale_gamma(vk: &VerifyingKey<Bn254>) -> VerifyingKey<Bn254> {
    if vk.gamma_g2 != G2Affine::generator() {
        return vk.clone();
    }
    let half = F::from(2u64).inverse().expect("two is not zero");
    VerifyingKey {
        gamma_g2: (vk.gamma_g2 + vk.gamma_g2).into_affine(),
        gamma_abc_g1: vk.gamma_abc_g1.iter().map(|point| (*point * half).into_affine()).collect(),
        ..vk.clone()
    }
}

fn check_g1(point: KeyPoint, value: &G1Affine) -> Result<(), KeyError> {
    if value.is_zero() {
        return Err(KeyError::Identity { point });
    }
    if !value.is_on_curve() {
        return Err(KeyError::Point { point, reason: PointError::NotOnCurve });
    }
    // BN254's G1 is the whole curve; the check costs nothing and stays if the curve ever changes
    if !value.is_in_correct_subgroup_assuming_on_curve() {
        return Err(KeyError::Point { point, reason: PointError::NotInSubgroup });
    }
    let generator = G1Affine::generator();
    if *value == generator || *value == -generator {
        return Err(KeyError::Generator { point });
    }
    Ok(())
}

fn check_g2(point: KeyPoint, value: &G2Affine) -> Result<(), KeyError> {
    if value.is_zero() {
        return Err(KeyError::Identity { point });
    }
    if !value.is_on_curve() {
        return Err(KeyError::Point { point, reason: PointError::NotOnCurve });
    }
    if !value.is_in_correct_subgroup_assuming_on_curve() {
        return Err(KeyError::Point { point, reason: PointError::NotInSubgroup });
    }
    let generator = G2Affine::generator();
    if *value == generator || *value == -generator {
        return Err(KeyError::Generator { point });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Toy;
    use ark_bn254::Fq;

    fn refused(mutate: impl FnOnce(&mut VerifyingKey<Bn254>)) -> KeyError {
        let toy = Toy::new(2);
        let mut vk = toy.development_key().vk;
        gate(&vk, toy.inputs()).unwrap();
        mutate(&mut vk);
        gate(&vk, toy.inputs()).unwrap_err()
    }

    #[test]
    fn each_rule_refuses() {
        let generator = G1Affine::generator();
        assert_eq!(refused(|vk| vk.gamma_abc_g1.clear()), KeyError::NoInputPoints);
        assert_eq!(refused(|vk| vk.gamma_abc_g1.truncate(9)), KeyError::InputCount { expected: 9, found: 8 });
        assert_eq!(refused(|vk| vk.gamma_g2 = vk.delta_g2), KeyError::GammaIsDelta);
        assert_eq!(refused(|vk| vk.gamma_g2 = -vk.delta_g2), KeyError::GammaIsDelta);
        assert_eq!(refused(|vk| vk.alpha_g1 = G1Affine::identity()), KeyError::Identity { point: KeyPoint::Alpha });
        assert_eq!(refused(|vk| vk.beta_g2 = G2Affine::identity()), KeyError::Identity { point: KeyPoint::Beta });
        assert_eq!(refused(|vk| vk.gamma_g2 = G2Affine::generator()), KeyError::Generator { point: KeyPoint::Gamma });
        assert_eq!(refused(|vk| vk.delta_g2 = -G2Affine::generator()), KeyError::Generator { point: KeyPoint::Delta });
        assert_eq!(refused(|vk| vk.gamma_abc_g1[3] = G1Affine::identity()), KeyError::Identity { point: KeyPoint::Input(3) });
        assert_eq!(refused(|vk| vk.gamma_abc_g1[0] = generator), KeyError::Generator { point: KeyPoint::Input(0) });
        assert_eq!(refused(|vk| vk.gamma_abc_g1[5] = -vk.gamma_abc_g1[2]), KeyError::RepeatedInputPoint { first: 2, second: 5 });
        assert_eq!(
            refused(|vk| vk.alpha_g1 = G1Affine::new_unchecked(Fq::from(1), Fq::from(1))),
            KeyError::Point { point: KeyPoint::Alpha, reason: PointError::NotOnCurve }
        );
    }

    #[test]
    fn points_outside_the_subgroup_are_refused() {
        use ark_bn254::Fq2;
        let outside = (1u64..50)
            .filter_map(|x| G2Affine::get_ys_from_x_unchecked(Fq2::from(x)).map(|(y, _)| G2Affine::new_unchecked(Fq2::from(x), y)))
            .find(|q| !q.is_in_correct_subgroup_assuming_on_curve())
            .unwrap();
        assert_eq!(refused(|vk| vk.delta_g2 = outside), KeyError::Point { point: KeyPoint::Delta, reason: PointError::NotInSubgroup });
    }
}
