//! Honest statements satisfy every size; the three ways to run agree; sizes are what the documents say.

use super::{Statement, assignment, checked, shape};
use probity_credit::circuit_id::CircuitId;
use probity_credit::field::F;
use probity_credit::statement::testing::Fixture;
use probity_credit::statement::{Clause, position};
use rand::SeedableRng;
use rand::rngs::StdRng;

fn statement(f: &Fixture) -> Statement<'_> {
    Statement { policy: &f.compiled, public: &f.public, witness: &f.witness }
}

#[test]
fn honest_statements_satisfy_every_size() {
    let mut rng = StdRng::seed_from_u64(3);
    for circuit in CircuitId::ALL {
        let f = Fixture::sample(circuit, &mut rng);
        let run = checked(statement(&f), &|_, _| None).unwrap();
        assert_eq!(run.unsatisfied(), [""; 0], "{circuit}");
        let shape = shape(circuit);
        assert!(shape == run.shape, "rows depend on values");
        assert_eq!(shape.num_instance, position::COUNT + 1);
        assert_eq!(shape.unconstrained_columns(), [0; 0]);
        let values = assignment(statement(&f)).unwrap();
        assert!(values.instance == run.assignment.instance && values.witness == run.assignment.witness);
        assert_eq!(values.instance[1..], f.public.all(&f.compiled));
        let domain = (shape.num_rows() + shape.num_instance).next_power_of_two();
        println!(
            "{circuit}: {} rows, {} witnesses, {} inputs, domain 2^{}",
            shape.num_rows(),
            shape.num_witness,
            shape.num_instance,
            domain.ilog2()
        );
        for (block, rows) in shape.rows_per_block(1) {
            println!("  {block:16} {rows}");
        }
    }
}

#[test]
fn every_row_belongs_to_a_clause() {
    let anchors: Vec<&str> = Clause::ALL.iter().map(|c| c.anchor()).collect();
    for label in &shape(CircuitId::Eligibility1).labels {
        assert!(anchors.contains(&label.split('/').next().unwrap()), "{label}");
    }
}

#[test]
fn fewer_files_than_the_circuit_takes() {
    let mut rng = StdRng::seed_from_u64(4);
    let mut f = Fixture::sample(CircuitId::Eligibility3, &mut rng);
    f.policy.complete = false;
    for row in &mut f.policy.attributes {
        row.missing = row.worst();
    }
    f.compiled = f.policy.compile(&f.schema).unwrap();
    for keep in [2, 1, 0] {
        f.witness.files.truncate(keep);
        f.settle();
        assert_eq!(f.check(), Ok(()), "{keep} files");
        assert_eq!(checked(statement(&f), &|_, _| None).unwrap().unsatisfied(), [""; 0], "{keep} files");
    }
    let _: F = f.public.answer.element();
}
