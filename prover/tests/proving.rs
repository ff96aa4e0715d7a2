//! Proofs of the smallest circuit with a development key, and the refusals before one is made.

use probity_circuits::registry::Entry;
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::file::random_element;
use probity_credit::statement::testing::Fixture;
use probity_credit::statement::{Clause, StatementError, position};
use probity_params::cache::{CacheError, KeyCache};
use probity_params::{KeyId, Kind};
use probity_prover::groth16::ProveError;
use probity_prover::{Cancelled, CannotProve, ChainKey, Control, LoadError, Prover, Stage};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

const CIRCUIT: CircuitId = CircuitId::Eligibility1;

const PINNED_KEY_ID: &str = "40918b389635fbc898c7aec1e6ff28e768b7f1c4a8638487b5ddd6d4f2c6f4b8";

fn prover() -> &'static Prover {
    static PROVER: OnceLock<Prover> = OnceLock::new();
    PROVER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        // the mapping stays when the file's name goes
        Prover::development(CIRCUIT, &KeyCache::at(folder.path()), None, &|_, _, _| ()).expect("the development key can be made")
    })
}

#[test]
fn a_key_is_made_once_and_cured_when_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let cache = KeyCache::at(folder.path());
    let made = Prover::development(CIRCUIT, &cache, None, &|_, _, _| ()).unwrap();
    let expected = made.manifest().verifying_key;
    let calls = Cell::new(0);
    let loaded = Prover::development(CIRCUIT, &cache, Some(expected), &|_, _, _| calls.set(calls.get() + 1)).unwrap();
    assert_eq!(calls.get(), 0, "the second time nothing is computed");
    assert_eq!(loaded.manifest(), made.manifest());

    // damage to a point is seen, and cured, by whoever asks for the whole check
    let path = cache.path(CIRCUIT.name(), Kind::Development, &Entry::of(CIRCUIT).digest());
    let good = std::fs::read(&path).unwrap();
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, &bad).unwrap();
    Prover::development(CIRCUIT, &cache, Some(expected), &|_, _, _| panic!("not looked at")).unwrap();
    Prover::install(CIRCUIT, &cache, Some(expected), &|_, _, _| calls.set(calls.get() + 1)).unwrap();
    assert!(calls.get() > 0 && std::fs::read(&path).unwrap() == good);
}

#[test]
fn a_chains_key_is_loaded_by_its_kind_and_rows() {
    let folder = tempfile::tempdir().unwrap();
    let cache = KeyCache::at(folder.path());
    let manifest = prover().manifest();
    let development = ChainKey { kind: Kind::Development, constraints: manifest.constraints, id: manifest.verifying_key };
    let ceremony = ChainKey { kind: Kind::Ceremony, ..development };
    let load = |key: &ChainKey| Prover::of_chain(CIRCUIT, key, &cache, &|_, _, _| ()).map(|p| p.manifest().clone());
    let missing = load(&ceremony).unwrap_err();
    assert!(matches!(missing, LoadError::Cache(CacheError::Missing { kind: Kind::Ceremony, .. })), "{missing}");
    assert!(missing.to_string().contains("probity params fetch") && missing.to_string().contains("probity params install"), "{missing}");
    let other = Digest::of("test", &[b"rows"]);
    for key in [development, ceremony] {
        let refused = load(&ChainKey { constraints: other, ..key });
        assert!(matches!(refused, Err(LoadError::OtherConstraints { found, .. }) if found == other));
    }
    assert_eq!(load(&development).unwrap(), *manifest);
    let refused = load(&ChainKey { id: KeyId(other), ..development });
    assert!(matches!(refused, Err(LoadError::Cache(CacheError::OtherKey { .. }))));
}

/// What chains' geneses name: another quotient map or file format leaves them as they are.
#[test]
fn the_verifying_key_is_the_pinned_one() {
    assert_eq!(prover().manifest().verifying_key.to_string(), PINNED_KEY_ID);
}

#[test]
fn threads_share_a_prover() {
    let fixtures: Vec<Fixture> = (0..4).map(|seed| Fixture::sample(CIRCUIT, &mut StdRng::seed_from_u64(seed))).collect();
    let proofs: BTreeSet<_> = std::thread::scope(|scope| {
        let prove = |f: &Fixture| prover().prove(&f.compiled, &f.policy.schema, &f.public, &f.witness).unwrap();
        let provers: Vec<_> = fixtures.iter().map(|fixture| scope.spawn(move || [prove(fixture), prove(fixture)])).collect();
        provers.into_iter().flat_map(|prover| prover.join().unwrap()).collect()
    });
    assert_eq!(proofs.len(), 8);
}

#[test]
fn a_proof_tells_how_far_it_is_and_can_be_given_up() {
    let fixture = Fixture::sample(CIRCUIT, &mut StdRng::seed_from_u64(2));
    let prove = |control: &Control<'_>| {
        let Fixture { compiled, policy, public, witness, .. } = &fixture;
        prover().prove_with(compiled, &policy.schema, public, witness, control)
    };
    let seen = RefCell::new(Vec::new());
    let note = |stage| seen.borrow_mut().push(stage);
    prove(&Control { progress: Some(&note), ..Control::default() }).unwrap();
    assert_eq!(seen.take(), Stage::ALL);

    let flag = AtomicBool::new(false);
    let stop = |stage| {
        note(stage);
        flag.store(true, Ordering::Relaxed);
    };
    let made = prove(&Control { progress: Some(&stop), cancelled: Cancelled(Some(&flag)) });
    let given_up = made.unwrap_err();
    assert_eq!(given_up, CannotProve::Proof(ProveError::Cancelled));
    assert!(!given_up.explain(&fixture.policy).todo.is_empty());
    assert_eq!(seen.take(), [Stage::Statement]);
}

#[test]
fn proofs_are_made_for_true_statements_only() {
    let prover = prover();
    let manifest = prover.manifest();
    assert_eq!((manifest.inputs as usize, manifest.kind), (position::COUNT, Kind::Development));
    let file = prover.verifying_key_file();
    assert_eq!(file.constraints, Entry::of(CIRCUIT).digest());
    assert_eq!(file.id(), manifest.verifying_key);

    let mut rng = StdRng::seed_from_u64(1);
    let good = Fixture::sample(CIRCUIT, &mut rng);
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
