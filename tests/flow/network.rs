//! Four validators as four processes: they agree, go on without one, and take it back.

use probity_demo::node::{Node, free_port, get};
use probity_demo::tools::Tools;
use probity_tests::nodes::{account, final_blocks, tools, verifying_keys};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

const NODES: u16 = 4;

/// A base port with room for all nodes.
fn ports() -> u16 {
    let taken = |base: u16| (0..NODES).any(|i| std::net::TcpListener::bind(("127.0.0.1", base + i)).is_err());
    std::iter::repeat_with(|| free_port().expect("a port")).find(|&p| p < u16::MAX - NODES && !taken(p)).expect("ports are free")
}

fn start(folder: &Path, tools: &Tools, api: u16, index: u16) -> Node {
    let url = format!("http://127.0.0.1:{}", api + index);
    Node::start(tools, &folder.join(format!("network/node{index}")), &url).expect("the node starts")
}

fn height(node: &Node) -> u64 {
    let tip = get(&format!("{}/v1/blocks/latest", node.url())).expect("the node answers");
    tip.pointer("/header/height").and_then(Value::as_u64).expect("headers have heights")
}

fn wait_for_height(node: &Node, goal: u64) {
    let begun = Instant::now();
    while height(node) < goal {
        assert!(begun.elapsed() < Duration::from_secs(60), "{} is at height {}, not {goal}", node.url(), height(node));
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn four_processes_agree_and_one_may_fail() {
    let folder = tempfile::tempdir().expect("a folder");
    let (engine, api) = (ports(), ports());
    let first = tools(&format!("http://127.0.0.1:{api}"));
    let keys = verifying_keys(folder.path());
    let network = folder.path().join("network");
    let path = |p: &Path| p.to_string_lossy().into_owned();
    let (network, keys, engine, port) = (path(&network), path(&keys), engine.to_string(), api.to_string());
    let where_to = ["init-network", "4", "--home", &network, "--verifying-keys", &keys, "--base-port", &engine, "--api-port", &port];
    first.probityd(&[&where_to[..], &["--block-time-ms", "300", "--heartbeat-ms", "1000"]].concat()).expect("the network begins");

    // a quorum is three of four: start them side by side
    let mut nodes: Vec<Node> = std::thread::scope(|threads| {
        let starting: Vec<_> = (0..NODES)
            .map(|i| {
                threads.spawn({
                    let (folder, first) = (folder.path(), &first);
                    move || start(folder, first, api, i)
                })
            })
            .collect();
        starting.into_iter().map(|t| t.join().expect("the node starts")).collect()
    });
    let (key, _) = account(&first, folder.path(), "payer");
    let (_, payee) = account(&first, folder.path(), "payee");
    let pay = |tools: &Tools| tools.probity(&["tx", "transfer", "--key", &key, "--to", &payee, "--amount", "1"]).expect("the money moves");
    pay(&first);

    nodes[3].kill();
    let before = height(&nodes[0]);
    pay(&first);
    wait_for_height(&nodes[0], before + 2);
    nodes[3] = start(folder.path(), &first, api, 3);
    let tip = height(&nodes[0]);
    for node in &nodes {
        wait_for_height(node, tip);
    }
    let chains: Vec<Vec<(String, Value)>> = nodes.iter().map(|n| final_blocks(n.url())).collect();
    for (index, chain) in chains.iter().enumerate() {
        for (at, (theirs, ours)) in chain.iter().zip(&chains[0]).enumerate() {
            assert_eq!(theirs, ours, "node {index} disagrees about block {}", at + 1);
        }
        assert!(chain.len() as u64 >= tip);
    }
}
