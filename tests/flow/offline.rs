//! A wallet on a machine without a network: it proves what a file brings, or refuses it.

use probity_demo::tools::{Tools, text};
use probity_tests::nodes::single;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A wallet of its own beside `tools`, whose node is nowhere.
fn wallet(tools: &Tools, folder: &Path, name: &str) -> Tools {
    let passphrase = folder.join("passphrase");
    std::fs::write(&passphrase, "four unrelated words").expect("the test's own folder");
    std::fs::set_permissions(&passphrase, std::fs::Permissions::from_mode(0o600)).expect("the test's own file");
    let apart = tools.with("PROBITY_NODE", "http://127.0.0.1:9").with("PROBITY_PASSPHRASE_FILE", passphrase);
    let apart = apart.with("PROBITY_WALLET", folder.join(name));
    apart.probity(&["wallet", "new"]).expect("a wallet is made");
    apart
}

#[test]
fn what_is_imported_is_proved_or_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (mut node, tools) = single(folder.path());
    let genesis: Value =
        serde_json::from_slice(&std::fs::read(node.home().join("genesis.json")).expect("it was made")).expect("it is JSON");
    tools.probity(&["wallet", "fetch", "--out", &path("fetched")]).expect("the node answers");
    let book = path("fetched/book.json");
    let fetched: Value = serde_json::from_slice(&std::fs::read(&book).expect("it was written")).expect("it is JSON");
    let answers = fetched["answers"].as_object().expect("answers by path");
    let key_of = |part: &str| answers.keys().find(|k| k.contains(part)).expect("the node was asked").clone();
    let chain = text(&answers["/v1/chain"], "/chain_id").expect("a chain has an id");

    let key = node.home().join("keys/authority.key").to_string_lossy().into_owned();
    tools.probity(&["authority", "init", "--dir", &path("authority"), "--key", &key]).expect("the authority begins");
    node.kill();

    let holder = wallet(&tools, folder.path(), "wallet.age");
    let refused = |name: &str, change: &dyn Fn(&mut Value), why: &str| {
        let mut altered = fetched.clone();
        change(&mut altered);
        let file = path(name);
        std::fs::write(&file, altered.to_string()).expect("the test's own folder");
        let said = holder.refused(&["wallet", "import", "--chain", &chain, &file]).expect("it is refused");
        let said = said["error"].as_str().expect("a reason").to_owned();
        assert!(said.contains(why), "{name}: {said}");
    };
    let name = genesis["chain_name"].as_str().expect("a chain has a name");
    refused("genesis.json", &|f| f["answers"]["/v1/chain/genesis"]["chain_name"] = format!("not {name}").into(), "expected");
    refused("high.json", &|f| f["answers"]["/v1/chain"]["tip"]["height"] = u64::MAX.into(), "not in the file");
    let headers = key_of("/v1/headers");
    let zeros = "0".repeat(64);
    refused("header.json", &|f| f["answers"][&headers]["items"][0]["header"]["state_root"] = zeros.as_str().into(), "headers are refused");
    let states: Vec<String> = answers.keys().filter(|k| k.starts_with("/v1/state/")).cloned().collect();
    assert!(states.len() >= 2, "several entries were proved");
    let other = answers[&states[1]].clone();
    refused("entry.json", &|f| f["answers"][&states[0]] = other.clone(), "proof");
    refused("bare.json", &|f| *f = json!({"provenance": "proved", "anchors": []}), "without proofs");
    assert!(holder.probity(&["wallet", "show"]).expect("the wallet opens")["chain"].is_null(), "nothing of it was kept");

    holder.probity(&["wallet", "import", "--chain", &chain, &book]).expect("the file is proved");
    assert_eq!(holder.probity(&["wallet", "show"]).expect("the wallet opens")["chain"], name);

    // registered, the holder shows a lender who it is, and the lender compares
    holder.probity(&["wallet", "enrol", "--out", &path("enrolment.json")]).expect("it is written");
    let person = ["--dir", &path("authority"), "--key", &key, "--legal-id", "Ada Lovelace, 1815-12-10"].map(String::from);
    let person: Vec<&str> = person.iter().map(String::as_str).collect();
    let files = ["--enrolment", &path("enrolment.json"), "--out", &path("registration.json")].map(String::from);
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let registered = tools.probity(&[&["authority", "register"], &person[..], &files].concat()).expect("she is registered");
    holder.probity(&["wallet", "import", &path("registration.json")]).expect("it fits");
    let card = path("applicant.json");
    holder.probity(&["wallet", "export-applicant", "--out", &card]).expect("it is written");
    let compared = tools.probity(&["lender", "applicant", &card, "--legal-id", " Ada Lovelace, 1815-12-10"]).expect("it is hers");
    assert_eq!(compared["person"], registered["person"]);
    tools.refused(&["lender", "applicant", &card, "--legal-id", "Ada Byron, 1815-12-10"]).expect("another name is refused");
    let log = holder.probity(&["wallet", "log"]).expect("the wallet opens");
    assert_eq!(log.as_array().and_then(|l| l.last()).map(|e| &e["event"]), Some(&json!("applicant-exported")));
    assert!(holder.refused(&["wallet", "export-opening", &zeros]).is_ok(), "there was no answer to open");
}
