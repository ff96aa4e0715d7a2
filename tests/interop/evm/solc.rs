//! Solidity's compiler, from the pinned package.

use serde_json::{Value, json};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::process::Command;

/// What the compiler says about a contract that is longer than mainnet takes.
const TOO_LONG: [&str; 2] = ["5574", "3860"];

/// A contract, ready to be created.
pub(super) struct Compiled {
    /// Initialisation code in hexadecimal.
    pub(super) creation: String,
    /// Bytes of code once it is created.
    pub(super) bytes: usize,
    /// First four bytes of a call of its `verifyProof`, in hexadecimal.
    pub(super) selector: String,
}

/// Compiles a source that must have one contract and give no warning but that it is too long.
pub(super) fn compile(source: &str) -> Compiled {
    let input = json!({
        "language": "Solidity",
        "sources": { "Verifier.sol": { "content": source } },
        "settings": {
            "optimizer": { "enabled": true, "runs": 200 },
            "evmVersion": "cancun",
            "outputSelection": { "*": { "*": ["evm.bytecode.object", "evm.deployedBytecode.object", "evm.methodIdentifiers"] } },
        },
    });
    let output = run(&input.to_string());
    for said in output["errors"].as_array().into_iter().flatten() {
        let known = said["errorCode"].as_str().is_some_and(|code| TOO_LONG.contains(&code));
        assert!(known, "solc: {}", said["formattedMessage"].as_str().unwrap_or_default());
    }
    let contracts = output["contracts"]["Verifier.sol"].as_object().expect("the source has contracts");
    assert_eq!(contracts.len(), 1, "one contract");
    let evm = &contracts.values().next().expect("one contract")["evm"];
    let code = |field: &str| evm[field]["object"].as_str().expect("solc gives code").to_owned();
    let functions = evm["methodIdentifiers"].as_object().expect("solc gives selectors");
    let (_, selector) = functions.iter().find(|(name, _)| name.starts_with("verifyProof(")).expect("the function is there");
    Compiled {
        creation: code("bytecode"),
        bytes: code("deployedBytecode").len() / 2,
        selector: selector.as_str().expect("selectors are texts").to_owned(),
    }
}

fn run(input: &str) -> Value {
    // at run time: checkouts that share a build directory share what was compiled, too
    let package = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
    let program = Path::new(&package).join("interop/node_modules/solc/solc.js");
    assert!(program.exists(), "solc is not installed: run `make test`, or `npm ci --ignore-scripts` in tests/interop");
    // files, since solc 0.8.37 fails on a pipe that is not full yet and ends before a long answer is through
    let file = || tempfile::tempfile().expect("there is room for a file");
    let (mut question, mut answer) = (file(), file());
    question.write_all(input.as_bytes()).and_then(|()| question.rewind()).expect("a file can be written");
    let to = answer.try_clone().expect("a file can be written");
    let run = Command::new("node").arg(program).arg("--standard-json").stdin(question).stdout(to).status();
    run.unwrap_or_else(|e| panic!("node (scripts/bootstrap --tests installs it): {e}"));
    let mut said = String::new();
    answer.rewind().and_then(|()| answer.read_to_string(&mut said)).expect("solc writes text");
    // before the answer it may say that no SMT solver was found
    let start = said.find('{').unwrap_or_else(|| panic!("solc: {said}"));
    serde_json::from_str(&said[start..]).expect("solc answers in JSON")
}
