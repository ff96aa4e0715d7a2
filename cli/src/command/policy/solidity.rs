//! A contract that checks proofs of a policy on an EVM chain.

use crate::error::CliError;
use crate::files;
use crate::output::Output;
use clap::Args;
use probity_circuits::registry::Entry;
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::policy::Policy;
use probity_credit::schema::Schema;
use probity_credit::statement::position;
use probity_params::{KeyId, Kind, VerifyingKeyFile};
use probity_scorecard::ImportError;
use probity_verifier::solidity::policy_contract;
use probity_verifier::{PreparedCircuit, PreparedPolicy};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What goes into a contract.
#[derive(Debug, Clone, Args)]
pub struct SolidityArgs {
    /// The policy's file.
    file: PathBuf,
    /// Its schema's file.
    #[arg(long, value_name = "FILE")]
    schema: PathBuf,
    /// The verifying key that the chain's genesis has for the policy's circuit, `.vk`.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The chain that has the policy, to be written down in the contract: 64 hexadecimal digits.
    #[arg(long, value_name = "CHAIN_ID")]
    chain: Option<Digest>,
    /// The contract's file, `.sol`.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Serialize)]
struct Written<'a> {
    policy: Digest,
    circuit: CircuitId,
    verifying_key: KeyId,
    kind: Kind,
    chain: Option<Digest>,
    file: &'a Path,
}

pub(super) fn run(args: &SolidityArgs, output: &Output) -> Result<(), CliError> {
    let policy: Policy = files::read_json(&args.file, "a policy")?;
    let schema: Schema = files::read_json(&args.schema, "a schema")?;
    schema.check().map_err(ImportError::from)?;
    policy.check(&schema).map_err(ImportError::from)?;
    let compiled = policy.compile(&schema).map_err(ImportError::from)?;

    let refused = |reason: String| CliError::Verdict(format!("{} is refused: {reason}", args.key.display()));
    let bytes = files::read(&args.key, probity_params::verifying::FILE_BYTES_MAX as u64)?;
    let key = VerifyingKeyFile::from_bytes(&bytes).map_err(|e| refused(e.to_string()))?;
    let circuit = policy.circuit;
    if key.circuit != circuit.name() || key.constraints != Entry::of(circuit).digest() {
        return Err(refused(format!("it is for other constraints than those of {circuit}, the policy's circuit")));
    }
    let prepared = PreparedCircuit::new(&key, position::COUNT).map_err(|e| refused(e.to_string()))?;
    let prepared = PreparedPolicy::new(Arc::new(prepared), policy.id(), &compiled.inputs()).map_err(|e| refused(e.to_string()))?;
    files::write(&args.out, policy_contract(&prepared, args.chain.as_ref()).as_bytes())?;

    let written = Written { policy: policy.id(), circuit, verifying_key: key.id(), kind: key.kind, chain: args.chain, file: &args.out };
    output.result(&written, || {
        let mark = if key.kind == Kind::Development { "\nA development key: anybody can forge proofs for it." } else { "" };
        let Written { policy, verifying_key, .. } = &written;
        let file = args.out.display();
        format!("policy   {policy}\ncircuit  {circuit}\nkey id   {verifying_key}{mark}\n{file} checks the proof; what its inputs mean, the calling contract checks (docs/INTEROP.md).")
    });
    Ok(())
}
