//! Checks a record from nothing but a trusted chain id and a bundle, and says each step.
//!
//! Nothing in a bundle is believed because the node that wrote it says so: certificates are checked against the validators from the
//! genesis on, entries against the state roots that those signed, the proof against public inputs that are rebuilt here. The rules that
//! the chain applied when it recorded the proof (policy in force, circuit accepted, anchor in grace, request in time) are applied again.

mod bundle;
mod error;
mod steps;

pub use bundle::{AuditBundle, BUNDLE_BYTES_MAX, BundleError, HEADERS_MAX, MAGIC, VERSION};
pub use error::{AuditError, Entry};
pub use steps::{Audited, Check, Refused, Step};

use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::Digest;
use probity_credit::hash::label::sha256 as label;
use probity_credit::nullifier::{Scope, ScopeKind};
use probity_credit::policy::Policy;
use probity_credit::schema::Schema;
use probity_credit::statement::PublicInputs;
use probity_ledger::block::Header;
use probity_ledger::genesis::ChainKind;
use probity_ledger::state_key::{self, StateKey};
use probity_ledger::state_proof::StateProof;
use probity_ledger::state_value::{AnchorEntry, CircuitState, Lender, NullifierEntry, PolicyEntry, Record, SchemaEntry};
use probity_ledger::transaction::{Payload, RecordProof, Verdict};
use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::sync::Arc;

use crate::batch::Claim;
use crate::light::LightClient;
use crate::prepared::{PreparedCircuit, PreparedPolicy};
use crate::registry::prepare;
use steps::Audit;

/// Checks everything in a bundle. `trusted` is the id of the chain that the auditor trusts, from elsewhere than the bundle.
///
/// Which record it is, the caller reads off the answer ([`Audited::record`]) and compares with what was asked for.
///
/// # Errors
/// [`Refused`]: the steps that passed, the one that failed, and the rule.
pub fn check(bundle: &AuditBundle, trusted: &Digest) -> Result<Audited, Box<Refused>> {
    let mut audit = Audit::default();
    audit.step(Check::Genesis, || check_genesis(bundle, trusted))?;
    let headers = audit.step(Check::Headers, || check_headers(bundle))?;
    let entries = audit.step(Check::Entries, || Entries::read(bundle, &headers))?;
    audit.step(Check::Rules, || entries.check_rules(bundle, &headers))?;
    let record = audit.step(Check::Transaction, || check_transaction(bundle, &entries.record, &headers))?;
    let circuit = audit.step(Check::VerifyingKey, || check_key(bundle, &entries.circuit))?;
    let inputs = audit.step(Check::PublicInputs, || entries.public_inputs(bundle, record))?;
    audit.step(Check::Pairing, || entries.check_proof(circuit, &inputs))?;
    Ok(audit.finish(entries, inputs))
}

type Passed<T> = Result<(T, String), AuditError>;
type Headers<'a> = BTreeMap<u64, &'a Header>;

fn check_genesis(bundle: &AuditBundle, trusted: &Digest) -> Passed<()> {
    let found = bundle.genesis.chain_id();
    if found != *trusted {
        return Err(AuditError::OtherChain { trusted: *trusted, found });
    }
    bundle.genesis.check()?;
    let kind = match bundle.genesis.kind {
        ChainKind::Development => ", a development chain",
        ChainKind::Production => "",
    };
    Ok(((), format!("chain {found}{kind}")))
}

fn check_headers(bundle: &AuditBundle) -> Passed<Headers<'_>> {
    let count = bundle.headers.len();
    if count > HEADERS_MAX {
        return Err(AuditError::TooManyHeaders { count, limit: HEADERS_MAX });
    }
    let mut client = LightClient::new(&bundle.genesis);
    let mut signatures = 0;
    for signed in &bundle.headers {
        client.advance(signed)?;
        signatures += signed.certificate.signatures.len();
    }
    let detail = format!("{count} headers up to height {}, {signatures} signatures, from the genesis validators on", client.height());
    Ok((bundle.headers.iter().map(|signed| (signed.header.height, &signed.header)).collect(), detail))
}

/// The entries of the state, proved.
struct Entries {
    record: Record,
    policy: PolicyEntry,
    schema: Schema,
    anchor: AnchorEntry,
    lender: Lender,
    circuit: CircuitState,
}

impl Entries {
    fn read(bundle: &AuditBundle, headers: &Headers<'_>) -> Passed<Self> {
        // the record's key follows from its content: prove what is there, then compare
        let record: Record = prove(&bundle.record, &bundle.record.key, Entry::Record, headers)?;
        if state_key::record(&record.context) != bundle.record.key {
            return Err(AuditError::Contradiction { field: "context", other: "key it is stored under" });
        }
        let policy: PolicyEntry = prove(&bundle.policy, &state_key::policy(&record.policy), Entry::Policy, headers)?;
        let schema: SchemaEntry = prove(&bundle.schema, &state_key::schema(&policy.policy.schema), Entry::Schema, headers)?;
        let anchor = prove(&bundle.anchor, &state_key::anchor(record.anchor.height), Entry::Anchor, headers)?;
        let lender = prove(&bundle.lender, &state_key::lender(&record.lender), Entry::Lender, headers)?;
        let circuit = prove(&bundle.circuit, &state_key::circuit(record.circuit), Entry::Circuit, headers)?;
        if bundle.circuit.height != record.height {
            return Err(AuditError::OtherHeight { height: bundle.circuit.height, record_height: record.height });
        }
        let mut proofs = vec![(&bundle.policy, Entry::Policy), (&bundle.anchor, Entry::Anchor), (&bundle.lender, Entry::Lender)];
        if record.verdict == Verdict::Granted {
            let proof = bundle.nullifier.as_ref().ok_or(AuditError::NoNullifier)?;
            let key = state_key::nullifier(&record.scope, &record.nullifier);
            let spent: NullifierEntry = prove(proof, &key, Entry::Nullifier, headers)?;
            if spent.record != record.context {
                return Err(AuditError::NullifierOfOther { found: spent.record });
            }
            proofs.push((proof, Entry::Nullifier));
        }
        // an older state might not show yet that a policy was retired or an anchor replaced
        if let Some((proof, entry)) = proofs.into_iter().find(|(proof, _)| proof.height < record.height) {
            return Err(AuditError::TooEarly { entry, height: proof.height, record_height: record.height });
        }
        let detail = format!("record {} of height {}, its policy, schema, anchor, lender and circuit", record.context, record.height);
        Ok((Self { record, policy, schema: schema.schema, anchor, lender, circuit }, detail))
    }

    /// What the chain checked when it recorded the proof.
    fn check_rules(&self, bundle: &AuditBundle, headers: &Headers<'_>) -> Passed<()> {
        let Self { record, policy: PolicyEntry { policy, .. }, .. } = self;
        let anchor_height = record.anchor.height;
        let header = headers.get(&record.height).ok_or(AuditError::NoHeader { height: record.height, entry: Entry::Record })?;
        for (agrees, field, other) in [
            (policy.id() == record.policy, "policy id", "policy"),
            (policy.owner == record.lender.0, "lender", "policy's owner"),
            (policy.circuit == record.circuit, "circuit", "policy's"),
            (self.circuit.id == record.circuit, "circuit", "circuit's entry"),
            (self.schema.id() == policy.schema, "schema", "policy's"),
            (self.lender.address == record.lender, "lender", "lender's entry"),
            (self.anchor.anchor == record.anchor, "anchor", "anchor on chain"),
            (header.time_unix_ms == record.time_unix_ms, "time", "block's"),
        ] {
            if !agrees {
                return Err(AuditError::Contradiction { field, other });
            }
        }
        if !self.policy.is_active_at(anchor_height) {
            return Err(AuditError::PolicyNotActive { anchor_height });
        }
        if !self.circuit.was_accepted_in(record.height) {
            return Err(AuditError::CircuitNotAccepted { circuit: record.circuit, height: record.height });
        }
        let grace = bundle.genesis.anchors.grace_ms;
        if self.anchor.replaced_unix_ms.is_some_and(|replaced| record.time_unix_ms > replaced.saturating_add(grace)) {
            return Err(AuditError::AnchorOutOfGrace { anchor_height });
        }
        if record.expires_unix_ms < record.time_unix_ms {
            return Err(AuditError::RequestExpired);
        }
        Ok(((), format!("circuit accepted, policy active and anchor of height {anchor_height} in grace when recorded, request in time")))
    }

    /// Rebuilds all public inputs but nullifier and answer.
    fn public_inputs(&self, bundle: &AuditBundle, proof: &RecordProof) -> Passed<PublicInputs> {
        let Self { record, policy: PolicyEntry { policy, .. }, .. } = self;
        let chain_id = bundle.genesis.chain_id();
        let context = proof.context(&chain_id, &record.lender, policy.circuit);
        if context.digest() != record.context {
            return Err(AuditError::Context);
        }
        let window = match policy.scope {
            ScopeKind::Lender => NonZeroU16::new(self.lender.window_months).ok_or(AuditError::Scope)?,
            ScopeKind::Consortium => bundle.genesis.consortium_window_months,
        };
        let scope = Scope::new(&chain_id, policy.scope, &record.lender.0, window, record.anchor.month).element().into();
        if scope != record.scope {
            return Err(AuditError::Scope);
        }
        let inputs = PublicInputs {
            identity_root: record.anchor.identity_root,
            registry_root: record.anchor.registry_root,
            month: record.anchor.month,
            scope,
            nullifier: record.nullifier,
            context: context.element().into(),
            answer: record.answer,
        };
        Ok((inputs, "rebuilt from anchor, policy, schema, lender and transaction".into()))
    }

    fn check_proof(&self, circuit: PreparedCircuit, inputs: &PublicInputs) -> Passed<()> {
        let detail = format!("the proof holds for {} public inputs", circuit.inputs());
        let policy: &Policy = &self.policy.policy;
        let compiled = policy.compile(&self.schema).map_err(crate::VerifyError::from)?;
        let prepared = PreparedPolicy::new(Arc::new(circuit), policy.id(), &compiled.inputs())?;
        let claim = Claim { policy: Arc::new(prepared), changing: inputs.changing(), proof: self.record.proof.clone() };
        claim.verify()?;
        Ok(((), detail))
    }
}

/// The entry under `key`, proved by the header of the proof's height.
fn prove<T: BorshDeserialize + BorshSerialize>(
    proof: &StateProof,
    key: &StateKey,
    entry: Entry,
    headers: &Headers<'_>,
) -> Result<T, AuditError> {
    let height = proof.height;
    let header = headers.get(&height).ok_or(AuditError::NoHeader { height, entry })?;
    let value = proof.verify_value(&header.state_root, key).map_err(|reason| AuditError::StateProof { entry, reason })?;
    value.ok_or(AuditError::Absent { entry, height })
}

fn check_transaction<'a>(bundle: &'a AuditBundle, record: &Record, headers: &Headers<'_>) -> Passed<&'a RecordProof> {
    let transaction = &bundle.transaction;
    transaction.check_structure().map_err(AuditError::Transaction)?;
    let Payload::RecordProof(proof) = &transaction.body.payload else {
        return Err(AuditError::OtherTransaction { field: "kind" });
    };
    let expected = RecordProof {
        verdict: record.verdict,
        policy: record.policy,
        anchor_height: record.anchor.height,
        nonce: record.nonce,
        expires_unix_ms: record.expires_unix_ms,
        response_uri: record.response_uri,
        consent_key: record.consent_key,
        nullifier: record.nullifier,
        answer: record.answer,
        proof: record.proof.clone(),
    };
    for (agrees, field) in [
        (transaction.id() == record.transaction, "id"),
        (transaction.body.chain_id == bundle.genesis.chain_id(), "chain id"),
        (transaction.body.sender == record.lender, "sender"),
        (*proof == expected, "content"),
    ] {
        if !agrees {
            return Err(AuditError::OtherTransaction { field });
        }
    }
    let height = record.height;
    let header = headers.get(&height).ok_or(AuditError::NoHeader { height, entry: Entry::Record })?;
    bundle
        .inclusion
        .verify(label::TRANSACTIONS_ROOT, &transaction.encode(), &header.transactions_root)
        .map_err(|reason| AuditError::NotIncluded { height, reason })?;
    Ok((proof, format!("transaction {}, number {} in the block of height {height}", record.transaction, bundle.inclusion.index)))
}

fn check_key(bundle: &AuditBundle, entry: &CircuitState) -> Passed<PreparedCircuit> {
    let circuit = entry.with_key(&bundle.genesis).ok_or(AuditError::NoCircuit)?;
    let prepared = prepare(&circuit, bundle.genesis.kind)?;
    let whence = match entry.verifying_key {
        None => "as in the genesis".to_owned(),
        Some(_) => format!("adopted by the validators, accepted from height {} on", entry.active_from_height),
    };
    let mark = match circuit.transcript {
        None => "a development key: anybody can forge proofs for it".to_owned(),
        Some(transcript) => format!("of the ceremony whose transcript has SHA-256 {transcript}"),
    };
    let detail = format!("{} with key {} {whence}, {mark}", entry.id, prepared.key());
    Ok((prepared, detail))
}

#[cfg(test)]
mod tests;
