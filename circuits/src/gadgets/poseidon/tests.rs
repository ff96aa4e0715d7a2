use super::super::builder::Checked;
use super::super::shape::Shape;
use super::super::testing::*;
use super::*;
use probity_credit::hash;
use proptest::prelude::*;

const TAG: &str = "node";

fn statement(inputs: &[F]) -> impl Fn(&mut Builder<'_>) {
    move |b| {
        let nums: Vec<Num> = inputs.iter().enumerate().map(|(i, x)| given(b, ("input", i), *x)).collect();
        super::hash(b, TAG, &nums);
    }
}

fn value(inputs: &[F]) -> F {
    honest_value(|b| {
        let nums: Vec<Num> = inputs.iter().map(|x| given(b, "input", *x)).collect();
        super::hash(b, TAG, &nums)
    })
}

fn element() -> impl Strategy<Value = F> {
    any::<([u128; 2], u8)>().prop_map(|([a, b], kind)| match kind {
        0..64 => F::from(a % 3) - F::ONE,
        _ => F::from(a) * F::from(u128::MAX) + F::from(b),
    })
}

#[test]
fn rows_of_every_width() {
    let expected = [213, 240, 261, 297, 321, 354, 381, 402];
    for n in 1..=MAX_INPUTS {
        let inputs: Vec<F> = (0..n as u64).map(F::from).collect();
        assert_eq!(rows_and_violations(statement(&inputs)), (expected[n - 1], 0), "{n} inputs");
        assert_eq!(rows(n), expected[n - 1]);
    }
}

#[test]
fn factors_hold_one_variable_but_for_one_lane() {
    for n in 1..=MAX_INPUTS {
        let shape = Shape::synthesize(statement(&vec![F::ONE; n]));
        for (label, terms) in shape.labels.iter().zip(&shape.a).chain(shape.labels.iter().zip(&shape.b)) {
            let most = match label {
                // Input and round constant.
                label if label.starts_with("node/full[0]/") => 2,
                // Lane 0 of round 1 follows from the others and a constant.
                label if label.starts_with("node/full[1]/lane[0]/") => n + 1,
                _ => 1,
            };
            assert!(terms.len() <= most, "{label}: {} terms", terms.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn agrees_with_native(inputs in prop::collection::vec(element(), 1..=MAX_INPUTS)) {
        prop_assert_eq!(rows_and_violations(statement(&inputs)), (rows(inputs.len()), 0));
        prop_assert_eq!(value(&inputs), hash::hash(TAG, &inputs));
    }
}

#[test]
fn every_witness_is_pinned() {
    for n in 1..=MAX_INPUTS {
        let inputs: Vec<F> = (0..n as u64).map(|i| F::from(7 * i + 3)).collect();
        assert_every_witness_is_pinned(statement(&inputs));
    }
}

#[test]
fn no_replaced_hint_gives_another_hash() {
    for n in [1, 2] {
        assert_eq!(free_hints(statement(&vec![F::from(11); n])), [""; 0]);
    }
    // For the widest state a sample: each kind of hint, early, middle and late.
    let inputs: Vec<F> = (1..=8).map(F::from).collect();
    for hint in
        ["full[1]/lane[1]/x", "full[0]/lane[3]/x2", "full[3]/lane[0]/x4", "partial[4]/x", "partial[40]/x2", "full[70]/lane[8]/y", "out"]
    {
        let name = format!("{TAG}/{hint}");
        let mut seen = std::cell::Cell::new(false);
        let lie = |hint: &str, honest: F| {
            (hint == name).then(|| {
                seen.set(true);
                honest + F::ONE
            })
        };
        let checked = Checked::synthesize_with(&lie, |b| {
            let nums: Vec<Num> = inputs.iter().enumerate().map(|(i, x)| given(b, ("input", i), *x)).collect();
            super::hash(b, TAG, &nums);
        });
        assert!(!checked.unwrap().unsatisfied().is_empty(), "{hint}");
        assert!(*seen.get_mut(), "{hint} is no hint");
    }
}

#[test]
fn tags_and_widths_are_other_circuits() {
    let shape = |tag: &'static str, n: usize| {
        Shape::synthesize(|b| {
            let inputs: Vec<Num> = (0..n).map(|i| b.input(("input", i), None)).collect();
            super::hash(b, tag, &inputs);
        })
    };
    assert_ne!(shape("node", 2).digest(), shape("root", 2).digest());
    assert_ne!(shape("node", 2).digest(), shape("node", 3).digest());
}

#[test]
fn inputs_may_be_linear_combinations_and_constants() {
    let statement = |b: &mut Builder<'_>| {
        let x = given(b, "x", F::from(4));
        let y = given(b, "y", F::from(6));
        let out = super::hash(b, TAG, &[&x * F::from(3) - &y, Num::constant(F::from(9))]);
        assert!(out.value().is_none_or(|out| out == hash::hash(TAG, &[F::from(6), F::from(9)])));
    };
    assert_eq!(rows_and_violations(statement), (240, 0));
}
