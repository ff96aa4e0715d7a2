//! A ceremony on disk: its transcript and the file of each key, the last of which is the one to go on from.
//!
//! A step writes the new key first, then the transcript that names it, each to a temporary file that is synced and renamed. Whatever
//! breaks off in between leaves the ceremony where it was: a key that no transcript names is overwritten by the next step, and a factor
//! that was drawn is forgotten with the process; this program writes it nowhere. A lock keeps two steps apart.

use probity_credit::digest::Digest;
use probity_ledger::keys::SecretKey;
use probity_ledger::name::Name;
use probity_params::setup::Circuit;
use rand::RngCore;
use rand::rngs::OsRng;
use sha2::{Digest as _, Sha256};
use std::fs::{File, TryLockError};
use std::io::{self, BufReader, BufWriter, Cursor, Seek, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

use crate::Progress;
use crate::accumulator::{Accumulator, AccumulatorError, file_digest};
use crate::contribution::{BEACON_BYTES_MAX, BEACON_EXPONENTS, Beacon, Contribution, NAME_UNITS_MAX};
use crate::draw::{Draw, blake2b};
use crate::key::{CONTRIBUTIONS_MAX, CheckError, Key, KeyFileError, domain};
use crate::knowledge::Knowledge;
use crate::transcript::{Entry, Origin, PowersOfTau, TRANSCRIPT_BYTES_MAX, Transcript, TranscriptError};

/// Longest file of a key.
const KEY_BYTES_MAX: u64 = 1 << 30;

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
    #[error(
        "the ceremony is for the circuit {found:?} with other constraints than this program's {expected}: use the program of its version"
    )]
    OtherCircuit {
        /// The circuit asked for.
        expected: String,
        /// The transcript's.
        found: String,
    },
    /// The file of powers of tau is not the one that the transcript names.
    #[error("these powers of tau are not the file that the transcript names (Blake2b {}...): take that file", hex::encode(&expected[..8]))]
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
    #[error("the key has {key} contributions, the transcript {transcript}: take the files that belong together")]
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
    #[error("contribution {number}: its signer does not prove to know the factor, so it may be somebody else's; it must be made anew")]
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
    /// snarkjs would cut the name when it writes the next key.
    #[error("the name is longer than {NAME_UNITS_MAX} characters, as snarkjs counts them ({units}): take a shorter one")]
    LongName {
        /// Units of UTF-16.
        units: usize,
    },
    /// Another process is at work here.
    #[error("another step of the ceremony in {} is under way: wait until it is done", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// A beacon that another program applied.
    #[error("the last contribution of this key is a beacon's: apply it here instead, with `probity ceremony beacon`")]
    BeaconTakenIn,
    /// The name in the key is another than the transcript's.
    #[error("contribution {number} has another name in the key than in the transcript")]
    OtherName {
        /// Counted from 1.
        number: usize,
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
    let mut file = open(path)?;
    let blake2b = file_digest(&mut file).map_err(io_error("reading", path))?;
    file.rewind().map_err(io_error("reading", path))?;
    let accumulator = Accumulator::read(file, domain(circuit).ilog2(), progress)?;
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
        let (step, mut key) = self.begin_step(circuit, &name)?;
        let mut random = Zeroizing::new([0; 64]);
        OsRng.fill_bytes(random.as_mut_slice());
        // as good as the better of the two
        let seed = Zeroizing::new(blake2b(&[&random[..], entropy]));
        let history = key.history();
        let (contribution, factor) = Contribution::draw(&mut Draw::from_hash(&seed[..]), &history, name.to_string(), None);
        let statement = Entry::statement(&self.transcript.last(), &name, &secret.public());
        let knowledge = Knowledge::prove(&statement, &history.delta, &contribution.delta_after, &factor.0);
        key.contribute(contribution, &factor, progress);
        self.end_step(step, circuit, &key, name, Origin::Probity { knowledge }, secret)
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
        let (step, current) = self.begin_step(circuit, &name)?;
        let next = Key::read(open(file)?, circuit).map_err(|reason| CeremonyError::KeyFile { path: file.to_owned(), reason })?;
        let (expected, found) = (current.contributions.len() + 1, next.contributions.len());
        if expected != found {
            return Err(CeremonyError::NotOneMore { expected, found });
        }
        if next.contributions[expected - 1].beacon.is_some() {
            return Err(CeremonyError::BeaconTakenIn);
        }
        next.check_follows(&current, progress)?;
        self.end_step(step, circuit, &next, name, Origin::Other, secret)
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
        let (step, mut key) = self.begin_step(circuit, &source)?;
        if key.contributions.is_empty() {
            return Err(CeremonyError::NoContribution);
        }
        let mut draw = Draw::from_beacon(&beacon.value, beacon.exponent);
        let (contribution, factor) = Contribution::draw(&mut draw, &key.history(), source.to_string(), Some(beacon));
        key.contribute(contribution, &factor, progress);
        self.end_step(step, circuit, &key, source, Origin::Beacon, secret)
    }

    /// Begins a step, alone: the transcript as it is now, and the key with the proofs of all its contributions checked.
    fn begin_step(&mut self, circuit: &Circuit<'_>, name: &Name) -> Result<(Step, Key), CeremonyError> {
        let step = Step::begin(&self.path)?;
        *self = Self::open(&self.path)?;
        if self.transcript.has_ended() {
            return Err(CeremonyError::Ended);
        }
        let units = name.as_str().encode_utf16().count();
        if units > NAME_UNITS_MAX {
            return Err(CeremonyError::LongName { units });
        }
        let key = self.key(circuit)?;
        key.check_contributions()?;
        Ok((step, key))
    }

    fn end_step(
        &mut self,
        _step: Step,
        circuit: &Circuit<'_>,
        key: &Key,
        name: Name,
        origin: Origin,
        secret: &SecretKey,
    ) -> Result<(), CeremonyError> {
        // one place is kept for the beacon
        let most = if matches!(origin, Origin::Beacon) { CONTRIBUTIONS_MAX } else { CONTRIBUTIONS_MAX - 1 };
        if key.contributions.len() > most {
            return Err(TranscriptError::TooMany { found: key.contributions.len() }.into());
        }
        let contribution = key.contributions.last().expect("a step appends one").hash();
        let digest = write_key(&self.path.join(key_name(key.contributions.len())), key, circuit)?;
        self.transcript.append(name, origin, contribution, digest, secret);
        self.save()
    }

    fn save(&self) -> Result<(), CeremonyError> {
        let path = self.transcript_path();
        probity_files::replace(&path, |file| file.write_all(self.transcript.to_json().as_bytes())).map_err(io_error("writing", &path))
    }
}

const TRANSCRIPT: &str = "transcript.json";
const LOCK: &str = ".lock";

fn key_name(contributions: usize) -> String {
    format!("key-{contributions:04}.zkey")
}

/// One step at a time: whoever holds this holds the folder's lock, which ends with the process at the latest.
struct Step {
    _lock: File,
}

impl Step {
    fn begin(folder: &Path) -> Result<Self, CeremonyError> {
        let path = folder.join(LOCK);
        let lock = File::options().create(true).append(true).open(&path).map_err(io_error("opening", &path))?;
        lock.try_lock().map_err(|e| match e {
            TryLockError::WouldBlock => CeremonyError::Busy { path: folder.to_owned() },
            TryLockError::Error(source) => CeremonyError::Io { action: "locking", path, source },
        })?;
        // what a step left that was killed
        for entry in std::fs::read_dir(folder).map_err(io_error("reading", folder))?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(probity_files::TEMPORARY) {
                std::fs::remove_file(entry.path()).map_err(io_error("removing", folder))?;
            }
        }
        Ok(Self { _lock: lock })
    }
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

/// Reads a key from the file that has this digest. The file is read once, so that what was hashed is what is parsed.
///
/// # Errors
/// [`CeremonyError`].
pub fn read_key(path: &Path, circuit: &Circuit<'_>, expected: Digest) -> Result<Key, CeremonyError> {
    let bytes = read_key_bytes(path)?;
    let found = Digest(Sha256::digest(&bytes).into());
    if found != expected {
        return Err(CeremonyError::KeyDigest { path: path.to_owned(), expected, found });
    }
    Key::read(Cursor::new(bytes), circuit).map_err(|reason| CeremonyError::KeyFile { path: path.to_owned(), reason })
}

fn read_key_bytes(path: &Path) -> Result<Vec<u8>, CeremonyError> {
    let mut bytes = vec![];
    io::Read::read_to_end(&mut io::Read::take(open(path)?, KEY_BYTES_MAX), &mut bytes).map_err(io_error("reading", path))?;
    Ok(bytes)
}

fn write_key(path: &Path, key: &Key, circuit: &Circuit<'_>) -> Result<Digest, CeremonyError> {
    let mut digest = Digest::default();
    let write = probity_files::replace(path, |file| {
        let mut out = BufWriter::new(file);
        digest = key.write(circuit, &mut out)?;
        out.flush()
    });
    write.map_err(io_error("writing", path))?;
    Ok(digest)
}
