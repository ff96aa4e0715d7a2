//! What can be computed once: per verifying key the fixed parts of the pairing, per policy the fold of its public inputs.
//!
//! The library neither checks a key nor counts public inputs: an extra one, or a missing zero at the end, would go through. Here a key
//! has passed the gate before anything is built from it, and inputs are counted wherever they enter.

use ark_bn254::{Bn254, Fq12, G1Affine, G1Projective, G2Affine};
use ark_ec::bn::G2Prepared;
use ark_ec::pairing::Pairing;
use ark_ec::{CurveGroup, VariableBaseMSM};
use ark_groth16::{Proof, VerifyingKey};
use probity_credit::digest::Digest;
use probity_credit::field::F;
use probity_credit::statement::position;
use probity_params::{KeyError, KeyId, Kind, VerifyingKeyFile, gate};
use std::fmt;
use std::sync::Arc;

use crate::VerifyError;

/// Public inputs that change from proof to proof; the policy's follow them.
pub const CHANGING: usize = position::POLICY;

/// A verifying key that passed the gate, with the parts of the pairing that never change.
pub struct PreparedCircuit {
    key: KeyId,
    kind: Kind,
    name: String,
    pub(crate) vk: VerifyingKey<Bn254>,
    /// e(alpha, beta).
    alpha_beta: Fq12,
    pub(crate) beta_neg: G2Prepared<ark_bn254::Config>,
    pub(crate) gamma_neg: G2Prepared<ark_bn254::Config>,
    pub(crate) delta_neg: G2Prepared<ark_bn254::Config>,
}

impl fmt::Debug for PreparedCircuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedCircuit").field("name", &self.name).field("key", &self.key).finish_non_exhaustive()
    }
}

impl PreparedCircuit {
    /// Decodes the file's key for exactly `inputs` public inputs, passes it through the gate and prepares it.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn new(file: &VerifyingKeyFile, inputs: usize) -> Result<Self, KeyError> {
        let vk = file.verifying_key(inputs)?;
        let negated = |point: &G2Affine| G2Prepared::from(-*point);
        Ok(Self {
            key: file.id(),
            kind: file.kind,
            name: file.circuit.clone(),
            alpha_beta: Bn254::pairing(vk.alpha_g1, vk.beta_g2).0,
            beta_neg: negated(&vk.beta_g2),
            gamma_neg: negated(&vk.gamma_g2),
            delta_neg: negated(&vk.delta_g2),
            vk,
        })
    }

    /// The verifying key's digest.
    pub fn key(&self) -> KeyId {
        self.key
    }

    /// How the key was made.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The circuit's id.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of public inputs.
    pub fn inputs(&self) -> usize {
        self.vk.gamma_abc_g1.len() - 1
    }

    /// The points of the public inputs that change. Only asked by a [`PreparedPolicy`], which has counted the inputs.
    pub(crate) fn changing_points(&self) -> &[G1Affine] {
        &self.vk.gamma_abc_g1[1..=CHANGING]
    }

    /// e(A, B) = e(alpha, beta) e(folded, gamma) e(C, delta).
    fn equation(&self, folded: G1Affine, proof: &Proof<Bn254>) -> Result<(), VerifyError> {
        let product = Bn254::multi_miller_loop(
            [proof.a, folded, proof.c],
            [G2Prepared::from(proof.b), self.gamma_neg.clone(), self.delta_neg.clone()],
        );
        let holds = Bn254::final_exponentiation(product).is_some_and(|value| value.0 == self.alpha_beta);
        if holds { Ok(()) } else { Err(VerifyError::Equation) }
    }
}

/// A policy's public inputs folded into one point, for one circuit.
#[derive(Debug)]
pub struct PreparedPolicy {
    pub(crate) circuit: Arc<PreparedCircuit>,
    id: Digest,
    /// IC_0 + sum of policy_i IC_i.
    pub(crate) base: G1Affine,
}

impl PreparedPolicy {
    /// Folds the policy part of the public inputs.
    ///
    /// # Errors
    /// [`VerifyError::InputCount`] if circuit and policy do not fit.
    pub fn new(circuit: Arc<PreparedCircuit>, id: Digest, policy_inputs: &[F]) -> Result<Self, VerifyError> {
        let (expected, found) = (circuit.inputs(), CHANGING + policy_inputs.len());
        if expected != found {
            return Err(VerifyError::InputCount { expected, found });
        }
        let points = &circuit.vk.gamma_abc_g1;
        let base = points[0] + sum_of_multiples(&points[1 + CHANGING..], policy_inputs);
        Ok(Self { id, base: base.into_affine(), circuit })
    }

    /// The policy's id.
    pub fn id(&self) -> Digest {
        self.id
    }

    /// The circuit.
    pub fn circuit(&self) -> &PreparedCircuit {
        &self.circuit
    }

    /// Checks one proof.
    ///
    /// # Errors
    /// [`VerifyError::Equation`].
    pub fn verify(&self, changing: &[F; CHANGING], proof: &Proof<Bn254>) -> Result<(), VerifyError> {
        let folded = self.base + sum_of_multiples(self.circuit.changing_points(), changing);
        self.circuit.equation(folded.into_affine(), proof)
    }
}

/// Checks one proof against all public inputs, with nothing prepared but the key.
///
/// # Errors
/// [`VerifyError::InputCount`], [`VerifyError::Equation`].
pub fn verify_all_inputs(circuit: &PreparedCircuit, inputs: &[F], proof: &Proof<Bn254>) -> Result<(), VerifyError> {
    let (expected, found) = (circuit.inputs(), inputs.len());
    if expected != found {
        return Err(VerifyError::InputCount { expected, found });
    }
    let points = &circuit.vk.gamma_abc_g1;
    let folded = points[0] + sum_of_multiples(&points[1..], inputs);
    circuit.equation(folded.into_affine(), proof)
}

/// Checks one proof against a bare key and all public inputs: the equation as the paper writes it.
///
/// # Errors
/// [`PlainError`]: the gate's or the equation's.
pub fn verify_plain(vk: &VerifyingKey<Bn254>, inputs: &[F], proof: &Proof<Bn254>) -> Result<(), PlainError> {
    gate(vk, inputs.len())?;
    let folded = vk.gamma_abc_g1[0] + sum_of_multiples(&vk.gamma_abc_g1[1..], inputs);
    let product =
        Bn254::multi_pairing([-proof.a, vk.alpha_g1, folded.into_affine(), proof.c], [proof.b, vk.beta_g2, vk.gamma_g2, vk.delta_g2]);
    if product.0 == <Fq12 as ark_ff::Field>::ONE { Ok(()) } else { Err(VerifyError::Equation.into()) }
}

/// Why [`verify_plain`] refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlainError {
    /// The key does not pass the gate for this number of inputs.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The proof does not hold.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// Callers have made the two equally long.
fn sum_of_multiples(points: &[G1Affine], scalars: &[F]) -> G1Projective {
    debug_assert_eq!(points.len(), scalars.len());
    G1Projective::msm_unchecked(points, scalars)
}

#[cfg(test)]
#[path = "prepared_tests.rs"]
mod tests;
