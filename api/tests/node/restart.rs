//! What survives a stop: blocks, proof requests, verdicts, kept answers.

use crate::client::Answer;
use crate::world::{APPROVED, Running, Wallet, World};
use probity_ledger::request::SignedRequest;
use serde_json::{Value, json};

fn wallet(world: &World, asked: &Value, person: u64) -> Wallet {
    let signed: SignedRequest = serde_json::from_value(asked["request"].clone()).unwrap();
    let entry = world.client().get(&format!("/v1/lenders/{}", world.lenders[0].address)).ok();
    Wallet::answer(&signed, &serde_json::from_value(entry["value"]["public_key"].clone()).unwrap(), person, APPROVED)
}

#[test]
fn nothing_that_was_said_is_forgotten() {
    let mut world = World::new(|_| {});
    let keyed = world.client().with_key(&world.lenders[0].api_key).with_header("Idempotency-Key", "before-the-stop");
    let wanted = json!({"policy": world.lenders[0].policy.id(), "purpose": "a car", "attributes": {"attribute_6": 1, "attribute_7": 2}});
    let open = keyed.post("/v1/requests", &wanted).ok();
    let answered = world.ask(&world.lenders[0], &json!({}));
    let (first, second) = (wallet(&world, &open, 1), wallet(&world, &answered, 2));
    let id = |asked: &Value| asked["id"].as_str().unwrap().to_owned();
    let respond = |world: &World, asked: &Value, wallet: &Wallet| -> Answer {
        world.client().post(&format!("/v1/requests/{}/response", id(asked)), &wallet.json())
    };
    // stopped at once: whether the record made it into a block before is open
    respond(&world, &answered, &second).ok();
    let blocks = world.client().get("/v1/blocks?limit=200").ok();
    world.node.stop();
    world.node = Running::start(&world.home);

    let lender = &world.lenders[0];
    for line in blocks["items"].as_array().unwrap() {
        let block = world.client().get(&format!("/v1/blocks/{}", line["height"])).ok();
        assert_eq!(block["hash"], line["hash"], "height {}", line["height"]);
    }
    let verdict = world.verdict(lender, &id(&answered), 30);
    assert_eq!(verdict["status"], "approved", "{verdict}");
    assert_eq!(respond(&world, &answered, &second).problem(), (409, "request-answered".into()));
    let keyed = world.client().with_key(&lender.api_key).with_header("Idempotency-Key", "before-the-stop");
    assert_eq!(id(&keyed.post("/v1/requests", &wanted).ok()), id(&open));
    respond(&world, &open, &first).ok();
    assert_eq!(world.verdict(lender, &id(&open), 30)["status"], "approved");
}
