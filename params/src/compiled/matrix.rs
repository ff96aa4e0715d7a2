//! Matrices by rows with each coefficient stored once: how they are written, and their products with an assignment.

use ark_ff::{BigInt, Zero};
use probity_credit::field::F;
use rayon::prelude::*;
use std::collections::BTreeMap;

use crate::setup::Matrix;

/// Rows that one thread takes at a time.
const ROWS_AT_ONCE: usize = 1_024;

/// The coefficients that nearly all terms have; they stand first in every dictionary, so that no product is needed for them.
const ONE: u32 = 0;
const MINUS_ONE: u32 = 1;

/// The distinct coefficients of some matrices, in the order of their first use after 1 and -1.
pub(super) struct Dictionary {
    numbers: BTreeMap<[u64; 4], u32>,
    pub(super) elements: Vec<F>,
}

impl Dictionary {
    pub(super) fn new() -> Self {
        let mut dictionary = Self { numbers: BTreeMap::new(), elements: Vec::new() };
        dictionary.number(F::from(1u64));
        dictionary.number(-F::from(1u64));
        dictionary
    }

    fn number(&mut self, coefficient: F) -> u32 {
        let next = self.elements.len();
        *self.numbers.entry(words(&coefficient)).or_insert_with(|| {
            self.elements.push(coefficient);
            narrow(next)
        })
    }
}

/// Whether a dictionary that was read begins as every one does.
pub(super) fn begins_well(dictionary: &[F]) -> bool {
    dictionary.starts_with(&[F::from(1u64), -F::from(1u64)])
}

/// The words of an element in the library's Montgomery form, least significant first: what files and memory hold.
pub(super) fn words(element: &F) -> [u64; 4] {
    element.0.0
}

/// The element of these words, if they are below the modulus.
pub(super) fn element(words: [u64; 4]) -> Option<F> {
    let element = F::new_unchecked(BigInt(words));
    (!element.is_geq_modulus()).then_some(element)
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).expect("matrices of fewer than 2^32 terms: more do not fit into a file")
}

/// A matrix as it is written.
pub(super) struct Compiled {
    /// Where each row begins, and where the last one ends.
    pub(super) rows: Vec<u32>,
    pub(super) columns: Vec<u32>,
    pub(super) coefficients: Vec<u32>,
}

impl Compiled {
    pub(super) fn of(matrix: &Matrix, dictionary: &mut Dictionary) -> Self {
        let mut compiled = Self { rows: vec![0], columns: Vec::new(), coefficients: Vec::new() };
        for row in matrix {
            for (coefficient, column) in row {
                compiled.columns.push(narrow(*column));
                compiled.coefficients.push(dictionary.number(*coefficient));
            }
            compiled.rows.push(narrow(compiled.columns.len()));
        }
        compiled
    }
}

/// A matrix as it lies in a file.
#[derive(Clone, Copy)]
pub struct SparseMatrix<'a> {
    pub(super) rows: &'a [u32],
    pub(super) columns: &'a [u32],
    pub(super) coefficients: &'a [u32],
    pub(super) dictionary: &'a [F],
}

impl SparseMatrix<'_> {
    /// Whether rows follow each other through all terms, and columns and coefficients exist: then [`Self::multiply`] does not panic.
    pub(super) fn is_sound(&self, variables: u32) -> bool {
        let coefficients = self.dictionary.len();
        self.rows.first() == Some(&0)
            && self.rows.is_sorted()
            && self.rows.last().is_some_and(|end| *end as usize == self.columns.len())
            && self.columns.len() == self.coefficients.len()
            && self.columns.iter().all(|column| *column < variables)
            && self.coefficients.iter().all(|number| (*number as usize) < coefficients)
    }

    /// The product with `assignment`, one value a row, into the first elements of `values`, on all cores. Cost: the matrix's terms.
    ///
    /// # Panics
    /// If there is less room than rows, or the assignment is shorter than that of the circuit.
    pub fn multiply(&self, assignment: &[F], values: &mut [F]) {
        let rows = self.rows.len() - 1;
        values[..rows].par_chunks_mut(ROWS_AT_ONCE).zip(self.rows.par_chunks(ROWS_AT_ONCE)).enumerate().for_each(
            |(i, (values, begins))| {
                let ends = &self.rows[i * ROWS_AT_ONCE + 1..];
                for ((value, begin), end) in values.iter_mut().zip(begins).zip(ends) {
                    *value = self.sum(*begin as usize..*end as usize, assignment);
                }
            },
        );
    }

    fn sum(&self, terms: std::ops::Range<usize>, assignment: &[F]) -> F {
        let mut sum = F::zero();
        for (column, number) in self.columns[terms.clone()].iter().zip(&self.coefficients[terms]) {
            let value = assignment[*column as usize];
            match *number {
                ONE => sum += value,
                MINUS_ONE => sum -= value,
                number => sum += self.dictionary[number as usize] * value,
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::UniformRand;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    #[test]
    fn products_are_those_of_the_rows() {
        let mut rng = StdRng::seed_from_u64(1);
        let columns = 40;
        let coefficients = [F::from(1), -F::from(1), F::from(2), F::rand(&mut rng), F::from(0)];
        let term = |rng: &mut StdRng| (coefficients[rng.gen_range(0..5)], rng.gen_range(0..columns));
        let matrix: Matrix = (0..2_500).map(|_| (0..rng.gen_range(0..4)).map(|_| term(&mut rng)).collect()).collect();
        let mut dictionary = Dictionary::new();
        let compiled = Compiled::of(&matrix, &mut dictionary);
        assert_eq!(dictionary.elements.len(), 5);
        let Compiled { rows, columns: in_columns, coefficients } = &compiled;
        let sparse = SparseMatrix { rows, columns: in_columns, coefficients, dictionary: &dictionary.elements };
        assert!(sparse.is_sound(columns as u32) && begins_well(&dictionary.elements));
        let assignment: Vec<F> = (0..columns).map(|_| F::rand(&mut rng)).collect();
        let mut values = vec![F::from(7); 2_600];
        sparse.multiply(&assignment, &mut values);
        for (row, value) in matrix.iter().zip(&values) {
            assert_eq!(row.iter().map(|(k, column)| *k * assignment[*column]).sum::<F>(), *value);
        }
        assert!(values[2_500..].iter().all(|value| *value == F::from(7)));
    }

    #[test]
    fn what_would_read_beyond_the_end_is_not_sound() {
        let good =
            SparseMatrix { rows: &[0, 1, 1, 3], columns: &[2, 0, 1], coefficients: &[0, 1, 1], dictionary: &[F::from(1), -F::from(1)] };
        assert!(good.is_sound(3));
        assert!(!good.is_sound(2), "a column too many");
        for rows in [&[][..], &[1, 1, 3], &[0, 2, 1, 3], &[0, 1, 2], &[0, 1, 4]] {
            assert!(!SparseMatrix { rows, ..good }.is_sound(3), "{rows:?}");
        }
        assert!(!SparseMatrix { columns: &[2, 0], ..good }.is_sound(3));
        assert!(!SparseMatrix { coefficients: &[0, 1, 2], ..good }.is_sound(3), "a coefficient that does not exist");
    }

    #[test]
    fn elements_come_back_from_their_words() {
        for x in [F::from(0), F::from(1), -F::from(1), F::rand(&mut StdRng::seed_from_u64(2))] {
            assert_eq!(element(words(&x)), Some(x));
        }
        assert_eq!(element([u64::MAX; 4]), None);
    }
}
