//! The permutation with sparse matrices in the partial rounds (appendix B of eprint 2019/458, circomlib's optimised template).
//!
//! Two rewritings keep every S-box input as it is and save most of the multiplications. Constants of lanes without an S-box pass
//! through the matrix into the next round, so that a partial round adds one constant. And the matrix is split into a sparse factor and
//! one that leaves lane 0 alone, which may be applied before the S-box, hence in the round before.

use super::matrix::{self, Matrix};
use super::{FULL_ROUNDS, Parameters, parameters};
use crate::field::F;
use ark_ff::{AdditiveGroup, Field};
use std::sync::OnceLock;

const HALF: usize = FULL_ROUNDS / 2;

/// What happens at the S-boxes of a [`walk`]: the hash raises to the fifth power; a circuit also takes down every step.
pub trait Sboxes {
    /// Replaces each element of the state in a full round.
    fn full(&mut self, round: usize, state: &mut [F]);
    /// The S-box of lane 0 in a partial round.
    fn partial(&mut self, round: usize, x: F) -> F;
}

/// Runs the permutation on `(capacity, inputs)` with one to eight inputs and gives lane 0 of the result.
pub fn walk<S: Sboxes>(capacity: F, inputs: &[F], sboxes: &mut S) -> F {
    macro_rules! of_width {
        ($($inputs:literal => $t:literal),*) => {
            match inputs.len() {
                $($inputs => {
                    static SCHEDULE: OnceLock<Schedule<$t>> = OnceLock::new();
                    let mut state = [capacity; $t];
                    state[1..].copy_from_slice(inputs);
                    SCHEDULE.get_or_init(|| Schedule::new(parameters($t))).walk(state, sboxes)
                })*
                n => panic!("Poseidon takes 1 to 8 inputs, not {n}"),
            }
        };
    }
    of_width!(1 => 2, 2 => 3, 3 => 4, 4 => 5, 5 => 6, 6 => 7, 7 => 8, 8 => 9)
}

/// A matrix that differs from the identity in its first row and first column alone.
struct Sparse<const T: usize> {
    row: [F; T],
    /// The first column below the corner; the last entry is not used.
    column: [F; T],
}

struct Schedule<const T: usize> {
    /// Constants of the full rounds before the partial ones, and of those after them.
    before: [[F; T]; HALF],
    after: [[F; T]; HALF],
    mds: [[F; T]; T],
    /// Instead of the matrix of the last full round before the partial ones.
    bridge: [[F; T]; T],
    /// For each partial round its constant in lane 0 and its matrix.
    partial: Vec<(F, Sparse<T>)>,
}

impl<const T: usize> Schedule<T> {
    fn new(parameters: &Parameters) -> Self {
        let (partial_rounds, mds) = (parameters.partial_rounds, &parameters.mds);
        let mut constants = Vec::with_capacity(partial_rounds);
        let mut carried = vec![F::ZERO; T];
        for round in HALF..HALF + partial_rounds {
            for (x, c) in carried.iter_mut().zip(parameters.constants(round)) {
                *x += c;
            }
            constants.push(std::mem::replace(&mut carried[0], F::ZERO));
            carried = matrix::apply(mds, &carried);
        }
        let mut after: [[F; T]; HALF] = std::array::from_fn(|i| array(parameters.constants(HALF + partial_rounds + i)));
        for (x, c) in after[0].iter_mut().zip(&carried) {
            *x += c;
        }

        let mut sparse = Vec::with_capacity(partial_rounds);
        let mut dense = mds.clone();
        for _ in 0..partial_rounds {
            let (factor, rest) = split::<T>(&dense);
            sparse.push(factor);
            dense = matrix::product(&rest, mds);
        }
        let partial = constants.into_iter().zip(sparse.into_iter().rev()).collect();
        Self { before: std::array::from_fn(|i| array(parameters.constants(i))), after, mds: square(mds), bridge: square(&dense), partial }
    }

    #[inline]
    fn walk<S: Sboxes>(&self, mut state: [F; T], sboxes: &mut S) -> F {
        for (round, constants) in self.before.iter().enumerate() {
            add(&mut state, constants);
            sboxes.full(round, &mut state);
            state = multiply(if round + 1 < HALF { &self.mds } else { &self.bridge }, &state);
        }
        for (i, (constant, sparse)) in self.partial.iter().enumerate() {
            state[0] = sboxes.partial(HALF + i, state[0] + constant);
            let (y, first) = (state[0], F::sum_of_products(&sparse.row, &state));
            for (x, factor) in state[1..].iter_mut().zip(&sparse.column) {
                *x += *factor * y;
            }
            state[0] = first;
        }
        // Of the last round only lane 0 counts.
        for (i, constants) in self.after.iter().enumerate() {
            add(&mut state, constants);
            sboxes.full(HALF + self.partial.len() + i, &mut state);
            if i + 1 < HALF {
                state = multiply(&self.mds, &state);
            }
        }
        F::sum_of_products(&self.mds[0], &state)
    }
}

#[inline(always)]
fn add<const T: usize>(state: &mut [F; T], constants: &[F; T]) {
    for (x, c) in state.iter_mut().zip(constants) {
        *x += c;
    }
}

#[inline(always)]
fn multiply<const T: usize>(rows: &[[F; T]; T], state: &[F; T]) -> [F; T] {
    std::array::from_fn(|i| F::sum_of_products(&rows[i], state))
}

/// `m = sparse * rest`, where `rest` keeps lane 0 and mixes the others by the block of `m` below and right of the corner.
fn split<const T: usize>(m: &[Vec<F>]) -> (Sparse<T>, Matrix) {
    let block: Matrix = m[1..].iter().map(|row| row[1..].to_vec()).collect();
    let inverse = matrix::inverse(&block).expect("blocks of these matrices are invertible: tested for every width");
    let mut row = [m[0][0]; T];
    for (j, x) in row[1..].iter_mut().enumerate() {
        *x = m[0][1..].iter().zip(&inverse).map(|(a, b)| *a * b[j]).sum();
    }
    let mut column = [F::ZERO; T];
    for (x, m) in column.iter_mut().zip(&m[1..]) {
        *x = m[0];
    }
    let mut rest = matrix::identity(T);
    for (to, from) in rest[1..].iter_mut().zip(block) {
        to[1..].copy_from_slice(&from);
    }
    (Sparse { row, column }, rest)
}

fn array<const T: usize>(x: &[F]) -> [F; T] {
    x.try_into().expect("parameters of width T have T elements a row")
}

fn square<const T: usize>(m: &[Vec<F>]) -> [[F; T]; T] {
    std::array::from_fn(|i| array(&m[i]))
}
