//! `probity tx`: transactions of accounts, and what is on its way through the validators.

use crate::args::{Global, SenderArgs};
use crate::chain::ChainView;
use crate::command::circuit::{self, AdoptArgs, RetireArgs, StopArgs};
use crate::error::CliError;
use crate::files;
use crate::output::Output;
use crate::send::{self, Sent, Status};
use clap::{Subcommand, ValueEnum};
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::policy::Policy;
use probity_credit::schema::Schema;
use probity_ledger::address::Address;
use probity_ledger::keys::PublicKey;
use probity_ledger::name::Name;
use probity_ledger::receipt::Event;
use probity_ledger::transaction::{
    LenderKind, Payload, RegisterInstitution, RegisterLender, RegisterPolicy, RegisterSchema, RetirePolicy, RotateKey, Transfer, TxId,
};
use serde::Serialize;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Blocks for which validators' approvals count, unless said otherwise.
pub(super) const APPROVAL_BLOCKS: u64 = 100_000;

/// What to send.
#[derive(Debug, Subcommand)]
pub enum TxCommand {
    /// Ask a development chain's faucet for money.
    Faucet {
        /// Who gets it.
        address: Address,
        /// How much, in the smallest unit.
        #[arg(long)]
        amount: Option<u64>,
    },
    /// Move money.
    Transfer {
        /// Who signs and pays.
        #[command(flatten)]
        sender: SenderArgs,
        /// Who gets it.
        #[arg(long)]
        to: Address,
        /// How much, in the smallest unit.
        #[arg(long)]
        amount: u64,
    },
    /// Write the admission of an institution to a file, for validators to approve with `probityd approve`.
    AdmitInstitution {
        /// How people know it.
        #[arg(long)]
        name: Name,
        /// Its public key, as `probity keys show` prints it.
        #[arg(long)]
        public_key: PublicKey,
        /// What it holds; once for each kind.
        #[arg(long = "domain", required = true)]
        domains: Vec<Domain>,
        /// The file.
        #[arg(long)]
        out: PathBuf,
    },
    /// Write the admission of a lender to a file, for validators to approve with `probityd approve`.
    AdmitLender {
        /// How people know it.
        #[arg(long)]
        name: Name,
        /// Its public key, as `probity keys show` prints it.
        #[arg(long)]
        public_key: PublicKey,
        /// Length of its scope's window, months: one grant a person and window.
        #[arg(long)]
        window_months: u16,
        /// Whose scope its policies use.
        #[arg(long, value_enum, default_value = "own")]
        scope: ScopeArg,
        /// The file.
        #[arg(long)]
        out: PathBuf,
    },
    /// Write to a file the decision that the chain accept a circuit's proofs, for validators to approve with `probityd approve`.
    AdoptCircuit(AdoptArgs),
    /// Write to a file the decision that a circuit end, for validators to approve with `probityd approve`.
    RetireCircuit(RetireArgs),
    /// Write to a file the decision that a circuit be stopped at once, for validators to approve with `probityd approve`. A stop is for good: the
    /// chain never accepts the key again, and the circuit comes back only with another key.
    StopCircuit(StopArgs),
    /// Send a payload from a file: something that validators approved, or anything else in the API's JSON.
    Send {
        /// Who signs and pays.
        #[command(flatten)]
        sender: SenderArgs,
        /// The file.
        file: PathBuf,
    },
    /// Register a schema from a JSON file.
    RegisterSchema {
        /// Who signs and pays.
        #[command(flatten)]
        sender: SenderArgs,
        /// The file.
        file: PathBuf,
    },
    /// Register a policy from a JSON file; its owner is the sender.
    RegisterPolicy {
        /// Who signs and pays.
        #[command(flatten)]
        sender: SenderArgs,
        /// The file.
        file: PathBuf,
    },
    /// End a policy.
    RetirePolicy {
        /// Who signs and pays.
        #[command(flatten)]
        sender: SenderArgs,
        /// Policy id.
        policy: Digest,
    },
    /// Replace the key of the sender's account.
    RotateKey {
        /// Who signs and pays.
        #[command(flatten)]
        sender: SenderArgs,
        /// File of the new key.
        #[arg(long)]
        new_key: PathBuf,
    },
    /// What became of a transaction.
    Status {
        /// Its id.
        id: TxId,
    },
}

/// Whose scope a lender's policies use.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ScopeArg {
    /// Its own.
    Own,
    /// The consortium's.
    Consortium,
}

pub(super) fn run(command: TxCommand, global: &Global, output: &Output) -> Result<(), CliError> {
    let client = global.client()?;
    let (sender, payload) = match command {
        TxCommand::Faucet { address, amount } => {
            let body = match amount {
                Some(amount) => json!({ "address": address, "amount": amount }),
                None => json!({ "address": address }),
            };
            let status: Status = client.post("/v1/faucet?wait_seconds=20", &body)?;
            return shown(&send::wait(&client, status.id, status)?, output);
        }
        TxCommand::Status { id } => {
            let status: Status = client.get(&format!("/v1/transactions/{id}"))?;
            if status.height.is_none() {
                return Err(CliError::NotIncluded { id });
            }
            return shown(&send::wait(&client, id, status)?, output);
        }
        TxCommand::AdmitInstitution { name, public_key, mut domains, out } => {
            domains.sort_unstable();
            let approved_until_height = ChainView::fetch(&client)?.height().saturating_add(APPROVAL_BLOCKS);
            let admission = RegisterInstitution { name, public_key, domains, approved_until_height, approvals: vec![] };
            return admission_file(&Payload::RegisterInstitution(admission), &out, output);
        }
        TxCommand::AdmitLender { name, public_key, window_months, scope, out } => {
            let kind = match scope {
                ScopeArg::Own => LenderKind::Independent,
                ScopeArg::Consortium => LenderKind::ConsortiumMember,
            };
            let approved_until_height = ChainView::fetch(&client)?.height().saturating_add(APPROVAL_BLOCKS);
            let admission = RegisterLender { name, public_key, window_months, kind, approved_until_height, approvals: vec![] };
            return admission_file(&Payload::RegisterLender(admission), &out, output);
        }
        TxCommand::AdoptCircuit(args) => return circuit::adopt(&args, &client, output),
        TxCommand::RetireCircuit(args) => return circuit::retire(&args, &client, output),
        TxCommand::StopCircuit(args) => return circuit::stop(&args, &client, output),
        TxCommand::Transfer { sender, to, amount } => (sender.sender()?, Payload::Transfer(Transfer { to, amount })),
        TxCommand::Send { sender, file } => (sender.sender()?, files::read_json(&file, "a transaction's payload")?),
        TxCommand::RegisterSchema { sender, file } => {
            let schema: Schema = files::read_json(&file, "a schema")?;
            (sender.sender()?, Payload::RegisterSchema(RegisterSchema { schema }))
        }
        TxCommand::RegisterPolicy { sender, file } => {
            let sender = sender.sender()?;
            let policy: Policy = files::read_json(&file, "a policy")?;
            if policy.owner != sender.account().0 {
                let (owner, account) = (policy.owner, sender.account());
                return Err(CliError::Usage(format!("the policy belongs to {owner}, the key to {account}: use the owner's key")));
            }
            (sender, Payload::RegisterPolicy(RegisterPolicy { policy }))
        }
        TxCommand::RetirePolicy { sender, policy } => (sender.sender()?, Payload::RetirePolicy(RetirePolicy { policy })),
        TxCommand::RotateKey { sender, new_key } => {
            let (sender, new) = (sender.sender()?, files::read_key(&new_key)?);
            let chain_id = ChainView::fetch(&client)?.chain_id;
            let payload = RotateKey::new(&chain_id, &sender.account(), &new);
            (sender, Payload::RotateKey(payload))
        }
    };
    shown(&sender.send(&client, payload)?, output)
}

#[derive(Serialize)]
struct AdmissionFile<'a> {
    file: &'a Path,
    address: Address,
}

fn admission_file(payload: &Payload, out: &Path, output: &Output) -> Result<(), CliError> {
    files::write_json(out, payload)?;
    let address = match payload {
        Payload::RegisterInstitution(p) => p.address(),
        Payload::RegisterLender(p) => p.address(),
        _ => return Ok(()),
    };
    let shown = AdmissionFile { file: out, address };
    output.result(&shown, || {
        format!(
            "address  {address}\nThe admission is in {file}. Each validator adds its vote with `probityd approve --admission {file}`;\n\
             with more than two thirds of the power, send it with `probity tx send --key YOUR.key {file}`.",
            file = out.display()
        )
    });
    Ok(())
}

/// Writes what a transaction did.
///
/// # Errors
/// None; the type is that of its callers.
pub fn shown(sent: &Sent, output: &Output) -> Result<(), CliError> {
    output.result(sent, || {
        let mut text = format!("included at height {}, fee {}\ntransaction  {}", sent.height, sent.fee_paid, sent.id);
        for event in &sent.events {
            text += &format!("\n{}", words(event));
        }
        text
    });
    Ok(())
}

fn words(event: &Event) -> String {
    match event {
        Event::Transferred { to, amount, .. } => format!("moved {amount} to {to}"),
        Event::InstitutionRegistered { institution, slots } => format!("admitted institution {institution} with slots {slots:?}"),
        Event::LenderRegistered { lender } => format!("admitted lender {lender}"),
        Event::KeyRotated { account } => format!("account {account} has a new key"),
        Event::IdentitiesUpdated { root, .. } => format!("identity root {root} waits for the next anchor"),
        Event::SchemaRegistered { schema } => format!("registered schema {schema}"),
        Event::CommitmentPublished { slot, month, sequence } => format!("published slot {slot} for {month}, number {sequence}"),
        Event::CommitmentStaged { slot, month, sequence } => {
            format!("slot {slot} for {month}, number {sequence}, goes live with the next anchor")
        }
        Event::PolicyRegistered { policy, .. } => format!("registered policy {policy}"),
        Event::PolicyRetired { policy } => format!("retired policy {policy}"),
        Event::ProofRecorded { context, .. } => format!("recorded proof {context}"),
        Event::CircuitAdopted { circuit, verifying_key_id, active_from_height } => {
            format!("{circuit} with key {verifying_key_id} is accepted from height {active_from_height} on")
        }
        Event::CircuitRetired { circuit, last_height } => format!("{circuit} is accepted until height {last_height}"),
        Event::CircuitStopped { circuit, verifying_key_id } => format!("{circuit} is stopped, and its key {verifying_key_id} for good"),
    }
}
