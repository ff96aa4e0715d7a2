//! The node's folder: what lies where.

use std::path::{Path, PathBuf};

/// A node's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// The node that lives in `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A path of the configuration: relative ones begin here.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.0.join(path)
    }

    /// The configuration.
    pub fn config(&self) -> PathBuf {
        self.0.join("config.toml")
    }

    /// The chain's genesis.
    pub fn genesis(&self) -> PathBuf {
        self.0.join("genesis.json")
    }

    /// API keys.
    pub fn api_keys(&self) -> PathBuf {
        self.0.join("api-keys.toml")
    }

    /// Signing keys.
    pub fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    /// The chain's database.
    pub fn database(&self) -> PathBuf {
        self.0.join("data")
    }

    /// Lenders' proof requests.
    pub fn requests(&self) -> PathBuf {
        self.0.join("requests")
    }

    /// Answers kept for repeated requests.
    pub fn idempotency(&self) -> PathBuf {
        self.0.join("idempotency")
    }

    /// Leaf files of the identity tree.
    pub fn shards(&self) -> PathBuf {
        self.0.join("shards")
    }

    /// Files of the ceremonies that the chain's keys come from, for wallets to fetch.
    pub fn parameters(&self) -> PathBuf {
        self.0.join("parameters")
    }
}
