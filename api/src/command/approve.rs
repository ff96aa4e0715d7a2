//! `probityd approve`: a validator's vote for an admission, or for a decision about a circuit.

use std::path::PathBuf;

use probity_credit::digest::Digest;
use probity_ledger::genesis::{GENESIS_BYTES_MAX, Genesis};
use probity_ledger::keys::SecretKey;
use probity_ledger::transaction::{Approval, Payload};
use probity_verifier::registry::prepare;

use super::{CommandError, HomeArg};
use crate::config::Config;
use crate::files;
use crate::run::RunError;

/// Longest admission.
const FILE_BYTES_MAX: usize = 256 * 1024;

/// `probityd approve`.
#[derive(Debug, clap::Args)]
pub(super) struct ApproveArgs {
    #[command(flatten)]
    home: HomeArg,
    /// What is to be approved, as `probity tx` writes it: the JSON of a payload that needs approvals, with those so far.
    #[arg(long, visible_alias = "decision")]
    admission: PathBuf,
}

pub(super) fn run(args: &ApproveArgs) -> Result<(), CommandError> {
    let home = args.home.get();
    let config = Config::load(&home.config())?;
    let key = files::read_key(&home.resolve(config.keys.validator.as_ref().ok_or(CommandError::NotValidator)?))?;
    let genesis = Genesis::from_json(&files::read_existing(&home.genesis(), GENESIS_BYTES_MAX)?)?;
    let text = files::read_existing(&args.admission, FILE_BYTES_MAX)?;
    let payload = serde_json::from_slice(&text).map_err(|e| CommandError::Admission { reason: e.to_string() })?;
    if let Payload::AdoptCircuit(p) = &payload {
        // nobody votes for a key that the chain would refuse
        prepare(&p.circuit, genesis.kind).map_err(RunError::from)?;
    }
    let approved = approve(payload, &genesis.chain_id(), &key)?;
    println!("{}", serde_json::to_string(&approved).map_err(|e| CommandError::Admission { reason: e.to_string() })?);
    Ok(())
}

fn approve(mut payload: Payload, chain_id: &Digest, key: &SecretKey) -> Result<Payload, CommandError> {
    let kind = payload.kind();
    let needless = || CommandError::Admission { reason: format!("{kind} needs no approval") };
    let (digest, approvals) = payload.decision(chain_id).ok_or_else(needless)?;
    approvals.retain(|a| a.validator != key.public());
    approvals.push(Approval::sign(&digest, key));
    approvals.sort_by_key(|a| a.validator);
    Ok(payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use probity_credit::circuit_id::CircuitId;
    use probity_ledger::name::Name;
    use probity_ledger::transaction::{LenderKind, RegisterLender, RetirePolicy, StopCircuit};

    #[test]
    fn decisions_about_circuits_are_approved_too() {
        let (chain_id, key) = (Digest::of("test", &[b"chain"]), SecretKey::generate());
        let circuit = CircuitId::Eligibility3;
        let stop = StopCircuit { circuit, verifying_key_id: Digest::default(), approved_until_height: 9, approvals: vec![] };
        let digest = stop.decision_digest(&chain_id);
        let Payload::StopCircuit(stop) = approve(Payload::StopCircuit(stop), &chain_id, &key).unwrap() else { unreachable!() };
        assert_eq!(stop.approvals.len(), 1);
        assert!(key.public().verify(&digest, &stop.approvals[0].signature).is_ok());
    }

    #[test]
    fn approvals_are_sorted_and_each_validator_votes_once() {
        let chain_id = Digest::of("test", &[b"chain"]);
        let lender = RegisterLender {
            name: Name::new("Lender").unwrap(),
            public_key: SecretKey::generate().public(),
            window_months: 3,
            kind: LenderKind::Independent,
            approved_until_height: 100,
            approvals: vec![],
        };
        let mut payload = Payload::RegisterLender(lender);
        let keys = [SecretKey::generate(), SecretKey::generate(), SecretKey::generate()];
        for key in keys.iter().chain(&keys) {
            payload = approve(payload, &chain_id, key).unwrap();
        }
        let Payload::RegisterLender(lender) = payload else { unreachable!() };
        assert_eq!(lender.approvals.len(), 3);
        assert!(lender.approvals.is_sorted_by(|a, b| a.validator < b.validator));
        let digest = lender.admission_digest(&chain_id);
        assert!(lender.approvals.iter().all(|a| a.validator.verify(&digest, &a.signature).is_ok()));
        let other = Payload::RetirePolicy(RetirePolicy { policy: Digest::default() });
        assert!(matches!(approve(other, &chain_id, &keys[0]), Err(CommandError::Admission { .. })));
    }
}
