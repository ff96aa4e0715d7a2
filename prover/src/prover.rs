//! A circuit's rows and proving key, loaded once, and proofs made with them.

use crate::explain::CannotProve;
use crate::groth16::{self, PROOF_BYTES};
use probity_circuits::eligibility::{self, Statement};
use probity_circuits::gadgets::BuildError;
use probity_circuits::registry::Entry;
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::policy::CompiledPolicy;
use probity_credit::statement::{PublicInputs, Witness, check, position};
use probity_params::cache::{CacheError, CachedKey, KeyCache, Wanted};
use probity_params::setup::{self, Progress};
use probity_params::{KeyId, Kind, Manifest, Matrix, VerifyingKeyFile};

/// Why a prover cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No proving key could be had.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The program's rows are not the pinned ones.
    #[error("the constraints of {circuit} in this program are not the pinned ones ({pinned}): it was built from altered sources")]
    Constraints {
        /// The circuit.
        circuit: CircuitId,
        /// The digest that the registry pins.
        pinned: Digest,
    },
}

/// The rows of a circuit with their digest checked.
struct Rows {
    constraints: Digest,
    matrices: [Matrix; 3],
    num_instance: usize,
    num_witness: usize,
}

impl Rows {
    fn of(circuit: CircuitId) -> Result<Self, LoadError> {
        let pinned = Entry::of(circuit).digest();
        let shape = eligibility::shape(circuit);
        if shape.digest() != pinned {
            return Err(LoadError::Constraints { circuit, pinned });
        }
        let (num_instance, num_witness) = (shape.num_instance, shape.num_witness);
        Ok(Self { constraints: pinned, matrices: [shape.a, shape.b, shape.c], num_instance, num_witness })
    }
}

/// Proves statements of one circuit.
pub struct Prover {
    circuit: CircuitId,
    rows: Rows,
    key: CachedKey,
}

impl Prover {
    /// Loads the development key of a circuit, or makes and stores it, telling `progress`. `expected` is the key that the chain's
    /// genesis names; none only where a genesis is about to be made.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn development(circuit: CircuitId, cache: &KeyCache, expected: Option<KeyId>, progress: Progress<'_>) -> Result<Self, LoadError> {
        let rows = Rows::of(circuit)?;
        let described = setup::Circuit {
            id: circuit.name(),
            constraints: &rows.constraints,
            matrices: &rows.matrices,
            num_instance: rows.num_instance,
            num_witness: rows.num_witness,
        };
        let key = cache.development_key(&described, expected, progress)?;
        Ok(Self { circuit, rows, key })
    }

    /// Loads the key of a circuit that came out of a ceremony.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn ceremony(circuit: CircuitId, cache: &KeyCache, expected: KeyId) -> Result<Self, LoadError> {
        let rows = Rows::of(circuit)?;
        let wanted = Wanted {
            circuit: circuit.name(),
            kind: Kind::Ceremony,
            constraints: &rows.constraints,
            inputs: position::COUNT,
            verifying_key: Some(expected),
        };
        let key = cache.load(&wanted)?;
        Ok(Self { circuit, rows, key })
    }

    /// The circuit.
    pub fn circuit(&self) -> CircuitId {
        self.circuit
    }

    /// What names the key.
    pub fn manifest(&self) -> &Manifest {
        &self.key.manifest
    }

    /// The verifying key that belongs to it, as nodes and genesis take it.
    pub fn verifying_key_file(&self) -> VerifyingKeyFile {
        let manifest = self.manifest();
        VerifyingKeyFile::new(self.circuit.name(), manifest.kind, self.rows.constraints, &self.key.key.vk)
            .expect("a key from the cache has passed the gate")
    }

    /// Checks the statement natively, assigns the constraints, proves, verifies the proof, and wipes the assignment.
    ///
    /// # Errors
    /// [`CannotProve`].
    pub fn prove(
        &self,
        policy: &CompiledPolicy,
        schema: &Digest,
        public: &PublicInputs,
        witness: &Witness,
    ) -> Result<[u8; PROOF_BYTES], CannotProve> {
        if policy.circuit != self.circuit {
            return Err(CannotProve::OtherCircuit { policy: policy.circuit, loaded: self.circuit });
        }
        check(policy, schema, public, witness)?;
        let circuit = self.circuit;
        let assignment = eligibility::assignment(Statement { policy, public, witness })
            .map_err(|e: BuildError| CannotProve::Constraints { circuit, detail: e.to_string() })?;
        Ok(groth16::prove(&self.key.key, &self.rows.matrices, &assignment.instance, &assignment.witness)?)
    }
}
