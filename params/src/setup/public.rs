//! The randomness of the development set-up, which is none.

use ark_std::rand::{CryptoRng, Error as RandError, RngCore};
use probity_credit::digest::Digest;
use probity_credit::hash::label::sha256;

use crate::key_id::Kind;

/// SHA-256 in counter mode over a seed that anybody can compute.
pub(super) struct PublicRandomness {
    seed: Digest,
    counter: u64,
    block: [u8; 32],
    used: usize,
}

impl PublicRandomness {
    pub(super) fn new(circuit: &str, constraints: &Digest) -> Self {
        let parts = [Kind::Development.word().as_bytes(), circuit.as_bytes(), &constraints.0];
        Self { seed: Digest::of(sha256::PROVING_KEY, &parts), counter: 0, block: [0; 32], used: 32 }
    }
}

impl RngCore for PublicRandomness {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        for byte in dest {
            if self.used == self.block.len() {
                self.block = Digest::of(sha256::PROVING_KEY, &[&self.seed.0, &self.counter.to_le_bytes()]).0;
                self.counter += 1;
                self.used = 0;
            }
            *byte = self.block[self.used];
            self.used += 1;
        }
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), RandError> {
        self.fill_bytes(dest);
        Ok(())
    }
}

// a statement about the expansion's quality; that the seed is public is what Kind::Development says
impl CryptoRng for PublicRandomness {}
