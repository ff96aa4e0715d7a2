//! Provers with development keys, made once and kept beside the build.

use probity_credit::circuit_id::CircuitId;
use probity_credit::statement::position;
use probity_credit::statement::testing::Fixture;
use probity_params::cache::KeyCache;
use probity_prover::Prover;
use probity_verifier::{PreparedCircuit, PreparedPolicy};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// Where keys are kept: beside the build, so that a clean build makes them anew.
///
/// # Panics
/// When the running binary has no path.
pub fn key_folder() -> PathBuf {
    let binary = std::env::current_exe().expect("a test has a path");
    let release = binary.ancestors().nth(2).expect("tests run from <target>/release/deps");
    release.join("probity-development-keys")
}

/// The prover of `eligibility-3`, loaded or made once a process.
///
/// # Panics
/// When the key can be neither loaded nor made.
pub fn prover() -> &'static Prover {
    static PROVER: OnceLock<Prover> = OnceLock::new();
    PROVER.get_or_init(|| {
        let cache = KeyCache::at(key_folder());
        Prover::development(CircuitId::Eligibility3, &cache, None, &|_, _, _| {}).expect("the development key can be made")
    })
}

/// The verifying key of [`prover`], prepared.
///
/// # Panics
/// When the key does not pass the gate.
pub fn prepared() -> Arc<PreparedCircuit> {
    let file = prover().verifying_key_file();
    Arc::new(PreparedCircuit::new(&file, position::COUNT).expect("a development key passes the gate"))
}

/// The fixture's policy, prepared for the circuit.
///
/// # Panics
/// When policy and circuit do not fit.
pub fn prepared_policy(f: &Fixture) -> PreparedPolicy {
    PreparedPolicy::new(prepared(), f.policy.id(), &f.compiled.inputs()).expect("policy and circuit fit")
}

/// A proof of the fixture.
///
/// # Panics
/// When the fixture is not true.
pub fn prove(f: &Fixture) -> [u8; 128] {
    prover().prove(&f.compiled, &f.policy.schema, &f.public, &f.witness).expect("the fixture is true")
}
