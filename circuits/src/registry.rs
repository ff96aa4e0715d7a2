//! The one list of circuits: id, version and the pinned digest of its constraints.
//!
//! A digest that changes means other constraints: that needs a new id, new parameters and an entry here, never an edited digest.

use crate::eligibility;
use crate::gadgets::Shape;
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;

/// One circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Id, as policies name it.
    pub id: CircuitId,
    /// Version of the statement's document that it implements.
    pub version: u32,
    /// SHA-256 over counts and matrices, in hexadecimal ([`Shape::digest`]).
    digest: &'static str,
}

/// All circuits, smallest first.
pub const ENTRIES: [Entry; 3] = [
    Entry { id: CircuitId::Eligibility1, version: 1, digest: "004d8639c1f8e3d86944e6a3e37883df449c99f3415a0db9d0b247c7162e455e" },
    Entry { id: CircuitId::Eligibility3, version: 1, digest: "3192aaa408344b9ecbdb1ddad053d1a0098b2747b46b0274f59029e9877e3945" },
    Entry { id: CircuitId::Eligibility7, version: 1, digest: "a9102a15e194ced71b9735306728c5e311e01897ef7c296f28804b48d201c6e4" },
];

impl Entry {
    /// The entry of a circuit.
    pub fn of(id: CircuitId) -> &'static Self {
        ENTRIES.iter().find(|e| e.id == id).expect("every id has an entry: the test below counts them")
    }

    /// The pinned digest of its constraints.
    pub fn digest(&self) -> Digest {
        self.digest.parse().expect("the pinned digests are hexadecimal: the test below parses them")
    }

    /// The rows, synthesised anew. Cost: about a second.
    pub fn shape(&self) -> Shape {
        eligibility::shape(self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_the_pinned_ones() {
        let ids: Vec<CircuitId> = ENTRIES.iter().map(|e| e.id).collect();
        assert_eq!(ids, CircuitId::ALL);
        let found: Vec<String> = ENTRIES.iter().map(|e| e.shape().digest().to_string()).collect();
        let pinned: Vec<&str> = ENTRIES.iter().map(|e| e.digest).collect();
        assert_eq!(found, pinned, "the constraints changed: give the circuit a new id");
        assert!(ENTRIES.iter().all(|e| Entry::of(e.id).digest().to_string() == e.digest));
    }
}
