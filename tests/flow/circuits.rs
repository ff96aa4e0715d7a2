//! A circuit stopped and adopted again from the command line, as the operators' page says.

use probity_demo::node::get;
use probity_tests::nodes::{account, single};
use serde_json::{Value, json};

#[test]
fn validators_stop_and_adopt_a_circuit() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (node, tools) = single(folder.path());
    let (key, _) = account(&tools, folder.path(), "payer");
    let home = node.home().to_string_lossy().into_owned();
    let circuit = || get(&format!("{}/v1/circuits", node.url())).expect("the node answers")["items"][0].clone();
    let height = || get(&format!("{}/v1/chain", node.url())).expect("the node answers")["tip"]["height"].as_u64().expect("a height");
    let decision = path("decision.json");
    let decide = |arguments: &[&str]| -> Value {
        tools.probity(&[&["tx"], arguments, &["--out", &decision]].concat()).expect("the decision is written");
        let approved = tools.probityd(&["approve", "--home", &home, "--admission", &decision]).expect("the validator approves");
        std::fs::write(&decision, approved).expect("the test's own folder");
        let sent = tools.probity(&["tx", "send", "--key", &key, &decision]).expect("the chain takes it");
        sent["events"][0].clone()
    };
    let first = circuit();
    assert_eq!((&first["accepted_now"], &first["active_from_height"], &first["sequence"]), (&json!(true), &json!(0), &json!(0)));

    let soon = height() + 5;
    tools
        .probity(&["tx", "retire-circuit", "eligibility-1", "--last-height", &soon.to_string(), "--out", &decision])
        .expect("it is written");
    let approved = tools.probityd(&["approve", "--home", &home, "--admission", &decision]).expect("the validator approves");
    std::fs::write(&decision, approved).expect("the test's own folder");
    let refused = tools.refused(&["tx", "send", "--key", &key, &decision]).expect("it leaves too little time");
    assert_eq!(refused["code"], "circuit-too-soon", "{refused}");

    assert_eq!(decide(&["stop-circuit", "eligibility-1"]), json!({"event": "circuit_stopped", "circuit": "eligibility-1"}));
    let stopped = circuit();
    assert_eq!((&stopped["accepted_now"], &stopped["sequence"]), (&json!(false), &json!(1)));
    assert!(stopped["stopped_height"].is_u64());

    let (vk, from) = (path("verifying-keys/eligibility-1.vk"), (height() + 1_000).to_string());
    let transcript = path("transcript.json");
    std::fs::write(&transcript, "{}").expect("the test's own folder");
    let adopt = ["adopt-circuit", "--verifying-key", &vk, "--active-from", &from];
    let claimed = [&["tx"], &adopt[..], &["--transcript", &transcript, "--out", &decision]].concat();
    let refused = tools.refused(&claimed).expect("a development key comes from no ceremony");
    assert!(refused["error"].as_str().is_some_and(|e| e.contains("development key")), "{refused}");
    let adopted = decide(&adopt);
    assert_eq!((&adopted["event"], &adopted["verifying_key_id"]), (&json!("circuit_adopted"), &first["verifying_key_id"]));
    let last = (height() + 2_000).to_string();
    assert_eq!(decide(&["retire-circuit", "eligibility-1", "--last-height", &last])["event"], "circuit_retired");
    let now = circuit();
    assert_eq!((&now["accepted_now"], &now["stopped_height"], &now["sequence"]), (&json!(false), &json!(null), &json!(3)));
    assert_eq!((now["active_from_height"].to_string(), now["last_height"].to_string()), (from, last));
    // a wallet's book proves the adopted circuit, its key included
    tools.probity(&["wallet", "fetch", "--out", &path("fetched")]).expect("the node answers");
}
