//! `eligibility-1` as `probity` exports it, in snarkjs.

use super::circuit::{counts_agree, export_values, values_are_checked};
use super::tool::Snarkjs;
use probity_circuits::eligibility::{self, Statement};
use probity_circuits::export::write_r1cs;
use probity_credit::circuit_id::CircuitId;
use probity_credit::statement::testing::Fixture;
use probity_tests::nodes::tools;
use rand::SeedableRng;
use rand::rngs::StdRng;

#[test]
fn eligibility_1_in_snarkjs() {
    let snarkjs = Snarkjs::new();
    let file = snarkjs.path("circuit.r1cs").to_string_lossy().into_owned();
    let exported = tools("http://127.0.0.1:1").probity(&["params", "export-r1cs", "eligibility-1", &file]).expect("it is written");
    let shape = eligibility::shape(CircuitId::Eligibility1);
    assert_eq!(exported["constraints"], shape.digest().to_string());
    let mut written = vec![];
    write_r1cs(&shape, &mut written).expect("memory takes everything");
    assert!(snarkjs.read("circuit.r1cs") == written, "the program writes the pinned constraints");
    counts_agree(&snarkjs, &shape);

    let f = Fixture::sample(CircuitId::Eligibility1, &mut StdRng::seed_from_u64(71));
    let statement = Statement { policy: &f.compiled, public: &f.public, witness: &f.witness };
    let assignment = || eligibility::assignment(statement).expect("the fixture is true");
    export_values(&snarkjs, &assignment());
    values_are_checked(&snarkjs, assignment(), &[shape.num_witness / 2]);
}
