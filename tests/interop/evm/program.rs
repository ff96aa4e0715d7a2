//! The contract as `probity` writes it.

use super::World;
use probity_credit::digest::Digest;
use probity_tests::nodes::tools;
use probity_tests::proving::{prepared_policy, prover};
use probity_verifier::solidity::policy_contract;

#[test]
fn the_program_writes_the_contract() {
    let f = &World::get().one.statement;
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (policy, schema, key, out) = (path("policy.json"), path("schema.json"), path("circuit.vk"), path("Verifier.sol"));
    let chain = Digest::of("test", &[b"chain"]);
    std::fs::write(&policy, serde_json::to_vec(&f.policy).expect("JSON")).expect("written");
    std::fs::write(&schema, serde_json::to_vec(&f.schema).expect("JSON")).expect("written");
    let mut bytes = prover().verifying_key_file().to_bytes();
    std::fs::write(&key, &bytes).expect("written");

    let tools = tools("http://127.0.0.1:1");
    let id = chain.to_string();
    let arguments = ["policy", "solidity", &policy, "--schema", &schema, "--key", &key, "--chain", &id, "--out", &out];
    let said = tools.probity(&arguments).expect("it is written");
    assert_eq!(said["policy"], f.policy.id().to_string());
    assert_eq!(said["verifying_key"], prover().verifying_key_file().id().to_string());
    assert_eq!(std::fs::read_to_string(&out).expect("written"), policy_contract(&prepared_policy(f), Some(&chain)));

    // the key's last point is none
    bytes.iter_mut().rev().take(32).for_each(|byte| *byte = 0xff);
    std::fs::write(&key, &bytes).expect("written");
    let refused = tools.refused(&arguments).expect("it is refused");
    assert!(refused["error"].as_str().is_some_and(|error| error.contains("circuit.vk is refused")), "{refused}");
}
