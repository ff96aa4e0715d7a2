//! A circuit is stopped while requests are open, and adopted again with another key: what lenders and wallets meet, also after a restart.

use crate::world::{APPROVED, CIRCUIT, Running, Wallet, World, next_toy, prove_next, toy};
use probity_ledger::genesis::GenesisCircuit;
use probity_ledger::request::SignedRequest;
use probity_ledger::transaction::{AdoptCircuit, Approval, Payload, StopCircuit};
use probity_params::VerifyingKeyFile;
use serde_json::{Value, json};

/// Far enough for any run of these tests.
const UNTIL: u64 = 1_000_000;

/// The circuit as the node lists it.
fn circuit(world: &World) -> Value {
    let listed = world.client().get("/v1/circuits").ok();
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(world.client().get("/v1/chain").ok()["circuits"].as_array().unwrap().len(), 1);
    items[0].clone()
}

fn answer(world: &World, asked: &Value, person: u64) -> Wallet {
    let signed: SignedRequest = serde_json::from_value(asked["request"].clone()).unwrap();
    let entry = world.client().get(&format!("/v1/lenders/{}", world.lenders[0].address)).ok();
    Wallet::answer(&signed, &serde_json::from_value(entry["value"]["public_key"].clone()).unwrap(), person, APPROVED)
}

/// A decision that the one validator approved, sent; how it came out.
fn sent(world: &World, mut payload: Payload) -> Value {
    let validator = world.validator();
    let (digest, approvals) = payload.decision(&world.chain_id).unwrap();
    approvals.push(Approval::sign(&digest, &validator));
    let transaction = world.transaction(&validator, payload);
    world.client().post("/v1/transactions?wait_seconds=20", &json!({ "transaction": transaction })).ok()
}

#[test]
fn a_stopped_circuit_counts_again_only_when_another_key_is_adopted() {
    let mut world = World::new(|_| {});
    let file = toy().verifying_key_file();
    let before = circuit(&world);
    assert_eq!((before["id"].as_str(), before["verifying_key_id"].as_str()), (Some(CIRCUIT.name()), Some(file.id().to_string().as_str())));
    assert_eq!((&before["accepted_now"], &before["sequence"], &before["transcript"]), (&json!(true), &json!(0), &json!(null)));
    let asked = world.ask(&world.lenders[0], &json!({}));
    let early = answer(&world, &asked, 1);
    let path = format!("/v1/requests/{}/response", asked["id"].as_str().unwrap());

    let stop = StopCircuit { circuit: CIRCUIT, verifying_key_id: file.id().0, approved_until_height: UNTIL, approvals: vec![] };
    let stopped = sent(&world, Payload::StopCircuit(stop));
    assert_eq!(
        stopped["receipt"]["events"],
        json!([{"event": "circuit_stopped", "circuit": CIRCUIT.name(), "verifying_key_id": file.id()}])
    );
    let now = circuit(&world);
    assert_eq!((&now["accepted_now"], &now["stopped_height"], &now["sequence"]), (&json!(false), &stopped["height"], &json!(1)));
    let refused = world.client().post(&path, &early.json());
    assert_eq!(refused.problem(), (422, "circuit-stopped".into()));
    let wanted = json!({"policy": world.lenders[0].policy.id(), "purpose": "a car", "attributes": {"attribute_6": 1, "attribute_7": 2}});
    let ask = |world: &World| world.client().with_key(&world.lenders[0].api_key).post("/v1/requests", &wanted);
    assert_eq!(ask(&world).problem(), (422, "circuit-stopped".into()));

    let adopt = |file: &VerifyingKeyFile| {
        let height = world.client().get("/v1/chain").ok()["tip"]["height"].as_u64().unwrap();
        let (constraints, verifying_key_id, verifying_key) = (file.constraints, file.id().0, file.to_bytes());
        let circuit = GenesisCircuit { id: CIRCUIT, constraints, verifying_key_id, verifying_key, transcript: None };
        let active_from_height = height + 20;
        let p = AdoptCircuit { circuit, sequence: 1, active_from_height, approved_until_height: UNTIL, approvals: vec![] };
        sent(&world, Payload::AdoptCircuit(p))
    };
    let next = next_toy().verifying_key_file();
    let error = json!({"rule": "key-stopped", "circuit": CIRCUIT, "verifying_key_id": file.id().0, "stopped_height": stopped["height"]});
    assert_eq!(adopt(&file)["receipt"]["outcome"], json!({"status": "failed", "error": error}));
    assert_eq!(adopt(&next)["receipt"]["outcome"]["status"], "applied");
    assert_eq!(ask(&world).problem(), (422, "circuit-not-active-yet".into()));
    while circuit(&world)["accepted_now"] == json!(false) {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    world.node.stop();
    world.node = Running::start(&world.home);
    assert_eq!(world.client().get("/v1/verifying-keys/eligibility-3").body, next.to_bytes());
    let asked = ask(&world).ok();
    let mut wallet = answer(&world, &asked, 2);
    wallet.prove_by(prove_next);
    world.client().post(&format!("/v1/requests/{}/response", asked["id"].as_str().unwrap()), &wallet.json()).ok();
    let verdict = world.verdict(&world.lenders[0], asked["id"].as_str().unwrap(), 20);
    assert_eq!(verdict["status"], "approved", "{verdict}");
}
