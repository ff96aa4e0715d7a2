//! Taking in files, whatever they are.

use crate::command::now_unix_ms;
use crate::command::wallet::collect;
use crate::error::CliError;
use crate::files::{self, FileError};
use crate::output::Output;
use crate::recording::{RECORDING_BYTES_MAX, Recording};
use probity_credit::digest::Digest;
use probity_ledger::delivery::{Delivery, FileOpening, IdentityShard, Registration, RegistrySnapshot};
use probity_wallet::Wallet;
use probity_wallet::collect::{CollectError, Collected};
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Most files of one import.
const FILES_MAX: usize = 10_000;

/// A file by what it holds, in the order in which a wallet needs them.
#[expect(clippy::large_enum_variant, reason = "one lives at a time")]
enum Item {
    Book(Recording),
    Registration(Registration),
    Snapshot(RegistrySnapshot),
    Shard(IdentityShard),
    Opening(FileOpening),
}

impl Item {
    fn order(&self) -> u8 {
        match self {
            Self::Book(_) => 0,
            Self::Registration(_) => 1,
            Self::Snapshot(_) => 2,
            Self::Shard(_) => 3,
            Self::Opening(_) => 4,
        }
    }

    /// Reads a file: JSON by its fields, else the canonical encoding that fits.
    fn read(path: &Path) -> Result<Self, CliError> {
        let bytes = files::read(path, RECORDING_BYTES_MAX as u64)?;
        let json = |reason: String| FileError::Json { path: path.to_owned(), what: "something a wallet takes in", reason };
        if bytes.iter().find(|b| !b.is_ascii_whitespace()) != Some(&b'{') {
            return Self::decode(&bytes).ok_or_else(|| json("neither JSON nor the canonical encoding of a delivery".into()).into());
        }
        let value: Value = serde_json::from_slice(&bytes).map_err(|e| json(e.to_string()))?;
        let has = |names: &[&str]| names.iter().all(|n| value.get(n).is_some());
        if has(&["receipt", "file"]) {
            Ok(Self::Opening(FileOpening::from_json(&bytes)?))
        } else if has(&["anchor", "slots"]) {
            Ok(Self::Snapshot(RegistrySnapshot::from_json(&bytes)?))
        } else if has(&["leaves", "upper"]) {
            Ok(Self::Shard(IdentityShard::from_json(&bytes)?))
        } else if has(&["format", "answers"]) {
            Ok(Self::Book(Recording::from_json(&bytes).map_err(json)?))
        } else if has(&["provenance", "anchors"]) {
            Err(CliError::Collect { file: path.display().to_string(), reason: CollectError::Unproved })
        } else if has(&["terms", "signature"]) {
            Ok(Self::Registration(Registration::from_json(&bytes)?))
        } else {
            Err(json("its fields are those of no delivery".into()).into())
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let opening = || FileOpening::decode(bytes).ok().map(Self::Opening);
        let registration = || Registration::decode(bytes).ok().map(Self::Registration);
        let snapshot = || RegistrySnapshot::decode(bytes).ok().map(Self::Snapshot);
        let shard = || IdentityShard::decode(bytes).ok().map(Self::Shard);
        opening().or_else(registration).or_else(snapshot).or_else(shard)
    }

    fn accept(self, wallet: &mut Wallet, file: &Path, trusted: Option<Digest>) -> Result<Collected, CliError> {
        let now = now_unix_ms();
        let taken = match self {
            Self::Book(recording) => return collect::refresh(wallet, trusted, &recording),
            Self::Registration(registration) => wallet.accept_registration(registration, now),
            Self::Snapshot(snapshot) => wallet.accept_snapshot(snapshot),
            Self::Shard(shard) => wallet.accept_shard(&shard),
            Self::Opening(opening) => wallet.accept_opening(opening, now),
        };
        taken.map_err(|reason| CliError::Collect { file: file.display().to_string(), reason })
    }
}

#[derive(Serialize)]
struct Line {
    file: PathBuf,
    result: String,
}

pub(super) fn run(mut wallet: Wallet, paths: &[PathBuf], trusted: Option<Digest>, output: &Output) -> Result<(), CliError> {
    let mut items = vec![];
    for path in expand(paths)? {
        items.push((Item::read(&path)?, path));
    }
    items.sort_by_key(|(item, _)| item.order());
    let mut lines = vec![];
    for (item, file) in items {
        match item.accept(&mut wallet, &file, trusted) {
            Ok(collected) => lines.push(Line { file, result: words(&collected) }),
            Err(refused) => {
                // what fitted stays
                wallet.save()?;
                return Err(refused);
            }
        }
    }
    wallet.save()?;
    output.result(&lines, || lines.iter().map(|l| format!("{}: {}", l.file.display(), l.result)).collect::<Vec<_>>().join("\n"));
    Ok(())
}

/// Files, and the files of folders.
fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CliError> {
    let mut all = vec![];
    for path in paths {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let io = |source| FileError::Io { action: "reading", path: path.clone(), source };
        for entry in std::fs::read_dir(path).map_err(io)? {
            let file = entry.map_err(io)?.path();
            let hidden = file.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
            if file.is_file() && !hidden {
                all.push(file);
            }
        }
    }
    all.sort();
    if all.len() > FILES_MAX { Err(CliError::Usage(format!("more than {FILES_MAX} files: import fewer at once"))) } else { Ok(all) }
}

/// What was taken in, in words.
pub(super) fn words(collected: &Collected) -> String {
    match collected {
        Collected::Registration { position } => format!("registered at position {position}"),
        Collected::Book { height } => format!("the chain as of height {height}"),
        Collected::Snapshot { height } => format!("the registry at anchor {height}"),
        Collected::Identity { anchors } => format!("your identity record, in {} known anchors", anchors.len()),
        Collected::File { slot, contradicts: false } => format!("your file of slot {slot}"),
        Collected::File { slot, contradicts: true } => {
            format!("your file of slot {slot}; its receipt CONTRADICTS an earlier one of the same institution: both are kept as evidence")
        }
        Collected::Known => "known already".to_owned(),
    }
}
