//! What the wallet knows of the chain: who is who, and which anchors count.
//!
//! A node's answers, fetched or brought in a file, proved by the caller against headers from the genesis on; remembered, so that a wallet
//! can answer without a network.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::nullifier::ScopeKind;
use probity_credit::schema::Schema;
use probity_ledger::address::Address;
use probity_ledger::genesis::{ChainKind, Genesis};
use probity_ledger::keys::PublicKey;
use probity_ledger::name::Name;
use probity_ledger::state_value::{AnchorEntry, CircuitState, Institution, Lender, PolicyEntry};
use probity_ledger::transaction::Slot;
use probity_params::{KeyId, Kind, VerifyingKeyFile};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU16;

/// How what the book says was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provenance {
    /// By state proofs against headers that the validators signed, from the genesis on.
    Proved,
    /// By nobody: wallets once took books without proofs from files. None is taken in any more; one that is there says so in every
    /// review, and the next proved book takes its place whatever height it claims.
    Imported,
}

/// A circuit of the chain, with what a prover must know of its key.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownCircuit {
    /// What the chain's state says, without the key's bytes.
    pub entry: CircuitState,
    /// How the key was made, as the key's file says.
    pub kind: Kind,
}

/// The key is not the one that the chain's state names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the chain's key of {circuit} is not the one that its state names: ask another node, and do not answer requests for it")]
pub struct WrongKey {
    /// The circuit.
    pub circuit: CircuitId,
}

impl KnownCircuit {
    /// Takes a circuit's entry, and how its key was made from the key's file, which the entry or the genesis holds.
    ///
    /// # Errors
    /// [`WrongKey`].
    pub fn of(entry: CircuitState, genesis: &Genesis) -> Result<Self, WrongKey> {
        let (circuit, key) = (entry.id, KeyId(entry.verifying_key_id));
        let file = entry.with_key(genesis).and_then(|c| VerifyingKeyFile::from_bytes(&c.verifying_key).ok());
        let named = |f: &VerifyingKeyFile| f.id() == key && f.circuit == circuit.name() && f.constraints == entry.constraints;
        let kind = file.filter(named).ok_or(WrongKey { circuit })?.kind;
        Ok(Self { entry: CircuitState { verifying_key: None, ..entry }, kind })
    }
}

/// A book of this age is good for an answer however short a chain's grace is: idle chains make blocks rarely, and clocks differ.
pub(crate) const AGE_FLOOR_MS: u64 = 600_000;

/// What never changes about a chain; made from its genesis only.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainTerms {
    /// Digest of the genesis.
    pub chain_id: Digest,
    /// Name.
    pub name: Name,
    /// For play or for real.
    pub kind: ChainKind,
    /// How long an anchor counts after its replacement.
    pub grace_ms: u64,
    /// Length of the consortium scope's window.
    pub consortium_window_months: NonZeroU16,
    /// The identity authority's account.
    pub authority: Address,
}

impl ChainTerms {
    /// Takes them from the genesis, whose digest is the chain id.
    pub fn of(genesis: &Genesis) -> Self {
        Self {
            chain_id: genesis.chain_id(),
            name: genesis.chain_name.clone(),
            kind: genesis.kind,
            grace_ms: genesis.anchors.grace_ms,
            consortium_window_months: genesis.consortium_window_months,
            authority: genesis.authority(),
        }
    }

    /// How old a block may be that stands for the chain as it is now: as long as a replaced anchor counts. Whoever hides newer blocks can
    /// hide no more than that.
    pub fn age_max_ms(&self) -> u64 {
        self.grace_ms.max(AGE_FLOOR_MS)
    }
}

/// A policy that the chain has registered.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownPolicy {
    /// Policy id.
    pub id: Digest,
    /// Since when it is active and until when.
    pub active_from: u64,
    /// Height at which it was retired.
    pub retired_at: Option<u64>,
}

impl KnownPolicy {
    /// Takes the times from a policy's entry.
    pub fn of(entry: &PolicyEntry) -> Self {
        Self { id: entry.policy.id(), active_from: entry.active_from, retired_at: entry.retired_at }
    }

    /// Whether proofs against the anchor of this height may use it.
    pub fn is_active_at(&self, anchor_height: u64) -> bool {
        self.active_from <= anchor_height && self.retired_at.is_none_or(|end| anchor_height < end)
    }
}

/// The chain as of a height.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    /// What never changes.
    pub terms: ChainTerms,
    /// How the rest was checked.
    pub provenance: Provenance,
    /// Height it is of.
    pub height: u64,
    /// Time of that block, milliseconds since 1970.
    pub time_unix_ms: u64,
    /// The identity authority's current key.
    pub authority_key: PublicKey,
    /// Institutions.
    pub institutions: Vec<Institution>,
    /// Lenders.
    pub lenders: Vec<Lender>,
    /// Circuits.
    pub circuits: Vec<KnownCircuit>,
    /// Schemas.
    pub schemas: Vec<Schema>,
    /// Policies.
    pub policies: Vec<KnownPolicy>,
    /// Anchors: the newest, and earlier ones that may still be in grace.
    pub anchors: Vec<AnchorEntry>,
}

impl Book {
    /// How old the book's block may be when a request is answered.
    pub fn age_max_ms(&self) -> u64 {
        self.terms.age_max_ms()
    }

    /// A lender by address.
    pub fn lender(&self, address: &Address) -> Option<&Lender> {
        self.lenders.iter().find(|l| l.address == *address)
    }

    /// Whose slot it is.
    pub fn institution(&self, slot: Slot) -> Option<&Institution> {
        self.institutions.iter().find(|i| i.slots.iter().any(|s| s.slot == slot))
    }

    /// The institution's name, or the slot's number where nobody is known.
    pub fn institution_name(&self, slot: Slot) -> String {
        self.institution(slot).map_or_else(|| format!("institution of slot {slot}"), |i| i.name.to_string())
    }

    /// A circuit by id.
    pub fn circuit(&self, id: CircuitId) -> Option<&KnownCircuit> {
        self.circuits.iter().find(|c| c.entry.id == id)
    }

    /// A schema by id.
    pub fn schema(&self, id: &Digest) -> Option<&Schema> {
        self.schemas.iter().find(|s| s.id() == *id)
    }

    /// A policy by id.
    pub fn policy(&self, id: &Digest) -> Option<&KnownPolicy> {
        self.policies.iter().find(|p| p.id == *id)
    }

    /// An anchor by height.
    pub fn anchor(&self, height: u64) -> Option<&AnchorEntry> {
        self.anchors.iter().find(|a| a.anchor.height == height)
    }

    /// The anchor with the greatest height.
    pub fn newest_anchor(&self) -> Option<&AnchorEntry> {
        self.anchors.iter().max_by_key(|a| a.anchor.height)
    }

    /// Length of the window of the scope that a lender's policies of this kind use.
    pub fn window_months(&self, lender: &Lender, scope: ScopeKind) -> Option<NonZeroU16> {
        match scope {
            ScopeKind::Lender => NonZeroU16::new(lender.window_months),
            ScopeKind::Consortium => Some(self.terms.consortium_window_months),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use probity_ledger::block::PROTOCOL_VERSION;
    use probity_ledger::certificate::{Validator, ValidatorSet};
    use probity_ledger::genesis::{AnchorRules, Fees, GenesisCircuit, Limits};
    use probity_ledger::keys::SecretKey;
    use probity_params::testing::Toy;

    fn genesis() -> Genesis {
        let key = SecretKey::generate().public();
        Genesis {
            protocol_version: PROTOCOL_VERSION,
            chain_name: Name::new("test").unwrap(),
            kind: ChainKind::Production,
            time_unix_ms: 1,
            validators: ValidatorSet::new(vec![Validator { public_key: key, power: 1 }]).unwrap(),
            identity_authority: key,
            accounts: vec![],
            faucet: None,
            circuits: vec![],
            circuit_delay_blocks: 5,
            anchors: AnchorRules { interval_blocks: 10, grace_ms: 60_000 },
            consortium_window_months: NonZeroU16::MIN,
            fees: Fees { base: 1, per_byte: 1, per_proof: 1 },
            limits: Limits { block_bytes: 1 << 20, block_transactions: 100, block_proofs: 10, clock_drift_ms: 1_000 },
        }
    }

    #[test]
    fn how_a_key_was_made_is_read_from_the_chains_file() {
        let toy = Toy::new(2).named("eligibility-3");
        let file = VerifyingKeyFile { kind: Kind::Ceremony, ..toy.verifying_key_file() };
        let circuit = GenesisCircuit {
            id: CircuitId::Eligibility3,
            constraints: file.constraints,
            verifying_key_id: file.id().0,
            verifying_key: file.to_bytes(),
            transcript: Some(Digest::default()),
        };
        let mut genesis = genesis();
        genesis.circuits = vec![circuit.clone()];
        let (own, adopted) = (CircuitState::of_genesis(&circuit), CircuitState::adopted(circuit.clone(), 5, 1));
        for entry in [own.clone(), adopted.clone()] {
            let known = KnownCircuit::of(entry.clone(), &genesis).unwrap();
            assert_eq!((known.kind, known.entry.verifying_key), (Kind::Ceremony, None));
            let other = Digest::of("test", &[b"other"]);
            let wrong = [
                CircuitState { verifying_key_id: other, ..entry.clone() },
                CircuitState { constraints: other, ..entry.clone() },
                CircuitState { id: CircuitId::Eligibility1, ..entry.clone() },
            ];
            for wrong in wrong {
                assert!(KnownCircuit::of(wrong.clone(), &genesis).is_err(), "{wrong:?}");
            }
        }
        genesis.circuits.clear();
        assert_eq!(KnownCircuit::of(own, &genesis), Err(WrongKey { circuit: CircuitId::Eligibility3 }));
        let marked = VerifyingKeyFile { kind: Kind::Development, ..file };
        let altered = CircuitState { verifying_key: Some(marked.to_bytes()), ..adopted };
        assert!(KnownCircuit::of(altered, &genesis).is_err(), "the digest covers how the key was made");
    }
}
