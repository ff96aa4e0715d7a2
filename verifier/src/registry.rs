//! The circuits of a chain and the policies in use, prepared.
//!
//! Which circuits a chain has is in its state; here their keys are kept by digest. One that was adopted is prepared from the state's entry
//! when it is first asked for: so what a node verifies depends on the state alone, before and after a restart.

use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::policy::Policy;
use probity_credit::schema::Schema;
use probity_credit::statement::position;
use probity_ledger::genesis::{ChainKind, Genesis, GenesisCircuit};
use probity_ledger::state_value::CircuitState;
use probity_params::{KeyError, KeyId, Kind, VerifyingKeyFile};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::VerifyError;
use crate::prepared::{PreparedCircuit, PreparedPolicy};

/// Prepared policies kept at most. One has some hundred bytes; folding one anew takes as long as verifying a few proofs.
const POLICIES_KEPT: usize = 4_096;

/// Why a circuit's key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The key does not decode or does not pass the gate.
    #[error("the verifying key of {circuit} is refused: {reason}")]
    Key {
        /// The circuit.
        circuit: CircuitId,
        /// Which rule.
        reason: KeyError,
    },
    /// The key's digest is not the one named.
    #[error("the verifying key of {circuit} is named {expected} but is {found}: take the key and its name from the same parameters")]
    KeyId {
        /// The circuit.
        circuit: CircuitId,
        /// The digest named.
        expected: KeyId,
        /// The digest of the key there.
        found: KeyId,
    },
    /// The key is for another circuit.
    #[error("the verifying key given for {circuit} is one of {found:?}: take that of the circuit")]
    Circuit {
        /// The circuit.
        circuit: CircuitId,
        /// The circuit in the key's file.
        found: String,
    },
    /// The key is for other constraints.
    #[error("the verifying key of {circuit} was made for other constraints than those named: take both from the same parameters")]
    Constraints {
        /// The circuit.
        circuit: CircuitId,
    },
    /// Anybody can forge proofs for a development key.
    #[error(
        "the verifying key of {circuit} is a development key, with which anybody can forge proofs: only a development chain accepts it"
    )]
    Development {
        /// The circuit.
        circuit: CircuitId,
    },
    /// Nobody could tell where the key came from.
    #[error("the verifying key of {circuit} is one of a ceremony, and no transcript is named: name the SHA-256 of the transcript's file")]
    NoTranscript {
        /// The circuit.
        circuit: CircuitId,
    },
    /// A ceremony is claimed that the key does not come from.
    #[error("a ceremony's transcript is named for {circuit}, but its verifying key is a development key: name none")]
    TranscriptOfDevelopmentKey {
        /// The circuit.
        circuit: CircuitId,
    },
    /// Neither state nor genesis has the key.
    #[error("neither the chain's state nor its genesis has the verifying key of {circuit}")]
    NoKey {
        /// The circuit.
        circuit: CircuitId,
    },
}

/// The keys of a chain, each through the gate, and a bounded store of prepared policies.
#[derive(Debug)]
pub struct Verifier {
    chain: ChainKind,
    /// By digest. There are as many as the validators of the chain ever decided on.
    circuits: Mutex<BTreeMap<KeyId, Arc<PreparedCircuit>>>,
    policies: Mutex<PolicyStore>,
}

impl Verifier {
    /// Takes every circuit of a genesis.
    ///
    /// # Errors
    /// [`RegistryError`]: a chain with one bad key does not start.
    pub fn from_genesis(genesis: &Genesis) -> Result<Self, RegistryError> {
        let circuits = genesis.circuits.iter().map(|circuit| {
            let prepared = prepare(circuit, genesis.kind)?;
            Ok((prepared.key(), Arc::new(prepared)))
        });
        Ok(Self { chain: genesis.kind, circuits: Mutex::new(circuits.collect::<Result<_, _>>()?), policies: Mutex::default() })
    }

    /// The prepared key of a circuit of the chain's state. Cost: for one that was adopted, tens of milliseconds the first time.
    ///
    /// # Errors
    /// [`RegistryError`]; [`RegistryError::NoKey`] if the entry has no key and the genesis another.
    pub fn circuit(&self, entry: &CircuitState) -> Result<Arc<PreparedCircuit>, RegistryError> {
        let key = KeyId(entry.verifying_key_id);
        let known = lock(&self.circuits).get(&key).cloned();
        // the digest covers the circuit's name and constraints, so a key is found under its own circuit only
        if let Some(known) = known.filter(|known| known.name() == entry.id.name()) {
            return Ok(known);
        }
        let no_key = RegistryError::NoKey { circuit: entry.id };
        let verifying_key = entry.verifying_key.clone().ok_or(no_key)?;
        let CircuitState { id, constraints, verifying_key_id, transcript, .. } = *entry;
        let circuit = GenesisCircuit { id, constraints, verifying_key_id, verifying_key, transcript };
        let prepared = Arc::new(prepare(&circuit, self.chain)?);
        lock(&self.circuits).insert(key, Arc::clone(&prepared));
        Ok(prepared)
    }

    /// The policy, folded for the key that the chain's state has for its circuit; from the store if it was there before.
    ///
    /// # Errors
    /// [`VerifyError::UnknownCircuit`] if the entry is of another circuit than the policy's, [`VerifyError::Key`],
    /// [`VerifyError::Policy`] if policy and schema do not compile.
    pub fn policy(&self, entry: &CircuitState, policy: &Policy, schema: &Schema) -> Result<Arc<PreparedPolicy>, VerifyError> {
        if policy.circuit != entry.id {
            return Err(VerifyError::UnknownCircuit { circuit: policy.circuit });
        }
        // the policy's id commits to its schema, and with the key's to all that the fold depends on
        let id = (policy.id(), KeyId(entry.verifying_key_id));
        if let Some(found) = lock(&self.policies).get(&id) {
            return Ok(found);
        }
        let circuit = self.circuit(entry)?;
        let inputs = policy.compile(schema)?.inputs();
        let prepared = Arc::new(PreparedPolicy::new(circuit, id.0, &inputs)?);
        lock(&self.policies).insert(id, Arc::clone(&prepared));
        Ok(prepared)
    }
}

fn lock<T>(store: &Mutex<T>) -> MutexGuard<'_, T> {
    // every change of a store is complete before anything that could panic
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The circuit of a verifying key's file, as a genesis or an adoption names it; none if the file is of no circuit that this program knows.
/// Only the file's form is checked: [`prepare`] does the rest.
///
/// # Errors
/// [`KeyError`].
pub fn describe(verifying_key: Vec<u8>, transcript: Option<Digest>) -> Result<Option<GenesisCircuit>, KeyError> {
    let file = VerifyingKeyFile::from_bytes(&verifying_key)?;
    let (constraints, verifying_key_id) = (file.constraints, file.id().0);
    Ok(file.circuit.parse().ok().map(|id| GenesisCircuit { id, constraints, verifying_key_id, verifying_key, transcript }))
}

/// Reads the key of one circuit through all checks.
///
/// # Errors
/// [`RegistryError`].
pub fn prepare(circuit: &GenesisCircuit, chain: ChainKind) -> Result<PreparedCircuit, RegistryError> {
    let id = circuit.id;
    let refused = |reason| RegistryError::Key { circuit: id, reason };
    let file = VerifyingKeyFile::from_bytes(&circuit.verifying_key).map_err(refused)?;
    let (expected, found) = (KeyId(circuit.verifying_key_id), file.id());
    if expected != found {
        return Err(RegistryError::KeyId { circuit: id, expected, found });
    }
    if file.circuit != id.name() {
        return Err(RegistryError::Circuit { circuit: id, found: file.circuit });
    }
    if file.constraints != circuit.constraints {
        return Err(RegistryError::Constraints { circuit: id });
    }
    match (file.kind, circuit.transcript) {
        (Kind::Development, _) if chain != ChainKind::Development => return Err(RegistryError::Development { circuit: id }),
        (Kind::Development, Some(_)) => return Err(RegistryError::TranscriptOfDevelopmentKey { circuit: id }),
        (Kind::Ceremony, None) => return Err(RegistryError::NoTranscript { circuit: id }),
        (Kind::Development, None) | (Kind::Ceremony, Some(_)) => {}
    }
    PreparedCircuit::new(&file, position::COUNT).map_err(refused)
}

/// What names a prepared policy: its own id, and that of the key it was folded for.
type PreparedId = (Digest, KeyId);

/// Prepared policies by id; the one that was added first goes first.
#[derive(Default, Debug)]
struct PolicyStore {
    by_id: BTreeMap<PreparedId, Arc<PreparedPolicy>>,
    order: VecDeque<PreparedId>,
}

impl PolicyStore {
    fn get(&self, id: &PreparedId) -> Option<Arc<PreparedPolicy>> {
        self.by_id.get(id).cloned()
    }

    fn insert(&mut self, id: PreparedId, policy: Arc<PreparedPolicy>) {
        if self.by_id.insert(id, policy).is_none() {
            self.order.push_back(id);
        }
        while self.order.len() > POLICIES_KEPT {
            if let Some(oldest) = self.order.pop_front() {
                self.by_id.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
