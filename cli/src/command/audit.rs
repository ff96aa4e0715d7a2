//! `probity audit`: a record from a node, with everything needed to check it, and checked here.

use crate::args::Global;
use crate::chain::{self, Follower};
use crate::client::Client;
use crate::command::verify::Report;
use crate::command::{now_unix_ms, proved, verify};
use crate::error::CliError;
use crate::files;
use crate::output::{self, Output};
use clap::Subcommand;
use probity_credit::digest::Digest;
use probity_ledger::address::Address;
use probity_ledger::merkle::InclusionProof;
use probity_ledger::state_key;
use probity_ledger::state_value::{self, PolicyEntry, Record, StoppedKey};
use probity_ledger::transaction::{Transaction, Verdict};
use probity_verifier::AuditBundle;
use probity_wallet::book::ChainTerms;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::PathBuf;

/// What to audit.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Fetch a record with proof, policy, keys, headers and certificates, and check all of it here.
    Record {
        /// The record: the digest of its context.
        id: Digest,
        /// The chain that you trust: 64 hexadecimal digits.
        #[arg(long, value_name = "CHAIN_ID")]
        chain: Option<Digest>,
        /// Write everything into this file, for `probity verify`.
        #[arg(long, value_name = "FILE")]
        bundle: Option<PathBuf>,
        /// The opening of the answer that the lender shows (JSON).
        #[arg(long, value_name = "FILE")]
        opening: Option<PathBuf>,
    },
    /// Whether validators ever stopped this verifying key: it is never accepted again, and what rests on it deserves a second look.
    Key {
        /// The key's id, as records' audits and `probity params show` name it.
        id: Digest,
        /// The chain that you trust: 64 hexadecimal digits.
        #[arg(long, value_name = "CHAIN_ID")]
        chain: Option<Digest>,
    },
    /// List records, newest first.
    Records {
        /// Of this lender only.
        #[arg(long)]
        lender: Option<Address>,
        /// Under this policy only.
        #[arg(long)]
        policy: Option<Digest>,
    },
}

pub(super) fn run(command: AuditCommand, global: &Global, output: &Output) -> Result<(), CliError> {
    let client = global.client()?;
    match command {
        AuditCommand::Record { id, chain, bundle, opening } => {
            let fetched = fetch(&client, &id, chain)?;
            if let Some(path) = &bundle {
                files::write(path, &fetched.to_bytes())?;
                output.note(&format!("bundle written to {}", path.display()));
            }
            let own = fetched.genesis.chain_id();
            verify::note_chain(chain, &own, output);
            let checked = verify::check(&fetched, chain, opening.as_deref());
            let (audited, report) = checked.inspect_err(|e| verify::note_steps(e, output))?;
            if audited.record.context != id {
                let todo = "the node answered with another record: ask another node";
                return Err(CliError::NotOnChain { what: format!("record {id}"), todo });
            }
            let newest = proved::at_tip(&client, Some(own))?;
            let status = KeyStatus::of(&newest, audited.circuit.verifying_key_id, audited.record.height, now_unix_ms())?;
            let report = status.added_to(report);
            output.result(&report.value, || report.text);
            Ok(())
        }
        AuditCommand::Key { id, chain } => {
            let status = KeyStatus::of(&proved::at_tip(&client, chain)?, id, 0, now_unix_ms())?;
            verify::note_chain(chain, &status.chain_id, output);
            output.result(&status, || status.words());
            Ok(())
        }
        AuditCommand::Records { lender, policy } => {
            let filters = [lender.map(|l| format!("lender={l}")), policy.map(|p| format!("policy={p}"))];
            let query = filters.into_iter().flatten().collect::<Vec<_>>().join("&");
            let path = if query.is_empty() { "/v1/records".to_owned() } else { format!("/v1/records?{query}") };
            let records: Vec<Record> = chain::list(&client, &path)?;
            output.result(&records, || {
                let row = |r: &Record| {
                    let granted = if r.verdict == Verdict::Granted { "granted" } else { "not granted" };
                    [r.context.to_string(), granted.to_owned(), r.height.to_string(), output::time(r.time_unix_ms)]
                };
                output::table(["record", "verdict", "height", "time"], records.iter().map(row))
            });
            Ok(())
        }
    }
}

/// Whether validators stopped a verifying key, proved by the node's newest block.
#[derive(Serialize)]
struct KeyStatus {
    chain_id: Digest,
    verifying_key_id: Digest,
    stopped: Option<StoppedKey>,
    /// The newest block that the node showed: of later ones it says nothing.
    as_of_height: u64,
    as_of_unix_ms: u64,
    /// Whether that block is further from this machine's clock than a wallet's book may be old.
    stale: bool,
}

impl KeyStatus {
    /// Proves it as of the last header followed, which may not be before a block that the node showed already.
    fn of(follower: &Follower<'_>, verifying_key_id: Digest, shown_before: u64, now_unix_ms: u64) -> Result<Self, CliError> {
        let header = follower.header().ok_or_else(chain::no_block)?;
        if header.height < shown_before {
            return Err(CliError::HidesBlocks { known: shown_before, found: header.height });
        }
        let terms = ChainTerms::of(follower.genesis());
        Ok(Self {
            chain_id: terms.chain_id,
            verifying_key_id,
            stopped: follower.entry(&state_key::stopped_key(&verifying_key_id))?,
            as_of_height: header.height,
            as_of_unix_ms: header.time_unix_ms,
            stale: header.time_unix_ms.abs_diff(now_unix_ms) > terms.age_max_ms(),
        })
    }

    fn words(&self) -> String {
        let Self { chain_id, verifying_key_id, stopped, as_of_height, as_of_unix_ms, stale } = self;
        let mut text = match stopped {
            Some(StoppedKey { circuit, height }) => {
                format!("Validators stopped the key {verifying_key_id} of {circuit} at height {height}: ask them why.")
            }
            None => format!("No key with the id {verifying_key_id} was stopped; whether the chain ever had it is not said."),
        };
        text += &format!(" Proved for chain {chain_id} as of height {as_of_height}, {}.", output::time(*as_of_unix_ms));
        if *stale {
            text += "\nThat is further from this machine's clock than a wallet's book may be old: the node is behind or hides newer blocks, or \
                     the clock is wrong; ask another node.";
        }
        text
    }

    /// A record made before a stop stays what it was; whoever relies on it should know.
    fn added_to(&self, report: Report) -> Report {
        let Report { mut value, text } = report;
        value["key"] = json!(self);
        Report { value, text: format!("{text}\n{}", self.words()) }
    }
}

#[derive(Deserialize)]
struct RecordView {
    record: Record,
}

#[derive(Deserialize)]
struct Included {
    transaction: Option<Transaction>,
    transaction_proof: Option<InclusionProof>,
}

/// Fetches a record's surroundings, all of the height at which it was recorded.
fn fetch(client: &Client, id: &Digest, trusted: Option<Digest>) -> Result<AuditBundle, CliError> {
    let RecordView { record } = client.get(&format!("/v1/records/{id}"))?;
    let mut follower = Follower::new(client, trusted)?;
    follower.follow(record.height)?;
    let policy = follower.proof(&state_key::policy(&record.policy))?;
    let entry = policy.value.as_deref().and_then(|bytes| state_value::decode::<PolicyEntry>(bytes).ok());
    let schema = entry
        .map(|e| e.policy.schema)
        .ok_or_else(|| CliError::NotOnChain { what: format!("policy {}", record.policy), todo: "ask another node" })?;
    let Included { transaction, transaction_proof } = client.get(&format!("/v1/transactions/{}", record.transaction))?;
    let missing = || CliError::NotOnChain { what: format!("transaction {}", record.transaction), todo: "ask another node" };
    let nullifier = match record.verdict {
        Verdict::Granted => Some(follower.proof(&state_key::nullifier(&record.scope, &record.nullifier))?),
        Verdict::NotGranted => None,
    };
    Ok(AuditBundle {
        record: follower.proof(&state_key::record(id))?,
        schema: follower.proof(&state_key::schema(&schema))?,
        anchor: follower.proof(&state_key::anchor(record.anchor.height))?,
        lender: follower.proof(&state_key::lender(&record.lender))?,
        circuit: follower.proof(&state_key::circuit(record.circuit))?,
        policy,
        nullifier,
        transaction: transaction.ok_or_else(missing)?,
        inclusion: transaction_proof.ok_or_else(missing)?,
        headers: follower.path().to_vec(),
        genesis: follower.genesis().clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Recording;
    use probity_credit::circuit_id::CircuitId;
    use probity_ledger::block::{Header, PROTOCOL_VERSION};
    use probity_ledger::certificate::{Certificate, CommitSignature, Validator, ValidatorSet, VoteType, vote_sign_bytes};
    use probity_ledger::genesis::{AnchorRules, ChainKind, Fees, Genesis, GenesisCircuit, Limits};
    use probity_ledger::keys::SecretKey;
    use serde_json::Value;

    const KEY: Digest = Digest([7; 32]);
    const HEIGHT: u64 = 5;
    const TIME: u64 = 1_795_219_200_000;

    fn validator() -> SecretKey {
        SecretKey::from_bytes(&[1; 32].into())
    }

    fn genesis() -> Genesis {
        let public_key = validator().public();
        let (constraints, verifying_key_id) = (Digest::default(), KEY);
        let circuit =
            GenesisCircuit { id: CircuitId::Eligibility1, constraints, verifying_key_id, verifying_key: vec![1], transcript: None };
        Genesis {
            protocol_version: PROTOCOL_VERSION,
            chain_name: "test".parse().unwrap(),
            kind: ChainKind::Development,
            time_unix_ms: 1_000,
            validators: ValidatorSet::new(vec![Validator { public_key, power: 1 }]).unwrap(),
            identity_authority: public_key,
            accounts: vec![],
            faucet: None,
            circuits: vec![circuit],
            circuit_delay_blocks: 2,
            anchors: AnchorRules { interval_blocks: 1, grace_ms: 3_600_000 },
            consortium_window_months: 3.try_into().unwrap(),
            fees: Fees { base: 1, per_byte: 0, per_proof: 0 },
            limits: Limits { block_bytes: 1 << 20, block_transactions: 10, block_proofs: 10, clock_drift_ms: 100 },
        }
    }

    /// A node of an empty state: its root is the tree's name for nothing, and the path to every absent entry has no leaf and no siblings.
    fn node() -> Recording {
        let (genesis, nothing) = (genesis(), Digest::default());
        let header = Header {
            protocol_version: PROTOCOL_VERSION,
            chain_id: genesis.chain_id(),
            height: HEIGHT,
            time_unix_ms: TIME,
            parent_hash: nothing,
            transactions_root: nothing,
            state_root: Digest(*b"SPARSE_MERKLE_PLACEHOLDER_HASH__"),
            receipts_root: nothing,
            next_validators_hash: genesis.validators.hash(),
            proposer: Address::of(&validator().public()),
        };
        let message = vote_sign_bytes(&genesis.chain_id(), HEIGHT, 0, Some(header.hash()), VoteType::Precommit);
        let signatures = vec![CommitSignature { validator: validator().public(), signature: validator().sign_bytes(&message) }];
        let certificate = Certificate { height: HEIGHT, round: 0, block_hash: header.hash(), signatures };
        let key = state_key::stopped_key(&KEY);
        let recorded = json!({
            "format": "probity-answers-1",
            "answers": {
                "/v1/chain/genesis": genesis,
                "/v1/chain": { "chain_id": genesis.chain_id(), "kind": genesis.kind, "tip": { "height": HEIGHT }, "fees": genesis.fees },
                format!("/v1/headers?from={HEIGHT}&limit=1"): { "items": [{ "header": header, "certificate": certificate }], "next": null },
                format!("/v1/state/{}?height={HEIGHT}&prove=1", key.0): {
                    "proof": { "height": HEIGHT, "key": key, "value": null, "path": "AAAAAAA" }
                },
            }
        });
        Recording::from_json(recorded.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn an_answer_from_before_the_record_is_refused() {
        let node = node();
        let follower = proved::at_tip(&node, Some(genesis().chain_id())).unwrap();
        let of = |shown_before: u64, now: u64| KeyStatus::of(&follower, KEY, shown_before, now);
        assert!(matches!(of(HEIGHT + 1, TIME), Err(CliError::HidesBlocks { known: 6, found: 5 })));
        let status = of(HEIGHT, TIME).unwrap();
        assert_eq!((status.chain_id, status.as_of_height, status.as_of_unix_ms), (genesis().chain_id(), HEIGHT, TIME));
        assert_eq!(status.stopped, None);
        let words = status.words();
        assert!(words.contains("whether the chain ever had it is not said"), "{words}");
        assert!(words.contains(&genesis().chain_id().to_string()) && words.contains("as of height 5, 2026-11-21 00:00 UTC"), "{words}");

        let hour = 3_600_000;
        for (now, stale) in [(TIME + hour, false), (TIME + hour + 1, true), (TIME - hour, false), (TIME - hour - 1, true)] {
            let status = of(0, now).unwrap();
            assert_eq!((status.stale, status.words().contains("hides newer blocks")), (stale, stale), "{now}");
        }
        // no block was followed: there is nothing to prove by
        let fresh = Follower::new(&node, None).unwrap();
        assert!(matches!(KeyStatus::of(&fresh, KEY, 0, TIME), Err(CliError::NotOnChain { .. })));
    }

    #[test]
    fn a_stop_is_in_the_one_answer_for_programs() {
        let stopped = Some(StoppedKey { circuit: CircuitId::Eligibility1, height: 4 });
        let (chain_id, as_of_height, as_of_unix_ms) = (genesis().chain_id(), HEIGHT, TIME);
        let status = KeyStatus { chain_id, verifying_key_id: KEY, stopped, as_of_height, as_of_unix_ms, stale: false };
        let report = status.added_to(Report { value: json!({ "valid": true }), text: "The record stands.".into() });
        let stopped = json!({ "circuit": "eligibility-1", "height": 4 });
        let key = json!({
            "chain_id": chain_id, "verifying_key_id": KEY, "stopped": stopped, "as_of_height": 5, "as_of_unix_ms": TIME, "stale": false
        });
        let expected: Value = json!({ "valid": true, "key": key });
        assert_eq!(report.value, expected);
        assert!(report.text.starts_with("The record stands.\nValidators stopped the key "), "{}", report.text);
    }
}
