//! The bridge to `ark-relations`: the recorded rows as a `ConstraintSynthesizer`.

use super::shape::{Assignment, Shape};
use ark_relations::gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, SynthesisError, Variable};
use probity_credit::field::F;

/// The rows of a [`Shape`] for ark-groth16's generator, together with an [`Assignment`] for its prover.
#[derive(Clone, Copy)]
pub struct ShapeCircuit<'s> {
    shape: &'s Shape,
    assignment: Option<&'s Assignment>,
}

impl<'s> ShapeCircuit<'s> {
    /// The rows alone, for the generator.
    pub fn new(shape: &'s Shape) -> Self {
        Self { shape, assignment: None }
    }

    /// Rows and values, for the prover.
    pub fn with_assignment(shape: &'s Shape, assignment: &'s Assignment) -> Self {
        Self { shape, assignment: Some(assignment) }
    }
}

impl ConstraintSynthesizer<F> for ShapeCircuit<'_> {
    fn generate_constraints(self, cs: ConstraintSystemRef<F>) -> Result<(), SynthesisError> {
        let Self { shape, assignment } = self;
        if assignment.is_some_and(|a| a.instance.len() != shape.num_instance || a.witness.len() != shape.num_witness) {
            return Err(SynthesisError::AssignmentMissing);
        }
        let value = |xs: fn(&Assignment) -> &[F], i: usize| assignment.map(|a| xs(a)[i]).ok_or(SynthesisError::AssignmentMissing);
        for i in 1..shape.num_instance {
            let _ = cs.new_input_variable(|| value(|a| &a.instance, i))?;
        }
        for i in 0..shape.num_witness {
            let _ = cs.new_witness_variable(|| value(|a| &a.witness, i))?;
        }
        let combination = |terms: &[(F, usize)]| {
            let variable = |column: usize| match column.checked_sub(shape.num_instance) {
                Some(i) => Variable::witness(i),
                None if column == 0 => Variable::One,
                None => Variable::instance(column),
            };
            LinearCombination(terms.iter().map(|(k, column)| (*k, variable(*column))).collect())
        };
        for ((a, b), c) in shape.a.iter().zip(&shape.b).zip(&shape.c) {
            cs.enforce_r1cs_constraint(|| combination(a), || combination(b), || combination(c))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::builder::Builder;
    use super::*;
    use ark_relations::gr1cs::{ConstraintSystem, OptimizationGoal, R1CS_PREDICATE_LABEL, SynthesisMode};

    fn cube(b: &mut Builder<'_>) {
        let y = b.input("y", Some(F::from(3 * 3 * 3 + 5)));
        let x = b.witness("x", || Some(F::from(3)));
        let square = b.mul("square", &x, &x);
        b.enforce("cube", &square, &x, &(y - F::from(5)));
    }

    #[test]
    fn ark_sees_the_same_matrices_and_values() {
        let shape = Shape::synthesize(cube);
        let assignment = Assignment::synthesize(cube).unwrap();
        for mode in [SynthesisMode::Setup, SynthesisMode::Prove { construct_matrices: true, generate_lc_assignments: false }] {
            let cs = ConstraintSystem::new_ref();
            cs.set_optimization_goal(OptimizationGoal::Constraints);
            cs.set_mode(mode);
            ShapeCircuit::with_assignment(&shape, &assignment).generate_constraints(cs.clone()).unwrap();
            cs.finalize();
            assert_eq!(cs.to_matrices().unwrap()[R1CS_PREDICATE_LABEL], vec![shape.a.clone(), shape.b.clone(), shape.c.clone()]);
            if mode != SynthesisMode::Setup {
                assert!(cs.is_satisfied().unwrap());
                assert_eq!(cs.instance_assignment().unwrap(), assignment.instance);
                assert_eq!(cs.witness_assignment().unwrap(), assignment.witness);
            }
        }
    }

    #[test]
    fn values_must_be_there_and_fit() {
        let shape = Shape::synthesize(cube);
        assert!(ShapeCircuit::new(&shape).generate_constraints(ConstraintSystem::new_ref()).is_err());
        let mut short = Assignment::synthesize(cube).unwrap();
        short.witness.pop();
        assert!(ShapeCircuit::with_assignment(&shape, &short).generate_constraints(ConstraintSystem::new_ref()).is_err());
    }
}
