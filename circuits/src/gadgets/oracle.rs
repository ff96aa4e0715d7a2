//! Independent twins of the gadgets in ark-r1cs-std: both must accept and refuse the same claims.

use super::builder::{Builder, Checked};
use super::num::Num;
use super::testing::given;
use super::{bits, membership, mux, poseidon};
use ark_ff::{AdditiveGroup, Field};
use ark_r1cs_std::boolean::Boolean;
use ark_r1cs_std::convert::ToBitsGadget;
use ark_r1cs_std::fields::FieldVar;
use ark_r1cs_std::fields::fp::FpVar;
use ark_r1cs_std::prelude::{AllocVar, CondSelectGadget, EqGadget};
use ark_relations::gr1cs::{ConstraintSystem, ConstraintSystemRef, SynthesisError};
use probity_credit::field::F;
use probity_credit::hash::poseidon::{MAX_INPUTS, parameters, tag_element};
use proptest::prelude::*;

type Var = FpVar<F>;
type Cs = ConstraintSystemRef<F>;

/// Whether `values` satisfy our statement and the twin in r1cs-std.
fn verdicts(
    values: &[F],
    ours: impl Fn(&mut Builder<'_>, &[Num]),
    theirs: impl Fn(&Cs, &[Var]) -> Result<(), SynthesisError>,
) -> (bool, bool) {
    let checked = Checked::synthesize(|b| {
        let nums: Vec<Num> = values.iter().enumerate().map(|(i, x)| given(b, ("value", i), *x)).collect();
        ours(b, &nums);
    });
    let cs = ConstraintSystem::new_ref();
    let vars: Vec<Var> = values.iter().map(|x| Var::new_witness(cs.clone(), || Ok(*x)).unwrap()).collect();
    theirs(&cs, &vars).unwrap();
    (checked.unwrap().unsatisfied().is_empty(), cs.is_satisfied().unwrap())
}

/// Poseidon as the paper writes it, with every S-box output a variable.
fn poseidon_of_r1cs_std(tag: &str, inputs: &[Var]) -> Result<Var, SynthesisError> {
    let p = parameters(inputs.len() + 1);
    let mut state: Vec<Var> = std::iter::once(Var::constant(tag_element(tag))).chain(inputs.iter().cloned()).collect();
    let half = p.full_rounds / 2;
    for round in 0..p.full_rounds + p.partial_rounds {
        for (x, c) in state.iter_mut().zip(p.constants(round)) {
            *x += *c;
        }
        let is_full = !(half..half + p.partial_rounds).contains(&round);
        for x in state.iter_mut().take(if is_full { p.t } else { 1 }) {
            *x = x.square()?.square()? * &*x;
        }
        state = p.mds.iter().map(|row| row.iter().zip(&state).map(|(k, x)| x * *k).sum()).collect();
    }
    Ok(state.swap_remove(0))
}

/// Bits that are variables, from numbers that must be 0 or 1.
fn booleans(cs: &Cs, xs: &[Var]) -> Result<Vec<Boolean<F>>, SynthesisError> {
    xs.iter()
        .map(|x| {
            let bit = Boolean::new_witness(cs.clone(), || Ok(ark_r1cs_std::GR1CSVar::value(x)? == F::ONE))?;
            Var::from(bit.clone()).enforce_equal(x)?;
            Ok(bit)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn poseidon_accepts_the_same_claims(inputs in prop::collection::vec(any::<u128>(), 1..=MAX_INPUTS), wrong in 0u8..2) {
        let mut values: Vec<F> = inputs.into_iter().map(F::from).collect();
        values.push(probity_credit::hash::hash("file", &values) + F::from(wrong));
        let (ours, theirs) = verdicts(
            &values,
            |b, xs| {
                let (claim, inputs) = xs.split_last().expect("the claim");
                let out = poseidon::hash(b, "file", inputs);
                b.enforce_equal("claim", &out, claim);
            },
            |_, xs| {
                let (claim, inputs) = xs.split_last().expect("the claim");
                poseidon_of_r1cs_std("file", inputs)?.enforce_equal(claim)
            },
        );
        prop_assert_eq!((ours, theirs), (wrong == 0, wrong == 0));
    }

    #[test]
    fn mux_accepts_the_same_claims(options in prop::array::uniform8(0u64..3), index in 0usize..8, claim in 0u64..3) {
        let bits = (0..3).map(|i| index as u64 >> i & 1);
        let values: Vec<F> = options.into_iter().chain(bits).chain([claim]).map(F::from).collect();
        let (ours, theirs) = verdicts(
            &values,
            |b, xs| {
                let bits: Vec<_> = xs[8..11].iter().map(|x| b.enforce_boolean("bit", x.clone())).collect();
                mux::enforce_mux(b, "mux", &xs[..8], &bits, &xs[11]);
                let out = mux::mux(b, "again", &xs[..8], &bits);
                b.enforce_equal("claim", &out, &xs[11]);
            },
            |cs, xs| {
                let mut bits = booleans(cs, &xs[8..11])?;
                bits.reverse();
                Var::conditionally_select_power_of_two_vector(&bits, &xs[..8])?.enforce_equal(&xs[11])
            },
        );
        prop_assert_eq!(ours, theirs);
        prop_assert_eq!(ours, options[index] == claim);
    }

    #[test]
    fn ranges_accept_the_same_numbers(x in 0u64..600, n in 1usize..12, negative in any::<bool>()) {
        let x = if negative { -F::from(x) } else { F::from(x) };
        let (ours, theirs) = verdicts(
            &[x],
            |b, xs| drop(bits::to_bits(b, "range", &xs[0], n)),
            |_, xs| xs[0].to_bits_le()?[n..].iter().try_for_each(|bit| bit.enforce_equal(&Boolean::FALSE)),
        );
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn zero_and_selection_accept_the_same_claims(x in 0u64..2, branches in prop::array::uniform2(0u64..3), claim in 0u64..3) {
        let values = [x, branches[0], branches[1], claim].map(F::from);
        let (ours, theirs) = verdicts(
            &values,
            |b, xs| {
                let zero = bits::is_zero(b, "zero", &xs[0]);
                let out = bits::select(b, "select", &zero, &xs[1], &xs[2]);
                b.enforce_equal("claim", &out, &xs[3]);
            },
            |_, xs| xs[0].is_zero()?.select(&xs[1], &xs[2])?.enforce_equal(&xs[3]),
        );
        prop_assert_eq!(ours, theirs);
        prop_assert_eq!(ours, branches[usize::from(x != 0)] == claim);
    }

    #[test]
    fn membership_accepts_the_same_sets(x in 0u64..5, set in prop::collection::vec(0u64..5, 1..5)) {
        let values: Vec<F> = std::iter::once(x).chain(set).map(F::from).collect();
        let (ours, theirs) = verdicts(
            &values,
            |b, xs| membership::one_of(b, "one-of", &xs[0], &xs[1..]),
            |_, xs| {
                let product = xs[1..].iter().fold(Var::one(), |product, s| product * (&xs[0] - s));
                product.enforce_equal(&Var::constant(F::ZERO))
            },
        );
        prop_assert_eq!(ours, theirs);
    }
}
