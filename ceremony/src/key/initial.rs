//! The key before any contribution: sums of the accumulator's Lagrange bases by the circuit's coefficients.

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField};
use blake2::{Blake2b512, Digest as _};
use probity_params::setup::Circuit;
use rayon::prelude::*;

use super::Key;
use super::file::domain;
use crate::accumulator::Accumulator;
use crate::points::Point;
use crate::{Progress, Stage};

/// Variables between two reports of progress.
const SLICE: usize = 1_024;

/// A coefficient, its row, and which of some bases it belongs to.
type Term = (Fr, u32, u8);

impl Key {
    /// The key of a circuit from powers of tau of at least the circuit's size. Cost: a scalar product for each coefficient of the three
    /// matrices and once more for those of A and B, in G1; one for each of B in G2.
    ///
    /// # Panics
    /// If the accumulator was read for another domain.
    pub fn initial(circuit: &Circuit<'_>, accumulator: &Accumulator, progress: Progress<'_>) -> Self {
        let n = domain(circuit);
        assert_eq!(n, accumulator.lagrange.tau_g1.len(), "the accumulator is read for the circuit's domain");
        let lagrange = &accumulator.lagrange;
        let [a, b, c] = columns(circuit);
        let (curve, twist) = (&[&lagrange.tau_g1[..]][..], &[&lagrange.tau_g2[..]][..]);
        let all: Vec<Vec<Term>> = (0..a.len())
            .map(|i| {
                let of = |terms: &[Term], base| terms.iter().map(move |(k, row, _)| (*k, *row, base)).collect::<Vec<Term>>();
                [of(&a[i], 0), of(&b[i], 1), of(&c[i], 2)].concat()
            })
            .collect();
        let (mut done, total) = (0, 4 * a.len());
        let mut count = |n: usize| {
            done += n;
            progress(Stage::InitialKey, done, total);
        };
        // beta A + alpha B + C
        let bases = [&lagrange.beta_tau[..], &lagrange.alpha_tau, &lagrange.tau_g1];
        let mut inputs: Vec<G1Affine> = sums(&all, &bases, &mut count);
        let l = inputs.split_off(circuit.num_instance);
        let a = sums(&a, curve, &mut count);
        let b_g2: Vec<G2Affine> = sums(&b, twist, &mut count);
        let b_g1 = sums(&b, curve, &mut count);
        let mut key = Self {
            alpha_g1: accumulator.alpha_g1,
            beta_g1: accumulator.beta_g1,
            beta_g2: accumulator.beta_g2,
            delta_g1: G1Affine::generator(),
            delta_g2: G2Affine::generator(),
            inputs,
            a,
            b_g1,
            b_g2,
            l,
            h: lagrange.odd_g1.clone(),
            circuit_hash: [0; 64],
            contributions: vec![],
        };
        key.circuit_hash = circuit_hash(&key, accumulator, n);
        key
    }
}

/// For each variable the rows in which it stands, for each matrix; A with the rows that make the inputs independent.
fn columns(circuit: &Circuit<'_>) -> [Vec<Vec<Term>>; 3] {
    let rows = circuit.matrices[0].len();
    let mut columns = [(); 3].map(|()| vec![Vec::new(); circuit.num_instance + circuit.num_witness]);
    for (columns, matrix) in columns.iter_mut().zip(circuit.matrices) {
        for (terms, row) in matrix.iter().zip(0u32..) {
            terms.iter().for_each(|(coefficient, column)| columns[*column].push((*coefficient, row, 0)));
        }
    }
    for (i, column) in columns[0][..circuit.num_instance].iter_mut().enumerate() {
        column.push((Fr::ONE, (rows + i) as u32, 0));
    }
    columns
}

/// One sum for each list of terms.
fn sums<P: Point>(columns: &[Vec<Term>], bases: &[&[P]], count: &mut impl FnMut(usize)) -> Vec<P>
where
    P::Group: CurveGroup<Affine = P>,
{
    let mut points = Vec::with_capacity(columns.len());
    for slice in columns.chunks(SLICE) {
        let sums: Vec<P::Group> = slice
            .par_iter()
            .map(|terms| terms.iter().fold(P::Group::ZERO, |sum, (k, row, base)| sum + times(&bases[usize::from(*base)][*row as usize], k)))
            .collect();
        points.extend(P::Group::normalize_batch(&sums));
        count(slice.len());
    }
    points
}

/// The product, cheap for the small numbers of either sign that most coefficients are.
fn times<P: Point>(point: &P, k: &Fr) -> P::Group {
    let (plus, minus) = (k.into_bigint(), (-*k).into_bigint());
    if minus.num_bits() < plus.num_bits() { -point.mul_bigint(minus) } else { point.mul_bigint(plus) }
}

/// snarkjs' hash of a key without contributions: all its points, those of the quotient as powers of tau.
fn circuit_hash(key: &Key, accumulator: &Accumulator, n: usize) -> [u8; 64] {
    let mut hasher = Blake2b512::new();
    let (g, twist_g) = (G1Affine::generator(), G2Affine::generator());
    for bytes in [key.alpha_g1.hashed(), key.beta_g1.hashed(), key.beta_g2.hashed(), twist_g.hashed(), g.hashed(), twist_g.hashed()] {
        hasher.update(bytes);
    }
    put(&mut hasher, &key.inputs);
    // x^i (x^n - 1) of tau; snarkjs counts one fewer than the domain, and takes them in pieces of 2^14 that it rounds up
    hasher.update((n as u32 - 1).to_be_bytes());
    let (low, high) = accumulator.tau_g1.split_at(n);
    let differences: Vec<G1Projective> = high.iter().zip(low).take(if n > 1 << 14 { n } else { n - 1 }).map(|(h, l)| *h - *l).collect();
    G1Projective::normalize_batch(&differences).iter().for_each(|point| hasher.update(point.hashed()));
    put(&mut hasher, &key.l);
    put(&mut hasher, &key.a);
    put(&mut hasher, &key.b_g1);
    put(&mut hasher, &key.b_g2);
    hasher.finalize().into()
}

fn put<P: Point>(hasher: &mut Blake2b512, points: &[P]) {
    hasher.update((points.len() as u32).to_be_bytes());
    points.iter().for_each(|point| hasher.update(point.hashed()));
}
