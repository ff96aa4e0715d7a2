//! Proof requests on disk, one file each, in the folder of their stage: a crash loses none and answers none twice.
//!
//! A request is `open` until a response is verified, then `recording` until the chain says what became of the record, then `done`. A file
//! is written at its new stage before it leaves the old one, so the later stage wins. Files are named by a digest of the request's id:
//! the id is a secret shared with the applicant.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::hash::label::sha256 as label;
use probity_ledger::address::Address;
use probity_ledger::error::TxError;
use probity_ledger::request::{Presentation, SignedRequest};
use probity_ledger::transaction::TxId;
use serde::{Deserialize, Serialize};

use crate::files;
use crate::lenders::check::Check;
use crate::problem::{Problem, Rule};

/// Longest file.
const FILE_BYTES_MAX: usize = 1024 * 1024;
/// How long a request that nobody answered is kept after its end.
const KEPT_AFTER_END_MS: u64 = 24 * 3600 * 1000;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Waits for an answer.
    Open,
    /// Answered; waits for the chain.
    Recording,
    /// The chain has spoken.
    Done,
}

impl Stage {
    const ALL: [Self; 3] = [Self::Open, Self::Recording, Self::Done];

    fn folder(self) -> &'static str {
        ["open", "recording", "done"][self as usize]
    }
}

/// What the chain said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Final {
    /// Recorded.
    Applied {
        /// Height of the block.
        height: u64,
        /// Its time.
        time_unix_ms: u64,
    },
    /// Included as failed.
    Failed {
        /// Height of the block.
        height: u64,
        /// Its time.
        time_unix_ms: u64,
        /// Why.
        error: TxError,
    },
}

/// A verified response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// The response.
    pub presentation: Presentation,
    /// Digest of its context: the record's key.
    pub context: Digest,
    /// The checks made.
    pub checks: Vec<Check>,
    /// The transaction that records it, once sent.
    pub transaction: Option<TxId>,
    /// Why the last attempt to send it failed.
    pub trouble: Option<String>,
    /// What the chain said.
    pub r#final: Option<Final>,
}

/// A request with all that became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// As signed.
    pub request: SignedRequest,
    /// Whom the lender expects, if it said.
    pub applicant_person: Option<FieldBytes>,
    /// Responses refused.
    pub attempts: u32,
    /// The checks of the last one refused.
    pub refused: Option<Vec<Check>>,
    /// The response that was verified.
    pub answered: Option<Answered>,
}

impl Stored {
    fn stage(&self) -> Stage {
        match &self.answered {
            None => Stage::Open,
            Some(answered) if answered.r#final.is_none() => Stage::Recording,
            Some(_) => Stage::Done,
        }
    }

    /// The lender.
    pub fn lender(&self) -> Address {
        self.request.request.client_id
    }
}

/// The name of a request's file, and in logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestName(Digest);

impl RequestName {
    /// The name of the request with this id.
    pub fn of(id: &str) -> Self {
        Self(Digest::of(label::REQUEST, &[b"id", id.as_bytes()]))
    }

    /// Enough to find it, for logs.
    pub fn short(&self) -> String {
        hex::encode(&self.0.0[..6])
    }
}

/// All requests of a node.
pub struct Requests {
    folder: PathBuf,
    /// The open ones: their lenders and ends. Held while a request changes its stage.
    open: Mutex<BTreeMap<RequestName, (Address, u64)>>,
}

impl Requests {
    /// Requests in `folder`, which is made if need be.
    ///
    /// # Errors
    /// When a file cannot be read or does not parse.
    pub fn open(folder: PathBuf) -> Result<Self, Problem> {
        for stage in Stage::ALL {
            files::make_folder(&folder.join(stage.folder())).map_err(Problem::internal)?;
        }
        let requests = Self { folder, open: Mutex::default() };
        for name in requests.names(Stage::Open)? {
            match requests.find(name)? {
                Some(stored) if stored.stage() == Stage::Open => {
                    requests.guard().insert(name, (stored.lender(), stored.request.request.expires_unix_ms));
                }
                // the node stopped between writing the new stage and leaving the old one
                _ => files::remove(&requests.path(name, Stage::Open)).map_err(Problem::internal)?,
            }
        }
        for name in requests.names(Stage::Recording)? {
            if requests.find(name)?.is_some_and(|s| s.stage() == Stage::Done) {
                files::remove(&requests.path(name, Stage::Recording)).map_err(Problem::internal)?;
            }
        }
        Ok(requests)
    }

    fn guard(&self) -> std::sync::MutexGuard<'_, BTreeMap<RequestName, (Address, u64)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, name: RequestName, stage: Stage) -> PathBuf {
        self.folder.join(stage.folder()).join(name.0.to_string())
    }

    fn names(&self, stage: Stage) -> Result<Vec<RequestName>, Problem> {
        let names = files::names(&self.folder.join(stage.folder())).map_err(Problem::internal)?;
        Ok(names.iter().filter_map(|n| n.parse().ok().map(RequestName)).collect())
    }

    /// A request.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn find(&self, name: RequestName) -> Result<Option<Stored>, Problem> {
        for stage in Stage::ALL.into_iter().rev() {
            if let Some(content) = files::read(&self.path(name, stage), FILE_BYTES_MAX).map_err(Problem::internal)? {
                return serde_json::from_slice(&content).map(Some).map_err(Problem::internal);
            }
        }
        Ok(None)
    }

    fn write(&self, name: RequestName, stored: &Stored) -> Result<(), Problem> {
        let content = serde_json::to_vec(stored).map_err(Problem::internal)?;
        files::replace(&self.path(name, stored.stage()), &content).map_err(Problem::internal)
    }

    /// Keeps a new request.
    ///
    /// # Errors
    /// [`Rule::TooManyRequests`], or when it can't be written.
    pub fn add(&self, name: RequestName, stored: &Stored, most: usize, now_unix_ms: u64) -> Result<(), Problem> {
        let mut open = self.guard();
        let waiting = open.values().filter(|(lender, end)| *lender == stored.lender() && *end > now_unix_ms).count();
        if waiting >= most {
            return Err(Rule::TooManyRequests { most }.into());
        }
        self.write(name, stored)?;
        open.insert(name, (stored.lender(), stored.request.request.expires_unix_ms));
        Ok(())
    }

    /// Notes that a response was refused; nothing if the request is no longer open.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn refuse(&self, name: RequestName, checks: Vec<Check>) -> Result<(), Problem> {
        let _open = self.guard();
        let Some(mut stored) = self.find(name)?.filter(|s| s.stage() == Stage::Open) else { return Ok(()) };
        stored.attempts = stored.attempts.saturating_add(1);
        stored.refused = Some(checks);
        self.write(name, &stored)
    }

    /// Takes a verified response, if the request has none: whoever comes second is refused.
    ///
    /// # Errors
    /// [`Rule::RequestAnswered`], [`Rule::RequestUnknown`], or when it can't be written.
    pub fn answer(&self, name: RequestName, answered: Answered) -> Result<(), Problem> {
        let mut open = self.guard();
        let mut stored = self.find(name)?.ok_or(Rule::RequestUnknown)?;
        if stored.answered.is_some() {
            return Err(Rule::RequestAnswered.into());
        }
        stored.answered = Some(answered);
        self.write(name, &stored)?;
        open.remove(&name);
        files::remove(&self.path(name, Stage::Open)).map_err(Problem::internal)
    }

    /// Requests that wait for the chain.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn recording(&self) -> Result<Vec<RequestName>, Problem> {
        self.names(Stage::Recording)
    }

    /// Notes what was sent for a request, or what the chain said. Only the recorder calls this.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn progress(&self, name: RequestName, change: impl FnOnce(&mut Answered)) -> Result<(), Problem> {
        let _open = self.guard();
        let Some(mut stored) = self.find(name)? else { return Ok(()) };
        let Some(answered) = &mut stored.answered else { return Ok(()) };
        change(answered);
        self.write(name, &stored)?;
        if stored.stage() == Stage::Done { files::remove(&self.path(name, Stage::Recording)).map_err(Problem::internal) } else { Ok(()) }
    }

    /// Deletes requests that ended long ago without an answer.
    ///
    /// # Errors
    /// When they can't be deleted.
    pub fn clean(&self, now_unix_ms: u64) -> Result<(), Problem> {
        let mut open = self.guard();
        let over: Vec<RequestName> =
            open.iter().filter(|(_, (_, end))| end.saturating_add(KEPT_AFTER_END_MS) < now_unix_ms).map(|(name, _)| *name).collect();
        for name in over {
            files::remove(&self.path(name, Stage::Open)).map_err(Problem::internal)?;
            open.remove(&name);
        }
        Ok(())
    }

    /// Deletes answered requests that ended longer ago than `kept_ms`, whatever became of their records: the chain keeps those. Reads
    /// every answered request.
    ///
    /// # Errors
    /// When folders can't be read or files deleted; a file that does not parse is left where it is.
    pub fn forget(&self, now_unix_ms: u64, kept_ms: u64) -> Result<(), Problem> {
        for stage in [Stage::Recording, Stage::Done] {
            for name in self.names(stage)? {
                // for one file at a time: answers and the recorder come in between
                let _open = self.guard();
                let Ok(Some(stored)) = self.find(name) else { continue };
                if stored.request.request.expires_unix_ms.saturating_add(kept_ms) < now_unix_ms {
                    files::remove(&self.path(name, stage)).map_err(Problem::internal)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
