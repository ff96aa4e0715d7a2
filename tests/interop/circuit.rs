//! A small statement of the circuits' own gadgets, as R1CS and witness files.

use super::tool::Snarkjs;
use ark_ff::AdditiveGroup;
use probity_circuits::export::{write_r1cs, write_wtns};
use probity_circuits::gadgets::{Assignment, Builder, Shape, poseidon};
use probity_credit::field::F;
use probity_credit::hash::label::poseidon::NULLIFIER;
use probity_credit::identity::Secret;
use probity_credit::nullifier::nullifier;

/// Public inputs of [`statement`].
pub(super) const INPUTS: usize = 2;

/// "I know the secret of this nullifier in this scope."
fn statement(b: &mut Builder<'_>) {
    // the last public input is zero, which some tools drop
    let (secret, scope) = (F::from(20_26u64), F::ZERO);
    let claimed = nullifier(&Secret::from_element(secret), scope).element();
    let claimed = b.input("nullifier", Some(claimed));
    let scope = b.input("scope", Some(scope));
    let secret = b.witness("secret", || Some(secret));
    let hash = poseidon::hash(b, NULLIFIER, &[secret, scope]);
    b.enforce_equal("equal", &hash, &claimed);
}

pub(super) fn shape() -> Shape {
    Shape::synthesize(statement)
}

pub(super) fn assignment() -> Assignment {
    Assignment::synthesize(statement).expect("the statement holds")
}

/// Writes a circuit and values that satisfy it for snarkjs.
pub(super) fn export(snarkjs: &Snarkjs, shape: &Shape, assignment: &Assignment) {
    let mut bytes = vec![];
    write_r1cs(shape, &mut bytes).expect("memory takes everything");
    snarkjs.write("circuit.r1cs", bytes);
    export_values(snarkjs, assignment);
}

pub(super) fn export_values(snarkjs: &Snarkjs, assignment: &Assignment) {
    let mut bytes = vec![];
    write_wtns(assignment, &mut bytes).expect("memory takes everything");
    snarkjs.write("witness.wtns", bytes);
}

/// What snarkjs reads from the file is what the circuit has.
pub(super) fn counts_agree(snarkjs: &Snarkjs, shape: &Shape) {
    let said = snarkjs.accepts(&["r1cs", "info", "circuit.r1cs"]);
    assert!(said.contains("Curve: bn-128"), "{said}");
    for (what, count) in [
        ("Wires", shape.num_instance + shape.num_witness),
        ("Constraints", shape.num_rows()),
        ("Private Inputs", shape.num_witness),
        ("Public Inputs", shape.num_instance - 1),
        ("Labels", shape.num_instance + shape.num_witness),
        ("Outputs", 0),
    ] {
        let expected = format!("# of {what}: {count}");
        assert!(said.lines().any(|line| line.ends_with(&expected)), "{expected}\n{said}");
    }
}

const CHECK: [&str; 4] = ["wtns", "check", "circuit.r1cs", "witness.wtns"];

/// The values satisfy the rows, and with one of them changed they do not.
pub(super) fn values_are_checked(snarkjs: &Snarkjs, mut assignment: Assignment, changed: &[usize]) {
    assert!(snarkjs.accepts(&CHECK).contains("WITNESS IS CORRECT"));
    for &witness in changed {
        let honest = assignment.witness[witness];
        assignment.witness[witness] += F::from(1u64);
        export_values(snarkjs, &assignment);
        snarkjs.refuses(&CHECK, "WITNESS IS NOT CORRECT");
        assignment.witness[witness] = honest;
    }
    assignment.instance[1] += F::from(1u64);
    export_values(snarkjs, &assignment);
    snarkjs.refuses(&CHECK, "WITNESS IS NOT CORRECT");
}

#[test]
fn rows_and_values_are_read_by_snarkjs() {
    let (snarkjs, shape, assignment) = (Snarkjs::new(), shape(), assignment());
    export(&snarkjs, &shape, &assignment);
    counts_agree(&snarkjs, &shape);
    let last = shape.num_witness - 1;
    values_are_checked(&snarkjs, assignment, &[0, last]);
}
