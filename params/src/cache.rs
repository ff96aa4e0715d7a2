//! Proving keys on the user's disk, made on first use.
//!
//! A file holds a circuit's rows and its proving key ([`crate::compiled`] says what is in it, and which checks are made when).
//!
//! # Why proving from a file that is not checked point by point is sound
//!
//! Whoever can write the cache folder can write anything, digests included: other points, on their curves or not, other rows, other lists
//! of variables. What follows holds for every such file that [`KeyCache::load`] accepts.
//!
//! 1. *The equation is genuine.* The verifying key is decoded strictly, passes the gate, and its digest is the one that the caller expects
//!    (a genesis pins it). So alpha, beta, gamma, delta in G2 and the input points are those of the chain. They are used from memory of the
//!    process, not from the file.
//! 2. *What the file can choose.* The prover computes five sums from the file and the assignment: Sa, Sb, Sh and Sl in G1 and Tb in G2. By
//!    altering rows, lists and points, a forger can make each of them any function of the assignment it likes. None depends on the blinding,
//!    r and s, which is drawn from the operating system afterwards. Each sum is checked to be in its group before it is used: on the curve,
//!    and Tb of prime order as well. Numbers are below their modulus and indices in range when the file is opened, so the sums end.
//! 3. *A and B are uniform.* delta' in G1, from the file, is decoded strictly and not the identity, which the decoder refuses, so it
//!    generates G1, a group of prime order; delta in G2 is genuine and no identity either. A = alpha + Sa + r delta' and
//!    B = beta + Tb + s delta are uniform in G1 and in G2 and independent of each other and of the assignment, whatever Sa and Tb are.
//! 4. *C follows.* Given A, B and the public inputs, only one C satisfies the equation, delta not being the identity.
//! 5. *Whether a proof leaves does not depend on the blinding.* The prover decodes its proof strictly from the bytes that would be sent and
//!    verifies it with the genuine key. Write small letters for logarithms, d for that of delta, d' for that of delta', a and b for those of
//!    alpha + Sa and beta + Tb, b' for that of beta' + Sb. The C that is computed has the logarithm sh + sl + s a + r b' + r s d', the one
//!    that the equation asks for (a b - k)/d + s a + r d' b/d + r s d', k being a constant of the key and the public inputs. Their difference
//!    is linear in r and free of s: either it is zero always, or for one r at most.
//!
//! Hence a proof that leaves the machine is distributed like an honest one, up to 2^-253: it tells nothing about the assignment. What a
//! forger learns is one bit at a time, whether a proof came out, which for suitable alterations says whether the assignment has a property
//! of the forger's choice. Who can write another user's private folder has better ways to learn it. The digests catch what is not malice:
//! half-written files and failing disks.

use ark_bn254::Bn254;
use ark_groth16::ProvingKey;
use probity_credit::digest::Digest;
use std::io;
use std::path::{Path, PathBuf};

use crate::compiled::{self, CompiledCircuit, FileError, OpenError};
use crate::gate::KeyError;
use crate::key_id::{KeyId, Kind, is_circuit_id};
use crate::setup::{Circuit, Progress, SetupError, development};

/// Names a cache folder directly.
pub const FOLDER_VARIABLE: &str = "PROBITY_CACHE_DIR";

/// Why no proving key could be had.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// No variable says where the cache is.
    #[error("no cache folder: set {FOLDER_VARIABLE}, XDG_CACHE_HOME or HOME")]
    NoFolder,
    /// The operating system refused.
    #[error("{} {path}: {source}: check that the folder exists, is yours and has room, or set {FOLDER_VARIABLE} to another", .action)]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// There is no such file yet.
    #[error("no {kind} proving key of {circuit} in the cache: {}", where_from(*.kind))]
    Missing {
        /// The circuit.
        circuit: String,
        /// The kind of key.
        kind: Kind,
    },
    /// The file is not what was written.
    #[error("{path} is damaged: {reason}: delete it, it is made anew on the next use")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: FileError,
    },
    /// The file's verifying key is not the one that is expected.
    #[error("{path} holds the key {found}, but the chain names {expected}: delete the file, or take the program of that chain")]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// The expected key.
        expected: KeyId,
        /// The key in the file.
        found: KeyId,
    },
    /// The verifying key in the file does not pass the gate.
    #[error("{path} is refused: {reason}: delete it, it is made anew on the next use")]
    Key {
        /// The file.
        path: PathBuf,
        /// Which rule.
        reason: KeyError,
    },
    /// The key could not be made.
    #[error(transparent)]
    Setup(#[from] SetupError),
}

fn where_from(kind: Kind) -> &'static str {
    match kind {
        Kind::Development => "make it with `probity params setup`",
        Kind::Ceremony => "download it with `probity params fetch`, or take it from a file with `probity params install`",
    }
}

impl CacheError {
    /// Whether making the key anew may help: the file is absent or not what was written.
    pub fn is_curable(&self) -> bool {
        matches!(self, Self::Missing { .. } | Self::Damaged { .. } | Self::Key { .. })
    }
}

/// What names one proving key.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The circuit's id.
    pub circuit: &'a str,
    /// How the key was made.
    pub kind: Kind,
    /// The digest of the circuit's constraints.
    pub constraints: &'a Digest,
    /// Public inputs of the circuit.
    pub inputs: usize,
    /// The verifying key's digest in the genesis. `None` only where a genesis is about to be made: then the file is believed.
    pub verifying_key: Option<KeyId>,
}

/// A folder of proving keys.
#[derive(Clone, Debug)]
pub struct KeyCache {
    folder: PathBuf,
}

impl KeyCache {
    /// The folder that `PROBITY_CACHE_DIR` names, else `probity/keys` below `XDG_CACHE_HOME`, else below `~/.cache`.
    ///
    /// # Errors
    /// [`CacheError::NoFolder`].
    pub fn from_environment() -> Result<Self, CacheError> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        variable(FOLDER_VARIABLE)
            .or_else(|| variable("XDG_CACHE_HOME").map(|cache| cache.join("probity/keys")))
            .or_else(|| variable("HOME").map(|home| home.join(".cache/probity/keys")))
            .map(Self::at)
            .ok_or(CacheError::NoFolder)
    }

    /// A cache in this folder, which is made when the first key is stored.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the folder, for its owner alone.
    ///
    /// # Errors
    /// [`CacheError::Io`].
    pub fn make_folder(&self) -> Result<(), CacheError> {
        let path = || self.folder.clone();
        probity_files::private_folder(&self.folder).map_err(|source| CacheError::Io { action: "making", path: path(), source })
    }

    /// Where the key lies. The constraints' digest is part of the name: programs of two versions don't fight over a file.
    pub fn path(&self, circuit: &str, kind: Kind, constraints: &Digest) -> PathBuf {
        let digest = constraints.to_string();
        self.folder.join(format!("{circuit}.{kind}.{}.v{}.key", &digest[..16], compiled::VERSION))
    }

    /// Maps a compiled circuit into memory, with the checks of each start ([`crate::compiled`]). Cost: milliseconds.
    ///
    /// # Errors
    /// [`CacheError`]; [`CacheError::Missing`] if it was never made.
    pub fn load(&self, wanted: &Wanted<'_>) -> Result<CompiledCircuit, CacheError> {
        let path = self.path(wanted.circuit, wanted.kind, wanted.constraints);
        if !is_circuit_id(wanted.circuit) {
            return Err(CacheError::Key { path, reason: KeyError::CircuitId });
        }
        CompiledCircuit::open(&path, wanted).map_err(|e| match e {
            OpenError::Io(source) if source.kind() == io::ErrorKind::NotFound => {
                CacheError::Missing { circuit: wanted.circuit.to_owned(), kind: wanted.kind }
            }
            OpenError::Io(source) => CacheError::Io { action: "reading", path, source },
            OpenError::File(reason) => CacheError::Damaged { path, reason },
            OpenError::Key(reason) => CacheError::Key { path, reason },
            OpenError::OtherKey { expected, found } => CacheError::OtherKey { path, expected, found },
        })
    }

    /// The same, and checks everything in the file. Cost: tens of milliseconds.
    ///
    /// # Errors
    /// [`CacheError`].
    pub fn load_verified(&self, wanted: &Wanted<'_>) -> Result<CompiledCircuit, CacheError> {
        let circuit = self.load(wanted)?;
        let path = || self.path(wanted.circuit, wanted.kind, wanted.constraints);
        circuit.verify().map_err(|reason| CacheError::Damaged { path: path(), reason })?;
        Ok(circuit)
    }

    /// Writes a circuit with a key for it whose quotient is given by values: to a temporary file, synced, then renamed, so that nobody ever
    /// sees half of it and two writers do no harm. Then reads it back and checks all of it.
    ///
    /// That the matrices are those that `circuit.constraints` names is for the caller to see to.
    ///
    /// # Errors
    /// [`CacheError::Setup`] if the key is of another circuit or the gate refuses it, [`CacheError::Io`], [`CacheError::Damaged`].
    pub fn store(&self, circuit: &Circuit<'_>, kind: Kind, key: &ProvingKey<Bn254>) -> Result<CompiledCircuit, CacheError> {
        let path = self.path(circuit.id, kind, circuit.constraints);
        let io_error = |action, source| CacheError::Io { action, path: path.clone(), source };
        let encoded = compiled::encode(circuit, kind, key)?;
        probity_files::private_folder(&self.folder).map_err(|source| io_error("making the folder of", source))?;
        probity_files::replace(&path, |file| encoded.write(file)).map_err(|source| io_error("writing", source))?;
        let (inputs, constraints) = (circuit.inputs(), circuit.constraints);
        self.load_verified(&Wanted { circuit: circuit.id, kind, constraints, inputs, verifying_key: None })
    }

    /// Makes the development key of a circuit and stores both. A file that is there, damaged or not, is replaced.
    ///
    /// # Errors
    /// [`CacheError`]; [`CacheError::OtherKey`] if it is not the key that is expected: making it again would yield the same.
    pub fn make(&self, circuit: &Circuit<'_>, expected: Option<KeyId>, progress: Progress<'_>) -> Result<CompiledCircuit, CacheError> {
        let key = development(circuit, progress)?;
        let compiled = self.store(circuit, Kind::Development, &key)?;
        let found = compiled.manifest().verifying_key;
        match expected {
            Some(expected) if expected != found => {
                let path = self.path(circuit.id, Kind::Development, circuit.constraints);
                Err(CacheError::OtherKey { path, expected, found })
            }
            _ => Ok(compiled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Toy;
    use ark_bn254::G1Affine;
    use std::cell::Cell;

    fn wanted<'a>(circuit: &Circuit<'a>, verifying_key: Option<KeyId>) -> Wanted<'a> {
        let kind = Kind::Development;
        Wanted { circuit: circuit.id, kind, constraints: circuit.constraints, inputs: circuit.inputs(), verifying_key }
    }

    fn quiet(_: crate::setup::Stage, _: usize, _: usize) {}

    #[test]
    fn made_once_then_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let cache = KeyCache::at(folder.path().join("a/b"));
        let toy = Toy::with_rows(2, 200);
        let circuit = toy.circuit();
        assert!(matches!(cache.load(&wanted(&circuit, None)), Err(CacheError::Missing { .. })));
        let calls = Cell::new(0);
        let made = cache.make(&circuit, None, &|_, _, _| calls.set(calls.get() + 1)).unwrap();
        assert!(calls.get() > 0);
        let loaded = cache.load_verified(&wanted(&circuit, Some(made.manifest().verifying_key))).unwrap();
        assert_eq!(loaded.manifest(), made.manifest());
        assert_eq!(made.manifest().verifying_key, toy.verifying_key_file().id());
        let path = cache.path(circuit.id, Kind::Development, circuit.constraints);
        assert!(path.to_str().unwrap().ends_with(".v2.key"));
        assert!(std::fs::read(&path).unwrap().starts_with(b"probity proving key, development\n"));
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn a_damaged_file_can_be_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let cache = KeyCache::at(folder.path());
        let toy = Toy::new(1);
        let circuit = toy.circuit();
        let id = Some(cache.make(&circuit, None, &quiet).unwrap().manifest().verifying_key);
        let path = cache.path(circuit.id, Kind::Development, circuit.constraints);
        let good = std::fs::read(&path).unwrap();
        for len in [0, 10, good.len() - 1] {
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, &good[..len]).unwrap();
            let refused = cache.load(&wanted(&circuit, id)).err().unwrap();
            assert!(matches!(refused, CacheError::Damaged { .. }) && refused.is_curable(), "{len} bytes");
        }
        cache.make(&circuit, id, &quiet).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), good);
    }

    #[test]
    fn a_file_that_is_replaced_stays_for_whoever_has_it_open() {
        let folder = tempfile::tempdir().unwrap();
        let cache = KeyCache::at(folder.path());
        let toy = Toy::new(1);
        let first = cache.make(&toy.circuit(), None, &quiet).unwrap();
        cache.make(&toy.circuit(), None, &quiet).unwrap();
        std::fs::remove_dir_all(folder.path()).unwrap();
        first.verify().unwrap();
    }

    #[test]
    fn another_key_than_the_genesis_names_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let cache = KeyCache::at(folder.path());
        let toy = Toy::new(1);
        let circuit = toy.circuit();
        let other = Some(Toy::new(2).verifying_key_file().id());
        assert!(matches!(cache.make(&circuit, other, &quiet), Err(CacheError::OtherKey { .. })));
        let refused = cache.load(&wanted(&circuit, other)).err().unwrap();
        assert!(matches!(refused, CacheError::OtherKey { .. }) && !refused.is_curable());
        // a development key under the name of a ceremony's
        let development = cache.path(circuit.id, Kind::Development, circuit.constraints);
        let ceremony = cache.path(circuit.id, Kind::Ceremony, circuit.constraints);
        std::fs::copy(development, ceremony).unwrap();
        let wanted = Wanted { kind: Kind::Ceremony, ..wanted(&circuit, None) };
        assert!(matches!(cache.load(&wanted), Err(CacheError::Damaged { reason: FileError::Magic, .. })));
    }

    #[test]
    fn a_key_of_another_size_is_not_stored() {
        let folder = tempfile::tempdir().unwrap();
        let cache = KeyCache::at(folder.path());
        let toy = Toy::new(1);
        for key in [Toy::new(2).development_key(), Toy::with_rows(1, 9).development_key(), toy.stock_key()] {
            let refused = cache.store(&toy.circuit(), Kind::Development, &key);
            assert!(matches!(refused, Err(CacheError::Setup(SetupError::OtherSize { .. }))));
        }
    }

    #[test]
    fn a_file_that_takes_out_the_blinding_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let cache = KeyCache::at(folder.path());
        let toy = Toy::new(1);
        let circuit = toy.circuit();
        let mut key = toy.development_key();
        key.delta_g1 = G1Affine::identity();
        let stored = cache.store(&circuit, Kind::Development, &key).err();
        let loaded = cache.load(&wanted(&circuit, None)).err();
        for refused in [stored, loaded] {
            assert!(matches!(refused, Some(CacheError::Damaged { reason: FileError::Delta, .. })));
        }
    }

    #[test]
    fn two_makers_at_once_do_not_break_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let cache = KeyCache::at(folder.path());
        let toy = Toy::with_rows(1, 100);
        std::thread::scope(|scope| {
            let make = || cache.make(&toy.circuit(), None, &quiet).unwrap().manifest().clone();
            let makers: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
            let manifests: Vec<_> = makers.into_iter().map(|maker| maker.join().unwrap()).collect();
            assert!(manifests.iter().all(|m| *m == manifests[0]));
        });
        cache.load_verified(&wanted(&toy.circuit(), None)).unwrap();
    }
}
