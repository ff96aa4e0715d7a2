//! A small real circuit for tests, here and in the crates above: as many public inputs as one likes, keys in milliseconds.
//!
//! With x the public inputs and w secret, it says `w^3 + w + 5 + sum (i + 1) x_i = y` for a secret y, so that every choice of public inputs
//! has a proof. Further rows square a chain of numbers, to give the keys of a real circuit's size.

use ark_bn254::Bn254;
use ark_ff::{One, UniformRand, Zero};
use ark_groth16::{Groth16, Proof, ProvingKey};
use ark_std::rand::RngCore;
use probity_credit::digest::Digest;
use probity_credit::field::F;
use probity_credit::hash::label::sha256;

use crate::cache::KeyCache;
use crate::compiled::CompiledCircuit;
use crate::key_id::Kind;
use crate::setup::{Circuit, Matrix, development, development_for_stock_prover};
use crate::verifying::VerifyingKeyFile;

/// Public inputs that change from proof to proof in every circuit of the product; the others are the policy's.
const CHANGING: usize = 7;

/// The circuit.
pub struct Toy {
    id: &'static str,
    constraints: Digest,
    matrices: [Matrix; 3],
    inputs: usize,
    chain: usize,
}

impl Toy {
    /// With seven public inputs and `policy_inputs` more.
    pub fn new(policy_inputs: usize) -> Self {
        Self::with_rows(policy_inputs, 4)
    }

    /// The same with at least four and otherwise exactly `rows` rows.
    pub fn with_rows(policy_inputs: usize, rows: usize) -> Self {
        let (inputs, chain) = (CHANGING + policy_inputs, rows.saturating_sub(4));
        let one = F::one();
        let [w, square, cube, y] = [1, 2, 3, 4].map(|i| inputs + i);
        let mut sum: Vec<(F, usize)> = (1..=inputs).map(|i| (F::from(i as u64 + 1), i)).collect();
        sum.extend([(one, cube), (one, w), (F::from(5), 0)]);
        let mut a = vec![vec![(one, w)], vec![(one, square)], sum, vec![(one, y)]];
        let mut b = vec![vec![(one, w)], vec![(one, w)], vec![(one, 0)], vec![(one, 0)]];
        let mut c = vec![vec![(one, square)], vec![(one, cube)], vec![(one, y)], vec![(one, y)]];
        for i in 0..chain {
            a.push(vec![(one, y + i)]);
            b.push(vec![(one, y + i), (one, 0)]);
            c.push(vec![(one, y + i + 1)]);
        }
        let size = [inputs as u64, a.len() as u64].map(u64::to_le_bytes);
        Self { id: "toy-1", constraints: Digest::of(sha256::CIRCUIT, &[b"toy", &size[0], &size[1]]), matrices: [a, b, c], inputs, chain }
    }

    /// The same under another id: for a chain that knows only its own circuits' names.
    pub fn named(self, id: &'static str) -> Self {
        Self { id, ..self }
    }

    /// What a set-up needs to know.
    pub fn circuit(&self) -> Circuit<'_> {
        let num_witness = 4 + self.chain;
        Circuit { id: self.id, constraints: &self.constraints, matrices: &self.matrices, num_instance: self.inputs + 1, num_witness }
    }

    /// Number of public inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The development key.
    pub fn development_key(&self) -> ProvingKey<Bn254> {
        development(&self.circuit(), &|_, _, _| ()).expect("the toy's matrices fit together")
    }

    /// The development key for `ark-groth16`'s own prover and so for [`Toy::prove`]: its verifying key is the same.
    pub fn stock_key(&self) -> ProvingKey<Bn254> {
        development_for_stock_prover(&self.circuit()).expect("the toy's matrices fit together")
    }

    /// The compiled circuit with the development key.
    pub fn compiled(&self) -> CompiledCircuit {
        self.compiled_with(&self.development_key())
    }

    /// The compiled circuit with another key, however wrong: only its verifying key must pass the gate and delta be a point.
    ///
    /// # Panics
    /// If the key is of another size, or a temporary file cannot be written.
    pub fn compiled_with(&self, key: &ProvingKey<Bn254>) -> CompiledCircuit {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        // the mapping stays when the file's name goes
        KeyCache::at(folder.path()).store(&self.circuit(), Kind::Development, key).expect("a key of the toy's sizes")
    }

    /// The file of the development verifying key.
    pub fn verifying_key_file(&self) -> VerifyingKeyFile {
        VerifyingKeyFile::new(self.id, Kind::Development, self.constraints, &self.development_key().vk)
            .expect("a key from a set-up passes the gate")
    }

    /// The file of another key that says it comes from a ceremony: for tests of how such keys are handled, since nobody held one.
    pub fn ceremony_key_file(&self) -> VerifyingKeyFile {
        // other constraints on paper give other secrets for the same rows
        let paper = Digest::of(sha256::CIRCUIT, &[b"another toy"]);
        let key = development(&Circuit { constraints: &paper, ..self.circuit() }, &|_, _, _| ()).expect("the toy's matrices fit together");
        VerifyingKeyFile::new(self.id, Kind::Ceremony, self.constraints, &key.vk).expect("a key from a set-up passes the gate")
    }

    /// The full assignment for these public inputs and this secret.
    ///
    /// # Panics
    /// If there are not exactly [`Toy::inputs`] values.
    pub fn assignment(&self, public: &[F], secret: F) -> Vec<F> {
        assert_eq!(public.len(), self.inputs, "one value per public input");
        let sum = public.iter().zip(2u64..).fold(F::zero(), |sum, (x, k)| sum + F::from(k) * x);
        let cube = secret * secret * secret;
        let mut value = cube + secret + F::from(5) + sum;
        let mut all = vec![F::one()];
        all.extend_from_slice(public);
        all.extend([secret, secret * secret, cube, value]);
        for _ in 0..self.chain {
            value *= value + F::one();
            all.push(value);
        }
        all
    }

    /// A proof for these public inputs, with [`Toy::stock_key`].
    ///
    /// # Panics
    /// If there are not exactly [`Toy::inputs`] values.
    pub fn prove(&self, key: &ProvingKey<Bn254>, public: &[F], rng: &mut impl RngCore) -> Proof<Bn254> {
        let (r, s, secret) = (F::rand(rng), F::rand(rng), F::rand(rng));
        let (rows, assignment) = (self.matrices[0].len(), self.assignment(public, secret));
        Groth16::<Bn254>::create_proof_with_reduction_and_matrices(key, r, s, &self.matrices, self.inputs + 1, rows, &assignment)
            .expect("the domain exists: the key was made with it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn assignments_satisfy_the_rows() {
        let toy = Toy::with_rows(3, 40);
        let mut rng = StdRng::seed_from_u64(1);
        let public: Vec<F> = (0..toy.inputs()).map(|_| F::rand(&mut rng)).collect();
        let z = toy.assignment(&public, F::rand(&mut rng));
        let dot = |row: &Vec<(F, usize)>| row.iter().fold(F::zero(), |sum, (k, column)| sum + *k * z[*column]);
        let [a, b, c] = &toy.matrices;
        assert_eq!(a.len(), 40);
        for ((a, b), c) in a.iter().zip(b).zip(c) {
            assert_eq!(dot(a) * dot(b), dot(c));
        }
    }
}
