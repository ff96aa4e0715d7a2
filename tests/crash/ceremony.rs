//! A contribution that is killed: nothing of it stays, and the ceremony goes on.

use probity_demo::tools::Tools;
use probity_tests::nodes::tools;
use std::process::{Command, Stdio};
use std::time::Duration;

#[test]
fn a_killed_contribution_resumes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let tools: Tools = tools("http://127.0.0.1:1");
    let probity = |arguments: &[&str]| tools.probity(arguments).unwrap_or_else(|e| panic!("{}: {e}", arguments.join(" ")));
    let (ceremony, powers, key) = (path("ceremony"), path("powers.ptau"), path("ann.key"));
    probity(&["keys", "new", &key]);
    probity(&["ceremony", "rehearsal-powers", &powers, "--power", "15"]);
    probity(&["ceremony", "init", "eligibility-1", &ceremony, "--powers", &powers, "--unpublished-powers"]);
    let before = std::fs::read(folder.path().join("ceremony/transcript.json")).expect("a transcript");
    let contribute = ["--json", "ceremony", "contribute", &ceremony, "--name", "Ann", "--key", &key];
    let mut killed = 0;
    // early, while it reads, and later, while it computes or writes
    for wait in [50, 400, 1_000] {
        let mut child = Command::new(tools.binary("probity"))
            .args(contribute)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("probity starts");
        std::thread::sleep(Duration::from_millis(wait));
        if child.try_wait().expect("it is ours").is_none() {
            child.kill().expect("it is ours");
            killed += 1;
        }
        child.wait().expect("it is ours");
        if std::fs::read(folder.path().join("ceremony/transcript.json")).expect("a transcript") != before {
            break; // a fast machine: it was done before
        }
    }
    assert!(killed > 0, "at least one was killed");
    probity(&contribute[1..]);
    let shown = probity(&["ceremony", "show", &ceremony]);
    let entries = shown["entries"].as_array().expect("a list").len();
    let verified = probity(&["ceremony", "verify", &ceremony, "--powers", &powers, "--unpublished-powers"]);
    assert_eq!(verified["contributors"].as_array().map(Vec::len), Some(entries), "the ceremony holds");
    let names = || std::fs::read_dir(&ceremony).expect("the folder").map(|file| file.expect("a file").file_name());
    assert!(names().all(|name| !name.to_string_lossy().starts_with(".writing-")), "nothing half done is left");
}
