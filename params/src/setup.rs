//! The development set-up: a Groth16 key whose secrets everybody can recompute.
//!
//! Generic over matrices, so that it needs no circuit. The arithmetic is that of `ark-groth16`'s generator, done here in slices so that
//! it can say how far it is; a test holds the two equal. The randomness is expanded from a public seed: every machine derives the same
//! key, nothing has to be shipped, and whoever likes can forge proofs. Hence [`Kind::Development`](crate::Kind::Development), which only a
//! development chain accepts.
//!
//! The points of the quotient are those of circom's map ([`probity_curve::quotient`]): of the Lagrange basis of the domain of twice the
//! size, the members that belong to its other half. Verifying keys don't depend on the map.

use ark_bn254::{Bn254, G1Affine, G1Projective, G2Projective};
use ark_ec::scalar_mul::{BatchMulPreprocessing, ScalarMul};
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::{Field, UniformRand, Zero};
use ark_groth16::{ProvingKey, VerifyingKey};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use ark_std::rand::RngCore;
use probity_credit::digest::Digest;
use probity_credit::field::F;
use std::fmt;

mod public;

use crate::gate::{KeyError, gate};
use public::PublicRandomness;

/// Rows of a constraint matrix: pairs of coefficient and column. The same type as `ark_relations::utils::matrix::Matrix`.
pub type Matrix = Vec<Vec<(F, usize)>>;

/// What a set-up needs to know about a circuit.
#[derive(Clone, Copy)]
pub struct Circuit<'a> {
    /// Its id.
    pub id: &'a str,
    /// The digest of its constraints.
    pub constraints: &'a Digest,
    /// A, B and C with equally many rows. Column 0 is the constant one, then public inputs, then the witness.
    pub matrices: &'a [Matrix; 3],
    /// Public inputs and the constant.
    pub num_instance: usize,
    /// Witness variables.
    pub num_witness: usize,
}

impl Circuit<'_> {
    /// Public inputs, without the constant.
    pub fn inputs(&self) -> usize {
        self.num_instance.saturating_sub(1)
    }
}

/// What a set-up is doing, for a progress bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Evaluating the circuit's polynomials at the secret point: counted in rows.
    Polynomials,
    /// Computing points of G2.
    TwistPoints,
    /// Computing points of G1.
    CurvePoints,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Polynomials => "evaluating polynomials",
            Self::TwistPoints => "computing points of G2",
            Self::CurvePoints => "computing points of G1",
        })
    }
}

/// Told what is being done, how much of it is done, and how much there is.
pub type Progress<'a> = &'a dyn Fn(Stage, usize, usize);

/// Why there is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// The three matrices have different numbers of rows.
    #[error("the circuit's matrices have {a}, {b} and {c} rows: they must be equally long")]
    UnequalRows {
        /// Rows of A.
        a: usize,
        /// Rows of B.
        b: usize,
        /// Rows of C.
        c: usize,
    },
    /// A coefficient stands in a column that no variable has.
    #[error("row {row} of the circuit uses column {column}, but there are {columns} variables")]
    Column {
        /// The row.
        row: usize,
        /// The column.
        column: usize,
        /// Variables of the circuit.
        columns: usize,
    },
    /// The constant one is missing.
    #[error("the circuit has no constant: its first column must be the one")]
    NoConstant,
    /// The field has no domain of this size.
    #[error("the circuit has {rows} rows and inputs, more than the field has roots of unity for")]
    TooLarge {
        /// Rows and inputs.
        rows: usize,
    },
    /// The key would be degenerate, for instance because an input takes part in nothing.
    #[error("the set-up's key is refused: {0}")]
    Key(#[from] KeyError),
    /// A key that was made elsewhere is not this circuit's.
    #[error("the proving key has {found} points in its query {query}, the circuit needs {expected}: take the key made for this circuit")]
    OtherSize {
        /// The query.
        query: &'static str,
        /// Points it must have.
        expected: usize,
        /// Points it has.
        found: usize,
    },
}

/// Points computed between two reports of progress.
const SLICE: usize = 4_096;

/// Derives the development key of a circuit.
///
/// # Errors
/// [`SetupError`] when the matrices do not fit together or the key does not pass the gate.
pub fn development(circuit: &Circuit<'_>, progress: Progress<'_>) -> Result<ProvingKey<Bn254>, SetupError> {
    of_public_seed(circuit, QuotientMap::Values, progress)
}

/// The same key for `ark-groth16`'s own prover, which gives the quotient by coefficients: only the points of the quotient differ.
///
/// # Errors
/// As [`development`].
pub fn development_for_stock_prover(circuit: &Circuit<'_>) -> Result<ProvingKey<Bn254>, SetupError> {
    of_public_seed(circuit, QuotientMap::Coefficients, &|_, _, _| ())
}

/// How a prover gives the quotient, which says what its points in the key are.
#[derive(Clone, Copy)]
enum QuotientMap {
    /// By the values of A B - C at the odd powers of the root of unity of order 2n: circom's way and the product's.
    Values,
    /// By the coefficients of (A B - C) / Z: libsnark's way, and what `ark-groth16` does unless told otherwise.
    Coefficients,
}

fn of_public_seed(circuit: &Circuit<'_>, map: QuotientMap, progress: Progress<'_>) -> Result<ProvingKey<Bn254>, SetupError> {
    let mut randomness = PublicRandomness::new(circuit.id, circuit.constraints);
    let key = generate(circuit, map, &Secrets::draw(&mut randomness), &mut randomness, progress)?;
    gate(&key.vk, circuit.inputs())?;
    Ok(key)
}

/// The numbers that nobody may know of a key that is to be trusted.
struct Secrets {
    alpha: F,
    beta: F,
    gamma: F,
    delta: F,
}

impl Secrets {
    fn draw(rng: &mut impl RngCore) -> Self {
        Self { alpha: F::rand(rng), beta: F::rand(rng), gamma: F::rand(rng), delta: F::rand(rng) }
    }
}

/// Whether a key is the development key of this circuit, whatever it calls itself: its alpha is a function of what everybody knows. Cost: a
/// scalar product.
pub(crate) fn is_development(circuit: &str, constraints: &Digest, vk: &VerifyingKey<Bn254>) -> bool {
    let secrets = Secrets::draw(&mut PublicRandomness::new(circuit, constraints));
    (G1Projective::generator() * secrets.alpha).into_affine() == vk.alpha_g1
}

fn generate(
    circuit: &Circuit<'_>,
    map: QuotientMap,
    secrets: &Secrets,
    rng: &mut impl RngCore,
    progress: Progress<'_>,
) -> Result<ProvingKey<Bn254>, SetupError> {
    check_shape(circuit)?;
    let rows = circuit.matrices[0].len();
    let domain_of = |size| Radix2EvaluationDomain::<F>::new(size).ok_or(SetupError::TooLarge { rows: rows + circuit.num_instance });
    let domain = domain_of(rows + circuit.num_instance)?;
    let double = domain_of(2 * domain.size())?;
    let tau = domain.sample_element_outside_domain(rng);
    let [a, b, c] = polynomials_at(circuit, &domain.evaluate_all_lagrange_coefficients(tau), progress);

    let Secrets { alpha, beta, gamma, delta } = *secrets;
    let gamma_inverse = gamma.inverse().expect("a drawn number is zero with probability 2^-254");
    let delta_inverse = delta.inverse().expect("a drawn number is zero with probability 2^-254");
    let combined = |i: usize| beta * a[i] + alpha * b[i] + c[i];
    let gamma_abc: Vec<F> = (0..circuit.num_instance).map(|i| combined(i) * gamma_inverse).collect();
    let l: Vec<F> = (circuit.num_instance..a.len()).map(|i| combined(i) * delta_inverse).collect();
    let h: Vec<F> = match map {
        QuotientMap::Values => {
            double.evaluate_all_lagrange_coefficients(tau).into_iter().skip(1).step_by(2).map(|value| value * delta_inverse).collect()
        }
        QuotientMap::Coefficients => {
            let vanishing = domain.evaluate_vanishing_polynomial(tau) * delta_inverse;
            std::iter::successors(Some(vanishing), |power| Some(*power * tau)).take(domain.size() - 1).collect()
        }
    };

    let (g, twist_g) = (G1Projective::generator(), G2Projective::generator());
    let twist = Multiples::new(twist_g, Stage::TwistPoints, b.len(), progress);
    let b_g2_query = twist.of(&b, 0);
    let lens = [a.len(), b.len(), h.len(), l.len(), gamma_abc.len()];
    let curve = Multiples::new(g, Stage::CurvePoints, lens.iter().sum(), progress);
    let mut done = 0;
    let [a_query, b_g1_query, h_query, l_query, gamma_abc_g1] = [a, b, h, l, gamma_abc].map(|scalars| -> Vec<G1Affine> {
        let points = curve.of(&scalars, done);
        done += scalars.len();
        points
    });
    Ok(ProvingKey {
        vk: VerifyingKey {
            alpha_g1: (g * alpha).into_affine(),
            beta_g2: (twist_g * beta).into_affine(),
            gamma_g2: (twist_g * gamma).into_affine(),
            delta_g2: (twist_g * delta).into_affine(),
            gamma_abc_g1,
        },
        beta_g1: (g * beta).into_affine(),
        delta_g1: (g * delta).into_affine(),
        a_query,
        b_g1_query,
        b_g2_query,
        h_query,
        l_query,
    })
}

/// Checks that the matrices fit together.
pub(crate) fn check_shape(circuit: &Circuit<'_>) -> Result<(), SetupError> {
    let [a, b, c] = circuit.matrices.each_ref().map(Vec::len);
    if a != b || b != c {
        return Err(SetupError::UnequalRows { a, b, c });
    }
    if circuit.num_instance == 0 {
        return Err(SetupError::NoConstant);
    }
    let columns = circuit.num_instance + circuit.num_witness;
    for matrix in circuit.matrices {
        for (row, entries) in matrix.iter().enumerate() {
            if let Some((_, column)) = entries.iter().find(|(_, column)| *column >= columns) {
                return Err(SetupError::Column { row, column: *column, columns });
            }
        }
    }
    Ok(())
}

/// The value at the secret point of every variable's three polynomials, from the Lagrange basis `lagrange` there.
fn polynomials_at(circuit: &Circuit<'_>, lagrange: &[F], progress: Progress<'_>) -> [Vec<F>; 3] {
    let rows = circuit.matrices[0].len();
    let mut at = [(); 3].map(|()| vec![F::zero(); circuit.num_instance + circuit.num_witness]);
    // one more row per instance variable, x_i * 0 = 0, makes their polynomials independent
    at[0][..circuit.num_instance].copy_from_slice(&lagrange[rows..][..circuit.num_instance]);
    for (at, (matrix, done)) in at.iter_mut().zip(circuit.matrices.iter().zip(1..)) {
        for (row, value) in matrix.iter().zip(lagrange) {
            for (coefficient, column) in row {
                at[*column] += *value * coefficient;
            }
        }
        progress(Stage::Polynomials, done * rows, 3 * rows);
    }
    at
}

/// Multiples of one generator, in slices.
struct Multiples<'a, G: ScalarMul> {
    table: BatchMulPreprocessing<G>,
    stage: Stage,
    total: usize,
    progress: Progress<'a>,
}

impl<'a, G: ScalarMul<ScalarField = F>> Multiples<'a, G> {
    fn new(generator: G, stage: Stage, total: usize, progress: Progress<'a>) -> Self {
        progress(stage, 0, total);
        Self { table: BatchMulPreprocessing::new(generator, total), stage, total, progress }
    }

    fn of(&self, scalars: &[F], already_done: usize) -> Vec<G::MulBase> {
        let mut points = Vec::with_capacity(scalars.len());
        for slice in scalars.chunks(SLICE) {
            points.extend(self.table.batch_mul(slice));
            (self.progress)(self.stage, already_done + points.len(), self.total);
        }
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_id::Kind;
    use crate::testing::Toy;
    use crate::verifying::VerifyingKeyFile;
    use ark_ff::PrimeField;
    use ark_groth16::Groth16;
    use ark_groth16::r1cs_to_qap::{LibsnarkReduction, R1CSToQAP};
    use ark_relations::gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, Result as R1csResult, Variable};
    use std::cell::RefCell;

    struct Wrapped<'a>(Circuit<'a>);

    impl ConstraintSynthesizer<F> for Wrapped<'_> {
        fn generate_constraints(self, cs: ConstraintSystemRef<F>) -> R1csResult<()> {
            let mut variables = vec![Variable::One];
            for _ in 1..self.0.num_instance {
                variables.push(cs.new_input_variable(|| Ok(F::zero()))?);
            }
            for _ in 0..self.0.num_witness {
                variables.push(cs.new_witness_variable(|| Ok(F::zero()))?);
            }
            let side = |row: &[(F, usize)]| LinearCombination(row.iter().map(|(k, column)| (*k, variables[*column])).collect());
            let [a, b, c] = self.0.matrices;
            for ((a, b), c) in a.iter().zip(b).zip(c) {
                cs.enforce_r1cs_constraint(|| side(a), || side(b), || side(c))?;
            }
            Ok(())
        }
    }

    /// circom's map in the library's terms: all as in libsnark's but for the quotient.
    struct ByValues;

    impl R1CSToQAP for ByValues {
        fn instance_map_with_evaluation<P: PrimeField, D: EvaluationDomain<P>>(
            cs: ConstraintSystemRef<P>,
            tau: &P,
        ) -> R1csResult<(Vec<P>, Vec<P>, Vec<P>, P, usize, usize)> {
            LibsnarkReduction::instance_map_with_evaluation::<P, D>(cs, tau)
        }

        fn witness_map_from_matrices<P: PrimeField, D: EvaluationDomain<P>>(
            matrices: &[Vec<Vec<(P, usize)>>],
            num_inputs: usize,
            num_constraints: usize,
            assignment: &[P],
        ) -> R1csResult<Vec<P>> {
            let domain = D::new(num_constraints + num_inputs).unwrap();
            let coset = domain.get_coset(D::new(2 * domain.size()).unwrap().group_gen()).unwrap();
            let mut on_coset = [(); 3].map(|()| vec![P::zero(); domain.size()]);
            for (values, matrix) in on_coset.iter_mut().zip(matrices) {
                for (value, row) in values.iter_mut().zip(matrix) {
                    *value = row.iter().map(|(k, column)| *k * assignment[*column]).sum();
                }
            }
            on_coset[0][num_constraints..][..num_inputs].copy_from_slice(&assignment[..num_inputs]);
            for values in &mut on_coset {
                domain.ifft_in_place(values);
                coset.fft_in_place(values);
            }
            let [a, b, c] = on_coset;
            Ok((0..a.len()).map(|i| a[i] * b[i] - c[i]).collect())
        }

        fn h_query_scalars<P: PrimeField, D: EvaluationDomain<P>>(max_power: usize, tau: P, _: P, delta_inverse: P) -> R1csResult<Vec<P>> {
            let double = D::new(2 * (max_power + 1)).unwrap();
            // from the definition: L_k(tau) = (tau^2n - 1) w^k / (2n (tau - w^k))
            let scale = (tau.pow([double.size() as u64]) - P::one()) / P::from(double.size() as u64) * delta_inverse;
            Ok((0..double.size()).skip(1).step_by(2).map(|k| scale * double.element(k) / (tau - double.element(k))).collect())
        }
    }

    fn by_the_library<Q: R1CSToQAP>(circuit: Circuit<'_>) -> ProvingKey<Bn254> {
        let mut rng = PublicRandomness::new(circuit.id, circuit.constraints);
        let Secrets { alpha, beta, gamma, delta } = Secrets::draw(&mut rng);
        let (g, twist_g) = (G1Projective::generator(), G2Projective::generator());
        Groth16::<Bn254, Q>::generate_parameters_with_qap(Wrapped(circuit), alpha, beta, gamma, delta, g, twist_g, &mut rng).unwrap()
    }

    #[test]
    fn agrees_with_the_librarys_generator() {
        let toy = Toy::with_rows(5, 300);
        assert_eq!(toy.development_key(), by_the_library::<ByValues>(toy.circuit()));
        let stock = toy.stock_key();
        assert_eq!(stock, by_the_library::<LibsnarkReduction>(toy.circuit()));
        assert_eq!(stock.vk, toy.development_key().vk, "verifying keys don't depend on the map");
    }

    #[test]
    fn the_library_proves_with_either_key() {
        let toy = Toy::with_rows(2, 30);
        let (circuit, inputs) = (toy.circuit(), vec![F::from(9); toy.inputs()]);
        let assignment = toy.assignment(&inputs, F::from(4));
        let (key, rows) = (toy.development_key(), circuit.matrices[0].len());
        let prepared = ark_groth16::prepare_verifying_key(&key.vk);
        let (r, s) = (F::from(11), F::from(12));
        let ours = Groth16::<Bn254, ByValues>::create_proof_with_reduction_and_matrices(
            &key,
            r,
            s,
            circuit.matrices,
            circuit.num_instance,
            rows,
            &assignment,
        );
        let stock = toy.prove(&toy.stock_key(), &inputs, &mut PublicRandomness::new(circuit.id, circuit.constraints));
        for proof in [ours.unwrap(), stock] {
            assert!(Groth16::<Bn254>::verify_proof(&prepared, &proof, &inputs).unwrap());
        }
    }

    #[test]
    fn every_machine_derives_the_same_key() {
        let toy = Toy::new(2);
        let file = toy.verifying_key_file();
        assert_eq!(file.id().to_string(), "6d1d28bcca4f812558658bc3a475d151c3ea822af1184124f7c214a65d019f1d");
        let vk = |id: &str, constraints: &Digest| development(&Circuit { id, constraints, ..toy.circuit() }, &|_, _, _| ()).unwrap().vk;
        let circuit = toy.circuit();
        let vk_here = vk(circuit.id, circuit.constraints);
        assert_eq!(VerifyingKeyFile::new(circuit.id, Kind::Development, *circuit.constraints, &vk_here).unwrap(), file);
        assert_ne!(vk("toy-2", circuit.constraints).alpha_g1, vk_here.alpha_g1);
        assert_ne!(vk(circuit.id, &Digest([7; 32])).alpha_g1, vk_here.alpha_g1);
    }

    #[test]
    fn progress_reaches_its_totals() {
        let toy = Toy::with_rows(1, 5_000);
        let seen = RefCell::new(Vec::new());
        development(&toy.circuit(), &|stage, done, total| seen.borrow_mut().push((stage, done, total))).unwrap();
        let seen = seen.into_inner();
        assert!(seen.is_sorted());
        for stage in [Stage::Polynomials, Stage::TwistPoints, Stage::CurvePoints] {
            let last = seen.iter().rfind(|s| s.0 == stage).unwrap();
            assert_eq!(last.1, last.2, "{stage}");
        }
    }

    #[test]
    fn misfits_are_refused() {
        let toy = Toy::new(1);
        let circuit = toy.circuit();
        let quiet = |_: Stage, _: usize, _: usize| ();
        let mut short = circuit.matrices.clone();
        short[1].pop();
        let shorter = Circuit { matrices: &short, ..circuit };
        assert!(matches!(development(&shorter, &quiet), Err(SetupError::UnequalRows { .. })));
        let mut wide = circuit.matrices.clone();
        wide[2][1].push((F::from(1), 1_000));
        let wider = Circuit { matrices: &wide, ..circuit };
        assert!(matches!(development(&wider, &quiet), Err(SetupError::Column { row: 1, column: 1_000, .. })));
        let none = Circuit { num_instance: 0, num_witness: 100, ..circuit };
        assert_eq!(development(&none, &quiet).unwrap_err(), SetupError::NoConstant);
    }
}
