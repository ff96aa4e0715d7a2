//! A compiled circuit, loaded once, and proofs made with it.

use crate::control::{Control, Stage};
use crate::explain::CannotProve;
use crate::groth16::{Groth16Prover, PROOF_BYTES};
use crate::rows::Rows;
use probity_circuits::eligibility::{self, Statement};
use probity_circuits::gadgets::BuildError;
use probity_circuits::registry::Entry;
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::policy::CompiledPolicy;
use probity_credit::statement::{PublicInputs, Witness, check, position};
use probity_params::cache::{CacheError, KeyCache, Wanted};
use probity_params::compiled::CompiledCircuit;
use probity_params::setup::Progress;
use probity_params::{KeyId, Kind, Manifest, VerifyingKeyFile};

/// Why a prover cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No proving key could be had.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The chain accepts proofs of other rows.
    #[error("the chain's {circuit} has the constraints {found}, this program's has {pinned}: take the program of that chain")]
    OtherConstraints {
        /// The circuit.
        circuit: CircuitId,
        /// The digest that the registry pins.
        pinned: Digest,
        /// The chain's.
        found: Digest,
    },
    /// The program's rows are not the pinned ones.
    #[error("the constraints of {circuit} in this program are not the pinned ones ({pinned}): it was built from altered sources")]
    Constraints {
        /// The circuit.
        circuit: CircuitId,
        /// The digest that the registry pins.
        pinned: Digest,
    },
}

/// A key as a chain names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChainKey {
    /// How it was made.
    pub kind: Kind,
    /// The digest of the circuit's constraints.
    pub constraints: Digest,
    /// The verifying key's digest.
    pub id: KeyId,
}

/// Proves statements of one circuit. Any number of threads may use one at once; [`crate::groth16`] says what memory each proof takes.
///
/// Loading does not build the circuit: the file in the cache names its constraints by their digest, which is compared with the one that the
/// registry pins. That the program's rows have that digest is checked when a file is made, and by a test of the registry.
pub struct Prover {
    circuit: CircuitId,
    groth16: Groth16Prover,
}

impl Prover {
    /// Loads the key that a chain names for a circuit. A development key that the cache lacks is made, telling `progress`; one of a ceremony
    /// must be there. Whether the chain may have a development key at all is for the caller to know.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn of_chain(circuit: CircuitId, key: &ChainKey, cache: &KeyCache, progress: Progress<'_>) -> Result<Self, LoadError> {
        let (pinned, found) = (Entry::of(circuit).digest(), key.constraints);
        if pinned != found {
            return Err(LoadError::OtherConstraints { circuit, pinned, found });
        }
        match key.kind {
            Kind::Development => Self::development(circuit, cache, Some(key.id), progress),
            Kind::Ceremony => Self::ceremony(circuit, cache, key.id),
        }
    }

    /// Loads the development key of a circuit, or makes and stores it, telling `progress`. `expected` is the key that the chain
    /// names; none only where a genesis is about to be made. Cost: milliseconds; making takes seconds.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn development(circuit: CircuitId, cache: &KeyCache, expected: Option<KeyId>, progress: Progress<'_>) -> Result<Self, LoadError> {
        let constraints = Entry::of(circuit).digest();
        let loaded = cache.load(&wanted(circuit, &constraints, Kind::Development, expected));
        Self::or_made(loaded, circuit, cache, expected, progress)
    }

    /// The same, but everything in a file that is there is checked, so that a damaged one is made anew now and not after the first proof
    /// that fails. Cost: tens of milliseconds.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn install(circuit: CircuitId, cache: &KeyCache, expected: Option<KeyId>, progress: Progress<'_>) -> Result<Self, LoadError> {
        let constraints = Entry::of(circuit).digest();
        let loaded = cache.load_verified(&wanted(circuit, &constraints, Kind::Development, expected));
        Self::or_made(loaded, circuit, cache, expected, progress)
    }

    fn or_made(
        loaded: Result<CompiledCircuit, CacheError>,
        circuit: CircuitId,
        cache: &KeyCache,
        expected: Option<KeyId>,
        progress: Progress<'_>,
    ) -> Result<Self, LoadError> {
        let compiled = match loaded {
            Err(e) if e.is_curable() => make(circuit, cache, expected, progress)?,
            loaded => loaded?,
        };
        Ok(Self { circuit, groth16: Groth16Prover::new(compiled) })
    }

    /// Loads the key of a circuit that came out of a ceremony.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn ceremony(circuit: CircuitId, cache: &KeyCache, expected: KeyId) -> Result<Self, LoadError> {
        let constraints = Entry::of(circuit).digest();
        let compiled = cache.load(&wanted(circuit, &constraints, Kind::Ceremony, Some(expected)))?;
        Ok(Self { circuit, groth16: Groth16Prover::new(compiled) })
    }

    /// The circuit.
    pub fn circuit(&self) -> CircuitId {
        self.circuit
    }

    /// What names the key.
    pub fn manifest(&self) -> &Manifest {
        self.groth16.circuit().manifest()
    }

    /// The verifying key that belongs to it, as nodes and genesis take it.
    pub fn verifying_key_file(&self) -> VerifyingKeyFile {
        self.groth16.circuit().verifying_key_file().clone()
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
        self.prove_with(policy, schema, public, witness, &Control::default())
    }

    /// The same, for whoever wants to know how far it is or may give it up.
    ///
    /// # Errors
    /// [`CannotProve`].
    pub fn prove_with(
        &self,
        policy: &CompiledPolicy,
        schema: &Digest,
        public: &PublicInputs,
        witness: &Witness,
        control: &Control<'_>,
    ) -> Result<[u8; PROOF_BYTES], CannotProve> {
        if policy.circuit != self.circuit {
            return Err(CannotProve::OtherCircuit { policy: policy.circuit, loaded: self.circuit });
        }
        control.enter(Stage::Statement)?;
        check(policy, schema, public, witness)?;
        control.enter(Stage::Assignment)?;
        let circuit = self.circuit;
        let assignment = eligibility::assignment(Statement { policy, public, witness })
            .map_err(|e: BuildError| CannotProve::Constraints { circuit, detail: e.to_string() })?;
        Ok(self.groth16.prove(&assignment.instance, &assignment.witness, control)?)
    }
}

fn wanted(circuit: CircuitId, constraints: &Digest, kind: Kind, verifying_key: Option<KeyId>) -> Wanted<'_> {
    Wanted { circuit: circuit.name(), kind, constraints, inputs: position::COUNT, verifying_key }
}

/// Builds the circuit, checks that it is the pinned one, and makes its development key.
fn make(circuit: CircuitId, cache: &KeyCache, expected: Option<KeyId>, progress: Progress<'_>) -> Result<CompiledCircuit, LoadError> {
    Ok(cache.make(&Rows::of(circuit)?.circuit(), expected, progress)?)
}
