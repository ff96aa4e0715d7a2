//! A circuit's rows as set-ups take them, with the digest that pins them.

use probity_circuits::registry::Entry;
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_params::Matrix;
use probity_params::setup::Circuit;

use crate::prover::LoadError;

/// The pinned rows of a circuit.
pub struct Rows {
    id: CircuitId,
    digest: Digest,
    matrices: [Matrix; 3],
    num_instance: usize,
    num_witness: usize,
}

impl Rows {
    /// Builds them. Cost: about a second.
    ///
    /// # Errors
    /// [`LoadError::Constraints`] if this program's rows are not the pinned ones.
    pub fn of(id: CircuitId) -> Result<Self, LoadError> {
        let pinned = Entry::of(id).digest();
        let shape = Entry::of(id).shape();
        if shape.digest() != pinned {
            return Err(LoadError::Constraints { circuit: id, pinned });
        }
        let (num_instance, num_witness) = (shape.num_instance, shape.num_witness);
        Ok(Self { id, digest: pinned, matrices: [shape.a, shape.b, shape.c], num_instance, num_witness })
    }

    /// What a set-up needs to know.
    pub fn circuit(&self) -> Circuit<'_> {
        let Self { id, digest, matrices, num_instance, num_witness } = self;
        Circuit { id: id.name(), constraints: digest, matrices, num_instance: *num_instance, num_witness: *num_witness }
    }
}
