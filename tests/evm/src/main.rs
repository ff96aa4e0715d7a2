//! Ethereum's virtual machine behind a pipe: commands are lines on stdin, each `create` and `call` answers with a line on stdout.
//!
//! | command | does |
//! |---|---|
//! | `limit BYTES` | lets contracts have that many bytes of code, instead of mainnet's limit |
//! | `without N` | takes the precompile at address N away |
//! | `create GAS 0xHEX` | sends a transaction that creates a contract from this initialisation code |
//! | `call GAS 0xHEX` | sends a transaction with this calldata to the contract that was created last |
//!
//! The answer is `WORD GAS_USED HEX`, where the word is `returned`, `reverted` or `halted`, or `rejected 0 REASON` for a transaction that
//! cannot be in a block. HEX is the output, the new contract's code after `create`, or the reason of a halt, hex-encoded.

use revm::context::result::{ExecutionResult, Output};
use revm::context::{BlockEnv, CfgEnv, Context, Journal, TxEnv};
use revm::database::InMemoryDB;
use revm::handler::MainnetEvm;
use revm::precompile::Precompiles;
use revm::primitives::{Address, Bytes, TxKind, hex};
use revm::{ExecuteCommitEvm, MainBuilder, MainContext};
use std::io::{BufRead, Write};

type Chain = MainnetEvm<Context<BlockEnv, TxEnv, CfgEnv, InMemoryDB, Journal<InMemoryDB>, ()>>;

struct Machine {
    chain: Chain,
    contract: Address,
}

impl Machine {
    /// The rules of the newest fork on mainnet that the library knows; money and nonces play no part.
    fn new() -> Self {
        let context = Context::mainnet().with_db(InMemoryDB::default()).modify_cfg_chained(|cfg| cfg.disable_nonce_check = true);
        Self { chain: context.build_mainnet(), contract: Address::ZERO }
    }

    fn obey(&mut self, line: &str) -> Result<Option<String>, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["limit", bytes] => {
                self.chain.ctx.cfg.limit_contract_code_size = Some(number(bytes)?);
                Ok(None)
            }
            ["without", address] => {
                self.take_away(number(address)?);
                Ok(None)
            }
            ["create", gas, code] => self.send(number(gas)?, TxKind::Create, code).map(Some),
            ["call", gas, data] => self.send(number(gas)?, TxKind::Call(self.contract), data).map(Some),
            _ => Err("an unknown command".into()),
        }
    }

    fn take_away(&mut self, number: u8) {
        let address = Address::with_last_byte(number);
        let mut left = Precompiles::default();
        left.extend(self.chain.precompiles.precompiles.inner().iter().filter(|(at, _)| **at != address).map(|(_, one)| one.clone()));
        // once a run: the library wants a reference that lasts
        self.chain.precompiles.precompiles = Box::leak(Box::new(left));
    }

    fn send(&mut self, gas_limit: u64, kind: TxKind, data: &str) -> Result<String, String> {
        let data = Bytes::from(hex::decode(data).map_err(|e| e.to_string())?);
        let transaction = TxEnv { kind, data, gas_limit, ..TxEnv::default() };
        let result = match self.chain.transact_commit(transaction) {
            Ok(result) => result,
            Err(refused) => return Ok(format!("rejected 0 {}", hex::encode(format!("{refused:?}")))),
        };
        let gas = result.tx_gas_used();
        let (word, output) = match result {
            ExecutionResult::Success { output: Output::Create(code, created), .. } => {
                self.contract = created.ok_or("a creation without an address")?;
                ("returned", code.to_vec())
            }
            ExecutionResult::Success { output: Output::Call(bytes), .. } => ("returned", bytes.to_vec()),
            ExecutionResult::Revert { output, .. } => ("reverted", output.to_vec()),
            ExecutionResult::Halt { reason, .. } => ("halted", format!("{reason:?}").into_bytes()),
        };
        Ok(format!("{word} {gas} {}", hex::encode(output)))
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("no number: {text}"))
}

fn main() -> Result<(), String> {
    let mut machine = Machine::new();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|e| e.to_string())?;
        if let Some(answer) = machine.obey(&line)? {
            writeln!(out, "{answer}").map_err(|e| e.to_string())?;
        }
    }
    Ok(())
}
