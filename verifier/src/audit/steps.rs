//! The checks by name, and what an audit ends with.

use probity_credit::policy::Policy;
use probity_credit::schema::Schema;
use probity_credit::statement::{Opening, PublicInputs, Verdict};
use probity_ledger::state_value::{CircuitState, PolicyEntry, Record};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

use super::{AuditBundle, AuditError, Entries, check_key};
use crate::VerifyError;
use crate::prepared::PreparedPolicy;
use crate::{proof, snarkjs, solidity};

/// The checks of an audit, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The genesis is that of the trusted chain.
    Genesis,
    /// Every header is signed by the validators that the one before named.
    Headers,
    /// Record, policy, schema, anchor, lender and circuit are in the state those headers commit to.
    Entries,
    /// They agree, and the chain's rules held when the proof was recorded.
    Rules,
    /// The transaction is signed, is the record's, and is in its block.
    Transaction,
    /// The verifying key is the one that the chain had for the circuit when the proof was recorded, of the genesis or adopted, and passes
    /// the gate.
    VerifyingKey,
    /// The public inputs, rebuilt.
    PublicInputs,
    /// The proof holds for them.
    Pairing,
}

impl Check {
    /// All checks, in their order.
    pub const ALL: [Self; 8] = [
        Self::Genesis,
        Self::Headers,
        Self::Entries,
        Self::Rules,
        Self::Transaction,
        Self::VerifyingKey,
        Self::PublicInputs,
        Self::Pairing,
    ];
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Genesis => "genesis",
            Self::Headers => "headers and certificates",
            Self::Entries => "state proofs",
            Self::Rules => "rules in force",
            Self::Transaction => "transaction",
            Self::VerifyingKey => "verifying key",
            Self::PublicInputs => "public inputs",
            Self::Pairing => "proof",
        })
    }
}

/// A check that passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Which.
    pub check: Check,
    /// What was seen; never personal data.
    pub detail: String,
}

/// A record that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// All checks.
    pub steps: Vec<Step>,
    /// The record.
    pub record: Record,
    /// Its policy.
    pub policy: Policy,
    /// The policy's schema.
    pub schema: Schema,
    /// Its circuit, as of the record's height.
    pub circuit: CircuitState,
    /// The public inputs that change from proof to proof, rebuilt.
    pub public: PublicInputs,
}

impl Audited {
    /// Checks the opening that a lender shows of this record's answer, and gives the verdict.
    ///
    /// # Errors
    /// [`AuditError::Opening`], [`AuditError::OtherOpening`].
    pub fn verdict(&self, opening: &Opening) -> Result<Verdict, AuditError> {
        opening.check()?;
        if opening.answer() == self.record.answer { Ok(opening.verdict) } else { Err(AuditError::OtherOpening) }
    }

    /// The record's verifying key, rebuilt public inputs and proof for other verifiers. `bundle` is the one that was audited.
    ///
    /// What they then say is that the proof holds for these numbers; that the numbers are those of the chain is what the audit showed.
    ///
    /// # Errors
    /// [`AuditError`], if `bundle` is another than the one that was audited.
    pub fn snarkjs(&self, bundle: &AuditBundle) -> Result<snarkjs::Files, AuditError> {
        let (circuit, _) = check_key(bundle, &self.circuit)?;
        let policy = self.policy.compile(&self.schema).map_err(VerifyError::from)?;
        let proof = proof::decode(&self.record.proof).map_err(VerifyError::from)?;
        Ok(snarkjs::Files::new(&circuit.vk, &self.public.all(&policy), &proof))
    }

    /// The contract for the record's policy, and the call that asks it about the record's proof. `bundle` is the one that was audited.
    ///
    /// # Errors
    /// [`AuditError`], if `bundle` is another than the one that was audited.
    pub fn solidity(&self, bundle: &AuditBundle) -> Result<solidity::Files, AuditError> {
        let (circuit, _) = check_key(bundle, &self.circuit)?;
        let compiled = self.policy.compile(&self.schema).map_err(VerifyError::from)?;
        let policy = PreparedPolicy::new(Arc::new(circuit), self.policy.id(), &compiled.inputs())?;
        let proof = proof::decode(&self.record.proof).map_err(VerifyError::from)?;
        let contract = solidity::policy_contract(&policy, Some(&bundle.genesis.chain_id()));
        Ok(solidity::Files::new(contract, &solidity::Call::new(&proof, &self.public.changing())))
    }
}

/// A record that does not stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{failed}: {error}")]
pub struct Refused {
    /// The checks that passed.
    pub steps: Vec<Step>,
    /// The one that failed.
    pub failed: Check,
    /// Why.
    pub error: AuditError,
}

/// Collects the steps.
#[derive(Default)]
pub(super) struct Audit {
    steps: Vec<Step>,
}

impl Audit {
    pub(super) fn step<T>(&mut self, check: Check, run: impl FnOnce() -> Result<(T, String), AuditError>) -> Result<T, Box<Refused>> {
        match run() {
            Ok((value, detail)) => {
                self.steps.push(Step { check, detail });
                Ok(value)
            }
            Err(error) => Err(Box::new(Refused { steps: std::mem::take(&mut self.steps), failed: check, error })),
        }
    }

    pub(super) fn finish(self, entries: Entries, public: PublicInputs) -> Audited {
        let Entries { record, policy: PolicyEntry { policy, .. }, schema, circuit, .. } = entries;
        Audited { steps: self.steps, record, policy, schema, circuit, public }
    }
}
