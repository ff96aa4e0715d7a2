//! Powers of tau made by one machine: for rehearsals and tests, never for a network.

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::scalar_mul::BatchMulPreprocessing;
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField, UniformRand};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use rand::RngCore;
use std::io::{self, Write};
use zeroize::Zeroize;

use super::{ALPHA_TAU, BETA_G2, BETA_TAU, CONTRIBUTIONS, HEADER, LAGRANGE, TAU_G1, TAU_G2};
use crate::container::{write_head, write_section};
use crate::points::encode;
use crate::{Progress, Stage};

/// Writes powers of tau of size `2^power`, prepared for circuits, with secrets drawn from `rng` and forgotten.
///
/// Whoever runs this could keep the secrets: a file without contributions, which `snarkjs powersoftau verify` refuses for that reason.
/// Cost: some 2^(power + 4) multiples of a generator.
///
/// # Errors
/// What `out` says.
///
/// # Panics
/// If `power` is not in 1..=27.
pub fn write_rehearsal(out: &mut impl Write, power: u32, rng: &mut impl RngCore, progress: Progress<'_>) -> io::Result<()> {
    assert!((1..=27).contains(&power), "a size of 2^1 to 2^27");
    let [mut tau, mut alpha, mut beta] = [(); 3].map(|()| Fr::rand(rng));
    let n = 1usize << power;
    let mut powers: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |x| Some(*x * tau)).take(2 * n - 1).collect();
    let curve = BatchMulPreprocessing::new(G1Projective::generator(), 16 * n);
    let twist = BatchMulPreprocessing::new(G2Projective::generator(), 4 * n);
    let g1 = |scalars: &[Fr], factor: Fr| encode::<G1Affine>(&curve.batch_mul(&scaled(scalars, factor)));
    let g2 = |scalars: &[Fr], factor: Fr| encode::<G2Affine>(&twist.batch_mul(&scaled(scalars, factor)));
    let stage = |done| progress(Stage::WritingPowers, done, 8);

    write_head(out, "ptau", 1, 11)?;
    let prime = ark_bn254::Fq::MODULUS.to_bytes_le();
    let power_word = power.to_le_bytes();
    write_section(out, HEADER, &[&32u32.to_le_bytes(), &prime, &power_word, &power_word])?;
    stage(0);
    write_section(out, TAU_G1, &[&g1(&powers, Fr::ONE)])?;
    stage(1);
    write_section(out, TAU_G2, &[&g2(&powers[..n], Fr::ONE)])?;
    stage(2);
    write_section(out, ALPHA_TAU, &[&g1(&powers[..n], alpha)])?;
    write_section(out, BETA_TAU, &[&g1(&powers[..n], beta)])?;
    stage(3);
    write_section(out, BETA_G2, &[&encode(&[(G2Projective::generator() * beta).into_affine()])])?;
    write_section(out, CONTRIBUTIONS, &[&0u32.to_le_bytes()])?;
    let bases = |sizes| (0..sizes).flat_map(|size| lagrange(&powers, size)).collect::<Vec<Fr>>();
    let mut all = bases(power + 2);
    let of_domain = &all[..2 * n - 1];
    stage(4);
    write_section(out, LAGRANGE[0], &[&g1(&all, Fr::ONE)])?;
    stage(5);
    write_section(out, LAGRANGE[1], &[&g2(of_domain, Fr::ONE)])?;
    stage(6);
    write_section(out, LAGRANGE[2], &[&g1(of_domain, alpha)])?;
    stage(7);
    write_section(out, LAGRANGE[3], &[&g1(of_domain, beta)])?;
    stage(8);
    for secret in [&mut tau, &mut alpha, &mut beta].into_iter().chain(&mut powers).chain(&mut all) {
        secret.zeroize();
    }
    Ok(())
}

fn scaled(scalars: &[Fr], factor: Fr) -> Vec<Fr> {
    scalars.iter().map(|x| *x * factor).collect()
}

/// The basis of 2^size points; a power that is missing counts as zero.
fn lagrange(powers: &[Fr], size: u32) -> Vec<Fr> {
    let n = 1usize << size;
    let domain = Radix2EvaluationDomain::<Fr>::new(n).expect("no more than 2^28");
    let mut values: Vec<Fr> = powers.iter().take(n).copied().collect();
    values.resize(n, Fr::ZERO);
    domain.ifft(&values)
}
