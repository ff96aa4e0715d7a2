//! An institution's directory: which institution of which chain it is for, with its publications below.

use crate::store::{self, StoreError};
use probity_credit::digest::Digest;
use probity_ledger::address::Address;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const CONFIG_FILE: &str = "institution.json";

/// What the directory is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    chain_id: Digest,
    institution: Address,
}

/// An institution's directory, opened.
pub struct Home {
    dir: PathBuf,
    config: Config,
}

impl Home {
    /// Makes a new directory for an institution of a chain.
    ///
    /// # Errors
    /// [`StoreError`], also when it is one already.
    pub fn init(dir: &Path, chain_id: Digest, institution: Address) -> Result<Self, StoreError> {
        store::private_dir(dir)?;
        let config = Config { chain_id, institution };
        store::write_new(&dir.join(CONFIG_FILE), &serde_json::to_vec_pretty(&config).expect("plain data"))?;
        Ok(Self { dir: dir.into(), config })
    }

    /// Opens one.
    ///
    /// # Errors
    /// [`StoreError`], also when others may read it.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        store::check_private(dir)?;
        let path = dir.join(CONFIG_FILE);
        let json = store::read(&path, 4096)?;
        let config = serde_json::from_slice(&json).map_err(|e| StoreError::Damaged { path, reason: e.to_string() })?;
        Ok(Self { dir: dir.into(), config })
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The chain.
    pub fn chain_id(&self) -> Digest {
        self.config.chain_id
    }

    /// The institution's account.
    pub fn institution(&self) -> Address {
        self.config.institution
    }
}
