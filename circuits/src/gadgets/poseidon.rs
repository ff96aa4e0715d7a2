//! The tagged Poseidon of the native code: `3 * (8t + R_P) - 3` rows a hash.
//!
//! | inputs | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 |
//! |---|---|---|---|---|---|---|---|---|
//! | rows | 213 | 240 | 261 | 297 | 321 | 354 | 381 | 402 |
//!
//! Poseidon (eprint 2019/458) with circomlib's parameters; only S-boxes cost rows. What is witnessed are S-box *inputs* `x`, with
//! `x2 = x * x` and `x4 = x2 * x2`; the third row is `x4 * x = y`, where the output `y` is no variable but the linear combination of
//! the inputs further on that it must be, since all between S-boxes is linear. So the left and right factors of all rows
//! hold one variable each, and what is dense is matrix C alone, which costs a prover least. The capacity is a constant: in round 0 its
//! S-box needs no row.

mod layers;

use super::builder::Builder;
use super::num::Num;
use ark_ff::{AdditiveGroup, Field};
use layers::{Layers, layers};
use probity_credit::field::F;
use probity_credit::hash::poseidon::{FULL_ROUNDS, MAX_INPUTS, PARTIAL_ROUNDS, Parameters, Sboxes, parameters, quintic, tag_element, walk};

/// `H(tag; inputs)` for one to eight inputs: the rows of the table above, under the tag's name.
///
/// Inputs should be short linear combinations: each appears four times in the factors of round 0.
pub fn hash(b: &mut Builder<'_>, tag: &'static str, inputs: &[Num]) -> Num {
    assert!((1..=MAX_INPUTS).contains(&inputs.len()), "Poseidon takes 1 to {MAX_INPUTS} inputs");
    b.scope(tag, |b| {
        // Without values the walk runs over zeros: it then only says which S-box is next.
        let values: Vec<F> = inputs.iter().map(|x| x.value().unwrap_or_default()).collect();
        // Only the recorder computes on from what its witnesses became.
        if b.is_recording() || b.has_hints() {
            let mut recorder = Recorder::new(b, inputs);
            let out = walk(tag_element(tag), &values, &mut recorder);
            recorder.finish(out)
        } else {
            let out = walk(tag_element(tag), &values, &mut Values { b });
            b.witness("out", || Some(out))
        }
    })
}

/// Rows of a hash of `inputs` inputs.
pub const fn rows(inputs: usize) -> usize {
    3 * (FULL_ROUNDS * (inputs + 1) + PARTIAL_ROUNDS[inputs - 1]) - 3
}

/// Takes down the values of the witnesses, in the order in which [`Recorder`] makes the variables.
struct Values<'b, 'a> {
    b: &'b mut Builder<'a>,
}

impl Values<'_, '_> {
    fn powers(&mut self, x: F) -> F {
        let x2 = x.square();
        let x4 = x2.square();
        self.b.witness("x2", || Some(x2));
        self.b.witness("x4", || Some(x4));
        x4 * x
    }
}

impl Sboxes for Values<'_, '_> {
    fn full(&mut self, round: usize, state: &mut [F]) {
        let last = last_round(state.len());
        // Inputs of round 0 are the hash's own; in round 1 lane 0 follows from the other lanes.
        if round > 0 {
            for x in &state[usize::from(round == 1)..] {
                self.b.witness("x", || Some(*x));
            }
        }
        for (lane, x) in state.iter_mut().enumerate() {
            if (round, lane) == (0, 0) {
                *x = quintic(*x);
                continue;
            }
            *x = self.powers(*x);
            if round == last && lane > 0 {
                self.b.witness("y", || Some(*x));
            }
        }
    }

    fn partial(&mut self, _round: usize, x: F) -> F {
        self.b.witness("x", || Some(x));
        self.powers(x)
    }
}

fn last_round(t: usize) -> usize {
    let Parameters { full_rounds, partial_rounds, .. } = parameters(t);
    full_rounds + partial_rounds - 1
}

/// An S-box whose third row waits for the linear combination of its output.
struct Pending {
    round: usize,
    lane: usize,
    x4: Num,
    x: Num,
}

/// Records rows, and values along with them if there are any.
struct Recorder<'b, 'a, 'i> {
    b: &'b mut Builder<'a>,
    parameters: &'static Parameters,
    layers: &'static Layers,
    inputs: &'i [Num],
    /// The S-box output of the capacity in round 0, a constant.
    capacity: F,
    /// S-boxes since the last layer that determines outputs, in order.
    pending: Vec<Pending>,
    /// S-box inputs of the partial rounds.
    partial: Vec<Num>,
    /// S-box outputs of the last round, but for lane 0.
    outputs: Vec<Num>,
}

impl<'b, 'a, 'i> Recorder<'b, 'a, 'i> {
    fn new(b: &'b mut Builder<'a>, inputs: &'i [Num]) -> Self {
        let t = inputs.len() + 1;
        let (parameters, layers) = (parameters(t), layers(t));
        Self { b, parameters, layers, inputs, capacity: F::ZERO, pending: Vec::new(), partial: Vec::new(), outputs: Vec::new() }
    }

    /// Runs `f` under the name of an S-box: `full[r]/lane[i]` or `partial[r]`, rounds counted from the very first.
    fn within<R>(&mut self, round: usize, lane: usize, f: impl FnOnce(&mut Builder<'a>) -> R) -> R {
        let partial = FULL_ROUNDS / 2..FULL_ROUNDS / 2 + self.parameters.partial_rounds;
        if partial.contains(&round) {
            self.b.scope(("partial", round), f)
        } else {
            self.b.scope(("full", round), |b| b.scope(("lane", lane), f))
        }
    }

    /// The S-box inputs of a full round.
    fn full_inputs(&mut self, round: usize, state: &[F]) -> Vec<Num> {
        let skipped = usize::from(round <= 1);
        let mut xs: Vec<Num> = match round {
            0 => self.inputs.iter().zip(&self.parameters.constants(0)[1..]).map(|(x, c)| x + *c).collect(),
            _ => (skipped..state.len()).map(|lane| self.within(round, lane, |b| b.witness("x", || Some(state[lane])))).collect(),
        };
        match round {
            0 => xs.insert(0, Num::constant(state[0])),
            // Round 0 has one S-box output that is known, so one lane of round 1 follows from the others.
            1 => xs.insert(0, self.layers.before_round(1).solve_first_input(self.capacity, &xs)),
            _ => {}
        }
        xs
    }

    /// The rows of `x^2` and `x^4`; gives the value of `x^5`.
    fn raise(&mut self, round: usize, lane: usize, x: Num) -> F {
        let x4 = self.within(round, lane, |b| {
            let x2 = b.mul("x2", &x, &x);
            b.mul("x4", &x2, &x2)
        });
        let y = x4.value().zip(x.value()).map_or(F::ZERO, |(x4, x)| x4 * x);
        self.pending.push(Pending { round, lane, x4, x });
        y
    }

    /// The third rows of all waiting S-boxes, now that the inputs that their outputs lead to are there.
    fn settle(&mut self, round: usize, xs: &[Num]) {
        let mut known = std::mem::take(&mut self.partial);
        known.extend_from_slice(xs);
        let affine = self.layers.before_round(round);
        let pending = std::mem::take(&mut self.pending);
        if !self.b.is_recording() {
            return;
        }
        // In round 0 the capacity's S-box is no row.
        let first = affine.len() - pending.len();
        for (i, Pending { round, lane, x4, x }) in pending.into_iter().enumerate() {
            let y = affine.output(first + i, &known);
            self.within(round, lane, |b| b.enforce("x5", &x4, &x, &y));
        }
    }

    fn finish(mut self, out: F) -> Num {
        let out = self.b.witness("out", || Some(out));
        let Pending { round, lane, x4, x } = self.pending.pop().expect("the last round leaves lane 0");
        let row = &self.parameters.mds[0];
        let others = Num::linear_combination(row[1..].iter().copied().zip(&self.outputs));
        let scale = row[0].inverse().expect("no element of a Cauchy matrix is zero");
        let y = (&out - others) * scale;
        self.within(round, lane, |b| b.enforce("x5", &x4, &x, &y));
        out
    }
}

impl Sboxes for Recorder<'_, '_, '_> {
    fn full(&mut self, round: usize, state: &mut [F]) {
        let last = last_round(state.len());
        let xs = self.full_inputs(round, state);
        if round > 0 {
            self.settle(round, &xs);
        }
        for (lane, (y, x)) in state.iter_mut().zip(xs).enumerate() {
            if (round, lane) == (0, 0) {
                *y = quintic(*y);
                self.capacity = *y;
                continue;
            }
            *y = self.raise(round, lane, x);
            if round == last && lane > 0 {
                let Pending { x4, x, .. } = self.pending.pop().expect("just raised");
                let output = self.within(round, lane, |b| {
                    let output = b.witness("y", || Some(*y));
                    b.enforce("x5", &x4, &x, &output);
                    output
                });
                *y = output.value().unwrap_or_default();
                self.outputs.push(output);
            }
        }
    }

    fn partial(&mut self, round: usize, x: F) -> F {
        let x = self.within(round, 0, |b| b.witness("x", || Some(x)));
        self.partial.push(x.clone());
        self.raise(round, 0, x)
    }
}

#[cfg(test)]
mod tests;
