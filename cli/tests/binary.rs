//! The binary as scripts see it: exit codes, JSON, and where secrets may come from.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn probity(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
    command.current_dir(folder).args(args).stdin(Stdio::null());
    command.env("PROBITY_PASSPHRASE_FILE", folder.join("passphrase")).env("PROBITY_WALLET", folder.join("wallet.age"));
    // nobody listens there
    command.env("PROBITY_NODE", "http://127.0.0.1:9").env_remove("PROBITY_API_KEY");
    command.output().expect("the binary was built for this test")
}

fn passphrase(folder: &Path, text: &str) {
    let path = folder.join("passphrase");
    std::fs::write(&path, text).expect("the test's own folder");
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("the test's own file");
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_wallet_is_made_once_and_opens_with_its_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    passphrase(folder, "four unrelated words\n");
    let made = probity(folder, &["--json", "wallet", "new"]);
    assert_eq!(code(&made), 0, "{}", stderr(&made));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let again = probity(folder, &["wallet", "new"]);
    assert_eq!(code(&again), 1);
    assert!(stderr(&again).contains("exists already"), "{}", stderr(&again));

    assert_eq!(code(&probity(folder, &["wallet", "enrol", "--out", "e.json"])), 0);
    let enrolment: Value = serde_json::from_slice(&std::fs::read(folder.join("e.json")).unwrap()).unwrap();
    assert_eq!(enrolment, made["enrolment"]);
    let log: Value = serde_json::from_slice(&probity(folder, &["--json", "wallet", "log"]).stdout).unwrap();
    assert_eq!(log[0]["event"], "created");

    passphrase(folder, "four other words");
    let wrong = probity(folder, &["--json", "wallet", "show"]);
    assert_eq!(code(&wrong), 1);
    let why: Value = serde_json::from_str(&stderr(&wrong)).unwrap();
    assert!(why["error"].as_str().unwrap().contains("passphrase does not open"), "{why}");
    #[cfg(unix)]
    {
        let path = folder.join("passphrase");
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        assert!(stderr(&probity(folder, &["wallet", "show"])).contains("readable by others"));
    }
}

#[test]
fn nonsense_is_2_and_refusals_are_1() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (args, expected) in [
        (&["nothing"][..], 2),
        (&["wallet", "answer", "request.json", "--offline"], 2),
        (&["wallet", "answer", "request.json"], 2),
        (&["lender", "verdict", "../x"], 2),
        (&["wallet", "show"], 1),
        (&["wallet", "answer", "request.json", "--yes"], 1),
        (&["verify", "no-bundle"], 1),
        (&["audit", "records"], 1),
        (&["--node", "http://node.example", "audit", "records"], 1),
        (&["keys", "show", "no.key"], 1),
        (&["params", "list"], 0),
        (&["--help"], 0),
    ] {
        let output = probity(folder, args);
        assert_eq!(code(&output), expected, "{args:?}: {}", stderr(&output));
        assert_eq!(output.stderr.is_empty(), expected == 0, "{args:?}: {}", stderr(&output));
    }
    std::fs::write(folder.join("bundle"), b"something else").unwrap();
    assert!(stderr(&probity(folder, &["verify", "bundle"])).contains("not an audit bundle"));
}
