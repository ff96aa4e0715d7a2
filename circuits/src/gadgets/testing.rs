//! What every gadget is held to.

use super::builder::{Builder, Checked, Name};
use super::num::Num;
use super::shape::{Assignment, Shape};
use ark_ff::{AdditiveGroup, Field};
use probity_credit::field::F;
use std::cell::RefCell;

/// A number the test gives: a public input, hence no hint.
pub(crate) fn given(b: &mut Builder<'_>, label: impl Into<Name>, value: F) -> Num {
    b.input(label, Some(value))
}

/// Rows and violated rows, after checking that the three ways to run the statement agree.
pub(crate) fn rows_and_violations(statement: impl Fn(&mut Builder<'_>)) -> (usize, usize) {
    let shape = Shape::synthesize(&statement);
    assert!(shape == Shape::synthesize(&statement), "two recordings differ");
    assert_eq!(shape.unconstrained_columns(), [0; 0], "a variable is in no row");
    let checked = Checked::synthesize(&statement).unwrap();
    assert!(shape == checked.shape, "rows depend on values");
    let violations = checked.unsatisfied().len();
    match Assignment::synthesize(&statement) {
        Ok(assignment) => {
            assert!(assignment.instance == checked.assignment.instance && assignment.witness == checked.assignment.witness);
        }
        Err(error) => assert!(violations > 0, "{error}"),
    }
    (shape.num_rows(), violations)
}

/// The value of a number in an honest run; the same with and without rows.
pub(crate) fn honest_value(statement: impl Fn(&mut Builder<'_>) -> Num) -> F {
    let (mut alone, mut checked) = (None, None);
    Assignment::synthesize(|b| alone = statement(b).value()).unwrap();
    Checked::synthesize(|b| checked = statement(b).value()).unwrap();
    assert_eq!(alone, checked);
    alone.unwrap()
}

/// The honest run and the full names of its hints, one for each witness.
fn honest_run(statement: impl Fn(&mut Builder<'_>)) -> (Checked, Vec<String>) {
    let names = RefCell::new(Vec::new());
    let collect = |name: &str, _| {
        names.borrow_mut().push(name.to_owned());
        None
    };
    let checked = Checked::synthesize_with(&collect, statement).unwrap();
    let names = names.into_inner();
    assert_eq!(checked.unsatisfied(), [""; 0]);
    assert_eq!(names.len(), checked.shape.num_witness);
    (checked, names)
}

const CHANGES: [fn(F) -> F; 4] = [|x| x + F::ONE, |x| F::ONE - x, |_| F::ZERO, |x| x - F::from(5)];

/// The hints that can be replaced, with everything after them recomputed, without violating a row.
pub(crate) fn free_hints(statement: impl Fn(&mut Builder<'_>)) -> Vec<String> {
    let (honest, names) = honest_run(&statement);
    let is_free = |(hint, value): (&String, &F)| {
        CHANGES.iter().map(|change| change(*value)).filter(|changed| changed != value).any(|changed| {
            let replace = |name: &str, _| (name == hint).then_some(changed);
            Checked::synthesize_with(&replace, &statement).unwrap().unsatisfied().is_empty()
        })
    };
    let hints = names.iter().zip(&honest.assignment.witness);
    hints.filter(|hint| is_free(*hint)).map(|(name, _)| name.clone()).collect()
}

/// No witness can be replaced alone.
pub(crate) fn assert_every_witness_is_pinned(statement: impl Fn(&mut Builder<'_>)) {
    assert_every_witness_is_pinned_but(statement, &[]);
}

/// No witness can be replaced alone but by another value of those named, which the test lets be free.
pub(crate) fn assert_every_witness_is_pinned_but(statement: impl Fn(&mut Builder<'_>), free: &[&str]) {
    let (mut checked, names) = honest_run(&statement);
    for (i, name) in names.iter().enumerate().filter(|(_, name)| !free.contains(&name.as_str())) {
        let honest = checked.assignment.witness[i];
        for changed in CHANGES.map(|change| change(honest)).into_iter().filter(|changed| *changed != honest) {
            checked.assignment.witness[i] = changed;
            assert!(!checked.unsatisfied().is_empty(), "{name} is free");
        }
        checked.assignment.witness[i] = honest;
    }
}
