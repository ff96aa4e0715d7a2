//! The constraints are the same in every build: again, in threads, with and without values, for any subject and any lie.

use super::subjects::subjects;
use super::system::statement;
use ark_relations::gr1cs::{ConstraintSynthesizer, ConstraintSystem, OptimizationGoal, R1CS_PREDICATE_LABEL, SynthesisMode};
use probity_circuits::eligibility::{assignment, checked};
use probity_circuits::gadgets::ShapeCircuit;
use probity_circuits::registry::Entry;
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::field::F;
use std::process::Command;

fn digest(circuit: CircuitId) -> Digest {
    Entry::of(circuit).shape().digest()
}

fn assert_stable(circuit: CircuitId) {
    let pinned = Entry::of(circuit).digest();
    assert_eq!([digest(circuit), digest(circuit)], [pinned; 2], "{circuit}: built twice");
    for threads in [2, 4] {
        let found: Vec<Digest> = std::thread::scope(|scope| {
            let builds: Vec<_> = (0..threads).map(|_| scope.spawn(|| digest(circuit))).collect();
            builds.into_iter().map(|b| b.join().expect("building does not panic")).collect()
        });
        assert_eq!(found, vec![pinned; threads], "{circuit}: {threads} at once");
    }
    for subject in subjects(circuit) {
        let s = statement(&subject.fixture);
        let with = |replace: &dyn Fn(&str, F) -> Option<F>| checked(s, replace).expect("every value is there").shape.digest();
        assert_eq!(with(&|_, _| None), pinned, "{circuit}, {}: with values", subject.kind);
        assert_eq!(with(&|name, x| Some(x + F::from(name.len() as u64))), pinned, "{circuit}, {}: with lies", subject.kind);
    }
    println!("{circuit}: digest {pinned} in every build");
}

/// What the proof system is given to make keys is what it is given to prove.
fn assert_same_matrices(circuit: CircuitId) {
    let shape = Entry::of(circuit).shape();
    let subject = &subjects(circuit)[0];
    let values = assignment(statement(&subject.fixture)).expect("the subject is honest");
    let proving = SynthesisMode::Prove { construct_matrices: true, generate_lc_assignments: false };
    for (mode, c) in [(SynthesisMode::Setup, ShapeCircuit::new(&shape)), (proving, ShapeCircuit::with_assignment(&shape, &values))] {
        let cs = ConstraintSystem::new_ref();
        cs.set_optimization_goal(OptimizationGoal::Constraints);
        cs.set_mode(mode);
        c.generate_constraints(cs.clone()).expect("rows and values fit");
        cs.finalize();
        let matrices = cs.to_matrices().expect("matrices are kept");
        assert!(matrices[R1CS_PREDICATE_LABEL] == [shape.a.clone(), shape.b.clone(), shape.c.clone()], "{circuit}, {mode:?}");
    }
}

#[test]
fn constraints_are_the_same_in_every_build() {
    assert_stable(CircuitId::Eligibility1);
    assert_same_matrices(CircuitId::Eligibility1);
}

/// The number of rayon's threads is fixed for a process, so each number gets a process of its own.
#[test]
fn constraints_are_the_same_with_any_number_of_threads() {
    for threads in ["1", "2", "4"] {
        let binary = std::env::current_exe().expect("a test has a path");
        let name = "adversary::soundness::stable::constraints_are_the_same_in_every_build";
        let run = Command::new(binary).args(["--exact", name]).env("RAYON_NUM_THREADS", threads).output().expect("the test runs again");
        let output = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && output.contains("1 passed"), "{threads} threads: {output}");
    }
}

#[test]
#[ignore = "make soundness"]
fn constraints_of_every_size_are_the_same_in_every_build() {
    for circuit in CircuitId::ALL {
        assert_stable(circuit);
        assert_same_matrices(circuit);
    }
}
