//! What a call costs, for one policy and for all inputs.

use super::machine::{Answer, Chain, GAS, Outcome, word};
use super::solc::Compiled;
use super::{PROOF, Proved, World, call};
use probity_credit::statement::position;
use probity_tests::proving::key_folder;
use serde_json::{Value, json};

/// The most bytes of code that mainnet takes (EIP-170).
const CODE_BYTES_MAX: usize = 24_576;

/// What every transaction pays.
const TRANSACTION: u64 = 21_000;

/// Gas for calldata (EIP-2028): 4 for a zero, 16 for another byte.
fn calldata_gas(data: &[u8]) -> u64 {
    data.iter().map(|byte| if *byte == 0 { 4 } else { 16 }).sum()
}

fn report(contract: &Compiled, created: &Answer, data: &[u8], answer: &Answer) -> Value {
    assert_eq!(answer.outcome, word(true));
    let calldata = calldata_gas(data);
    json!({
        "public_inputs": (data.len() - 4) / 32 - PROOF,
        "code_bytes": contract.bytes,
        "creation_gas": created.gas,
        "calldata_bytes": data.len(),
        "calldata_gas": calldata,
        "executed_gas": answer.gas - TRANSACTION - calldata,
        "transaction_gas": answer.gas,
    })
}

fn circuit_call(w: &World, proved: &Proved) -> Vec<u8> {
    [hex::decode(&w.circuit.selector).expect("hexadecimal"), proved.all_words().concat()].concat()
}

#[test]
fn one_policy_costs_a_fraction_of_all_inputs() {
    let w = World::get();
    let data = call(&w.one.words());
    let answers = w.chain().run(&[(GAS, data.clone())]);
    let one = report(&w.policy, &answers[0], &data, &answers[1]);

    let all = circuit_call(w, &w.one);
    let answers = Chain::with_limit(&w.circuit, w.circuit.bytes).run(&[(GAS, all.clone())]);
    let whole = report(&w.circuit, &answers[0], &all, &answers[1]);

    let gas = |report: &Value| report["transaction_gas"].as_u64().expect("a number");
    assert!(gas(&one) < 300_000 && gas(&whole) > 10 * gas(&one), "{one} {whole}");
    assert!(w.policy.bytes < CODE_BYTES_MAX / 4);

    let report = json!({ "solc": "0.8.37, optimizer, 200 runs", "revm": "43, Osaka", "policy": one, "circuit": whole });
    let text = serde_json::to_string_pretty(&report).expect("JSON");
    println!("{text}");
    let folder = key_folder().ancestors().nth(2).expect("keys lie in <target>/release").join("bench");
    std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(folder.join("gas.json"), text)).expect("the report is written");
}

#[test]
fn the_contract_for_all_inputs_knows_every_policy_and_is_too_long() {
    let w = World::get();
    assert!(w.circuit.bytes > CODE_BYTES_MAX);
    let refused = &Chain::new(&w.circuit).run(&[])[0];
    assert_eq!(refused.outcome, Outcome::Halted("CreateContractSizeLimit".into()));

    let (one, other) = (circuit_call(w, &w.one), circuit_call(w, &w.other));
    let mut changed = one.clone();
    changed[4 + 32 * (PROOF + position::ALLOWANCE) + 31] ^= 1;
    let calls = [one, other, changed].map(|data| (GAS, data));
    let answers = Chain::with_limit(&w.circuit, w.circuit.bytes).call(&calls);
    assert_eq!(answers.iter().map(|answer| &answer.outcome).collect::<Vec<_>>(), [&word(true), &word(true), &word(false)]);
}
