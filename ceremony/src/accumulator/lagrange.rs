//! The Lagrange bases at tau: taken from the file where it has them, and checked, or computed.

use ark_bn254::{Fr, G1Affine, G2Affine, G2Projective};
use ark_ec::CurveGroup;
use ark_poly::domain::DomainCoeff;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use probity_curve::sum_g2;
use std::io::{Read, Seek};

use super::{AccumulatorError, LAGRANGE, points, random_scalars, random_sum};
use crate::container::{Container, Section};
use crate::points::Point;
use crate::{Progress, Stage};

/// For a domain of n points: all bases of n, and of the domain of 2n those that belong to its other half.
pub(crate) struct Lagrange {
    pub(crate) tau_g1: Vec<G1Affine>,
    pub(crate) tau_g2: Vec<G2Affine>,
    pub(crate) alpha_tau: Vec<G1Affine>,
    pub(crate) beta_tau: Vec<G1Affine>,
    /// At the odd powers of the root of unity of order 2n: what the quotient's values are multiplied with.
    pub(crate) odd_g1: Vec<G1Affine>,
}

impl Lagrange {
    pub(super) fn of<R: Read + Seek>(
        file: &mut Container<R>,
        size: u32,
        tau_g1: &[G1Affine],
        tau_g2: &[G2Affine],
        alpha_tau: &[G1Affine],
        beta_tau: &[G1Affine],
        progress: Progress<'_>,
    ) -> Result<Self, AccumulatorError> {
        let stage = |done| progress(Stage::LagrangeBases, done, 5);
        let n = 1usize << size;
        let mut g1 = |section: Section, powers: &[G1Affine], size: u32| -> Result<Vec<G1Affine>, AccumulatorError> {
            let sum = |points: &[G1Affine], scalars: &[Fr]| random_sum(points, scalars).into();
            basis::<G1Affine, _, R>(file, section, powers, size, sum)
        };
        stage(0);
        let double = g1(LAGRANGE[0], tau_g1, size + 1)?;
        stage(1);
        let of_tau = g1(LAGRANGE[0], &tau_g1[..n], size)?;
        stage(2);
        let of_alpha = g1(LAGRANGE[2], alpha_tau, size)?;
        stage(3);
        let of_beta = g1(LAGRANGE[3], beta_tau, size)?;
        stage(4);
        let sum = |points: &[G2Affine], scalars: &[Fr]| -> G2Projective {
            let words: Vec<_> = points.iter().map(|point| (*point).into()).collect();
            sum_g2(&words, scalars)
        };
        let of_twist = basis::<G2Affine, _, R>(file, LAGRANGE[1], tau_g2, size, sum)?;
        stage(5);
        let odd_g1 = double.into_iter().skip(1).step_by(2).collect();
        Ok(Self { tau_g1: of_tau, tau_g2: of_twist, alpha_tau: of_alpha, beta_tau: of_beta, odd_g1 })
    }
}

/// The basis of 2^size points for as many powers.
fn basis<P: Point, S: Fn(&[P], &[Fr]) -> P::Group, R: Read + Seek>(
    file: &mut Container<R>,
    section: Section,
    powers: &[P],
    size: u32,
    sum: S,
) -> Result<Vec<P>, AccumulatorError>
where
    P::Group: DomainCoeff<Fr> + CurveGroup<Affine = P>,
{
    let n = 1usize << size;
    let domain = Radix2EvaluationDomain::new(n).expect("no more than 2^28");
    if !file.has(section) {
        let mut points: Vec<P::Group> = powers.iter().map(|point| (*point).into()).collect();
        domain.ifft_in_place(&mut points);
        return Ok(P::Group::normalize_batch(&points));
    }
    // the bases of 1, 2, 4 ... points come before
    let found: Vec<P> = points(file, section, n - 1, n)?;
    // the basis is the inverse transform of the powers: what is combined by `of_powers` there is combined by its transform here
    let of_powers = random_scalars(powers.len());
    if sum(&found, &domain.fft(&of_powers)) == sum(powers, &of_powers) {
        Ok(found)
    } else {
        Err(AccumulatorError::Lagrange { section: section.1 })
    }
}
