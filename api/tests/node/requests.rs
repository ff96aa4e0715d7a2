//! A lender's request from the question to the verdict.

use crate::client::Answer;
use crate::world::{APPROVED, TestLender, Wallet, World, nullifier, world};
use probity_credit::field::F;
use probity_credit::statement::Verdict;
use probity_ledger::keys::SecretKey;
use probity_ledger::request::SignedRequest;
use probity_ledger::state_proof::StateProof;
use probity_ledger::state_value::{Lender, Record};
use probity_ledger::{block::Header, certificate::Certificate, state_key};
use probity_verifier::proof;
use serde_json::{Value, json};

/// Fetches a request as a wallet does: by its link alone.
fn fetch(world: &World, lender: &TestLender, asked: &Value) -> (String, SignedRequest, Lender) {
    let id = asked["id"].as_str().unwrap().to_owned();
    let signed: SignedRequest = serde_json::from_value(world.client().get(&format!("/v1/requests/{id}")).ok()).unwrap();
    let entry = world.client().get(&format!("/v1/lenders/{}", lender.address)).ok();
    (id, signed, serde_json::from_value(entry["value"].clone()).unwrap())
}

fn asked(lender: &TestLender, more: &Value, person: u64, verdict: Verdict) -> (String, Wallet) {
    let world = world();
    let (id, signed, known) = fetch(world, lender, &world.ask(lender, more));
    (id, Wallet::answer(&signed, &known.public_key, person, verdict))
}

fn respond(id: &str, wallet: &Wallet) -> Answer {
    world().client().post(&format!("/v1/requests/{id}/response"), &wallet.json())
}

fn status_of<'a>(checks: &'a Value, name: &str) -> &'a str {
    let check = checks.as_array().unwrap().iter().find(|c| c["name"] == name).unwrap();
    check["status"].as_str().unwrap()
}

#[test]
fn approved_recorded_and_proved() {
    let (world, lender) = (world(), &world().lenders[0]);
    let (id, wallet) = asked(lender, &json!({}), 1_001, APPROVED);
    let before = world.verdict(lender, &id, 0);
    assert_eq!((before["status"].as_str(), before["decision"].is_null()), (Some("pending"), true));
    assert!(before["checks"].as_array().unwrap().iter().all(|c| c["status"] == "not-run"));

    let accepted = respond(&id, &wallet).ok();
    assert_eq!(accepted["status"], "verified");
    assert_eq!(respond(&id, &wallet).problem(), (409, "request-answered".into()), "a replay");

    let verdict = world.verdict(lender, &id, 20);
    assert_eq!(verdict["status"], "approved", "{verdict}");
    assert_eq!(verdict["decision"]["reasons"], json!([]));
    let names: Vec<&str> = verdict["checks"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "encoding",
            "request-known",
            "request-unexpired",
            "request-unanswered",
            "consent",
            "anchor-known",
            "anchor-in-grace",
            "policy-active",
            "circuit",
            "verifying-key",
            "nullifier-unspent",
            "answer-opening",
            "person",
            "pairing",
            "recorded"
        ]
    );
    assert!(verdict["checks"].as_array().unwrap().iter().all(|c| c["status"] == "passed" || c["name"] == "person"), "{verdict}");
    assert_eq!(status_of(&verdict["checks"], "person"), "skipped", "no applicant was named");

    // the record is on the chain, and shows neither outcome nor reasons
    let context = verdict["record"]["context"].as_str().unwrap();
    assert_eq!(accepted["context"], context);
    let found = world.client().get(&format!("/v1/records/{context}")).ok();
    let record: Record = serde_json::from_value(found["record"].clone()).unwrap();
    let proof: StateProof = serde_json::from_value(found["proof"].clone()).unwrap();
    assert_eq!(verdict["record"]["height"], record.height);
    assert_eq!(found["inclusion"]["id"], verdict["record"]["transaction"]);
    let headers = world.client().get(&format!("/v1/headers?from={}&limit=1", record.height)).ok();
    let header: Header = serde_json::from_value(headers["items"][0]["header"].clone()).unwrap();
    let certificate: Certificate = serde_json::from_value(headers["items"][0]["certificate"].clone()).unwrap();
    certificate.verify(&world.chain_id, &header.hash(), &world.genesis.validators).unwrap();
    assert_eq!(proof.height, header.height);
    let proved: Record = proof.verify_value(&header.state_root, &state_key::record(&record.context)).unwrap().unwrap();
    assert_eq!(proved, record);

    // the same person once more: another request, another proof
    let (id, again) = asked(lender, &json!({}), 1_001, APPROVED);
    let refused = respond(&id, &again);
    assert_eq!(refused.problem(), (409, "nullifier-spent".into()));
    assert_eq!(status_of(&refused.json()["checks"], "verifying-key"), "passed");
    assert_eq!(status_of(&refused.json()["checks"], "pairing"), "not-run");
    let verdict = world.verdict(lender, &id, 0);
    assert_eq!((verdict["status"].as_str(), verdict["attempts"].as_u64()), (Some("pending"), Some(1)));
    assert_eq!(status_of(&verdict["checks"], "nullifier-unspent"), "failed");

    let spent = world.client().get(&format!("/v1/nullifiers/{}/{}?prove=1", record.scope, nullifier(1_001))).ok();
    assert_eq!(spent["value"]["record"], context);
}

#[test]
fn declined_with_reasons_by_name() {
    let (world, lender) = (world(), &world().lenders[1]);
    let verdict = Verdict { approved: false, reasons: [7, 1, 0, 0] };
    let (id, wallet) = asked(lender, &json!({"applicant_person": nullifier(2_002)}), 2_001, verdict);
    // as a browser or OpenID wallet sends it
    let token = serde_json::to_string(&wallet.response().vp_token).unwrap();
    let escaped: String = token.bytes().map(|b| format!("%{b:02x}")).collect();
    let form = format!("state={id}&vp_token={escaped}");
    let path = format!("/v1/requests/{id}/response");
    world.client().send("POST", &path, "application/x-www-form-urlencoded", form.as_bytes()).ok();

    let verdict = world.verdict(lender, &id, 20);
    assert_eq!(verdict["status"], "declined", "{verdict}");
    assert_eq!(verdict["decision"]["reasons"], json!([{"index": 6, "name": "attribute_6"}, {"index": 0, "name": "attribute_0"}]));
    assert_eq!(status_of(&verdict["checks"], "person"), "passed");
    let record = world.client().get(&format!("/v1/records/{}", verdict["record"]["context"].as_str().unwrap())).ok();
    assert_eq!(record["record"]["verdict"], "not-granted");

    // not granted: the person may apply again
    let (id, again) = asked(lender, &json!({}), 2_001, APPROVED);
    respond(&id, &again).ok();
    assert_eq!(world.verdict(lender, &id, 20)["status"], "approved");
}

#[test]
fn each_check_refuses_by_its_own_code() {
    let lender = &world().lenders[0];
    type Mutation = fn(&mut Wallet);
    let cases: [(&str, &str, u16, Mutation); 9] = [
        ("encoding", "proof-encoding", 422, |w| w.presentation.proof.0 = [0xff; 128]),
        ("consent", "consent-invalid", 422, |w| w.presentation.nullifier = F::from(5u64).into()),
        ("consent", "consent-invalid", 422, |w| w.presentation.consent_key = SecretKey::generate().public()),
        ("answer-opening", "answer-mismatch", 422, |w| w.presentation.opening.verdict.reasons[0] ^= 1),
        ("answer-opening", "answer-mismatch", 422, |w| w.presentation.opening.salt = F::from(1u64).into()),
        ("answer-opening", "answer-mismatch", 422, |w| {
            w.presentation.opening.request[0] += 1;
            w.presentation.answer = w.presentation.opening.answer();
            w.prove();
        }),
        ("person", "person-mismatch", 422, |w| {
            w.presentation.opening.person = F::from(4u64).into();
            w.presentation.answer = w.presentation.opening.answer();
            w.prove();
        }),
        ("pairing", "proof-invalid", 422, |w| {
            // a good proof of something else
            w.presentation.nullifier = F::from(6u64).into();
            w.sign();
        }),
        ("pairing", "proof-invalid", 422, |w| {
            let mut other = proof::decode(&w.presentation.proof).unwrap();
            other.a = -other.a;
            w.presentation.proof = proof::encode(&other);
        }),
    ];
    for (number, (name, code, status, mutate)) in cases.into_iter().enumerate() {
        let person = 3_000 + number as u64;
        let (id, mut wallet) =
            asked(lender, &json!({"applicant_person": nullifier(person + 1)}), person, Verdict { approved: false, reasons: [1, 0, 0, 0] });
        mutate(&mut wallet);
        let answer = world().client().post(&format!("/v1/requests/{id}/response"), &wallet.json());
        let case = format!("case {number}, {name}");
        if code == "answer-mismatch" && answer.problem().1 == "response-malformed" {
            // an opening that cannot be one does not even parse
            assert_eq!(status_of(&answer.json()["checks"], "encoding"), "failed", "{case}");
            continue;
        }
        assert_eq!(answer.problem(), (status, code.to_owned()), "{case}");
        let checks = &answer.json()["checks"];
        assert_eq!(status_of(checks, name), "failed", "{case}");
        let list = checks.as_array().unwrap();
        let at = list.iter().position(|c| c["name"] == name).unwrap();
        assert!(list[..at].iter().all(|c| c["status"] == "passed"), "{case}: {checks}");
        assert!(list[at + 1..].iter().all(|c| c["status"] == "not-run"), "{case}");
        // the request is not used up
        assert_eq!(world().verdict(lender, &id, 0)["status"], "pending", "{case}");
    }
}

#[test]
fn responses_belong_to_their_request() {
    let (world, lender) = (world(), &world().lenders[0]);
    let (id, wallet) = asked(lender, &json!({}), 4_001, APPROVED);
    let (other_id, _) = asked(lender, &json!({}), 4_002, APPROVED);
    assert_eq!(respond(&other_id, &wallet).problem(), (422, "state-mismatch".into()));
    assert_eq!(respond("nothing", &wallet).problem(), (404, "request-unknown".into()));
    assert_eq!(respond(&"x".repeat(300), &wallet).problem(), (404, "request-unknown".into()));
    // answered with another request's state: the proof is bound to the context
    let mut moved = wallet.json();
    moved["state"] = other_id.clone().into();
    let answer = world.client().post(&format!("/v1/requests/{other_id}/response"), &moved);
    assert_eq!(answer.problem(), (422, "consent-invalid".into()));
    let path = format!("/v1/requests/{id}/response");
    assert_eq!(world.client().post(&path, &json!({"state": id})).problem(), (400, "response-malformed".into()));
    assert_eq!(world.client().send("POST", &path, "text/plain", b"x").problem(), (415, "media-type".into()));
    respond(&id, &wallet).ok();
}

#[test]
fn requests_end() {
    let (world, lender) = (world(), &world().lenders[0]);
    let (id, wallet) = asked(lender, &json!({"expires_in_seconds": 1}), 5_001, APPROVED);
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    assert_eq!(respond(&id, &wallet).problem(), (410, "request-expired".into()));
    assert_eq!(world.client().get(&format!("/v1/requests/{id}")).problem(), (410, "request-expired".into()));
    assert_eq!(world.verdict(lender, &id, 0)["status"], "expired");
}

#[test]
fn attempts_are_bounded() {
    let lender = &world().lenders[0];
    let (id, mut wallet) = asked(lender, &json!({}), 6_001, APPROVED);
    wallet.presentation.proof.0 = [0xff; 128];
    for _ in 0..32 {
        assert_eq!(respond(&id, &wallet).problem().1, "proof-encoding");
    }
    assert_eq!(respond(&id, &wallet).problem(), (429, "too-many-attempts".into()));
}

#[test]
fn lenders_ask_only_what_they_may() {
    let (world, lender, other) = (world(), &world().lenders[0], &world().lenders[1]);
    let ask = |more: Value| {
        let mut wanted = json!({"policy": lender.policy.id(), "purpose": "a car", "attributes": {"attribute_6": 250, "attribute_7": 20}});
        wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.client().with_key(&lender.api_key).post("/v1/requests", &wanted).problem()
    };
    assert_eq!(ask(json!({"policy": other.policy.id()})), (422, "policy-not-yours".into()));
    assert_eq!(ask(json!({"policy": "00".repeat(32)})), (422, "policy-unknown".into()));
    assert_eq!(ask(json!({"attributes": {"attribute_6": 1}})), (422, "attribute-missing".into()));
    assert_eq!(ask(json!({"attributes": {"attribute_6": 1, "attribute_7": 1, "x": 1}})), (422, "attribute-unknown".into()));
    assert_eq!(ask(json!({"attributes": {"attribute_6": "a", "attribute_7": 1}})), (422, "attribute-value".into()));
    assert_eq!(ask(json!({"expires_in_seconds": 0})), (422, "expiry-range".into()));
    assert_eq!(ask(json!({"expires_in_seconds": 100_000})), (422, "expiry-range".into()));
    assert_eq!(ask(json!({"anchor_height": 1})), (422, "anchor-unknown".into()));
    assert_eq!(ask(json!({"anchor_height": 2})), (422, "policy-not-active".into()));
    assert_eq!(ask(json!({"purpose": ""})), (422, "request-refused".into()));
    assert_eq!(ask(json!({"purposes": ""})), (400, "body-malformed".into()));
}

#[test]
fn verdicts_are_for_their_lender() {
    let (world, lender, other) = (world(), &world().lenders[0], &world().lenders[1]);
    let id = world.ask(lender, &json!({}))["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/requests/{id}/verdict");
    assert_eq!(world.client().with_key(&other.api_key).get(&path).problem(), (403, "not-your-request".into()));
    assert_eq!(world.client().get(&path).problem(), (401, "key-missing".into()));
    assert_eq!(world.client().with_key(&world.auditor).get(&path).problem(), (403, "role-forbidden".into()));
}
