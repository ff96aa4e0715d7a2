//! Poseidon over the scalar field of BN254 with circomlib's parameters, the domain tag in the capacity element.
//!
//! The hash is Poseidon (eprint 2019/458) with `x^5`, eight full rounds and the partial rounds of circomlib, so that every hash can be
//! checked against circomlibjs' `PoseidonEx` (`initialState` is the tag). [`parameters`] are generated as published and turned once per
//! width into an equivalent schedule with fewer multiplications ([`schedule`]); tests compare both, and 1,000 vectors made by circomlibjs.

mod grain;
mod inner_product;
pub mod matrix;
pub mod schedule;

use crate::field::{F, FieldBytes};
use crate::hash::label::poseidon::NODE;
use ark_ff::Field;
pub use schedule::{Sboxes, walk};
use std::sync::OnceLock;

/// Full rounds, half of them before and half after the partial ones.
pub const FULL_ROUNDS: usize = 8;
/// Partial rounds for t = 2..=9.
pub const PARTIAL_ROUNDS: [usize; 8] = [56, 57, 56, 60, 60, 63, 64, 63];
/// The most inputs of one hash.
pub const MAX_INPUTS: usize = PARTIAL_ROUNDS.len();

/// Poseidon's parameters for one width, as its authors' script generates them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    /// State elements: inputs and one capacity element.
    pub t: usize,
    /// Rounds with an S-box in every lane.
    pub full_rounds: usize,
    /// Rounds with an S-box in lane 0 alone.
    pub partial_rounds: usize,
    /// `t` constants a round, added before the S-boxes, round after round.
    pub round_constants: Vec<F>,
    /// The Cauchy matrix that mixes the lanes, by rows.
    pub mds: Vec<Vec<F>>,
}

impl Parameters {
    /// The constants of round `round`.
    pub fn constants(&self, round: usize) -> &[F] {
        &self.round_constants[round * self.t..(round + 1) * self.t]
    }
}

/// The parameters for a state of `t` elements, 2 to 9; generated at the first call.
pub fn parameters(t: usize) -> &'static Parameters {
    static CACHE: [OnceLock<Parameters>; MAX_INPUTS] = [const { OnceLock::new() }; MAX_INPUTS];
    assert!((2..=MAX_INPUTS + 1).contains(&t), "Poseidon's width is 2 to {}", MAX_INPUTS + 1);
    CACHE[t - 2].get_or_init(|| grain::generate(t, FULL_ROUNDS, PARTIAL_ROUNDS[t - 2]))
}

/// The tag as a field element: its ASCII bytes as a big-endian integer.
///
/// Tags are the constants of [`crate::hash::label::poseidon`]: at most 31 bytes, hence below the modulus.
pub fn tag_element(tag: &str) -> F {
    let mut bytes = [0; 32];
    assert!(tag.is_ascii() && (1..32).contains(&tag.len()), "a tag has 1 to 31 ASCII characters");
    bytes[32 - tag.len()..].copy_from_slice(tag.as_bytes());
    FieldBytes::from_be_bytes(bytes).expect("248 bits are below the modulus").element()
}

/// `H(tag; inputs)` for one to eight inputs.
pub fn hash(tag: &str, inputs: &[F]) -> F {
    poseidon_with_capacity(tag_element(tag), inputs)
}

/// `H(node; children)`: an inner node of every tree.
pub fn hash_node(children: &[F; 8]) -> F {
    static TAG: OnceLock<F> = OnceLock::new();
    poseidon_with_capacity(*TAG.get_or_init(|| tag_element(NODE)), children)
}

/// Lane 0 of the permutation of `(capacity, inputs)`, for one to eight inputs.
pub fn poseidon_with_capacity(capacity: F, inputs: &[F]) -> F {
    walk(capacity, inputs, &mut Native)
}

/// The S-boxes as the hash alone needs them.
struct Native;

impl Sboxes for Native {
    #[inline(always)]
    fn full(&mut self, _round: usize, state: &mut [F]) {
        for x in state {
            *x = quintic(*x);
        }
    }

    #[inline(always)]
    fn partial(&mut self, _round: usize, x: F) -> F {
        quintic(x)
    }
}

/// `x^5`, the S-box.
#[inline(always)]
pub fn quintic(x: F) -> F {
    x.square().square() * x
}

#[cfg(test)]
mod tests;
