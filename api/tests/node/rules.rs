//! Keys, roles, bodies, idempotency, pages: what holds for every endpoint.

use crate::world::world;
use probity_ledger::address::Address;
use probity_ledger::keys::SecretKey;
use probity_ledger::transaction::{Payload, Transaction, Transfer};
use serde_json::json;

#[test]
fn keys_and_roles() {
    let (client, lender) = (world().client(), &world().lenders[0]);
    let wanted = json!({});
    assert_eq!(client.post("/v1/requests", &wanted).problem(), (401, "key-missing".into()));
    for key in ["", "x", "probity_0000000000000000_AAAA", &format!("{}x", lender.api_key)] {
        assert_eq!(client.with_key(key).post("/v1/requests", &wanted).problem(), (401, "key-unknown".into()), "{key}");
        assert_eq!(
            client.with_key(key).get("/v1/chain").problem(),
            (401, "key-unknown".into()),
            "a bad key is refused even where none is needed"
        );
    }
    for key in [&world().auditor, &world().authority] {
        assert_eq!(client.with_key(key).post("/v1/requests", &wanted).problem(), (403, "role-forbidden".into()));
    }
    let shard = format!("/v1/shards/{}", "00".repeat(32));
    assert_eq!(client.send("PUT", &shard, "application/octet-stream", b"x").problem(), (401, "key-missing".into()));
    assert_eq!(client.with_key(&lender.api_key).send("PUT", &shard, "application/octet-stream", b"x").problem().0, 403);
    assert_eq!(
        client.with_key(&world().authority).send("PUT", &shard, "application/octet-stream", b"x").problem(),
        (422, "shard-refused".into())
    );
    assert_eq!(client.get(&shard).problem(), (404, "shard-unknown".into()));
}

#[test]
fn problems_have_pages() {
    let client = world().client();
    let list = String::from_utf8(client.get("/problems").body).unwrap();
    assert!(list.lines().count() > 80);
    for path in list.lines() {
        assert_eq!(client.get(path).status, 200, "{path}");
    }
    assert_eq!(client.get("/problems/none-such").problem(), (404, "not-found".into()));
    assert_eq!(client.get("/v2").problem(), (404, "not-found".into()));
    assert_eq!(client.send("DELETE", "/v1/chain", "", b"").problem(), (405, "method-not-allowed".into()));
    assert_eq!(client.get("/v1/policies/zz").problem(), (400, "path-malformed".into()));
    assert_eq!(client.get("/v1/policies?limit=x").problem(), (400, "query-malformed".into()));
}

#[test]
fn bodies_are_checked() {
    let client = world().client();
    let path = "/v1/transactions";
    assert_eq!(client.send("POST", path, "text/plain", b"{}").problem(), (415, "media-type".into()));
    assert_eq!(client.send("POST", path, "application/json", b"{").problem(), (400, "body-malformed".into()));
    assert_eq!(client.send("POST", path, "application/octet-stream", b"\x01").problem(), (400, "body-malformed".into()));
    let long = vec![b' '; 600 * 1024];
    assert_eq!(client.send("POST", path, "application/json", &long).problem(), (413, "body-too-large".into()));
    assert_eq!(
        client.with_header("Idempotency-Key", "k").send("POST", path, "application/json", &long).problem(),
        (413, "body-too-large".into())
    );
}

#[test]
fn the_chains_rules_are_problems_too() {
    let (world, client) = (world(), world().client());
    let stranger = SecretKey::generate();
    let transfer = |amount| Payload::Transfer(Transfer { to: Address::of(&stranger.public()), amount });
    let payer = world.validator();
    let post = |t: &Transaction| client.post("/v1/transactions", &json!({ "transaction": t })).problem();
    assert_eq!(post(&world.transaction(&stranger, transfer(1))), (422, "fee-not-covered".into()));
    let mut altered = world.transaction(&payer, transfer(1));
    altered.body.fee += 1;
    assert_eq!(post(&altered), (422, "bad-signature".into()));
    assert_eq!(post(&world.transaction(&payer, transfer(0))), (422, "zero-amount".into()));
    let unknown = "00".repeat(32);
    assert_eq!(client.get(&format!("/v1/transactions/{unknown}")).problem(), (404, "transaction-unknown".into()));
    let far = json!({"address": Address::of(&stranger.public()), "amount": u64::MAX});
    assert_eq!(client.post("/v1/faucet", &far).problem(), (422, "faucet-amount".into()));
}

#[test]
fn the_same_key_and_body_act_once() {
    let client = world().client();
    let address = Address::of(&SecretKey::generate().public());
    let gift = json!({"address": address, "amount": 1_000});
    let keyed = client.with_header("Idempotency-Key", "gift-1");
    let first = keyed.post("/v1/faucet?wait_seconds=20", &gift);
    assert_eq!(first.header("idempotency-replayed"), None);
    let second = keyed.post("/v1/faucet?wait_seconds=20", &gift);
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!((first.status, &first.body), (second.status, &second.body));
    let account = client.get(&format!("/v1/accounts/{address}")).ok();
    assert_eq!(account["value"]["balance"], 1_000, "given once");
    let third = keyed.post("/v1/faucet", &gift);
    assert_eq!(third.header("idempotency-replayed"), Some("true"), "another wait is the same request");
    let other = json!({"address": address, "amount": 2_000});
    assert_eq!(keyed.post("/v1/faucet?wait_seconds=20", &other).problem(), (422, "idempotency-key-reused".into()));
    assert_eq!(client.with_header("Idempotency-Key", "a b").post("/v1/faucet", &gift).problem(), (400, "idempotency-key-malformed".into()));

    let (world, lender) = (world(), &world().lenders[0]);
    let asks = client.with_key(&lender.api_key).with_header("Idempotency-Key", "gift-1");
    let wanted = json!({"policy": lender.policy.id(), "purpose": "a car", "attributes": {"attribute_6": 1, "attribute_7": 2}});
    let (one, two) = (asks.post("/v1/requests", &wanted), asks.post("/v1/requests", &wanted));
    assert_eq!((one.status, one.header("location")), (201, two.header("location")), "keys of one caller do not meet another's");
    assert_eq!(one.json()["id"], two.json()["id"]);
    let elsewhere = world.ask(lender, &json!({}));
    assert_ne!(elsewhere["id"], one.json()["id"]);
}

#[test]
fn requests_at_once_with_one_key_act_once() {
    let address = Address::of(&SecretKey::generate().public());
    let gift = json!({"address": address, "amount": 7});
    let client = world().client().with_header("Idempotency-Key", "gift-at-once");
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| client.post("/v1/faucet?wait_seconds=20", &gift))).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(answers.iter().any(|a| a.status == 200));
    assert!(answers.iter().all(|a| a.status == 200 || a.problem() == (409, "idempotency-in-progress".into())));
    assert_eq!(world().client().get(&format!("/v1/accounts/{address}")).ok()["value"]["balance"], 7);
}
