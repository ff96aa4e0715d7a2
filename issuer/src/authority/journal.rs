//! An append-only file of entries, each chained to the one before by a digest.
//!
//! A frame is: length (4 bytes, little-endian), the same inverted, entry (borsh), digest over the digest before and the entry. A frame
//! that a crash cut short at the end is dropped: its writer was never told that it is there. Any other deviation is damage and refused,
//! so that no position can be given out twice; the inverted length tells a damaged length from a cut frame.

use super::entry::Entry;
use crate::store::{self, StoreError};
use probity_credit::codec;
use probity_credit::digest::Digest;
use probity_credit::hash::label;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Version of the format, at the start of the file.
const MAGIC: &[u8; 8] = b"PRBJRNL1";
/// Longest entry: a cover of the most members.
const ENTRY_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Bytes of a length and its inversion.
const FRAME_HEADER: usize = 8;

/// The journal, open for appending.
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    last: Digest,
    /// Set when an append fails: what is on disk is unknown until the journal is read again.
    broken: bool,
}

impl Journal {
    /// A new, empty journal.
    pub(super) fn create(path: &Path) -> Result<(), StoreError> {
        store::write_new(path, MAGIC)
    }

    /// Reads all entries in order.
    pub(super) fn open(path: &Path, mut apply: impl FnMut(&Entry) -> Result<(), String>) -> Result<Self, StoreError> {
        let damaged = |reason: String| StoreError::Damaged { path: path.into(), reason };
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(store::io(path))?;
        let length = file.metadata().map_err(store::io(path))?.len();
        let mut reader = BufReader::new(&mut file);
        let mut magic = [0; 8];
        reader.read_exact(&mut magic).map_err(|_| damaged("it is shorter than its header".into()))?;
        if &magic != MAGIC {
            return Err(damaged("it is no journal of this version".into()));
        }
        let (mut at, mut last) = (MAGIC.len() as u64, Digest::default());
        while length - at >= FRAME_HEADER as u64 {
            let entry_bytes = frame_length(&mut reader).map_err(store::io(path))?;
            let fits = entry_bytes.filter(|n| *n <= ENTRY_BYTES_MAX);
            let entry_bytes = fits.ok_or_else(|| damaged(format!("the entry at byte {at} has a damaged length")))?;
            let frame = (FRAME_HEADER + entry_bytes + 32) as u64;
            if at + frame > length {
                break;
            }
            let mut bytes = vec![0; entry_bytes + 32];
            reader.read_exact(&mut bytes).map_err(store::io(path))?;
            let (bytes, digest) = bytes.split_at(entry_bytes);
            last = chain(&last, bytes);
            if last.0 != digest {
                return Err(damaged(format!("the entry at byte {at} does not fit its digest")));
            }
            let entry = codec::decode("an entry", bytes, ENTRY_BYTES_MAX).map_err(|e| damaged(format!("at byte {at}: {e}")))?;
            apply(&entry).map_err(|reason| damaged(format!("the entry at byte {at}: {reason}")))?;
            at += frame;
        }
        drop(reader);
        if at < length {
            file.set_len(at).and_then(|()| file.sync_all()).map_err(store::io(path))?;
        }
        file.seek(SeekFrom::Start(at)).map_err(store::io(path))?;
        Ok(Self { path: path.into(), file, last, broken: false })
    }

    /// Appends entries and has them on disk.
    pub(super) fn append(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        if self.broken {
            return Err(StoreError::Damaged { path: self.path.clone(), reason: "writing failed before; open it again".into() });
        }
        let (mut frames, mut last) = (vec![], self.last);
        for entry in entries {
            let bytes = codec::encode(entry);
            let length = u32::try_from(bytes.len()).ok().filter(|l| *l as usize <= ENTRY_BYTES_MAX);
            let length = length.ok_or_else(|| StoreError::TooLong { path: self.path.clone(), limit: ENTRY_BYTES_MAX as u64 })?;
            last = chain(&last, &bytes);
            frames.extend_from_slice(&length.to_le_bytes());
            frames.extend_from_slice(&(!length).to_le_bytes());
            frames.extend_from_slice(&bytes);
            frames.extend_from_slice(&last.0);
        }
        self.broken = true;
        self.file.write_all(&frames).and_then(|()| self.file.sync_data()).map_err(store::io(&self.path))?;
        (self.broken, self.last) = (false, last);
        Ok(())
    }
}

fn chain(before: &Digest, entry: &[u8]) -> Digest {
    Digest::of(label::sha256::JOURNAL, &[&before.0, entry])
}

/// The next frame's length, unless it is damaged.
fn frame_length(reader: &mut impl Read) -> std::io::Result<Option<usize>> {
    let mut bytes = [[0; 4]; 2];
    for part in &mut bytes {
        reader.read_exact(part)?;
    }
    let [length, inverted] = bytes.map(u32::from_le_bytes);
    Ok((length == !inverted).then_some(length as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(n: u32) -> Vec<Entry> {
        (0..n).map(|position| Entry::Revoke { position }).collect()
    }

    fn read(path: &Path) -> Result<Vec<Entry>, StoreError> {
        let mut found = vec![];
        Journal::open(path, |e| {
            found.push(e.clone());
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn a_cut_end_is_dropped_and_damage_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("j");
        Journal::create(&path).unwrap();
        Journal::open(&path, |_| Ok(())).unwrap().append(&entries(3)).unwrap();
        assert_eq!(read(&path).unwrap(), entries(3));
        let whole = std::fs::read(&path).unwrap();
        let frame = (whole.len() - 8) / 3;
        for cut in 1..=2 * frame {
            std::fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            let left = 3 - cut.div_ceil(frame) as u32;
            assert_eq!(read(&path).unwrap(), entries(left), "{cut} bytes cut");
            Journal::open(&path, |_| Ok(())).unwrap().append(&entries(1)).unwrap();
            assert_eq!(read(&path).unwrap().len() as u32, left + 1, "the cut frame is gone for good");
        }
        for byte in 0..whole.len() {
            let mut bad = whole.clone();
            bad[byte] ^= 1;
            std::fs::write(&path, &bad).unwrap();
            assert!(matches!(read(&path), Err(StoreError::Damaged { .. })), "byte {byte}");
            assert_eq!(std::fs::read(&path).unwrap(), bad, "damage is left as it is");
        }
    }
}
