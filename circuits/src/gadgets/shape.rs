//! The rows of a statement, the values that go with them, and the digest that pins them.

use super::num::Terms;
use ark_ff::Field;
use probity_credit::digest::Digest;
use probity_credit::field::{F, FieldBytes};
use probity_credit::hash::label::sha256::CIRCUIT;
use sha2::{Digest as _, Sha256};

/// Three linear combinations with `a * b = c`.
pub(crate) struct Row<L> {
    pub(crate) a: L,
    pub(crate) b: L,
    pub(crate) c: L,
}

/// A sparse matrix, by rows: coefficient and column.
pub type Matrix = Vec<Vec<(F, usize)>>;

/// The rows of a statement as three matrices over one column per variable: 1, the public inputs, the witnesses.
#[derive(Clone, PartialEq, Eq)]
pub struct Shape {
    /// Columns of 1 and the public inputs.
    pub num_instance: usize,
    /// Columns of witnesses.
    pub num_witness: usize,
    /// Left factors.
    pub a: Matrix,
    /// Right factors.
    pub b: Matrix,
    /// Products.
    pub c: Matrix,
    /// The full label of each row.
    pub labels: Vec<String>,
}

/// The values of a statement's variables. Holds secrets: wiped when dropped, and never printed.
pub struct Assignment {
    /// 1 and the public inputs.
    pub instance: Vec<F>,
    /// The witnesses.
    pub witness: Vec<F>,
}

impl Assignment {
    pub(crate) fn start() -> Self {
        // Room for the largest statement, so that growing leaves no copies of secrets behind.
        Self { instance: vec![F::ONE], witness: Vec::with_capacity(1 << 16) }
    }

    /// The value of a column of the shape.
    fn column(&self, column: usize) -> F {
        match column.checked_sub(self.instance.len()) {
            None => self.instance[column],
            Some(i) => self.witness[i],
        }
    }
}

impl Drop for Assignment {
    fn drop(&mut self) {
        fn wipe<T: Field>(xs: &mut [T]) {
            xs.iter_mut().for_each(T::zeroize);
        }
        wipe(&mut self.instance);
        wipe(&mut self.witness);
    }
}

/// The label given for an assignment that has not the shape's size, or does not begin with 1.
pub const WRONG_SIZE: &str = "assignment/size";

impl Shape {
    pub(crate) fn from_rows(num_instance: usize, num_witness: usize, rows: Vec<Row<Terms>>, labels: Vec<String>) -> Self {
        let columns = |terms: Terms| -> Vec<(F, usize)> {
            let column = |v: ark_relations::gr1cs::Variable| v.get_variable_index(num_instance).expect("rows hold no symbolic variables");
            terms.into_iter().map(|(v, k)| (k, column(v))).collect()
        };
        let (mut a, mut b, mut c) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for row in rows {
            a.push(columns(row.a));
            b.push(columns(row.b));
            c.push(columns(row.c));
        }
        Self { num_instance, num_witness, a, b, c, labels }
    }

    /// Rows.
    pub fn num_rows(&self) -> usize {
        self.labels.len()
    }

    /// Non-zero coefficients in `a`, `b` and `c`.
    pub fn density(&self) -> [usize; 3] {
        [&self.a, &self.b, &self.c].map(|m| m.iter().map(Vec::len).sum())
    }

    /// The labels of all rows that `assignment` violates; [`WRONG_SIZE`] alone if it has another size.
    pub fn violations(&self, assignment: &Assignment) -> Vec<&str> {
        let sizes = (assignment.instance.len(), assignment.witness.len());
        if sizes != (self.num_instance, self.num_witness) || assignment.instance.first() != Some(&F::ONE) {
            return vec![WRONG_SIZE];
        }
        let value = |terms: &[(F, usize)]| -> F { terms.iter().map(|(k, column)| *k * assignment.column(*column)).sum() };
        let is_violated = |&i: &usize| value(&self.a[i]) * value(&self.b[i]) != value(&self.c[i]);
        (0..self.num_rows()).filter(is_violated).map(|i| self.labels[i].as_str()).collect()
    }

    /// Columns, other than the constant's, that no row mentions: variables that nothing constrains.
    pub fn unconstrained_columns(&self) -> Vec<usize> {
        let mut used = vec![false; self.num_instance + self.num_witness];
        used[0] = true;
        for (_, column) in [&self.a, &self.b, &self.c].into_iter().flatten().flatten() {
            used[*column] = true;
        }
        (0..used.len()).filter(|&column| !used[column]).collect()
    }

    /// Rows per block, in the order in which blocks first appear; a block is the first `depth` parts of a label.
    pub fn rows_per_block(&self, depth: usize) -> Vec<(String, usize)> {
        let mut blocks: Vec<(String, usize)> = Vec::new();
        for label in &self.labels {
            let block = label.match_indices('/').nth(depth.saturating_sub(1)).map_or(label.as_str(), |(end, _)| &label[..end]);
            // Blocks are mostly contiguous: the last one is the likely one.
            match blocks.iter_mut().rev().find(|(name, _)| name == block) {
                Some((_, rows)) => *rows += 1,
                None => blocks.push((block.to_owned(), 1)),
            }
        }
        blocks
    }

    /// Pins the statement: SHA-256 of the counts and all coefficients. Labels may change, they constrain nothing.
    ///
    /// The encoding is the label of [`CIRCUIT`] with its length, then `num_instance`, `num_witness`, the number of rows, and for each
    /// row of `a`, then `b`, then `c` the number of terms and each term's column and coefficient. Counts and columns are 8
    /// little-endian bytes, coefficients 32 canonical big-endian bytes, terms sorted by column.
    pub fn digest(&self) -> Digest {
        let mut hasher = Sha256::new();
        let count = |hasher: &mut Sha256, n: usize| hasher.update((n as u64).to_le_bytes());
        count(&mut hasher, CIRCUIT.len());
        hasher.update(CIRCUIT);
        for n in [self.num_instance, self.num_witness, self.num_rows()] {
            count(&mut hasher, n);
        }
        for terms in [&self.a, &self.b, &self.c].into_iter().flatten() {
            count(&mut hasher, terms.len());
            for (coefficient, column) in terms {
                count(&mut hasher, *column);
                hasher.update(FieldBytes::from(*coefficient).to_be_bytes());
            }
        }
        Digest(hasher.finalize().into())
    }
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shape({} inputs, {} witnesses, {} rows, {})", self.num_instance, self.num_witness, self.num_rows(), self.digest())
    }
}
