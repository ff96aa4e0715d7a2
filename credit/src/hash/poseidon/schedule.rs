//! The permutation with its partial rounds as a recurrence.
//!
//! Constants of lanes without an S-box pass through the matrix into the next round, so that a partial round adds one constant (appendix B
//! of eprint 2019/458). What remains is a linear system with n = t - 1 hidden elements x, one element y that enters, and one that leaves:
//! u' = m y + v x, x' = A x + w y. Over n + 1 rounds x can be eliminated, by the characteristic polynomial of A: u' is one inner product
//! of the last n values of u and n + 1 of y, with the same coefficients in every round, and needs a single reduction (`inner_product.rs`).
//! x is taken out of the state in the round before the partial ones, as the values of u in a past that would have led to it, and put
//! back in the end. Every S-box input stays what it is.

use super::inner_product::inner_product;
use super::matrix::{self, Matrix};
use super::{FULL_ROUNDS, PARTIAL_ROUNDS, Parameters, parameters};
use crate::field::F;
use ark_ff::AdditiveGroup;
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
        ($($inputs:literal => $t:literal, $window:literal;)*) => {
            match inputs.len() {
                $($inputs => {
                    static SCHEDULE: OnceLock<Schedule<$t, $window>> = OnceLock::new();
                    let mut state = [capacity; $t];
                    state[1..].copy_from_slice(inputs);
                    SCHEDULE.get_or_init(|| Schedule::new(parameters($t))).walk(state, sboxes)
                })*
                n => panic!("Poseidon takes 1 to 8 inputs, not {n}"),
            }
        };
    }
    of_width!(1 => 2, 3; 2 => 3, 5; 3 => 4, 7; 4 => 5, 9; 5 => 6, 11; 6 => 7, 13; 7 => 8, 15; 8 => 9, 17;)
}

/// The most values of u and y, in turns: those of the rounds and of the past.
const HISTORY: usize = {
    let (mut most, mut i) = (0, 0);
    while i < PARTIAL_ROUNDS.len() {
        // t = i + 2: t - 1 pairs of the past
        let values = 2 * (PARTIAL_ROUNDS[i] + i + 1);
        most = if values > most { values } else { most };
        i += 1;
    }
    most
};

/// For width `T`; `W` is 2 T - 1.
struct Schedule<const T: usize, const W: usize> {
    /// Constants of the full rounds before the partial ones, and of those after them.
    before: [[F; T]; HALF],
    after: [[F; T]; HALF],
    mds: [[F; T]; T],
    /// Instead of the matrix of the last full round before the partial ones: lane 0, then the past values of u, the oldest first.
    bridge: [[F; T]; T],
    /// For each partial round its constant in lane 0.
    partial: Vec<F>,
    /// The next u from the last values of y and u in turns, the oldest first, of which a y.
    next: [F; W],
    /// The other lanes after the partial rounds from the last values of u and y in turns. Row 0 is not used.
    back: [[F; W]; T],
}

impl<const T: usize, const W: usize> Schedule<T, W> {
    fn new(parameters: &Parameters) -> Self {
        let (partial_rounds, mds) = (parameters.partial_rounds, &parameters.mds);
        let mut partial = Vec::with_capacity(partial_rounds);
        let mut carried = vec![F::ZERO; T];
        for round in HALF..HALF + partial_rounds {
            for (x, c) in carried.iter_mut().zip(parameters.constants(round)) {
                *x += c;
            }
            partial.push(std::mem::replace(&mut carried[0], F::ZERO));
            carried = matrix::apply(mds, &carried);
        }
        let mut after: [[F; T]; HALF] = std::array::from_fn(|i| array(parameters.constants(HALF + partial_rounds + i)));
        for (x, c) in after[0].iter_mut().zip(&carried) {
            *x += c;
        }
        let system = System::of(mds);
        Self {
            before: std::array::from_fn(|i| array(parameters.constants(i))),
            after,
            mds: rows(mds),
            bridge: rows(&system.bridge(mds)),
            partial,
            next: array(&system.next()),
            back: rows(&system.back()),
        }
    }

    #[inline]
    fn walk<S: Sboxes>(&self, mut state: [F; T], sboxes: &mut S) -> F {
        for (round, constants) in self.before.iter().enumerate() {
            add(&mut state, constants);
            sboxes.full(round, &mut state);
            state = multiply(if round + 1 < HALF { &self.mds } else { &self.bridge }, &state);
        }
        let mut history = [F::ZERO; HISTORY];
        for (i, u) in state[1..].iter().enumerate() {
            history[2 * i + 1] = *u;
        }
        for (i, constant) in self.partial.iter().enumerate() {
            let y = sboxes.partial(HALF + i, state[0] + constant);
            history[2 * i + W - 1] = y;
            state[0] = inner_product(&self.next, window(&history, 2 * i));
            history[2 * i + W] = state[0];
        }
        let last = window(&history, 2 * self.partial.len() - 1);
        for (x, row) in state.iter_mut().zip(&self.back).skip(1) {
            *x = inner_product(row, last);
        }
        // Of the last round only lane 0 counts.
        for (i, constants) in self.after.iter().enumerate() {
            add(&mut state, constants);
            sboxes.full(HALF + self.partial.len() + i, &mut state);
            if i + 1 < HALF {
                state = multiply(&self.mds, &state);
            }
        }
        inner_product(&self.mds[0], &state)
    }
}

#[inline(always)]
fn window<const W: usize>(history: &[F; HISTORY], from: usize) -> &[F; W] {
    history[from..].first_chunk().expect("the history has room for every round")
}

/// The lanes without an S-box through the partial rounds: from x and y of a round, u' = m y + v x and x' = A x + w y.
struct System {
    m: F,
    v: Vec<F>,
    w: Vec<F>,
    /// Powers of A from 0 to n, which is its size.
    powers: Vec<Matrix>,
}

impl System {
    fn of(mds: &[Vec<F>]) -> Self {
        let a: Matrix = mds[1..].iter().map(|row| row[1..].to_vec()).collect();
        let mut powers = vec![matrix::identity(a.len())];
        for i in 0..a.len() {
            powers.push(matrix::product(&powers[i], &a));
        }
        Self { m: mds[0][0], v: mds[0][1..].to_vec(), w: mds[1..].iter().map(|row| row[0]).collect(), powers }
    }

    fn n(&self) -> usize {
        self.v.len()
    }

    /// v A^0 to v A^(n - 1), by rows: what x of a round says about the values of u from then on, if nothing enters.
    fn observed(&self) -> Matrix {
        self.powers[..self.n()].iter().map(|power| row_times(&self.v, power)).collect()
    }

    /// c with A^n = c_1 A^(n - 1) + ... + c_n, and 0 for c_0.
    fn characteristic(&self) -> Vec<F> {
        let observed = self.observed();
        // v A^n in the basis of the rows above
        let last = row_times(&self.v, &self.powers[self.n()]);
        let coordinates = row_times(&last, &inverse(&observed));
        std::iter::once(F::ZERO).chain(coordinates.into_iter().rev()).collect()
    }

    /// u' of a round from the values of n rounds before: y, u, y, u and so on to the last y.
    fn next(&self) -> Vec<F> {
        let (n, c) = (self.n(), self.characteristic());
        // what y of j rounds before adds to v x
        let response: Vec<F> =
            (0..=n).map(|j| if j == 0 { self.m } else { matrix::dot(&row_times(&self.v, &self.powers[j - 1]), &self.w) }).collect();
        let of_y = |j: usize| response[j] - (1..=j).map(|i| c[i] * response[j - i]).sum::<F>();
        (1..=n).rev().flat_map(|j| [of_y(j), c[j]]).chain([self.m]).collect()
    }

    /// Lane 0 as it is. For the others x, as the values of u that lead to it if nothing entered before: v A^-n x to v A^-1 x.
    fn bridge(&self, mds: &[Vec<F>]) -> Matrix {
        let past = matrix::product(&self.observed(), &inverse(&self.powers[self.n()]));
        std::iter::once(mds[0].clone()).chain(matrix::product(&past, &mds[1..])).collect()
    }

    /// x after a round from the last values of u and y: u, which does not count, then y and u of n rounds. Row 0 stands for lane 0.
    fn back(&self) -> Matrix {
        let (n, observed) = (self.n(), inverse(&self.observed()));
        let of = |values: &[F]| -> Vec<F> {
            let (y, u): (Vec<F>, Vec<F>) = values.chunks(2).map(|pair| (pair[0], pair[1])).unzip();
            // x before these rounds, from what the values of u have beside what entered since
            let mut entered = vec![F::ZERO; n];
            let mut rest = Vec::with_capacity(n);
            for (y, u) in y.iter().zip(&u) {
                rest.push(*u - self.m * y - matrix::dot(&self.v, &entered));
                entered = self.step(&entered, *y);
            }
            let x = matrix::apply(&observed, &rest);
            matrix::apply(&self.powers[n], &x).iter().zip(&entered).map(|(a, b)| *a + b).collect()
        };
        let columns: Matrix = matrix::identity(2 * n).iter().map(|unit| of(unit)).collect();
        let row = |lane: usize| std::iter::once(F::ZERO).chain(columns.iter().map(move |column| column[lane])).collect();
        std::iter::once(vec![F::ZERO; 2 * n + 1]).chain((0..n).map(row)).collect()
    }

    fn step(&self, x: &[F], y: F) -> Vec<F> {
        matrix::apply(&self.powers[1], x).iter().zip(&self.w).map(|(a, w)| *a + y * w).collect()
    }
}

fn row_times(row: &[F], m: &Matrix) -> Vec<F> {
    matrix::product(&[row.to_vec()], m).remove(0)
}

fn inverse(m: &Matrix) -> Matrix {
    matrix::inverse(m).expect("these matrices of the eight widths are invertible: tested for every width")
}

#[inline(always)]
fn add<const T: usize>(state: &mut [F; T], constants: &[F; T]) {
    for (x, c) in state.iter_mut().zip(constants) {
        *x += c;
    }
}

#[inline(always)]
fn multiply<const T: usize>(rows: &[[F; T]; T], state: &[F; T]) -> [F; T] {
    std::array::from_fn(|i| inner_product(&rows[i], state))
}

fn array<const T: usize>(x: &[F]) -> [F; T] {
    x.try_into().expect("parameters of width T make rows of T or 2 T - 1 elements")
}

fn rows<const T: usize, const N: usize>(m: &[Vec<F>]) -> [[F; N]; T] {
    std::array::from_fn(|i| array(&m[i]))
}
