//! What everybody may read, page by page, with proofs.

use crate::world::{APPROVED, Wallet, prove, world};
use probity_ledger::address::Address;
use probity_ledger::block::{Header, transactions_root};
use probity_ledger::certificate::ValidatorSet;
use probity_ledger::delivery::{Delivery as _, RegistrySnapshot};
use probity_ledger::genesis::Genesis;
use probity_ledger::receipt::{Receipt, receipts_root};
use probity_ledger::state_key;
use probity_ledger::state_proof::StateProof;
use probity_ledger::state_value::{Account, PolicyEntry};
use probity_ledger::transaction::Transaction;
use probity_params::VerifyingKeyFile;
use serde_json::{Value, json};

#[test]
fn the_chain_says_what_it_is() {
    let (world, client) = (world(), world().client());
    let chain = client.get("/v1/chain").ok();
    assert_eq!(chain["chain_id"], world.chain_id.to_string());
    assert_eq!(chain["lenders_here"].as_array().unwrap().len(), 2);
    let genesis = Genesis::from_json(&client.get("/v1/chain/genesis").body).unwrap();
    assert_eq!(genesis.chain_id(), world.chain_id);
    let key = client.get("/v1/verifying-keys/eligibility-3");
    let file = VerifyingKeyFile::from_bytes(&key.body).unwrap();
    assert_eq!(key.header("probity-verifying-key-id"), Some(file.id().to_string().as_str()));
    assert_eq!(client.get("/v1/verifying-keys/eligibility-1").problem(), (422, "circuit-unknown".into()));
    assert_eq!(client.get("/healthz").status, 200);
    let metrics = String::from_utf8(client.get("/metrics").body).unwrap();
    assert!(metrics.contains("probity_api_requests_total{") && metrics.ends_with("# EOF\n"), "{metrics}");
    let openapi = client.get("/v1/openapi.json").json();
    assert_eq!(openapi["openapi"], "3.1.0");
}

#[test]
fn blocks_page_without_gaps_and_commit_to_their_content() {
    let client = world().client();
    let mut heights = vec![];
    let mut path = "/v1/blocks?limit=3".to_owned();
    for _ in 0..4 {
        let page = client.get(&path).ok();
        let items = page["items"].as_array().unwrap();
        heights.extend(items.iter().map(|b| b["height"].as_u64().unwrap()));
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/blocks?limit=3&cursor={next}"),
            None => break,
        }
    }
    assert!(heights.len() > 6);
    assert!(heights.windows(2).all(|w| w[0] == w[1] + 1), "{heights:?}");
    assert_eq!(client.get("/v1/blocks?cursor=x").problem(), (400, "cursor-malformed".into()));
    assert_eq!(client.get("/v1/blocks?limit=0").problem(), (400, "page-limit".into()));
    assert_eq!(client.get("/v1/blocks/99999999").problem(), (404, "block-unknown".into()));
    assert_eq!(client.get("/v1/blocks/x").problem(), (400, "path-malformed".into()));

    let headers = client.get("/v1/headers?limit=200").ok();
    let mut parent = world().chain_id;
    for item in headers["items"].as_array().unwrap() {
        let header: Header = serde_json::from_value(item["header"].clone()).unwrap();
        assert_eq!(header.parent_hash, parent);
        parent = header.hash();
    }
    let full = headers["items"].as_array().unwrap().iter().map(|i| i["header"]["height"].as_u64().unwrap());
    for height in full.take(12) {
        let block = client.get(&format!("/v1/blocks/{height}")).ok();
        let header: Header = serde_json::from_value(block["header"].clone()).unwrap();
        let transactions: Vec<Transaction> = serde_json::from_value(block["transactions"].clone()).unwrap();
        let receipts: Vec<Receipt> = serde_json::from_value(block["receipts"].clone()).unwrap();
        assert_eq!(block["hash"], header.hash().to_string());
        assert_eq!(transactions_root(&transactions), header.transactions_root);
        assert_eq!(receipts_root(&receipts), header.receipts_root);
    }
}

fn header(height: &Value) -> Header {
    let block = world().client().get(&format!("/v1/blocks/{height}")).ok();
    serde_json::from_value(block["header"].clone()).unwrap()
}

#[test]
fn entries_come_with_proofs_of_presence_and_absence() {
    let (world, client, lender) = (world(), world().client(), &world().lenders[0]);
    let id = lender.policy.id();
    let entry = client.get(&format!("/v1/policies/{id}?prove=1")).ok();
    let proof: StateProof = serde_json::from_value(entry["proof"].clone()).unwrap();
    let key = state_key::policy(&id);
    let proved: PolicyEntry = proof.verify_value(&header(&entry["height"]).state_root, &key).unwrap().unwrap();
    assert_eq!(proved.policy, lender.policy);
    assert_eq!(entry["value"]["policy"]["name"], "test policy");
    assert!(client.get(&format!("/v1/policies/{id}")).ok()["proof"].is_null());

    let raw = client.get(&format!("/v1/state/{}?prove=1", key.0)).ok();
    assert_eq!(raw["value"], raw["proof"]["value"]);
    // before it was registered
    let absent = client.get(&format!("/v1/policies/{id}?prove=1&height=1"));
    assert_eq!(absent.problem(), (404, "entry-unknown".into()));
    let proof: StateProof = serde_json::from_value(absent.json()["proof"].clone()).unwrap();
    assert_eq!(proof.verify(&header(&json!(1)).state_root, &key).unwrap(), None);
    assert_eq!(client.get(&format!("/v1/policies/{id}?height=99999999")).problem(), (404, "height-unavailable".into()));

    let nobody = client.get(&format!("/v1/accounts/{}", "00".repeat(32))).ok();
    assert_eq!(serde_json::from_value::<Account>(nobody["value"].clone()).unwrap(), Account::default());
    let validators = client.get("/v1/validators?height=1&prove=1").ok();
    let set: ValidatorSet = serde_json::from_value(validators["value"].clone()).unwrap();
    assert_eq!(set, world.genesis.validators);
    assert!(client.get("/v1/identities").ok()["value"]["authority"].is_string());
    assert_eq!(client.get(&format!("/v1/institutions/{}", lender.address)).problem(), (404, "entry-unknown".into()));
}

#[test]
fn lists_and_their_pages() {
    let (client, lenders) = (world().client(), &world().lenders);
    let first = client.get("/v1/policies?limit=1").ok();
    let second = client.get(&format!("/v1/policies?limit=1&cursor={}", first["next"].as_str().unwrap())).ok();
    let ids = [&first, &second].map(|p| p["items"][0]["id"].as_str().unwrap().to_owned());
    let mut expected = [lenders[1].policy.id().to_string(), lenders[0].policy.id().to_string()];
    assert_eq!(ids, expected, "newest first");
    expected.reverse();
    let of_one = client.get(&format!("/v1/policies?lender={}", lenders[0].address)).ok();
    assert_eq!(of_one["items"].as_array().unwrap().len(), 1);
    assert_eq!(of_one["items"][0]["id"], expected[0]);
    assert_eq!(client.get("/v1/lenders").ok()["items"].as_array().unwrap().len(), 2);
    assert_eq!(client.get("/v1/schemas").ok()["items"].as_array().unwrap().len(), 1);
    let institutions = client.get("/v1/institutions").ok();
    assert_eq!(institutions["items"].as_array().unwrap().len(), 1);
    assert_eq!(institutions["items"][0]["name"], "First Institution");
    assert_eq!(client.get("/v1/commitments").ok(), json!({"items": [], "next": null}));
    assert_eq!(client.get("/v1/registry").ok()["slots"].as_array().unwrap().len(), 1);
    let anchors = client.get("/v1/anchors?limit=2").ok();
    assert_eq!(anchors["items"].as_array().unwrap().len(), 2);
    let snapshot = client.get("/v1/anchors/latest/registry");
    let snapshot = RegistrySnapshot::from_json(&snapshot.body).unwrap();
    let same = client.get(&format!("/v1/anchors/{}", snapshot.anchor.height)).ok();
    assert_eq!(same["value"]["anchor"], json!(snapshot.anchor));
    assert_eq!(client.get("/v1/anchors/1/registry").problem(), (422, "anchor-unknown".into()));
    assert_eq!(client.get("/v1/policies?cursor=1").problem(), (400, "cursor-malformed".into()));
    let none = client.get(&format!("/v1/records?lender={}", Address::of(&world().validator().public()))).ok();
    assert_eq!(none["items"], json!([]));
}

#[test]
fn anybody_verifies_any_proof() {
    let (world, client, lender) = (world(), world().client(), &world().lenders[0]);
    let asked = world.ask(lender, &json!({}));
    let signed = serde_json::from_value(asked["request"].clone()).unwrap();
    let entry = client.get(&format!("/v1/lenders/{}", lender.address)).ok();
    let key = serde_json::from_value(entry["value"]["public_key"].clone()).unwrap();
    let wallet = Wallet::answer(&signed, &key, 9_001, APPROVED);
    let body = |policy: Value| {
        json!({
            "policy": policy, "circuit": "eligibility-3", "public_inputs": wallet.inputs(), "proof": wallet.presentation.proof,
            "anchor_height": wallet.request.anchor.height, "opening": wallet.presentation.opening,
        })
    };
    let by_id = body(json!(lender.policy.id()));
    let whole = body(json!({"policy": lender.policy, "schema": probity_credit::schema::testing::schema()}));
    for wanted in [&by_id, &whole] {
        let answer = client.post("/v1/verify", wanted).ok();
        assert_eq!(answer["valid"], true, "{answer}");
    }
    let fails = |member: &str, value: Value| {
        let mut wanted = by_id.clone();
        wanted[member] = value;
        let answer = client.post("/v1/verify", &wanted).ok();
        assert_eq!(answer["valid"], false);
        let failed = answer["checks"].as_array().unwrap().iter().find(|c| c["status"] == "failed").unwrap().clone();
        (failed["name"].as_str().unwrap().to_owned(), failed["code"].as_str().unwrap().to_owned())
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(fails("proof", json!("AAAA")), pair("encoding", "proof-encoding"));
    assert_eq!(fails("policy", json!("00".repeat(32))), pair("policy-active", "policy-unknown"));
    assert_eq!(fails("circuit", json!("eligibility-1")), pair("circuit", "circuit-not-of-policy"));
    assert_eq!(fails("anchor_height", json!(1)), pair("anchor-known", "anchor-unknown"));
    let mut opening = wallet.presentation.opening.clone();
    opening.request[1] += 1;
    assert_eq!(fails("opening", json!(opening)), pair("answer-opening", "answer-mismatch"));
    let compiled = lender.policy.compile(&probity_credit::schema::testing::schema()).unwrap();
    let mut inputs = wallet.inputs();
    inputs.month.0 += 1;
    let other = prove(&inputs.all(&compiled));
    assert_eq!(fails("proof", json!(other)), pair("pairing", "proof-invalid"));
    assert_eq!(fails("public_inputs", json!(inputs)), pair("anchor-known", "anchor-mismatch"));
}
