//! A circuit is stopped while requests are open, and adopted again: what lenders and wallets meet, also after a restart.

use crate::world::{APPROVED, CIRCUIT, Running, Wallet, World, toy};
use probity_ledger::genesis::GenesisCircuit;
use probity_ledger::request::SignedRequest;
use probity_ledger::transaction::{AdoptCircuit, Approval, Payload, StopCircuit};
use serde_json::{Value, json};

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

fn decide(world: &World, mut payload: Payload) -> Value {
    let validator = world.validator();
    let (digest, approvals) = payload.decision(&world.chain_id).unwrap();
    approvals.push(Approval::sign(&digest, &validator));
    world.apply(&validator, payload)
}

#[test]
fn a_stopped_circuit_counts_again_only_when_it_is_adopted_again() {
    let mut world = World::new(|_| {});
    let file = toy().verifying_key_file();
    let before = circuit(&world);
    assert_eq!((before["id"].as_str(), before["verifying_key_id"].as_str()), (Some(CIRCUIT.name()), Some(file.id().to_string().as_str())));
    assert_eq!((&before["accepted_now"], &before["sequence"], &before["transcript"]), (&json!(true), &json!(0), &json!(null)));
    let asked = world.ask(&world.lenders[0], &json!({}));
    let early = answer(&world, &asked, 1);
    let path = format!("/v1/requests/{}/response", asked["id"].as_str().unwrap());

    let stop = StopCircuit { circuit: CIRCUIT, sequence: 0, approved_until_height: u64::MAX, approvals: vec![] };
    let stopped = decide(&world, Payload::StopCircuit(stop));
    assert_eq!(stopped["receipt"]["events"], json!([{"event": "circuit_stopped", "circuit": CIRCUIT.name()}]));
    let now = circuit(&world);
    assert_eq!((&now["accepted_now"], &now["stopped_height"], &now["sequence"]), (&json!(false), &stopped["height"], &json!(1)));
    let refused = world.client().post(&path, &early.json());
    assert_eq!(refused.problem(), (422, "circuit-stopped".into()));
    let wanted = json!({"policy": world.lenders[0].policy.id(), "purpose": "a car", "attributes": {"attribute_6": 1, "attribute_7": 2}});
    let ask = |world: &World| world.client().with_key(&world.lenders[0].api_key).post("/v1/requests", &wanted);
    assert_eq!(ask(&world).problem(), (422, "circuit-stopped".into()));

    let height = world.client().get("/v1/chain").ok()["tip"]["height"].as_u64().unwrap();
    let (constraints, verifying_key_id, verifying_key) = (file.constraints, file.id().0, file.to_bytes());
    let circuit_again = GenesisCircuit { id: CIRCUIT, constraints, verifying_key_id, verifying_key, transcript: None };
    let active_from_height = height + 20;
    let adoption =
        AdoptCircuit { circuit: circuit_again, sequence: 1, active_from_height, approved_until_height: u64::MAX, approvals: vec![] };
    decide(&world, Payload::AdoptCircuit(adoption));
    assert_eq!(ask(&world).problem(), (422, "circuit-not-active-yet".into()));
    while circuit(&world)["accepted_now"] == json!(false) {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    world.node.stop();
    world.node = Running::start(&world.home);
    assert_eq!(world.client().get("/v1/verifying-keys/eligibility-3").body, file.to_bytes());
    let asked = ask(&world).ok();
    let wallet = answer(&world, &asked, 2);
    world.client().post(&format!("/v1/requests/{}/response", asked["id"].as_str().unwrap()), &wallet.json()).ok();
    let verdict = world.verdict(&world.lenders[0], asked["id"].as_str().unwrap(), 20);
    assert_eq!(verdict["status"], "approved", "{verdict}");
}
