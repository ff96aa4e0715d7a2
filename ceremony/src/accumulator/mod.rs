//! Powers of tau: the first phase's result, that serves every circuit of a size, as `.ptau` files hold it.
//!
//! Only the part that a circuit needs is read, and that part is checked to be what it says: powers of one number, the same in both
//! groups, times alpha and beta. Who contributed to it is for the file's own ceremony to show; [`published`] knows the files of the
//! perpetual one by their digests.

mod lagrange;
mod published;
mod rehearsal;

pub use published::published;
pub use rehearsal::write_rehearsal;

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, PrimeField, UniformRand};
use blake2::{Blake2b512, Digest as _};
use probity_curve::{sum_g1, sum_g2};
use rand::rngs::OsRng;
use std::io::{Read, Seek};

use crate::container::{Container, ContainerError, Cursor, Section};
use crate::points::{Point, decode_all};
use crate::{Progress, Stage};
pub(crate) use lagrange::Lagrange;

pub(crate) const HEADER: Section = Section(1, "header");
pub(crate) const TAU_G1: Section = Section(2, "powers of tau in G1");
pub(crate) const TAU_G2: Section = Section(3, "powers of tau in G2");
pub(crate) const ALPHA_TAU: Section = Section(4, "alpha times powers of tau");
pub(crate) const BETA_TAU: Section = Section(5, "beta times powers of tau");
pub(crate) const BETA_G2: Section = Section(6, "beta in G2");
pub(crate) const CONTRIBUTIONS: Section = Section(7, "contributions");
/// The Lagrange bases of all sizes, smallest first, for sections 2 to 5.
pub(crate) const LAGRANGE: [Section; 4] = [
    Section(12, "Lagrange basis of tau in G1"),
    Section(13, "Lagrange basis of tau in G2"),
    Section(14, "Lagrange basis of alpha tau"),
    Section(15, "Lagrange basis of beta tau"),
];

/// The format has 28, the field no more roots of unity.
const POWER_MAX: u32 = 28;

/// Why powers of tau are refused.
#[derive(Debug, thiserror::Error)]
pub enum AccumulatorError {
    /// The file is no container of powers of tau.
    #[error("the powers of tau can't be read: {0}")]
    Container(#[from] ContainerError),
    /// The head does not decode, or is of another curve.
    #[error("the powers of tau are not of the curve BN254, or their head is damaged: take the published file, and compare its digest")]
    Header,
    /// Not enough powers.
    #[error("the circuit needs powers of tau of size 2^{needed}, the file has 2^{found}: take a larger file")]
    TooSmall {
        /// Size needed, as a power of two.
        needed: u32,
        /// Size of the file.
        found: u32,
    },
    /// Not a point of its group.
    #[error("number {index} of the {section} is no point of the group: take the published file, and compare its digest")]
    Point {
        /// What the section holds.
        section: &'static str,
        /// Number of the point.
        index: usize,
    },
    /// tau, alpha or beta is zero or one: nobody contributed.
    #[error(
        "the {section} begin with points that no contribution leaves: nobody contributed to this file, take the published file, and compare its digest"
    )]
    Untouched {
        /// What the section holds.
        section: &'static str,
    },
    /// Not successive powers of one tau.
    #[error("the {section} are not powers of the file's tau: take the published file, and compare its digest")]
    NotPowers {
        /// What the section holds.
        section: &'static str,
    },
    /// beta differs between the groups.
    #[error("beta in G2 is another number than beta in G1: take the published file, and compare its digest")]
    Beta,
    /// A Lagrange basis that is in the file is not that of its powers.
    #[error("the {section} is not that of the powers in the same file: make it anew with `snarkjs powersoftau prepare phase2`")]
    Lagrange {
        /// What the section holds.
        section: &'static str,
    },
}

/// The powers of tau that a circuit needs, checked.
pub struct Accumulator {
    /// Size of the file: 2^power.
    pub power: u32,
    /// Powers of tau in G1: as many as twice the domain.
    pub(crate) tau_g1: Vec<G1Affine>,
    pub(crate) alpha_g1: G1Affine,
    pub(crate) beta_g1: G1Affine,
    pub(crate) beta_g2: G2Affine,
    /// The bases of the circuit's domain and, in G1, of the doubled one.
    pub(crate) lagrange: Lagrange,
}

impl Accumulator {
    /// Reads and checks what a domain of `2^size` needs, from a file of at least twice that size. Cost: reading and checking some
    /// 2^(size + 2) points of G1 and 2^size of G2, and sums of as many; without Lagrange bases in the file, five transforms of points
    /// more.
    ///
    /// # Errors
    /// [`AccumulatorError`].
    pub fn read<R: Read + Seek>(file: R, size: u32, progress: Progress<'_>) -> Result<Self, AccumulatorError> {
        let mut file = Container::open(file, "ptau", 1)?;
        let power = header(&mut file)?;
        // a file of the domain's own size ends one power before the doubled domain does: nobody could check what its Lagrange basis has of
        // that power, and a point hidden there would come out divided by delta
        let needed = size + 1;
        if needed > power {
            return Err(AccumulatorError::TooSmall { needed, found: power });
        }
        let n = 1usize << size;
        let stage = |done| progress(Stage::ReadingPowers, done, 6);
        stage(0);
        let tau_g1 = points::<G1Affine, _>(&mut file, TAU_G1, 0, 2 * n)?;
        stage(1);
        let tau_g2 = points::<G2Affine, _>(&mut file, TAU_G2, 0, n)?;
        stage(2);
        let alpha_tau = points::<G1Affine, _>(&mut file, ALPHA_TAU, 0, n)?;
        stage(3);
        let beta_tau = points::<G1Affine, _>(&mut file, BETA_TAU, 0, n)?;
        stage(4);
        let beta_g2 = points::<G2Affine, _>(&mut file, BETA_G2, 0, 1)?[0];
        check(&tau_g1, &tau_g2, &alpha_tau, &beta_tau, beta_g2)?;
        stage(5);
        let (alpha_g1, beta_g1) = (alpha_tau[0], beta_tau[0]);
        let lagrange = Lagrange::of(&mut file, size, &tau_g1, &tau_g2, &alpha_tau, &beta_tau, progress)?;
        stage(6);
        Ok(Self { power, tau_g1, alpha_g1, beta_g1, beta_g2, lagrange })
    }
}

/// The Blake2b digest of a whole file, as ceremonies publish it. Cost: reading it.
///
/// # Errors
/// What the system says.
pub fn file_digest(mut file: impl Read) -> std::io::Result<[u8; 64]> {
    let mut hasher = Blake2b512::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().into()),
            n => hasher.update(&buffer[..n]),
        }
    }
}

fn header<R: Read + Seek>(file: &mut Container<R>) -> Result<u32, AccumulatorError> {
    let header = file.exactly(HEADER, 4 + 32 + 4 + 4)?;
    let mut cursor = Cursor(&header);
    let is_ours = cursor.u32() == Some(32) && cursor.take(32) == Some(&ark_bn254::Fq::MODULUS.to_bytes_le());
    let power = cursor.u32().filter(|power| is_ours && (1..=POWER_MAX).contains(power)).ok_or(AccumulatorError::Header)?;
    Ok(power)
}

fn points<P: Point, R: Read + Seek>(
    file: &mut Container<R>,
    section: Section,
    begin: usize,
    count: usize,
) -> Result<Vec<P>, AccumulatorError> {
    let bytes = P::BYTES as u64;
    let content = file.part(section, begin as u64 * bytes, count as u64 * bytes)?;
    let points: Vec<P> = decode_all(&content).map_err(|index| AccumulatorError::Point { section: section.1, index: begin + index })?;
    match points.iter().position(AffineRepr::is_zero) {
        Some(index) => Err(AccumulatorError::Point { section: section.1, index: begin + index }),
        None => Ok(points),
    }
}

fn check(
    tau_g1: &[G1Affine],
    tau_g2: &[G2Affine],
    alpha_tau: &[G1Affine],
    beta_tau: &[G1Affine],
    beta_g2: G2Affine,
) -> Result<(), AccumulatorError> {
    let (g, twist_g) = (G1Affine::generator(), G2Affine::generator());
    let not_powers = |section: Section| AccumulatorError::NotPowers { section: section.1 };
    if tau_g1[0] != g {
        return Err(not_powers(TAU_G1));
    }
    if tau_g2[0] != twist_g {
        return Err(not_powers(TAU_G2));
    }
    for (section, point) in [(TAU_G1, tau_g1[1]), (ALPHA_TAU, alpha_tau[0]), (BETA_TAU, beta_tau[0])] {
        if point == g {
            return Err(AccumulatorError::Untouched { section: section.1 });
        }
    }
    let (tau, tau_twist) = (tau_g1[1], tau_g2[1]);
    if !same_ratio([g, tau], [twist_g, tau_twist]) {
        return Err(not_powers(TAU_G2));
    }
    for (section, points) in [(TAU_G1, tau_g1), (ALPHA_TAU, alpha_tau), (BETA_TAU, beta_tau)] {
        if !same_ratio(shifted_sums(points), [twist_g, tau_twist]) {
            return Err(not_powers(section));
        }
    }
    let random = random_scalars(tau_g2.len() - 1);
    let words: Vec<_> = tau_g2.iter().map(|point| (*point).into()).collect();
    let [low, high]: [G2Projective; 2] = [sum_g2(&words[..random.len()], &random), sum_g2(&words[1..], &random)];
    if !same_ratio([g, tau], [low.into_affine(), high.into_affine()]) {
        return Err(not_powers(TAU_G2));
    }
    if same_ratio([g, beta_tau[0]], [twist_g, beta_g2]) { Ok(()) } else { Err(AccumulatorError::Beta) }
}

/// The same random combination of all points but the last, and of all but the first.
fn shifted_sums(points: &[G1Affine]) -> [G1Affine; 2] {
    let random = random_scalars(points.len() - 1);
    [random_sum(&points[..random.len()], &random), random_sum(&points[1..], &random)]
}

pub(crate) fn random_scalars(n: usize) -> Vec<Fr> {
    (0..n).map(|_| Fr::rand(&mut OsRng)).collect()
}

pub(crate) fn random_sum(points: &[G1Affine], scalars: &[Fr]) -> G1Affine {
    let words: Vec<_> = points.iter().map(|point| (*point).into()).collect();
    let sum: G1Projective = sum_g1(&words, scalars);
    sum.into_affine()
}

/// Whether the second point of each pair is the same multiple of the first. No point may be the identity: with it everything fits.
pub(crate) fn same_ratio(curve: [G1Affine; 2], twist: [G2Affine; 2]) -> bool {
    let [p, xp] = curve;
    let [q, xq] = twist;
    let defined = !(p.is_zero() || xp.is_zero() || q.is_zero() || xq.is_zero());
    defined && Bn254::multi_pairing([p, -xp], [xq, q]).0 == ark_ff::One::one()
}
