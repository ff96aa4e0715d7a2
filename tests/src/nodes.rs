//! Real nodes for tests: folders, verifying keys, accounts with money.

use probity_demo::node::{Node, free_port, get};
use probity_demo::tools::{Tools, text};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The binaries with a key cache beside the build, talking to `url`.
///
/// # Panics
/// When this test has no path.
pub fn tools(url: &str) -> Tools {
    let folder = Tools::beside_this_binary().expect("a test has a path");
    Tools::new(folder, url).with("PROBITY_CACHE_DIR", crate::proving::key_folder())
}

/// Writes the verifying keys for a genesis into `folder`, making the development keys where there are none.
///
/// # Panics
/// When they cannot be made.
pub fn verifying_keys(folder: &Path) -> PathBuf {
    let keys = folder.join("verifying-keys");
    std::fs::create_dir_all(&keys).expect("the folder can be made");
    let out = keys.to_string_lossy().into_owned();
    tools("http://127.0.0.1:1").probity(&["params", "setup", "--circuit", "eligibility-1", "--out", &out]).expect("keys are made");
    keys
}

/// A development chain of one node in `folder`, running.
///
/// # Panics
/// When it does not start.
pub fn single(folder: &Path) -> (Node, Tools) {
    begin(folder, &verifying_keys(folder), &["--dev"])
}

/// A chain of one node in `folder`, running, that begins with the verifying keys in `keys`.
///
/// # Panics
/// When it does not start.
pub fn begin(folder: &Path, keys: &Path, more: &[&str]) -> (Node, Tools) {
    let url = format!("http://127.0.0.1:{}", free_port().expect("a port"));
    let tools = tools(&url);
    let home = folder.join("node");
    let listen = url.strip_prefix("http://").expect("written above");
    let engine = format!("/ip4/127.0.0.1/tcp/{}", free_port().expect("a port"));
    let path = |p: &Path| p.to_string_lossy().into_owned();
    let (home_text, keys_text) = (path(&home), path(keys));
    let arguments = ["init", "--home", &home_text, "--verifying-keys", &keys_text, "--listen", listen, "--engine-listen", &engine];
    let fast = ["--block-time-ms", "200", "--heartbeat-ms", "1000"];
    tools.probityd(&[&arguments[..], &fast[..], more].concat()).expect("the chain begins");
    let node = Node::start(&tools, &home, &url).expect("the node starts");
    (node, tools)
}

/// A new account with money; its key file and address.
///
/// # Panics
/// When the faucet gives nothing.
pub fn account(tools: &Tools, folder: &Path, name: &str) -> (String, String) {
    let file = folder.join(format!("{name}.key")).to_string_lossy().into_owned();
    let key = tools.probity(&["keys", "new", &file]).expect("a key is made");
    let address = text(&key, "/address").expect("keys have addresses");
    tools.probity(&["tx", "faucet", &address]).expect("the faucet gives");
    (file, address)
}

/// Hash and receipts of every block from 1 to the tip, in order: what the node answers as final.
///
/// # Panics
/// When the node does not answer.
pub fn final_blocks(url: &str) -> Vec<(String, Value)> {
    let tip = get(&format!("{url}/v1/blocks/latest")).expect("the node answers");
    let height = tip.pointer("/header/height").and_then(Value::as_u64).expect("headers have heights");
    let block = |h| {
        let block = get(&format!("{url}/v1/blocks/{h}")).expect("final blocks are there");
        (text(&block, "/hash").expect("blocks have hashes"), block["receipts"].clone())
    };
    (1..=height).map(block).collect()
}
