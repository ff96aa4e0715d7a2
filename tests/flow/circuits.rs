//! A circuit's life from the command line, as the operators' page says: retired, adopted again, stopped for good.

use probity_demo::node::get;
use probity_tests::nodes::{account, begin, verifying_keys};
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn validators_retire_adopt_and_stop_a_circuit() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (node, tools) = begin(folder.path(), &verifying_keys(folder.path()), &["--dev", "--circuit-delay-blocks", "5"]);
    let (key, _) = account(&tools, folder.path(), "payer");
    let home = node.home().to_string_lossy().into_owned();
    let circuit = || get(&format!("{}/v1/circuits", node.url())).expect("the node answers")["items"][0].clone();
    let height = || get(&format!("{}/v1/chain", node.url())).expect("the node answers")["tip"]["height"].as_u64().expect("a height");
    let decision = path("decision.json");
    let approve = |arguments: &[&str]| {
        tools.probity(&[&["tx"], arguments, &["--out", &decision]].concat()).expect("the decision is written");
        let approved = tools.probityd(&["approve", "--home", &home, "--admission", &decision]).expect("the validator approves");
        std::fs::write(&decision, approved).expect("the test's own folder");
    };
    let decide = |arguments: &[&str]| -> Value {
        approve(arguments);
        tools.probity(&["tx", "send", "--key", &key, &decision]).expect("the chain takes it")["events"][0].clone()
    };
    let refused = |arguments: &[&str]| -> Value {
        approve(arguments);
        tools.refused(&["tx", "send", "--key", &key, &decision]).expect("the chain refuses it")["code"].clone()
    };
    let first = circuit();
    assert_eq!((&first["accepted_now"], &first["active_from_height"], &first["sequence"]), (&json!(true), &json!(0), &json!(0)));
    let key_id = first["verifying_key_id"].as_str().expect("an id");
    let audited = || tools.probity(&["audit", "key", key_id]).expect("the node proves it");
    let stopped = || audited()["stopped"].clone();

    let retire = ["retire-circuit", "eligibility-1", "--last-height"];
    assert_eq!(refused(&[&retire[..], &[&(height() + 5).to_string()]].concat()), "circuit-too-soon");
    let last = height() + 12;
    assert_eq!(decide(&[&retire[..], &[&last.to_string()]].concat())["event"], "circuit_retired");
    while height() <= last {
        std::thread::sleep(Duration::from_millis(100));
    }

    let (vk, from) = (path("verifying-keys/eligibility-1.vk"), (height() + 1_000).to_string());
    let transcript = path("transcript.json");
    std::fs::write(&transcript, "{}").expect("the test's own folder");
    let adopt = ["adopt-circuit", "--verifying-key", &vk, "--active-from", &from];
    let claimed = [&["tx"], &adopt[..], &["--transcript", &transcript, "--out", &decision]].concat();
    let said = tools.refused(&claimed).expect("a development key comes from no ceremony");
    assert!(said["error"].as_str().is_some_and(|e| e.contains("development key")), "{said}");
    let adopted = decide(&adopt);
    assert_eq!((&adopted["event"], &adopted["verifying_key_id"]), (&json!("circuit_adopted"), &first["verifying_key_id"]));
    let now = circuit();
    assert_eq!((&now["accepted_now"], &now["last_height"], &now["sequence"]), (&json!(false), &json!(null), &json!(2)));
    assert_eq!(now["active_from_height"].to_string(), from);
    // a wallet's book proves the adopted circuit, its key included
    tools.probity(&["wallet", "fetch", "--out", &path("fetched")]).expect("the node answers");

    assert_eq!(stopped(), json!(null));
    let event = json!({"event": "circuit_stopped", "circuit": "eligibility-1", "verifying_key_id": key_id});
    assert_eq!(decide(&["stop-circuit", "eligibility-1", "--verifying-key-id", key_id]), event);
    let now = circuit();
    assert_eq!((&now["accepted_now"], &now["sequence"]), (&json!(false), &json!(3)));
    assert_eq!(stopped(), json!({"circuit": "eligibility-1", "height": now["stopped_height"]}));
    let (said, chain) = (audited(), get(&format!("{}/v1/chain", node.url())).expect("the node answers"));
    assert_eq!((&said["chain_id"], &said["verifying_key_id"]), (&chain["chain_id"], &first["verifying_key_id"]));
    assert_eq!(said["stale"], json!(false));
    assert_eq!(refused(&adopt), "key-stopped");
}
