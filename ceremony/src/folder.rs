//! A ceremony on disk: its transcript and the file of each key, the last of which is the one to go on from.
//!
//! A step writes the new key first, then the transcript that names it, each to a temporary file that is synced and renamed. Whatever
//! breaks off in between leaves the ceremony where it was: a key that no transcript names is overwritten by the next step, and a factor
//! that was drawn is forgotten with the process, never written.

use probity_credit::digest::Digest;
use probity_ledger::keys::SecretKey;
use probity_ledger::name::Name;
use probity_params::setup::Circuit;
use rand::RngCore;
use rand::rngs::OsRng;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

use crate::Progress;
use crate::accumulator::{Accumulator, AccumulatorError, file_digest};
use crate::contribution::{BEACON_BYTES_MAX, BEACON_EXPONENTS, Beacon, Contribution, NAME_BYTES_MAX};
use crate::draw::{Draw, blake2b};
use crate::key::{CheckError, Key, KeyFileError, domain};
use crate::knowledge::Knowledge;
use crate::transcript::{Entry, Origin, PowersOfTau, TRANSCRIPT_BYTES_MAX, Transcript, TranscriptError};

/// Why a step of a ceremony is not done, or a ceremony not believed.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    /// The system refused.
    #[error("{action} {} failed: {source}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is a ceremony already.
    #[error("{} holds a ceremony already: take another folder", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// The transcript is refused.
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
    /// The powers of tau are refused.
    #[error(transparent)]
    Accumulator(#[from] AccumulatorError),
    /// A key's file is refused.
    #[error("{}: {reason}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: KeyFileError,
    },
    /// A key is not what it says.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The transcript is of another circuit.
    #[error("the ceremony is for the circuit {found} with other constraints than this program's {expected}")]
    OtherCircuit {
        /// The circuit asked for.
        expected: String,
        /// The transcript's.
        found: String,
    },
    /// The file of powers of tau is not the one that the transcript names.
    #[error("these powers of tau are not the file that the transcript names (Blake2b {}...)", hex::encode(&expected[..8]))]
    OtherPowers {
        /// The digest named.
        expected: [u8; 64],
    },
    /// The initial key is not the one that circuit and powers of tau give.
    #[error("the transcript's initial key is {found}, circuit and powers of tau give {expected}")]
    InitialKey {
        /// What they give.
        expected: Digest,
        /// What the transcript says.
        found: Digest,
    },
    /// The key's file has another digest than the transcript says.
    #[error("{} is {found}, the transcript names {expected}: take the file that belongs to the transcript", path.display())]
    KeyDigest {
        /// The file.
        path: PathBuf,
        /// The digest named.
        expected: Digest,
        /// The file's.
        found: Digest,
    },
    /// The key has another number of contributions than the transcript.
    #[error("the key has {key} contributions, the transcript {transcript}")]
    Count {
        /// Of the key.
        key: usize,
        /// Of the transcript.
        transcript: usize,
    },
    /// A contribution is not the one that the transcript names.
    #[error("contribution {number} of the key is not the one that the transcript names")]
    OtherContribution {
        /// Counted from 1.
        number: usize,
    },
    /// The signer did not prove to know the factor.
    #[error("contribution {number}: its signer does not prove to know the factor")]
    Knowledge {
        /// Counted from 1.
        number: usize,
    },
    /// The transcript says beacon where the key has none, or the other way round.
    #[error("contribution {number}: key and transcript disagree on whether it is a beacon's")]
    Kind {
        /// Counted from 1.
        number: usize,
    },
    /// The beacon was the last.
    #[error("the ceremony has ended with its beacon: nobody can contribute any more")]
    Ended,
    /// The beacon is missing.
    #[error("the ceremony has not ended: `probity ceremony beacon` is its last step")]
    NotEnded,
    /// Nobody contributed.
    #[error("nobody but the beacon contributed: a ceremony needs a contribution")]
    NoContribution,
    /// The name has too many bytes for the key's file.
    #[error("the name has {bytes} bytes, more than {NAME_BYTES_MAX}")]
    LongName {
        /// Bytes.
        bytes: usize,
    },
    /// The beacon can't be used.
    #[error(
        "a beacon is 1 to {BEACON_BYTES_MAX} bytes, hashed two to the power of {} to {} times",
        BEACON_EXPONENTS.start(),
        BEACON_EXPONENTS.end()
    )]
    Beacon,
    /// The file brought in has not exactly one contribution more.
    #[error("the key has {found} contributions; to be taken in it must have {expected}: the ceremony's and a new one")]
    NotOneMore {
        /// Contributions that it must have.
        expected: usize,
        /// Contributions it has.
        found: usize,
    },
}

/// An open ceremony.
pub struct Folder {
    path: PathBuf,
    transcript: Transcript,
}

pub(crate) fn io_error<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> CeremonyError + 'a {
    move |source| CeremonyError::Io { action, path: path.to_owned(), source }
}

fn open(path: &Path) -> Result<BufReader<File>, CeremonyError> {
    File::open(path).map(BufReader::new).map_err(io_error("opening", path))
}

/// Reads the powers of tau that a circuit needs; the file's digest as well.
pub(crate) fn powers(circuit: &Circuit<'_>, path: &Path, progress: Progress<'_>) -> Result<(Accumulator, PowersOfTau), CeremonyError> {
    let blake2b = file_digest(open(path)?).map_err(io_error("reading", path))?;
    let accumulator = Accumulator::read(open(path)?, domain(circuit).ilog2(), progress)?;
    let power = accumulator.power;
    Ok((accumulator, PowersOfTau { power, blake2b }))
}

impl Folder {
    /// Begins a ceremony for a circuit in a new folder. Cost: [`Accumulator::read`] and [`Key::initial`].
    ///
    /// # Errors
    /// [`CeremonyError`].
    pub fn init(path: &Path, circuit: &Circuit<'_>, powers_of_tau: &Path, progress: Progress<'_>) -> Result<Self, CeremonyError> {
        if path.join(TRANSCRIPT).exists() {
            return Err(CeremonyError::Exists { path: path.to_owned() });
        }
        std::fs::create_dir_all(path).map_err(io_error("making", path))?;
        let (accumulator, powers_of_tau) = powers(circuit, powers_of_tau, progress)?;
        let key = Key::initial(circuit, &accumulator, progress);
        let digest = write_key(&path.join(key_name(0)), &key, circuit)?;
        let transcript = Transcript::begin(circuit.id, *circuit.constraints, powers_of_tau, key.circuit_hash, digest);
        let folder = Self { path: path.to_owned(), transcript };
        folder.save()?;
        Ok(folder)
    }

    /// Opens a ceremony: the transcript is read and checked, no key yet.
    ///
    /// # Errors
    /// [`CeremonyError`].
    pub fn open(path: &Path) -> Result<Self, CeremonyError> {
        Ok(Self { path: path.to_owned(), transcript: Transcript::from_json(&read_transcript(&path.join(TRANSCRIPT))?)? })
    }

    /// Who did what.
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// The transcript's file.
    pub fn transcript_path(&self) -> PathBuf {
        self.path.join(TRANSCRIPT)
    }

    /// The file of the key as it is now.
    pub fn key_path(&self) -> PathBuf {
        self.path.join(key_name(self.transcript.entries.len()))
    }

    /// The key as it is now: the file that the transcript names, with the contributions that it names.
    ///
    /// # Errors
    /// [`CeremonyError`].
    pub fn key(&self, circuit: &Circuit<'_>) -> Result<Key, CeremonyError> {
        self.transcript.check_circuit(circuit)?;
        let key = read_key(&self.key_path(), circuit, self.transcript.key())?;
        self.transcript.check_key(&key)?;
        Ok(key)
    }

    /// Contributes: a factor from the operating system's randomness and whatever else the contributor gives, forgotten afterwards.
    ///
    /// # Errors
    /// [`CeremonyError`].
    pub fn contribute(
        &mut self,
        circuit: &Circuit<'_>,
        name: Name,
        secret: &SecretKey,
        entropy: &[u8],
        progress: Progress<'_>,
    ) -> Result<(), CeremonyError> {
        let mut random = Zeroizing::new([0; 64]);
        OsRng.fill_bytes(random.as_mut_slice());
        // as good as the better of the two
        let seed = Zeroizing::new(blake2b(&[&random[..], entropy]));
        let (mut key, text) = self.begin_step(circuit, &name)?;
        let history = key.history();
        let (contribution, factor) = Contribution::draw(&mut Draw::from_hash(&seed[..]), &history, text, None);
        let statement = Entry::statement(&self.transcript.last(), &name, &secret.public());
        let knowledge = Knowledge::prove(&statement, &history.delta, &contribution.delta_after, &factor.0);
        key.contribute(contribution, &factor, progress);
        self.end_step(circuit, &key, name, Origin::Probity { knowledge }, secret)
    }

    /// Takes in a contribution that another program made to the key as it is now.
    ///
    /// # Errors
    /// [`CeremonyError`].
    pub fn take_in(
        &mut self,
        circuit: &Circuit<'_>,
        file: &Path,
        name: Name,
        secret: &SecretKey,
        progress: Progress<'_>,
    ) -> Result<(), CeremonyError> {
        let (current, _) = self.begin_step(circuit, &name)?;
        let next = Key::read(open(file)?, circuit).map_err(|reason| CeremonyError::KeyFile { path: file.to_owned(), reason })?;
        let (expected, found) = (current.contributions.len() + 1, next.contributions.len());
        if expected != found {
            return Err(CeremonyError::NotOneMore { expected, found });
        }
        if next.contributions[expected - 1].beacon.is_some() {
            return Err(CeremonyError::Kind { number: expected });
        }
        next.check_follows(&current, progress)?;
        self.end_step(circuit, &next, name, Origin::Other, secret)
    }

    /// Ends the ceremony with a value that nobody could know before: whoever publishes it, everybody can compute the factor.
    ///
    /// # Errors
    /// [`CeremonyError`].
    pub fn beacon(
        &mut self,
        circuit: &Circuit<'_>,
        beacon: Beacon,
        source: Name,
        secret: &SecretKey,
        progress: Progress<'_>,
    ) -> Result<(), CeremonyError> {
        let fits = BEACON_EXPONENTS.contains(&beacon.exponent) && (1..=BEACON_BYTES_MAX).contains(&beacon.value.len());
        if !fits {
            return Err(CeremonyError::Beacon);
        }
        let (mut key, text) = self.begin_step(circuit, &source)?;
        if key.contributions.is_empty() {
            return Err(CeremonyError::NoContribution);
        }
        let mut draw = Draw::from_beacon(&beacon.value, beacon.exponent);
        let (contribution, factor) = Contribution::draw(&mut draw, &key.history(), text, Some(beacon));
        key.contribute(contribution, &factor, progress);
        self.end_step(circuit, &key, source.clone(), Origin::Beacon { source }, secret)
    }

    fn begin_step(&self, circuit: &Circuit<'_>, name: &Name) -> Result<(Key, String), CeremonyError> {
        if self.transcript.has_ended() {
            return Err(CeremonyError::Ended);
        }
        let text = name.as_str().to_owned();
        if text.len() > NAME_BYTES_MAX {
            return Err(CeremonyError::LongName { bytes: text.len() });
        }
        Ok((self.key(circuit)?, text))
    }

    fn end_step(&mut self, circuit: &Circuit<'_>, key: &Key, name: Name, origin: Origin, secret: &SecretKey) -> Result<(), CeremonyError> {
        let contribution = key.contributions.last().expect("a step appends one").hash();
        let digest = write_key(&self.path.join(key_name(key.contributions.len())), key, circuit)?;
        self.transcript.append(name, origin, contribution, digest, secret);
        self.save()
    }

    fn save(&self) -> Result<(), CeremonyError> {
        write_file(&self.transcript_path(), |out| out.write_all(self.transcript.to_json().as_bytes()))
    }
}

const TRANSCRIPT: &str = "transcript.json";

fn key_name(contributions: usize) -> String {
    format!("key-{contributions:04}.zkey")
}

/// The bytes of a transcript's file, if there are not too many.
///
/// # Errors
/// [`CeremonyError`].
pub fn read_transcript(path: &Path) -> Result<Vec<u8>, CeremonyError> {
    let mut bytes = vec![];
    let limit = TRANSCRIPT_BYTES_MAX as u64 + 1;
    io::Read::read_to_end(&mut io::Read::take(open(path)?, limit), &mut bytes).map_err(io_error("reading", path))?;
    Ok(bytes)
}

/// Reads a key from the file that has this digest.
///
/// # Errors
/// [`CeremonyError`].
pub fn read_key(path: &Path, circuit: &Circuit<'_>, expected: Digest) -> Result<Key, CeremonyError> {
    let mut hasher = Sha256::new();
    io::copy(&mut open(path)?, &mut hasher).map_err(io_error("reading", path))?;
    let found = Digest(hasher.finalize().into());
    if found != expected {
        return Err(CeremonyError::KeyDigest { path: path.to_owned(), expected, found });
    }
    Key::read(open(path)?, circuit).map_err(|reason| CeremonyError::KeyFile { path: path.to_owned(), reason })
}

fn write_key(path: &Path, key: &Key, circuit: &Circuit<'_>) -> Result<Digest, CeremonyError> {
    let mut digest = Digest::default();
    write_file(path, |out| {
        digest = key.write(circuit, out)?;
        Ok(())
    })?;
    Ok(digest)
}

/// Whole or not at all: written beside its place, synced, renamed. What a process leaves that is killed before is overwritten by the next.
fn write_file(path: &Path, fill: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> Result<(), CeremonyError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let write = || -> io::Result<()> {
        let file = File::create(&part)?;
        let mut out = BufWriter::new(&file);
        fill(&mut out)?;
        out.flush()?;
        drop(out);
        file.sync_all()?;
        std::fs::rename(&part, path)?;
        // the rename itself is in the folder
        File::open(folder)?.sync_all()
    };
    write().map_err(io_error("writing", path))
}
