//! What a wallet checks before it proves with a key that came out of a ceremony.
//!
//! The chain's genesis names the transcript's digest, and the transcript the key's: whoever verified the ceremony verified this key. The
//! powers of tau are not at hand here, so the initial key is not computed again.

use probity_params::setup::Circuit;
use std::path::Path;

use crate::folder::{CeremonyError, read_key, read_transcript};
use crate::key::Key;
use crate::transcript::Transcript;

/// Reads an ended ceremony's transcript.
///
/// # Errors
/// [`CeremonyError`].
pub fn ended_transcript(path: &Path, circuit: &Circuit<'_>) -> Result<Transcript, CeremonyError> {
    let transcript = Transcript::from_json(&read_transcript(path)?)?;
    transcript.check_circuit(circuit)?;
    if transcript.has_ended() { Ok(transcript) } else { Err(CeremonyError::NotEnded) }
}

/// Reads the key that an ended ceremony's transcript names: the file has its digest, each contribution follows from the ones before.
///
/// # Errors
/// [`CeremonyError`].
pub fn key_of(transcript: &Transcript, path: &Path, circuit: &Circuit<'_>) -> Result<Key, CeremonyError> {
    let key = read_key(path, circuit, transcript.key())?;
    transcript.check_key(&key)?;
    key.check_contributions()?;
    Ok(key)
}
