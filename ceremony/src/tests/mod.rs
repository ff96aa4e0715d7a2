//! Whole ceremonies of a small circuit.

mod powers;
mod steps;
mod tampering;

use crate::accumulator::write_rehearsal;
use crate::contribution::Beacon;
use crate::folder::Folder;
use crate::{Progress, Stage};
use probity_ledger::keys::SecretKey;
use probity_params::testing::Toy;
use rand::{SeedableRng, rngs::StdRng};
use std::path::PathBuf;
use tempfile::TempDir;

/// Power of the rehearsal's powers of tau: one more than the toy's domain has, which is needed.
const POWER: u32 = 7;

fn quiet(_: Stage, _: usize, _: usize) {}
const QUIET: Progress<'static> = &quiet;

/// A circuit, powers of tau for it, and a folder for a ceremony.
struct World {
    toy: Toy,
    temporary: TempDir,
}

impl World {
    fn new() -> Self {
        let world = Self { toy: Toy::with_rows(2, 40), temporary: tempfile::tempdir().unwrap() };
        world.write_powers("powers.ptau", 1);
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.temporary.path().join(name)
    }

    fn write_powers(&self, name: &str, seed: u64) -> PathBuf {
        let mut bytes = vec![];
        write_rehearsal(&mut bytes, POWER, &mut StdRng::seed_from_u64(seed), QUIET).unwrap();
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    fn begin(&self) -> Folder {
        Folder::init(&self.path("ceremony"), &self.toy.circuit(), &self.path("powers.ptau"), QUIET).unwrap()
    }

    /// Ann, Ben, and a beacon that Ann looks up.
    fn whole(&self) -> (Folder, [SecretKey; 2]) {
        let (circuit, keys) = (self.toy.circuit(), [(); 2].map(|()| SecretKey::generate()));
        let mut folder = self.begin();
        for (name, key) in ["Ann", "Ben"].into_iter().zip(&keys) {
            folder.contribute(&circuit, name.parse().unwrap(), key, b"dice", QUIET).unwrap();
        }
        folder.beacon(&circuit, beacon(), "the public lottery".parse().unwrap(), &keys[0], QUIET).unwrap();
        (folder, keys)
    }
}

fn beacon() -> Beacon {
    Beacon { value: b"numbers drawn after the last contribution".to_vec(), exponent: 10 }
}
