//! The circuits of a chain and the policies in use, prepared.

use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::policy::Policy;
use probity_credit::schema::Schema;
use probity_credit::statement::position;
use probity_ledger::genesis::{ChainKind, Genesis, GenesisCircuit};
use probity_params::{KeyError, KeyId, Kind, VerifyingKeyFile};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::VerifyError;
use crate::prepared::{PreparedCircuit, PreparedPolicy};

/// Prepared policies kept at most. One has some hundred bytes; folding one anew takes as long as verifying a few proofs.
const POLICIES_KEPT: usize = 4_096;

/// Why a genesis gives no verifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The key does not decode or does not pass the gate.
    #[error("the verifying key of {circuit} in the genesis is refused: {reason}")]
    Key {
        /// The circuit.
        circuit: CircuitId,
        /// Which rule.
        reason: KeyError,
    },
    /// The key's digest is not the one the genesis names.
    #[error("the genesis names the verifying key {expected} for {circuit} but holds {found}: rebuild it from the parameters")]
    KeyId {
        /// The circuit.
        circuit: CircuitId,
        /// The digest named.
        expected: KeyId,
        /// The digest of the key there.
        found: KeyId,
    },
    /// The key is for another circuit.
    #[error("the verifying key that the genesis holds for {circuit} is one of {found:?}: rebuild the genesis from the parameters")]
    Circuit {
        /// The circuit.
        circuit: CircuitId,
        /// The circuit in the key's file.
        found: String,
    },
    /// The key is for other constraints.
    #[error("the verifying key of {circuit} was made for other constraints than the genesis names: rebuild it from the parameters")]
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
}

/// The keys of a chain, each through the gate, and a bounded store of prepared policies.
#[derive(Debug)]
pub struct Verifier {
    circuits: BTreeMap<CircuitId, Arc<PreparedCircuit>>,
    policies: Mutex<PolicyStore>,
}

impl Verifier {
    /// Takes every circuit of a genesis.
    ///
    /// # Errors
    /// [`RegistryError`]: a chain with one bad key does not start.
    pub fn from_genesis(genesis: &Genesis) -> Result<Self, RegistryError> {
        let circuits = genesis.circuits.iter().map(|circuit| Ok((circuit.id, Arc::new(prepare(circuit, genesis.kind)?))));
        Ok(Self { circuits: circuits.collect::<Result<_, _>>()?, policies: Mutex::default() })
    }

    /// The prepared key of a circuit.
    ///
    /// # Errors
    /// [`VerifyError::UnknownCircuit`].
    pub fn circuit(&self, circuit: CircuitId) -> Result<&Arc<PreparedCircuit>, VerifyError> {
        self.circuits.get(&circuit).ok_or(VerifyError::UnknownCircuit { circuit })
    }

    /// The policy, folded for its circuit; from the store if it was there before.
    ///
    /// # Errors
    /// [`VerifyError::UnknownCircuit`], [`VerifyError::Policy`] if policy and schema do not compile.
    pub fn policy(&self, policy: &Policy, schema: &Schema) -> Result<Arc<PreparedPolicy>, VerifyError> {
        // the id commits to the policy, its circuit and its schema, and so to all that the fold depends on
        let id = policy.id();
        if let Some(found) = self.store().get(&id) {
            return Ok(found);
        }
        let circuit = Arc::clone(self.circuit(policy.circuit)?);
        let inputs = policy.compile(schema)?.inputs();
        let prepared = Arc::new(PreparedPolicy::new(circuit, id, &inputs)?);
        self.store().insert(id, Arc::clone(&prepared));
        Ok(prepared)
    }

    fn store(&self) -> std::sync::MutexGuard<'_, PolicyStore> {
        // every change of the store is complete before anything that could panic
        self.policies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads one key of a genesis through all checks.
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
    if file.kind == Kind::Development && chain != ChainKind::Development {
        return Err(RegistryError::Development { circuit: id });
    }
    PreparedCircuit::new(&file, position::COUNT).map_err(refused)
}

/// Prepared policies by id; the one that was added first goes first.
#[derive(Default, Debug)]
struct PolicyStore {
    by_id: BTreeMap<Digest, Arc<PreparedPolicy>>,
    order: VecDeque<Digest>,
}

impl PolicyStore {
    fn get(&self, id: &Digest) -> Option<Arc<PreparedPolicy>> {
        self.by_id.get(id).cloned()
    }

    fn insert(&mut self, id: Digest, policy: Arc<PreparedPolicy>) {
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
