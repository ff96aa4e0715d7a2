//! `probity audit`: a record from a node, with everything needed to check it, and checked here.

use crate::args::Global;
use crate::chain::{self, Follower};
use crate::client::Client;
use crate::command::{proved, verify};
use crate::error::CliError;
use crate::files;
use crate::output::{self, Output};
use clap::Subcommand;
use probity_credit::digest::Digest;
use probity_ledger::address::Address;
use probity_ledger::merkle::InclusionProof;
use probity_ledger::state_key;
use probity_ledger::state_value::{self, CircuitState, PolicyEntry, Record, StoppedKey};
use probity_ledger::transaction::{Transaction, Verdict};
use probity_verifier::AuditBundle;
use serde::{Deserialize, Serialize};
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
            let audited = verify::check(&fetched, chain, opening.as_deref(), output)?;
            note_stop(&client, fetched.genesis.chain_id(), &audited.circuit, output)?;
            if audited.record.context == id {
                Ok(())
            } else {
                Err(CliError::NotOnChain { what: format!("record {id}"), todo: "the node answered with another record: ask another node" })
            }
        }
        AuditCommand::Key { id, chain } => {
            let status = KeyStatus::fetch(&client, chain, id)?;
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
    verifying_key_id: Digest,
    stopped: Option<StoppedKey>,
    /// The newest block that the node showed: of later ones it says nothing.
    as_of_height: u64,
    as_of_unix_ms: u64,
}

impl KeyStatus {
    fn fetch(client: &Client, chain: Option<Digest>, verifying_key_id: Digest) -> Result<Self, CliError> {
        let follower = proved::at_tip(client, chain)?;
        let stopped = follower.entry(&state_key::stopped_key(&verifying_key_id))?;
        let (as_of_height, as_of_unix_ms) = follower.header().map_or((0, 0), |h| (h.height, h.time_unix_ms));
        Ok(Self { verifying_key_id, stopped, as_of_height, as_of_unix_ms })
    }

    fn words(&self) -> String {
        let Self { verifying_key_id, stopped, as_of_height, as_of_unix_ms } = self;
        let as_of = format!("proved as of height {as_of_height}, {}", output::time(*as_of_unix_ms));
        match stopped {
            Some(StoppedKey { circuit, height }) => {
                format!("Validators stopped the key {verifying_key_id} of {circuit} at height {height} ({as_of}): ask them why.")
            }
            None => format!("Nobody stopped a key with the id {verifying_key_id} ({as_of})."),
        }
    }
}

/// A record made before a stop stays what it was; whoever relies on it should know.
fn note_stop(client: &Client, chain: Digest, then: &CircuitState, output: &Output) -> Result<(), CliError> {
    let now = KeyStatus::fetch(client, Some(chain), then.verifying_key_id)?;
    output.note(&now.words());
    Ok(())
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
