//! S-box outputs as linear combinations of later S-box inputs.
//!
//! Between full rounds `x = M y + c`, hence `y = M^-1 (x - c)`. Through the partial rounds the last full round's `t` outputs and the
//! partial rounds' outputs, `t + R_P` unknowns, determine as many inputs: those of the partial rounds and of the next full round. That
//! system is solved once for each width.

use super::super::num::Num;
use ark_ff::{AdditiveGroup, Field};
use probity_credit::field::F;
use probity_credit::hash::poseidon::matrix::{Matrix, apply, identity, inverse, product};
use probity_credit::hash::poseidon::{FULL_ROUNDS, MAX_INPUTS, Parameters, parameters};
use std::sync::OnceLock;

const HALF: usize = FULL_ROUNDS / 2;

/// `outputs = matrix * inputs + offset`.
pub(super) struct Affine {
    matrix: Matrix,
    offset: Vec<F>,
}

impl Affine {
    /// Inverts `inputs = matrix * outputs + constants`.
    fn inverting(matrix: &Matrix, constants: &[F]) -> Self {
        let matrix = inverse(matrix).expect("these systems are regular: tested for every width");
        let offset = apply(&matrix, constants).into_iter().map(|x| -x).collect();
        Self { matrix, offset }
    }

    /// Outputs that are determined.
    pub(super) fn len(&self) -> usize {
        self.offset.len()
    }

    /// Output `i` in terms of `inputs`.
    pub(super) fn output(&self, i: usize, inputs: &[Num]) -> Num {
        let terms = self.matrix[i].iter().copied().zip(inputs);
        Num::linear_combination(terms.chain([(self.offset[i], &Num::one())]))
    }

    /// Input 0 in terms of output 0, a constant, and the other inputs.
    pub(super) fn solve_first_input(&self, output: F, others: &[Num]) -> Num {
        let row = &self.matrix[0];
        let scale = row[0].inverse().expect("the corner of M^-1 is not zero: tested for every width");
        let constant = Num::constant(scale * (output - self.offset[0]));
        Num::linear_combination(row[1..].iter().map(|k| -*k * scale).zip(others).chain([(F::ONE, &constant)]))
    }
}

/// The linear layers of one width.
pub(super) struct Layers {
    partial_rounds: usize,
    /// Into full rounds 1, 2, 3, then the one after the partial rounds and those that follow.
    affine: Vec<Affine>,
}

impl Layers {
    /// What determines S-box outputs from the inputs of full round `round`, and of the partial rounds if it follows on them.
    pub(super) fn before_round(&self, round: usize) -> &Affine {
        &self.affine[if round < HALF { round - 1 } else { round - 1 - self.partial_rounds }]
    }

    fn new(parameters: &Parameters) -> Self {
        let partial_rounds = parameters.partial_rounds;
        let full = |round| Affine::inverting(&parameters.mds, parameters.constants(round));
        let mut affine: Vec<Affine> = (1..HALF).map(full).collect();
        affine.push(through_partial_rounds(parameters));
        affine.extend((HALF + partial_rounds + 1..FULL_ROUNDS + partial_rounds).map(full));
        Self { partial_rounds, affine }
    }
}

/// Runs the partial rounds on rows of coefficients: one column per unknown output, and one for the constant.
fn through_partial_rounds(parameters: &Parameters) -> Affine {
    let &Parameters { t, partial_rounds, ref mds, .. } = parameters;
    let unknowns = t + partial_rounds;
    let units = identity(unknowns + 1);
    let mut state: Matrix = units[..t].to_vec();
    let mut inputs: Matrix = Vec::with_capacity(unknowns);
    for round in HALF..=HALF + partial_rounds {
        state = product(mds, &state);
        for (lane, constant) in state.iter_mut().zip(parameters.constants(round)) {
            lane[unknowns] += constant;
        }
        if round < HALF + partial_rounds {
            inputs.push(std::mem::replace(&mut state[0], units[t + round - HALF].clone()));
        }
    }
    inputs.append(&mut state);
    let constants: Vec<F> = inputs.iter_mut().map(|row| row.pop().unwrap_or(F::ZERO)).collect();
    Affine::inverting(&inputs, &constants)
}

/// The layers of width `t`, computed at the first call.
pub(super) fn layers(t: usize) -> &'static Layers {
    static CACHE: [OnceLock<Layers>; MAX_INPUTS] = [const { OnceLock::new() }; MAX_INPUTS];
    CACHE[t - 2].get_or_init(|| Layers::new(parameters(t)))
}
