//! Many proofs in one pairing product, of any mix of policies and circuits.
//!
//! Each proof's equation is raised to one of 2^128 coefficients and all are multiplied: if one is wrong, the product is 1 with probability
//! 2^-127 at most, because the coefficients come from a transcript of everything that is checked and nobody can aim a proof at them. They are
//! the same on every machine, as execution requires. When a batch fails, halving finds the wrong ones.

use ark_bn254::{Bn254, Fq12, G1Affine, G1Projective};
use ark_ec::pairing::{MillerLoopOutput, Pairing};
use ark_ec::{CurveGroup, VariableBaseMSM};
use ark_ff::{Field, Zero};
use ark_groth16::Proof;
use merlin::Transcript;
use probity_credit::field::{F, FieldBytes};
use probity_curve::{Coefficient, G1Point, miller_product, sum_g1};
use probity_ledger::transaction::ProofBytes;
use probity_params::KeyId;
use probity_params::point::g1_bytes;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::VerifyError;
use crate::prepared::{CHANGING, PreparedCircuit, PreparedPolicy};
use crate::proof::decode;

/// One proof and what it is said to show.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The policy with its circuit.
    pub policy: Arc<PreparedPolicy>,
    /// The other public inputs, in the order of the statement.
    pub changing: [F; CHANGING],
    /// The proof.
    pub proof: ProofBytes,
}

impl Claim {
    /// Checks this one alone.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify(&self) -> Result<(), VerifyError> {
        self.policy.verify(&self.changing, &decode(&self.proof)?)
    }
}

/// Checks all claims; the answers are in their order and the same that each claim would get alone.
pub fn verify_batch(claims: &[Claim]) -> Vec<Result<(), VerifyError>> {
    let decoded: Vec<Result<Proof<Bn254>, VerifyError>> = claims.par_iter().map(|c| decode(&c.proof).map_err(VerifyError::from)).collect();
    let mut transcript = Transcript::new(b"probity/batch/v2");
    transcript.append_u64(b"claims", claims.len() as u64);
    claims.iter().for_each(|claim| bind(&mut transcript, claim));
    let mut results = Vec::with_capacity(claims.len());
    let mut terms = Vec::new();
    for (index, (claim, proof)) in claims.iter().zip(decoded).enumerate() {
        // drawn for every claim, so that a claim's coefficient does not depend on which others decode
        let coefficient = coefficient(&mut transcript);
        results.push(proof.map(|proof| terms.push(Term { index, claim, proof, coefficient })));
    }
    let mut wrong = Vec::new();
    find_wrong(&terms, false, &mut wrong);
    for index in wrong {
        results[index] = Err(VerifyError::Equation);
    }
    results
}

/// Everything that decides about a claim. The folded point stands for the policy's inputs: the equation sees nothing else of them.
fn bind(transcript: &mut Transcript, claim: &Claim) {
    transcript.append_message(b"verifying-key", &claim.policy.circuit.key().0.0);
    transcript.append_message(b"policy", &claim.policy.id().0);
    transcript.append_message(b"policy-inputs", &g1_bytes(&claim.policy.base));
    for input in &claim.changing {
        transcript.append_message(b"input", &FieldBytes::from(*input).to_be_bytes());
    }
    transcript.append_message(b"proof", &claim.proof.0);
}

fn coefficient(transcript: &mut Transcript) -> Coefficient {
    let [low, high] = [(); 2].map(|()| {
        let mut bytes = [0; 8];
        transcript.challenge_bytes(b"coefficient", &mut bytes);
        u64::from_le_bytes(bytes)
    });
    // zero would leave the proof out
    Coefficient { low: if high == 0 { low.max(1) } else { low }, high }
}

struct Term<'a> {
    index: usize,
    claim: &'a Claim,
    proof: Proof<Bn254>,
    coefficient: Coefficient,
}

/// Appends the indices of the wrong terms. `known_wrong` says that there is at least one, so that the product need not be computed.
///
/// One alone is asked of the library's equation. So nothing is refused by the product's arithmetic: were that ever at fault, on one kind of
/// CPU, claims that hold would still hold everywhere.
fn find_wrong(terms: &[Term<'_>], known_wrong: bool, wrong: &mut Vec<usize>) {
    if let [term] = terms {
        if term.claim.policy.verify(&term.claim.changing, &term.proof).is_err() {
            wrong.push(term.index);
        }
        return;
    }
    if terms.is_empty() || (!known_wrong && product_is_one(terms)) {
        return;
    }
    let (left, right) = terms.split_at(terms.len() / 2);
    let before = wrong.len();
    find_wrong(left, false, wrong);
    let left_holds = wrong.len() == before;
    find_wrong(right, left_holds, wrong);
}

/// What the terms of one circuit add to the three pairs with its fixed points.
struct Sums<'a> {
    circuit: &'a PreparedCircuit,
    coefficients: F,
    changing: [F; CHANGING],
    /// Coefficients by folded policy point.
    policies: BTreeMap<[u8; 32], (G1Affine, F)>,
    c_points: Vec<G1Point>,
    c_scalars: Vec<F>,
}

impl<'a> Sums<'a> {
    fn new(circuit: &'a PreparedCircuit) -> Self {
        let (coefficients, changing) = (F::zero(), [F::zero(); CHANGING]);
        Self { circuit, coefficients, changing, policies: BTreeMap::new(), c_points: Vec::new(), c_scalars: Vec::new() }
    }

    fn add(&mut self, term: &Term<'_>) {
        let k = term.coefficient.scalar();
        self.coefficients += k;
        for (sum, input) in self.changing.iter_mut().zip(&term.claim.changing) {
            *sum += k * input;
        }
        let base = term.claim.policy.base;
        self.policies.entry(g1_bytes(&base)).or_insert((base, F::zero())).1 += k;
        self.c_points.push(term.proof.c.into());
        self.c_scalars.push(k);
    }

    /// The product of the three pairs before the final exponentiation.
    fn miller(&self) -> Fq12 {
        let alpha = self.circuit.vk.alpha_g1 * self.coefficients;
        let inputs = self
            .policies
            .values()
            .fold(G1Projective::msm_unchecked(self.circuit.changing_points(), &self.changing), |sum, (base, k)| sum + *base * k);
        let c = sum_g1(&self.c_points, &self.c_scalars);
        let points = G1Projective::normalize_batch(&[alpha, inputs, c]);
        let Self { circuit: PreparedCircuit { beta_neg, gamma_neg, delta_neg, .. }, .. } = self;
        Bn254::multi_miller_loop(points, [beta_neg.clone(), gamma_neg.clone(), delta_neg.clone()]).0
    }
}

fn product_is_one(terms: &[Term<'_>]) -> bool {
    let mut sums: BTreeMap<KeyId, Sums<'_>> = BTreeMap::new();
    for term in terms {
        let circuit = &*term.claim.policy.circuit;
        sums.entry(circuit.key()).or_insert_with(|| Sums::new(circuit)).add(term);
    }
    let scaled = |term: &Term<'_>| probity_curve::Term { coefficient: term.coefficient, a: term.proof.a, b: term.proof.b };
    let scaled: Vec<probity_curve::Term> = terms.iter().map(scaled).collect();
    let (proofs, fixed): (Fq12, Fq12) = rayon::join(|| miller_product(&scaled), || sums.values().map(Sums::miller).product());
    // the value is never zero, for which alone the final exponentiation has no answer; should it be, the batch does not hold
    Bn254::final_exponentiation(MillerLoopOutput(proofs * fixed)).is_some_and(|value| value.0 == Fq12::ONE)
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
