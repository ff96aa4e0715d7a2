//! Decisions about circuits, written to files on their way through the validators.

use crate::chain::{ChainView, CircuitView};
use crate::client::Client;
use crate::command::tx::APPROVAL_BLOCKS;
use crate::error::CliError;
use crate::files;
use crate::output::Output;
use clap::Args;
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_ledger::genesis::{TRANSCRIPT_BYTES_MAX, VERIFYING_KEY_BYTES_MAX};
use probity_ledger::transaction::{AdoptCircuit, Payload, RetireCircuit, StopCircuit};
use probity_verifier::registry::{describe, prepare};
use serde_json::json;
use std::path::{Path, PathBuf};

/// How many blocks the approvals of a stop count: it is for an emergency, and can't be taken back.
const STOP_APPROVAL_BLOCKS: u64 = 5_000;

/// `probity tx adopt-circuit`.
#[derive(Debug, Args)]
pub struct AdoptArgs {
    /// The verifying key's file, `<circuit>.vk`.
    #[arg(long)]
    verifying_key: PathBuf,
    /// The file with the transcript of the ceremony that the key came from; none for a development key.
    #[arg(long)]
    transcript: Option<PathBuf>,
    /// First height at which the circuit is accepted. The genesis says how many blocks must lie before it.
    #[arg(long, value_name = "HEIGHT")]
    active_from: u64,
    /// The file to write the decision to.
    #[arg(long)]
    out: PathBuf,
}

/// `probity tx retire-circuit`.
#[derive(Debug, Args)]
pub struct RetireArgs {
    /// The circuit.
    circuit: CircuitId,
    /// Last height at which it is accepted. The genesis says how many blocks must lie before it.
    #[arg(long, value_name = "HEIGHT")]
    last_height: u64,
    /// The file to write the decision to.
    #[arg(long)]
    out: PathBuf,
}

/// `probity tx stop-circuit`.
#[derive(Debug, Args)]
pub struct StopArgs {
    /// The circuit.
    circuit: CircuitId,
    /// The id of the verifying key that is to be stopped: the circuit's, as `probity params show` and records' audits name it.
    #[arg(long, value_name = "KEY_ID")]
    verifying_key_id: Digest,
    /// The file to write the decision to.
    #[arg(long)]
    out: PathBuf,
}

pub(super) fn adopt(args: &AdoptArgs, client: &Client, output: &Output) -> Result<(), CliError> {
    let key = files::read(&args.verifying_key, VERIFYING_KEY_BYTES_MAX as u64)?;
    let transcript = args.transcript.as_ref().map(|path| files::read(path, TRANSCRIPT_BYTES_MAX as u64)).transpose()?;
    let circuit = describe(key, transcript.as_deref().map(Digest::of_file));
    let circuit = circuit.map_err(|e| CliError::Usage(format!("{}: {e}", args.verifying_key.display())))?;
    let circuit = circuit.ok_or_else(|| CliError::Usage(format!("{} is of no known circuit", args.verifying_key.display())))?;
    let chain = ChainView::fetch(client)?;
    // what the chain would refuse nobody should have to sign
    prepare(&circuit, chain.kind)?;
    let (sequence, active_from_height) = (sequence(client, circuit.id)?, args.active_from);
    let approved_until_height = chain.height().saturating_add(APPROVAL_BLOCKS);
    let decision = AdoptCircuit { circuit, sequence, active_from_height, approved_until_height, approvals: vec![] };
    write(&Payload::AdoptCircuit(decision), "two thirds", &args.out, output)
}

pub(super) fn retire(args: &RetireArgs, client: &Client, output: &Output) -> Result<(), CliError> {
    let (circuit, last_height, sequence) = (args.circuit, args.last_height, sequence(client, args.circuit)?);
    let approved_until_height = ChainView::fetch(client)?.height().saturating_add(APPROVAL_BLOCKS);
    let decision = RetireCircuit { circuit, sequence, last_height, approved_until_height, approvals: vec![] };
    write(&Payload::RetireCircuit(decision), "two thirds", &args.out, output)
}

pub(super) fn stop(args: &StopArgs, client: &Client, output: &Output) -> Result<(), CliError> {
    let (circuit, verifying_key_id) = (args.circuit, args.verifying_key_id);
    let approved_until_height = ChainView::fetch(client)?.height().saturating_add(STOP_APPROVAL_BLOCKS);
    let decision = StopCircuit { circuit, verifying_key_id, approved_until_height, approvals: vec![] };
    output.note(&format!("This stops the key {verifying_key_id} for good: {circuit} comes back with the key of a new ceremony alone."));
    write(&Payload::StopCircuit(decision), "one third", &args.out, output)
}

/// The number of the next decision about a circuit.
fn sequence(client: &Client, circuit: CircuitId) -> Result<u64, CliError> {
    Ok(CircuitView::fetch(client, circuit)?.map_or(0, |c| c.sequence))
}

fn write(payload: &Payload, needed: &str, out: &Path, output: &Output) -> Result<(), CliError> {
    files::write_json(out, payload)?;
    output.result(&json!({ "file": out, "decision": payload.kind() }), || {
        format!(
            "The decision is in {file}. Each validator adds its vote with `probityd approve --admission {file}`;\n\
             with more than {needed} of the power, send it with `probity tx send --key YOUR.key {file}`.",
            file = out.display()
        )
    });
    Ok(())
}
