//! A Groth16 key on its way through a ceremony: what a `.zkey` file holds.
//!
//! [`Key::initial`] computes it from a circuit and powers of tau, with gamma and delta at the generator; each contribution multiplies
//! delta, and divides the points that are over delta; [`Key::check_follows`] says whether a key is its initial one with these changes and
//! no others; [`Key::finish`] gives what provers take.

mod file;
mod initial;

pub(crate) use file::domain;
pub use file::{CONTRIBUTIONS_MAX, KeyFileError};

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::Field;
use ark_groth16::{ProvingKey, VerifyingKey};
use probity_params::gate::scale_gamma;
use rayon::prelude::*;

use crate::accumulator::{random_scalars, random_sum, same_ratio};
use crate::contribution::{Contribution, ContributionError, Factor, History};
use crate::{Progress, Stage};

/// Points changed between two reports of progress.
const SLICE: usize = 2_048;

/// A key with its history.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    pub(crate) alpha_g1: G1Affine,
    pub(crate) beta_g1: G1Affine,
    pub(crate) beta_g2: G2Affine,
    pub(crate) delta_g1: G1Affine,
    pub(crate) delta_g2: G2Affine,
    pub(crate) inputs: Vec<G1Affine>,
    pub(crate) a: Vec<G1Affine>,
    pub(crate) b_g1: Vec<G1Affine>,
    pub(crate) b_g2: Vec<G2Affine>,
    /// Of the witnesses, over delta.
    pub(crate) l: Vec<G1Affine>,
    /// Of the quotient's values at the odd powers, over delta.
    pub(crate) h: Vec<G1Affine>,
    /// snarkjs' hash of the initial key: what contributions begin from.
    pub(crate) circuit_hash: [u8; 64],
    pub(crate) contributions: Vec<Contribution>,
}

/// Why a key is not an earlier one with the contributions it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The hash of circuit and powers of tau is another.
    #[error("the key's circuit hash is not that of this circuit with these powers of tau")]
    CircuitHash,
    /// A point that no contribution changes is another.
    #[error("the key's {part} is not what it was before: contributions don't change it")]
    Changed {
        /// What was changed.
        part: &'static str,
    },
    /// A contribution is refused.
    #[error("contribution {number} {reason}")]
    Contribution {
        /// Counted from 1.
        number: usize,
        /// Why.
        reason: ContributionError,
    },
    /// delta is not what the last contribution left.
    #[error("the key's delta in G1 is not what the last contribution left")]
    Delta,
    /// delta differs between the groups.
    #[error("the key's delta in G2 is another number than its delta in G1")]
    DeltaTwist,
    /// The witnesses' points were not divided by delta.
    #[error("the points of the witnesses are not those from before, divided by what delta was multiplied with")]
    Witnesses,
    /// The quotient's points were not divided by delta.
    #[error("the points of the quotient are not those from before, divided by what delta was multiplied with")]
    Quotient,
}

impl Key {
    /// The contributions, first one first.
    pub fn contributions(&self) -> &[Contribution] {
        &self.contributions
    }

    /// snarkjs' hash of the initial key.
    pub fn circuit_hash(&self) -> &[u8; 64] {
        &self.circuit_hash
    }

    /// What the next contribution follows.
    pub(crate) fn history(&self) -> History {
        let mut history = History::begin(&self.circuit_hash);
        self.contributions.iter().for_each(|contribution| history.append(contribution));
        history
    }

    /// Multiplies delta by a factor and divides what is over it. Cost: a scalar product for each witness and each row.
    pub(crate) fn contribute(&mut self, contribution: Contribution, factor: &Factor, progress: Progress<'_>) {
        let inverse = zeroize::Zeroizing::new(factor.0.inverse().expect("a drawn factor is zero with probability 2^-254"));
        let total = self.l.len() + self.h.len();
        let mut done = 0;
        for slice in self.l.chunks_mut(SLICE).chain(self.h.chunks_mut(SLICE)) {
            progress(Stage::ChangingPoints, done, total);
            let changed: Vec<G1Projective> = slice.par_iter().map(|point| *point * *inverse).collect();
            slice.copy_from_slice(&G1Projective::normalize_batch(&changed));
            done += slice.len();
        }
        progress(Stage::ChangingPoints, total, total);
        self.delta_g1 = contribution.delta_after;
        self.delta_g2 = (self.delta_g2 * *factor.0).into_affine();
        self.contributions.push(contribution);
    }

    /// Checks that this is `earlier` with further contributions and nothing else: with the initial key, that it is what it says. Cost:
    /// four pairings a contribution and the beacon's hashes; sums of as many points as there are witnesses and rows.
    ///
    /// # Errors
    /// [`CheckError`].
    pub fn check_follows(&self, earlier: &Self, progress: Progress<'_>) -> Result<(), CheckError> {
        if self.circuit_hash != earlier.circuit_hash {
            return Err(CheckError::CircuitHash);
        }
        for (part, is_same) in [
            ("alpha", self.alpha_g1 == earlier.alpha_g1),
            ("beta in G1", self.beta_g1 == earlier.beta_g1),
            ("beta in G2", self.beta_g2 == earlier.beta_g2),
            ("list of input points", self.inputs == earlier.inputs),
            ("list of points A", self.a == earlier.a),
            ("list of points B in G1", self.b_g1 == earlier.b_g1),
            ("list of points B in G2", self.b_g2 == earlier.b_g2),
            ("number of witness points", self.l.len() == earlier.l.len()),
            ("number of quotient points", self.h.len() == earlier.h.len()),
            ("list of earlier contributions", self.contributions.starts_with(&earlier.contributions)),
        ] {
            if !is_same {
                return Err(CheckError::Changed { part });
            }
        }
        self.check_contributions_after(earlier.history(), earlier.contributions.len(), progress)?;
        progress(Stage::CheckingPoints, 0, 2);
        let deltas = [earlier.delta_g2, self.delta_g2];
        for (before, after, wrong, done) in
            [(&earlier.l, &self.l, CheckError::Witnesses, 1), (&earlier.h, &self.h, CheckError::Quotient, 2)]
        {
            if !is_divided(before, after, deltas) {
                return Err(wrong);
            }
            progress(Stage::CheckingPoints, done, 2);
        }
        Ok(())
    }

    /// Checks that each contribution follows from the ones before, and that delta is what they left.
    ///
    /// # Errors
    /// [`CheckError`].
    pub(crate) fn check_contributions(&self) -> Result<(), CheckError> {
        self.check_contributions_after(History::begin(&self.circuit_hash), 0, &|_, _, _| ())
    }

    fn check_contributions_after(&self, mut history: History, old: usize, progress: Progress<'_>) -> Result<(), CheckError> {
        let all = self.contributions.len();
        for (contribution, number) in self.contributions.iter().zip(1..).skip(old) {
            progress(Stage::CheckingContributions, number - 1, all);
            history.follow(contribution).map_err(|reason| CheckError::Contribution { number, reason })?;
        }
        progress(Stage::CheckingContributions, all, all);
        if self.delta_g1 != history.delta {
            return Err(CheckError::Delta);
        }
        let is_same = same_ratio([G1Affine::generator(), self.delta_g1], [G2Affine::generator(), self.delta_g2]);
        if is_same { Ok(()) } else { Err(CheckError::DeltaTwist) }
    }

    /// The proving key, gamma moved off the generator as the gate wants it.
    pub fn finish(&self) -> ProvingKey<Bn254> {
        let vk = VerifyingKey {
            alpha_g1: self.alpha_g1,
            beta_g2: self.beta_g2,
            gamma_g2: G2Affine::generator(),
            delta_g2: self.delta_g2,
            gamma_abc_g1: self.inputs.clone(),
        };
        ProvingKey {
            vk: scale_gamma(&vk),
            beta_g1: self.beta_g1,
            delta_g1: self.delta_g1,
            a_query: self.a.clone(),
            b_g1_query: self.b_g1.clone(),
            b_g2_query: self.b_g2.clone(),
            h_query: self.h.clone(),
            l_query: self.l.clone(),
        }
    }
}

/// Whether each point times its delta is the same before and after: a random combination of all decides.
fn is_divided(before: &[G1Affine], after: &[G1Affine], [delta_before, delta_after]: [G2Affine; 2]) -> bool {
    let random: Vec<Fr> = random_scalars(before.len());
    let [before, after] = [before, after].map(|points| random_sum(points, &random));
    same_ratio([after, before], [delta_before, delta_after])
}
