//! Proofs of the smallest circuit with a development key, and the refusals before one is made.

use probity_circuits::registry::Entry;
use probity_credit::circuit_id::CircuitId;
use probity_credit::file::random_element;
use probity_credit::statement::testing::Fixture;
use probity_credit::statement::{Clause, StatementError, position};
use probity_params::Kind;
use probity_params::cache::KeyCache;
use probity_prover::{CannotProve, Prover};
use rand::SeedableRng;
use rand::rngs::StdRng;

#[test]
fn proofs_are_made_for_true_statements_only() {
    let folder = std::env::temp_dir().join(format!("probity-prover-test-{}", std::process::id()));
    let prover = Prover::development(CircuitId::Eligibility1, &KeyCache::at(&folder), None, &|_, _, _| ()).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let manifest = prover.manifest();
    assert_eq!((manifest.inputs as usize, manifest.kind), (position::COUNT, Kind::Development));
    let file = prover.verifying_key_file();
    assert_eq!(file.constraints, Entry::of(CircuitId::Eligibility1).digest());
    assert_eq!(file.id(), manifest.verifying_key);

    let mut rng = StdRng::seed_from_u64(1);
    let good = Fixture::sample(CircuitId::Eligibility1, &mut rng);
    let prove = |f: &Fixture| prover.prove(&f.compiled, &f.policy.schema, &f.public, &f.witness);
    let (first, second) = (prove(&good).unwrap(), prove(&good).unwrap());
    assert_ne!(first, second, "each proof is blinded anew");

    let mut wrong_outcome = good.clone();
    wrong_outcome.witness.verdict.approved ^= true;
    wrong_outcome.witness.verdict.reasons = [0; 4];
    wrong_outcome.reseal();
    let why = prove(&wrong_outcome).unwrap_err();
    assert_eq!(why.clause(), Some(Clause::Verdict));
    assert!(!why.explain(&good.policy).todo.is_empty());

    let mut other_root = good.clone();
    other_root.public.registry_root = random_element(&mut rng).into();
    assert_eq!(prove(&other_root), Err(CannotProve::Statement(StatementError::Registry { file: 0 })));

    let larger = Fixture::sample(CircuitId::Eligibility3, &mut rng);
    assert!(matches!(prove(&larger), Err(CannotProve::OtherCircuit { .. })));
}
