//! Proving keys on the user's disk, made on first use.
//!
//! # Why reading the file back without validating all of its points is sound
//!
//! Whoever can write the cache folder can write anything, checksum included. Three things stay true whatever the file says:
//!
//! 1. The verifying key in the header is decoded strictly, passes the gate, and its digest must be the one the caller expects (a genesis
//!    pins it). So delta in G2 is genuine, and a proof that this verifying key accepts is one that the chain accepts.
//! 2. All points are checked to be on their curves, and delta in G1 not to be the identity. So A = ... + r delta is uniform in G1, and
//!    B = ... + s delta, if it is in the subgroup at all, is uniform in G2, for r and s fresh from the operating system, whatever the
//!    other points add to them; and given A and B there is only one C that the equation accepts.
//! 3. The prover verifies its own proof, decoded strictly from the bytes that would be sent, before it lets them go.
//!
//! Hence a proof that leaves the machine has exactly the distribution of an honest one and tells nothing about the witness. A forged
//! cache can only make proving fail. The digest over header and body catches what is not malice: half-written files and failing disks.

mod file;

use ark_bn254::{Bn254, G1Affine};
use ark_ec::AffineRepr;
use ark_groth16::ProvingKey;
use probity_credit::digest::Digest;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::gate::{KeyError, gate};
use crate::key_id::{KeyId, Kind, Manifest, is_circuit_id};
use crate::setup::{Circuit, Progress, SetupError, development};
use file::FileError;

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
    #[error("no {kind} proving key of {circuit} in the cache: fetch it or, for a development key, make it")]
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
    #[error("{path} holds the key {found}, but the chain's genesis names {expected}: delete the file, or take the program of that chain")]
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

impl CacheError {
    /// Whether making the key anew may help: the file is absent or not what was written.
    fn is_curable(&self) -> bool {
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

/// A proving key from the cache.
pub struct CachedKey {
    /// The key.
    pub key: ProvingKey<Bn254>,
    /// What it is.
    pub manifest: Manifest,
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

    /// Where the key lies. The constraints' digest is part of the name: programs of two versions don't fight over a file.
    pub fn path(&self, circuit: &str, kind: Kind, constraints: &Digest) -> PathBuf {
        let digest = constraints.to_string();
        self.folder.join(format!("{circuit}.{kind}.{}.v{}.key", &digest[..16], file::VERSION))
    }

    /// Reads a key.
    ///
    /// # Errors
    /// [`CacheError`]; [`CacheError::Missing`] if it was never made.
    pub fn load(&self, wanted: &Wanted<'_>) -> Result<CachedKey, CacheError> {
        let path = self.path(wanted.circuit, wanted.kind, wanted.constraints);
        if !is_circuit_id(wanted.circuit) {
            return Err(CacheError::Key { path, reason: KeyError::CircuitId });
        }
        let bytes = match file::read(&path) {
            Ok(bytes) => bytes,
            Err(source) if source.kind() == io::ErrorKind::NotFound => {
                return Err(CacheError::Missing { circuit: wanted.circuit.to_owned(), kind: wanted.kind });
            }
            Err(source) => return Err(CacheError::Io { action: "reading", path, source }),
        };
        let damaged = |reason| CacheError::Damaged { path: path.clone(), reason };
        let parts = file::Parts::split(&bytes, wanted).map_err(damaged)?;
        let found = parts.verifying_key.id();
        if let Some(expected) = wanted.verifying_key.filter(|expected| *expected != found) {
            return Err(CacheError::OtherKey { path, expected, found });
        }
        let vk = parts.verifying_key.verifying_key(wanted.inputs).map_err(|reason| CacheError::Key { path: path.clone(), reason })?;
        let (key, body_digest) = parts.proving_key(vk).map_err(damaged)?;
        check_delta(&key).map_err(damaged)?;
        Ok(CachedKey { key, manifest: manifest(wanted, found, body_digest) })
    }

    /// Writes a key: to a temporary file, synced, then renamed, so that nobody ever sees half of it and two writers do no harm.
    ///
    /// # Errors
    /// [`CacheError::Setup`] if the gate refuses the key, [`CacheError::Io`].
    pub fn store(&self, circuit: &str, kind: Kind, constraints: &Digest, key: &ProvingKey<Bn254>) -> Result<Manifest, CacheError> {
        let inputs = key.vk.gamma_abc_g1.len().saturating_sub(1);
        gate(&key.vk, inputs).map_err(SetupError::Key)?;
        let path = self.path(circuit, kind, constraints);
        let io_error = |action, source| CacheError::Io { action, path: path.clone(), source };
        let (header, body) = file::encode(circuit, kind, constraints, key).map_err(SetupError::Key)?;
        private_folder(&self.folder).map_err(|source| io_error("making the folder of", source))?;
        let write = || -> io::Result<()> {
            let mut temporary = tempfile::NamedTempFile::new_in(&self.folder)?;
            temporary.write_all(&header.bytes)?;
            temporary.write_all(&body)?;
            temporary.as_file().sync_all()?;
            temporary.persist(&path).map_err(|e| e.error)?;
            // the rename itself is in the folder
            std::fs::File::open(&self.folder)?.sync_all()
        };
        write().map_err(|source| io_error("writing", source))?;
        let wanted = Wanted { circuit, kind, constraints, inputs, verifying_key: None };
        Ok(manifest(&wanted, header.verifying_key, header.body_digest))
    }

    /// The development key of a circuit: from the cache, or else made, stored and returned.
    ///
    /// A damaged file is replaced. A file with another key than `expected` is an error: a set-up would yield the same again.
    ///
    /// # Errors
    /// [`CacheError`].
    pub fn development_key(&self, circuit: &Circuit<'_>, expected: Option<KeyId>, progress: Progress<'_>) -> Result<CachedKey, CacheError> {
        let kind = Kind::Development;
        let (inputs, constraints) = (circuit.inputs(), circuit.constraints);
        let wanted = Wanted { circuit: circuit.id, kind, constraints, inputs, verifying_key: expected };
        match self.load(&wanted) {
            Err(e) if e.is_curable() => {}
            loaded => return loaded,
        }
        let key = development(circuit, progress)?;
        let manifest = self.store(circuit.id, kind, constraints, &key)?;
        match expected {
            Some(expected) if expected != manifest.verifying_key => {
                let path = self.path(circuit.id, kind, constraints);
                Err(CacheError::OtherKey { path, expected, found: manifest.verifying_key })
            }
            _ => Ok(CachedKey { key, manifest }),
        }
    }
}

fn manifest(wanted: &Wanted<'_>, verifying_key: KeyId, proving_key: Digest) -> Manifest {
    Manifest {
        circuit: wanted.circuit.to_owned(),
        kind: wanted.kind,
        constraints: *wanted.constraints,
        inputs: u32::try_from(wanted.inputs).expect("a verifying key file has at most 4,096 inputs"),
        verifying_key,
        proving_key,
    }
}

/// The second point of the argument above: without it, a forged file could take the blinding out of A.
fn check_delta(key: &ProvingKey<Bn254>) -> Result<(), FileError> {
    let delta: &G1Affine = &key.delta_g1;
    if delta.is_zero() { Err(FileError::Delta) } else { Ok(()) }
}

/// Makes the folder, for nobody but its owner where the system knows such a thing.
fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Toy;
    use std::cell::Cell;

    fn wanted<'a>(circuit: &Circuit<'a>, verifying_key: Option<KeyId>) -> Wanted<'a> {
        let kind = Kind::Development;
        Wanted { circuit: circuit.id, kind, constraints: circuit.constraints, inputs: circuit.inputs(), verifying_key }
    }

    #[test]
    fn made_once_then_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let cache = KeyCache::at(folder.path().join("a/b"));
        let toy = Toy::with_rows(2, 200);
        let circuit = toy.circuit();
        assert!(matches!(cache.load(&wanted(&circuit, None)), Err(CacheError::Missing { .. })));
        let calls = Cell::new(0);
        let count = |_: crate::setup::Stage, _: usize, _: usize| calls.set(calls.get() + 1);
        let made = cache.development_key(&circuit, None, &count).unwrap();
        assert!(calls.take() > 0);
        let loaded = cache.development_key(&circuit, Some(made.manifest.verifying_key), &count).unwrap();
        assert_eq!(calls.get(), 0, "the second time nothing is computed");
        assert!(loaded.key == made.key);
        assert_eq!(loaded.manifest, made.manifest);
        assert_eq!(made.manifest.verifying_key, toy.verifying_key_file().id());
        let path = cache.path(circuit.id, Kind::Development, circuit.constraints);
        assert!(std::fs::read(&path).unwrap().starts_with(b"probity proving key, development\n"));
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn every_damaged_byte_is_seen_and_cured() {
        let folder = tempfile::tempdir().unwrap();
        let cache = KeyCache::at(folder.path());
        let toy = Toy::new(1);
        let circuit = toy.circuit();
        let quiet = |_: crate::setup::Stage, _: usize, _: usize| ();
        let made = cache.development_key(&circuit, None, &quiet).unwrap();
        let path = cache.path(circuit.id, Kind::Development, circuit.constraints);
        let good = std::fs::read(&path).unwrap();
        let id = Some(made.manifest.verifying_key);
        for at in (0..good.len()).step_by(7) {
            let mut bad = good.clone();
            bad[at] ^= 1;
            std::fs::write(&path, &bad).unwrap();
            assert!(cache.load(&wanted(&circuit, id)).is_err(), "byte {at}");
        }
        for len in [0, 10, good.len() - 1] {
            std::fs::write(&path, &good[..len]).unwrap();
            assert!(matches!(cache.load(&wanted(&circuit, id)), Err(CacheError::Damaged { .. })), "{len} bytes");
        }
        let mut longer = good.clone();
        longer.push(0);
        std::fs::write(&path, &longer).unwrap();
        assert!(matches!(cache.load(&wanted(&circuit, id)), Err(CacheError::Damaged { .. })));
        assert!(cache.development_key(&circuit, id, &quiet).unwrap().key == made.key);
        assert_eq!(std::fs::read(&path).unwrap(), good);
    }

    #[test]
    fn another_key_than_the_genesis_names_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let cache = KeyCache::at(folder.path());
        let toy = Toy::new(1);
        let circuit = toy.circuit();
        let other = Some(Toy::new(2).verifying_key_file().id());
        let quiet = |_: crate::setup::Stage, _: usize, _: usize| ();
        for _ in 0..2 {
            assert!(matches!(cache.development_key(&circuit, other, &quiet), Err(CacheError::OtherKey { .. })));
        }
        // a development key under the name of a ceremony's
        let development = cache.path(circuit.id, Kind::Development, circuit.constraints);
        let ceremony = cache.path(circuit.id, Kind::Ceremony, circuit.constraints);
        std::fs::copy(development, ceremony).unwrap();
        let wanted = Wanted { kind: Kind::Ceremony, ..wanted(&circuit, None) };
        assert!(matches!(cache.load(&wanted), Err(CacheError::Damaged { reason: FileError::Magic, .. })));
    }

    #[test]
    fn a_file_that_takes_out_the_blinding_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let cache = KeyCache::at(folder.path());
        let toy = Toy::new(1);
        let circuit = toy.circuit();
        let mut key = toy.development_key();
        key.delta_g1 = G1Affine::identity();
        let manifest = cache.store(circuit.id, Kind::Development, circuit.constraints, &key).unwrap();
        let refused = cache.load(&wanted(&circuit, Some(manifest.verifying_key))).err();
        assert!(matches!(refused, Some(CacheError::Damaged { reason: FileError::Delta, .. })));
    }

    #[test]
    fn two_makers_at_once_do_not_break_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let cache = KeyCache::at(folder.path());
        let toy = Toy::with_rows(1, 100);
        std::thread::scope(|scope| {
            let makers: Vec<_> =
                (0..4).map(|_| scope.spawn(|| cache.development_key(&toy.circuit(), None, &|_, _, _| ()).unwrap().manifest)).collect();
            let manifests: Vec<_> = makers.into_iter().map(|maker| maker.join().unwrap()).collect();
            assert!(manifests.iter().all(|m| *m == manifests[0]));
        });
        cache.load(&wanted(&toy.circuit(), None)).unwrap();
    }
}
