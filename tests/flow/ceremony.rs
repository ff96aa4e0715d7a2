//! Parameters for a network, from the first contribution to a wallet that proves with them.

use probity_demo::node::get;
use probity_demo::tools::Tools;
use probity_tests::nodes::{begin, tools, verifying_keys};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

struct Ceremony {
    tools: Tools,
    folder: String,
}

impl Ceremony {
    fn probity(&self, arguments: &[&str]) -> Value {
        self.tools.probity(arguments).unwrap_or_else(|e| panic!("{}: {e}", arguments.join(" ")))
    }

    fn transcript(&self) -> Vec<u8> {
        std::fs::read(Path::new(&self.folder).join("transcript.json")).expect("a transcript")
    }

    /// Kills contributions while they read, compute or write; how many were killed.
    fn kill_contributions(&self, contribute: &[&str]) -> usize {
        let before = self.transcript();
        let mut killed = 0;
        for wait in [50, 400, 1_000] {
            let mut command = Command::new(self.tools.binary("probity"));
            let quiet = command.arg("--json").args(contribute).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = quiet.spawn().expect("probity starts");
            std::thread::sleep(Duration::from_millis(wait));
            if child.try_wait().expect("it is ours").is_none() {
                child.kill().expect("it is ours");
                killed += 1;
            }
            child.wait().expect("it is ours");
            if self.transcript() != before {
                break; // a fast machine: it was done before
            }
        }
        killed
    }
}

#[test]
fn a_network_begins_with_a_ceremony() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (folder_of, powers, key) = (path("ceremony"), path("powers.ptau"), path("ann.key"));
    let out = path("parameters");
    let tools = tools("http://127.0.0.1:1").with("PROBITY_CACHE_DIR", path("coordinator"));
    let ceremony = Ceremony { tools, folder: folder_of.clone() };
    ceremony.probity(&["keys", "new", &key]);
    ceremony.probity(&["ceremony", "rehearsal-powers", &powers, "--power", "15"]);
    let init = ["ceremony", "init", "eligibility-1", &folder_of, "--powers", &powers];
    ceremony.tools.refused(&init).expect("powers that one machine made are not taken without a word");
    ceremony.probity(&[&init[..], &["--unpublished-powers"]].concat());

    // a contribution that is killed leaves the ceremony where it was, and the next one goes on
    let contribute = ["ceremony", "contribute", &folder_of, "--name", "Ann", "--key", &key];
    assert!(ceremony.kill_contributions(&contribute) > 0, "at least one was killed");
    ceremony.probity(&contribute);
    let names = std::fs::read_dir(&folder_of).expect("the folder").map(|file| file.expect("a file").file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().starts_with(".writing-")), "nothing half done is left");

    let finalize = ["ceremony", "finalize", &folder_of, "--powers", &powers, "--unpublished-powers", "--out", &out];
    ceremony.tools.refused(&finalize).expect("it has not ended");
    ceremony.probity(&["ceremony", "beacon", &folder_of, "--value", "00ff", "--source", "a lottery", "--key", &key]);
    ceremony.tools.refused(&contribute).expect("it has ended");
    let finalized = ceremony.probity(&finalize);
    assert_eq!(finalized["beacon"], json!({ "source": "a lottery", "value": "00ff", "exponent": 20 }));
    assert!(!finalized["contributors"].as_array().expect("a list").is_empty());

    // a production chain takes this key, and no development key
    let development = verifying_keys(folder.path());
    let home = path("refused");
    let refused = ceremony.tools.probityd(&["init", "--home", &home, "--verifying-keys", &development.to_string_lossy()]);
    assert!(refused.is_err_and(|e| e.to_string().contains("transcript")));
    let (node, tools) = begin(folder.path(), Path::new(&out), &[]);
    let circuits = get(&format!("{}/v1/circuits", node.url())).expect("circuits");
    let circuit = &circuits["items"][0];
    assert_eq!(circuit["verifying_key_id"], finalized["manifest"]["verifying_key"], "{circuits}");
    assert_eq!(circuit["transcript"], finalized["transcript"]);

    // a wallet elsewhere fetches the key, from where it broke off
    let wallet = tools.with("PROBITY_CACHE_DIR", path("wallet"));
    let chain_id = get(&format!("{}/v1/chain", node.url())).expect("the chain")["chain_id"].clone();
    let chain_id = chain_id.as_str().expect("a text");
    let fetch = ["params", "fetch", "--chain", chain_id, "--circuit", "eligibility-1"];
    wallet.refused(&fetch).expect("the node does not give it out yet");
    let given = node.home().join("parameters");
    std::fs::create_dir_all(&given).expect("the node's folder");
    for end in ["transcript.json", "zkey"] {
        let name = format!("eligibility-1.{end}");
        std::fs::copy(Path::new(&out).join(&name), given.join(&name)).expect("a file");
    }
    let dry = wallet.probity(&[&fetch[..], &["--dry-run"]].concat()).expect("sizes are shown");
    let bytes = dry[0]["key_bytes"].as_u64().expect("a size");
    assert_eq!(bytes, std::fs::metadata(Path::new(&out).join("eligibility-1.zkey")).expect("a file").len());
    let part =
        Path::new(&path("wallet")).join(format!("fetched/eligibility-1.{}.zkey", finalized["transcript"].as_str().expect("a digest")));
    std::fs::create_dir_all(part.parent().expect("a folder")).expect("the cache");
    let whole = std::fs::read(Path::new(&out).join("eligibility-1.zkey")).expect("a file");
    std::fs::write(&part, &whole[..3_000_000]).expect("what a break left");
    let fetched = wallet.probity(&fetch).expect("it is fetched and installed");
    assert_eq!(fetched[0]["installed"]["verifying_key"], finalized["manifest"]["verifying_key"]);
    assert!(!part.exists());
    let again = wallet.probity(&fetch).expect("nothing is to be done");
    assert_eq!(again[0]["state"], "installed already");

    // a node that gives out another key is found out
    let mut other = whole;
    other[6_000_000] ^= 1;
    std::fs::write(given.join("eligibility-1.zkey"), other).expect("the node lies");
    wallet.with("PROBITY_CACHE_DIR", path("another")).refused(&fetch).expect("the key is not the transcript's");
}
