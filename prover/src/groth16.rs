//! The proof itself: rows evaluated, the quotient, five sums over the key's points, fresh blinding, and a last check.
//!
//! The sums come from a file that is not checked point by point. That they are in their groups is checked here, before they are blinded,
//! and the finished proof is verified: both are steps of the argument at [`probity_params::cache`]. A proof that fails is wiped and
//! reported, never sent.
//!
//! # Memory
//!
//! A proof takes 32 bytes for each variable, once more for each one that matrix A or B mentions, and for each of three polynomials' values
//! on the domain, besides what the sums need for their buckets. That is about 11 MB for the largest circuit. File and tables are shared.

use crate::control::{Cancelled, Control, Stage};
use crate::verify::{Verifier, encode};
use ark_bn254::{Bn254, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::CurveGroup;
use ark_ff::{UniformRand, Zero};
use ark_groth16::Proof;
use probity_credit::field::F;
use probity_curve::{Quotient, sum_g1, sum_g2};
use probity_params::compiled::{CompiledCircuit, FileError};
use probity_params::point::PointError;
use rand::rngs::OsRng;
use std::mem::take;
use std::sync::OnceLock;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a proof: A, B and C, compressed.
pub const PROOF_BYTES: usize = 128;

/// Why no proof was made although a witness is there: it was given up, or there is a fault of the program or of the proving key, not of the
/// subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveError {
    /// Key and assignment are of different circuits.
    #[error(
        "the proving key is for {key_inputs} public inputs and {key_variables} variables, the circuit has {inputs} and {variables}: \
         delete the key from the cache, it is made anew"
    )]
    OtherCircuit {
        /// Inputs of the key.
        key_inputs: usize,
        /// Variables of the key.
        key_variables: usize,
        /// Inputs of the assignment.
        inputs: usize,
        /// Variables of the assignment.
        variables: usize,
    },
    /// Whoever asked for the proof gave it up.
    #[error("the proof was given up before it was finished, nothing was sent: ask for it again")]
    Cancelled,
    /// The file that the proof was made from is not what was written.
    #[error("no proof came out because the proving key is damaged ({0}), nothing was sent: delete it from the cache, it is made anew")]
    Damaged(FileError),
    /// A sum over points of the key is not in its group: the key holds what is no point.
    #[error("the proving key's points do not add up to a point, nothing was sent: delete it from the cache, it is made anew")]
    Sum,
    /// A point of the finished proof is none: the proving key is damaged.
    #[error("the finished proof has a bad point ({0}), it was not sent: delete the proving key from the cache, it is made anew")]
    Point(#[from] PointError),
    /// The finished proof does not verify: the assignment breaks a constraint or the proving key is damaged.
    #[error(
        "the finished proof does not verify, it was not sent: delete the proving key from the cache, it is made anew; \
         if that does not help, report it with the circuit's id and the policy's"
    )]
    DoesNotHold,
}

/// A compiled circuit with what is computed once for all of its proofs. Any number of threads may prove with it at once.
pub struct Groth16Prover {
    circuit: CompiledCircuit,
    /// Made by the first proof, beside the sums that do not need it.
    quotient: OnceLock<Quotient>,
    verifier: Verifier,
}

impl Groth16Prover {
    /// Cost: a pairing. The first proof also makes the quotient's tables.
    pub fn new(circuit: CompiledCircuit) -> Self {
        let verifier = Verifier::new(circuit.verifying_key());
        Self { circuit, quotient: OnceLock::new(), verifier }
    }

    /// Making it forks no tasks: a thread that waited for them could come to wait here for itself.
    fn quotient(&self) -> &Quotient {
        let log2 = self.circuit.domain_log2();
        self.quotient.get_or_init(|| Quotient::new(log2).expect("the file's decoder admits no domain that the field lacks"))
    }

    /// The compiled circuit.
    pub fn circuit(&self) -> &CompiledCircuit {
        &self.circuit
    }

    /// Proves that `instance` (the constant one first) and `witness` satisfy the rows, and verifies the proof.
    ///
    /// The blinding r and s comes from the operating system. It and all that was computed from the witness are wiped afterwards.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn prove(&self, instance: &[F], witness: &[F], control: &Control<'_>) -> Result<[u8; PROOF_BYTES], ProveError> {
        self.check_sizes(instance, witness)?;
        self.prove_unless_damaged(instance, witness, control).map_err(|e| match e {
            ProveError::Cancelled => e,
            // points are not checked at the start: here is where a failing disk shows
            e => self.circuit.verify().err().map_or(e, ProveError::Damaged),
        })
    }

    fn prove_unless_damaged(&self, instance: &[F], witness: &[F], control: &Control<'_>) -> Result<[u8; PROOF_BYTES], ProveError> {
        control.enter(Stage::Rows)?;
        // one allocation of the final size: growing would leave copies of the secrets behind
        let mut assignment = Zeroizing::new(Vec::with_capacity(instance.len() + witness.len()));
        assignment.extend_from_slice(instance);
        assignment.extend_from_slice(witness);
        let values = self.values(&assignment);
        control.enter(Stage::Sums)?;
        let sums = self.sums(values, &assignment, control.cancelled)?;
        let (r, s) = (Zeroizing::new(F::rand(&mut OsRng)), Zeroizing::new(F::rand(&mut OsRng)));
        let bytes = Zeroizing::new(encode(&self.blind(&sums, &r, &s)));
        control.enter(Stage::Verification)?;
        self.verifier.check(instance, &bytes)?;
        Ok(*bytes)
    }

    fn check_sizes(&self, instance: &[F], witness: &[F]) -> Result<(), ProveError> {
        let (key_instance, key_witness) = (self.circuit.num_instance(), self.circuit.num_witness());
        if (instance.len(), witness.len()) == (key_instance, key_witness) {
            return Ok(());
        }
        let (key_inputs, key_variables) = (key_instance.saturating_sub(1), key_instance + key_witness);
        let (inputs, variables) = (instance.len().saturating_sub(1), instance.len() + witness.len());
        Err(ProveError::OtherCircuit { key_inputs, key_variables, inputs, variables })
    }

    /// The values of A and B on the domain: of each row, then x_i * 0 for each column of the instance, as in the set-up, then zeros.
    ///
    /// Those of C are not needed: in an assignment that satisfies the rows they are the products, and from one that does not no proof
    /// comes out, because the points of L are made of the true C.
    fn values(&self, assignment: &[F]) -> [Zeroizing<Vec<F>>; 2] {
        let (rows, instance) = (self.circuit.rows(), self.circuit.num_instance());
        let mut values = [(); 2].map(|()| Zeroizing::new(vec![F::zero(); 1 << self.circuit.domain_log2()]));
        self.circuit.a().multiply(assignment, &mut values[0]);
        self.circuit.b().multiply(assignment, &mut values[1]);
        values[0][rows..][..instance].copy_from_slice(&assignment[..instance]);
        values
    }

    /// The five sums, all at once, so that no core waits for the end of one of them.
    fn sums(&self, values: [Zeroizing<Vec<F>>; 2], assignment: &[F], cancelled: Cancelled<'_>) -> Result<Sums, ProveError> {
        let circuit = &self.circuit;
        let [mut a_values, mut b_values] = values;
        let of_a = gather(circuit.a_variables(), assignment);
        let of_b = gather(circuit.b_variables(), assignment);
        let witness = &assignment[circuit.num_instance()..];
        let h = || {
            cancelled.check()?;
            let quotient = Zeroizing::new(self.quotient().values(take(&mut a_values), take(&mut b_values)));
            cancelled.check()?;
            in_g1(Zeroizing::new(sum_g1(circuit.h_query(), &quotient)))
        };
        let a = || cancelled.check().and_then(|()| in_g1(Zeroizing::new(sum_g1(circuit.a_query(), &of_a))));
        let b_curve = || cancelled.check().and_then(|()| in_g1(Zeroizing::new(sum_g1(circuit.b_curve_query(), &of_b))));
        let b_twist = || cancelled.check().and_then(|()| in_g2(Zeroizing::new(sum_g2(circuit.b_twist_query(), &of_b))));
        let l = || cancelled.check().and_then(|()| in_g1(Zeroizing::new(sum_g1(circuit.l_query(), witness))));
        let (h, ((b_twist, a), (b_curve, l))) = rayon::join(h, || rayon::join(|| rayon::join(b_twist, a), || rayon::join(b_curve, l)));
        Ok(Sums { h: h?, a: a?, b_curve: b_curve?, b_twist: b_twist?, l: l? })
    }

    /// The proof of these sums with the blinding r and s.
    fn blind(&self, sums: &Sums, r: &F, s: &F) -> Proof<Bn254> {
        let vk = self.circuit.verifying_key();
        let (beta, delta) = (self.circuit.beta_g1(), self.circuit.delta_g1());
        let a = delta * r + vk.alpha_g1 + *sums.a;
        let b = vk.delta_g2 * s + vk.beta_g2 + *sums.b_twist;
        let b_curve = Zeroizing::new(delta * s + beta + *sums.b_curve);
        let rs = Zeroizing::new(*r * s);
        let c = a * s + *b_curve * r - delta * *rs + *sums.l + *sums.h;
        Proof { a: a.into_affine(), b: b.into_affine(), c: c.into_affine() }
    }
}

/// Sums over the key's points, unblinded.
struct Sums {
    a: Zeroizing<G1Affine>,
    b_curve: Zeroizing<G1Affine>,
    b_twist: Zeroizing<G2Affine>,
    l: Zeroizing<G1Affine>,
    h: Zeroizing<G1Affine>,
}

fn gather(variables: &[u32], assignment: &[F]) -> Zeroizing<Vec<F>> {
    Zeroizing::new(variables.iter().map(|column| assignment[*column as usize]).collect())
}

fn in_g1(sum: Zeroizing<G1Projective>) -> Result<Zeroizing<G1Affine>, ProveError> {
    let mut sum = sum.into_affine();
    // all of the curve is in G1
    if sum.is_on_curve() {
        return Ok(Zeroizing::new(sum));
    }
    sum.zeroize();
    Err(ProveError::Sum)
}

fn in_g2(sum: Zeroizing<G2Projective>) -> Result<Zeroizing<G2Affine>, ProveError> {
    let mut sum = sum.into_affine();
    if sum.is_on_curve() && sum.is_in_correct_subgroup_assuming_on_curve() {
        return Ok(Zeroizing::new(sum));
    }
    sum.zeroize();
    Err(ProveError::Sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ec::AffineRepr;
    use ark_ff::{FftField, Field};
    use ark_groth16::ProvingKey;
    use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
    use probity_curve::{G1Point, G2Point};
    use probity_params::cache::{KeyCache, Wanted};
    use probity_params::setup::Circuit;
    use probity_params::testing::Toy;
    use probity_params::{Kind, Matrix};
    use std::sync::atomic::{AtomicBool, Ordering};

    fn assignment(toy: &Toy) -> (Vec<F>, Vec<F>) {
        let public: Vec<F> = (0..toy.inputs() as u64).map(F::from).collect();
        let mut instance = toy.assignment(&public, F::from(3u64));
        let witness = instance.split_off(toy.inputs() + 1);
        (instance, witness)
    }

    fn prove(circuit: CompiledCircuit, toy: &Toy) -> Result<[u8; PROOF_BYTES], ProveError> {
        let (instance, witness) = assignment(toy);
        Groth16Prover::new(circuit).prove(&instance, &witness, &Control::default())
    }

    #[test]
    fn a_proof_holds_and_is_never_the_same_twice() {
        let toy = Toy::with_rows(2, 50);
        let (prover, (instance, witness)) = (Groth16Prover::new(toy.compiled()), assignment(&toy));
        let made = [(); 2].map(|()| prover.prove(&instance, &witness, &Control::default()).unwrap());
        assert_ne!(made[0], made[1], "fresh blinding");
        // by the library alone, without the product's sums
        let key = ark_groth16::prepare_verifying_key(&toy.stock_key().vk);
        for bytes in made {
            use probity_params::point::{g1, g2};
            let (a, b, c) = (bytes[..32].try_into().unwrap(), bytes[32..96].try_into().unwrap(), bytes[96..].try_into().unwrap());
            let proof = Proof { a: g1(a).unwrap(), b: g2(b).unwrap(), c: g1(c).unwrap() };
            assert!(ark_groth16::Groth16::<Bn254>::verify_proof(&key, &proof, &instance[1..]).unwrap());
        }
    }

    #[test]
    fn the_check_refuses_other_inputs_and_other_bytes() {
        let toy = Toy::with_rows(2, 50);
        let (prover, (mut instance, witness)) = (Groth16Prover::new(toy.compiled()), assignment(&toy));
        let proof = prover.prove(&instance, &witness, &Control::default()).unwrap();
        prover.verifier.check(&instance, &proof).unwrap();
        let mut altered = proof;
        altered[..32].copy_from_slice(&proof[96..]);
        assert_eq!(prover.verifier.check(&instance, &altered), Err(ProveError::DoesNotHold));
        altered[31] = 0xff;
        assert_eq!(prover.verifier.check(&instance, &altered), Err(ProveError::Point(PointError::Flags)));
        instance[4] += F::from(1u64);
        assert_eq!(prover.verifier.check(&instance, &proof), Err(ProveError::DoesNotHold));
    }

    /// A B - C at any place, from its values where the quotient gives them and zeros on the domain.
    #[test]
    fn the_quotient_is_that_of_the_rows() {
        let toy = Toy::with_rows(2, 50);
        let prover = Groth16Prover::new(toy.compiled());
        let (instance, witness) = assignment(&toy);
        let joined = [instance, witness].concat();
        let [a, b] = prover.values(&joined).map(|values| values.to_vec());
        let quotient = prover.quotient().values(a.clone(), b.clone());

        let domain = Radix2EvaluationDomain::<F>::new(a.len()).unwrap();
        let double = Radix2EvaluationDomain::<F>::new(2 * a.len()).unwrap();
        let at = F::GENERATOR + F::from(1_234_567u64);
        let basis = domain.evaluate_all_lagrange_coefficients(at);
        let value = |values: &[F]| values.iter().zip(&basis).map(|(x, l)| *x * l).sum::<F>();
        let c_row = |row: &Vec<(F, usize)>| row.iter().map(|(k, column)| *k * joined[*column]).sum::<F>();
        let c: Vec<F> = toy.circuit().matrices[2].iter().map(c_row).collect();
        let twice = double.evaluate_all_lagrange_coefficients(at);
        let from_quotient: F = quotient.iter().zip(twice.iter().skip(1).step_by(2)).map(|(x, l)| *x * l).sum();
        assert_eq!(from_quotient, value(&a) * value(&b) - value(&c));
        assert!(!domain.evaluate_vanishing_polynomial(at).inverse().unwrap().is_zero());
    }

    #[test]
    fn an_assignment_that_breaks_a_row_gives_no_proof() {
        let toy = Toy::with_rows(2, 50);
        let prover = Groth16Prover::new(toy.compiled());
        for at in 0..50 {
            let (instance, mut witness) = assignment(&toy);
            witness[at] += F::from(1u64);
            assert_eq!(prover.prove(&instance, &witness, &Control::default()), Err(ProveError::DoesNotHold), "witness {at}");
        }
    }

    #[test]
    fn keys_of_another_size_are_refused() {
        let toy = Toy::new(2);
        for other in [Toy::new(3), Toy::with_rows(2, 9)] {
            assert!(matches!(prove(other.compiled(), &toy), Err(ProveError::OtherCircuit { .. })));
        }
        let made = Groth16Prover::new(toy.compiled()).prove(&[], &[], &Control::default());
        assert!(matches!(made, Err(ProveError::OtherCircuit { .. })));
    }

    /// A forged file that takes the blinding out of A and B and keeps the rest consistent would make proofs that hold only if it could
    /// also change delta in G2, which is the verifying key's.
    #[test]
    fn altered_proving_keys_give_no_proof() {
        let toy = Toy::new(2);
        let mutations: [fn(&mut ProvingKey<Bn254>); 7] = [
            |key| key.delta_g1 = G1Affine::generator(),
            |key| key.beta_g1 = G1Affine::generator(),
            |key| key.a_query[2] = G1Affine::generator(),
            |key| key.b_g1_query[toy_square()] = G1Affine::generator(),
            |key| key.b_g2_query[toy_square()] = G2Affine::generator(),
            |key| key.l_query[0] = G1Affine::generator(),
            |key| key.h_query[0] = G1Affine::generator(),
        ];
        for (i, mutate) in mutations.iter().enumerate() {
            let mut key = toy.development_key();
            mutate(&mut key);
            assert_eq!(prove(toy.compiled_with(&key), &toy), Err(ProveError::DoesNotHold), "mutation {i}");
        }
    }

    /// The column of the toy's secret when it has two inputs of a policy: B mentions it.
    fn toy_square() -> usize {
        1 + Toy::new(2).inputs()
    }

    #[test]
    fn altered_rows_give_no_proof() {
        let toy = Toy::new(2);
        let key = toy.development_key();
        let mutations: [fn(&mut [Matrix; 3]); 4] =
            [|m| m[0][1][0].0 += F::from(1u64), |m| m[0][1][0].1 = 0, |m| m[1][0].push((F::from(7u64), 3)), |m| m[1][3].clear()];
        for (i, mutate) in mutations.iter().enumerate() {
            let mut matrices = toy.circuit().matrices.clone();
            mutate(&mut matrices);
            let folder = tempfile::tempdir().unwrap();
            let altered = Circuit { matrices: &matrices, ..toy.circuit() };
            let circuit = KeyCache::at(folder.path()).store(&altered, Kind::Development, &key).unwrap();
            assert_eq!(prove(circuit, &toy), Err(ProveError::DoesNotHold), "mutation {i}");
        }
    }

    /// What is no point gets through the checks of a start, adds up to anything, and is named in the end.
    #[test]
    fn what_is_no_point_gives_no_proof() {
        let toy = Toy::new(2);
        let (key, secret) = (toy.development_key(), toy_square());
        let curve = |point: G1Affine| {
            let G1Point { x, y } = point.into();
            [x, y].concat()
        };
        let G2Point { x, y } = key.b_g2_query[secret].into();
        let points = [
            curve(key.a_query[secret]),
            curve(key.b_g1_query[secret]),
            [x, y].concat().concat(),
            curve(key.l_query[1]),
            curve(key.h_query[1]),
        ];
        for (i, point) in points.into_iter().enumerate() {
            let folder = tempfile::tempdir().unwrap();
            let cache = KeyCache::at(folder.path());
            let circuit = toy.circuit();
            drop(cache.store(&circuit, Kind::Development, &key).unwrap());
            let path = cache.path(circuit.id, Kind::Development, circuit.constraints);
            let mut bytes = std::fs::read(&path).unwrap();
            let words: Vec<u8> = point.iter().flat_map(|word| word.to_le_bytes()).collect();
            let at = bytes.windows(words.len()).position(|window| window == words).unwrap();
            bytes[at] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            let (kind, constraints, inputs) = (Kind::Development, circuit.constraints, circuit.inputs());
            let loaded = cache.load(&Wanted { circuit: circuit.id, kind, constraints, inputs, verifying_key: None }).unwrap();
            assert!(matches!(prove(loaded, &toy), Err(ProveError::Damaged(FileError::Digest { .. }))), "point {i}");
        }
    }

    #[test]
    fn sums_outside_their_groups_are_not_blinded() {
        let no_point = G1Affine::new_unchecked(1u64.into(), 1u64.into());
        assert_eq!(in_g1(Zeroizing::new(no_point.into())).err(), Some(ProveError::Sum));
        let coordinates = (1u64..50).map(ark_bn254::Fq2::from);
        let outside = coordinates
            .filter_map(|x| G2Affine::get_ys_from_x_unchecked(x).map(|(y, _)| G2Affine::new_unchecked(x, y)))
            .find(|q| !q.is_in_correct_subgroup_assuming_on_curve())
            .unwrap();
        assert_eq!(in_g2(Zeroizing::new(outside.into())).err(), Some(ProveError::Sum));
        for point in [G1Affine::generator(), G1Affine::zero()] {
            assert_eq!(*in_g1(Zeroizing::new(point.into())).unwrap(), point);
        }
    }

    #[test]
    fn a_proof_can_be_given_up_at_every_stage() {
        let toy = Toy::with_rows(2, 50);
        let (prover, (instance, witness)) = (Groth16Prover::new(toy.compiled()), assignment(&toy));
        for stop_at in [Stage::Rows, Stage::Sums, Stage::Verification] {
            let (flag, seen) = (AtomicBool::new(false), std::cell::RefCell::new(Vec::new()));
            let progress = |stage| {
                seen.borrow_mut().push(stage);
                flag.store(stage == stop_at, Ordering::Relaxed);
            };
            let control = Control { progress: Some(&progress), cancelled: Cancelled(Some(&flag)) };
            let made = prover.prove(&instance, &witness, &control);
            if stop_at == Stage::Verification {
                // the last stage is not interrupted
                made.unwrap();
            } else {
                assert_eq!(made, Err(ProveError::Cancelled), "{stop_at}");
            }
            assert_eq!(seen.into_inner().last(), Some(&stop_at));
        }
    }
}
