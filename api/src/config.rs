//! The node's configuration file, `config.toml`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use probity_chain::engine::EngineConfig;
use probity_chain::mempool::MempoolLimits;
use probity_ledger::address::Address;
use probity_ledger::delivery::{Delivery as _, IdentityShard};
use probity_ledger::name::Name;
use probity_ledger::request::RESPONSE_URI_BYTES_MAX;
use serde::{Deserialize, Serialize};

use crate::files::{self, FileError};

/// Longest configuration file.
const FILE_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a response address after the public address: path, id and `/response`.
const RESPONSE_PATH_BYTES: usize = 80;

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not TOML, an unknown setting, or one of another type.
    #[error("{}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// A number out of range.
    #[error("{setting} is {found}, it must lie between {least} and {most}")]
    Range {
        /// The setting.
        setting: &'static str,
        /// The number given.
        found: u64,
        /// Least allowed.
        least: u64,
        /// Most allowed.
        most: u64,
    },
    /// An address that wallets could not use.
    #[error(
        "api.public_url must be an http or https address of printable ASCII characters without a slash at its end: it goes into every request"
    )]
    PublicUrl,
    /// Two lenders of one name.
    #[error("lender {name} is configured twice: names of lenders differ")]
    LenderTwice {
        /// The name.
        name: Name,
    },
}

/// Who may use what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Everybody.
    Public,
    /// Holders of an API key with a fitting role.
    Keyed,
}

/// The API's own settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApiConfig {
    /// Where to listen. TLS ends at a proxy before it.
    pub listen: SocketAddr,
    /// How wallets reach this node: begins every request's address.
    pub public_url: String,
}

/// Who may use what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccessConfig {
    /// Reading the chain. Keyed: any API key.
    pub reads: Access,
    /// Sending transactions. Keyed: institutions, lenders, the authority and operators.
    pub submissions: Access,
    /// Reading metrics. Keyed: operators.
    pub metrics: Access,
}

/// What one client may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Connections at once.
    pub connections: u32,
    /// Seconds until a request's headers must be there; also the longest idle time of a connection.
    pub header_read_seconds: u64,
    /// Bytes of a request's headers.
    pub header_bytes: u32,
    /// Header lines of a request.
    pub header_count: u32,
    /// Seconds until an answer must be there, long polls included.
    pub request_seconds: u64,
    /// Seconds after which a connection is closed, whatever it does.
    pub connection_seconds: u64,
    /// Bytes of a body.
    pub body_bytes: u32,
    /// Bytes of a shard of identities.
    pub shard_bytes: u32,
    /// Requests of one lender that wait for an answer.
    pub open_requests: u32,
    /// Seconds that running requests get when the node stops.
    pub shutdown_seconds: u64,
}

/// How long what was answered is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionConfig {
    /// Days from a request's end on: answers with outcome, reasons and openings, and the checks made.
    pub answered_days: u32,
}

impl RetentionConfig {
    /// In milliseconds.
    pub fn answered_ms(&self) -> u64 {
        u64::from(self.answered_days) * 86_400_000
    }
}

/// Keys of the node's own accounts; paths are relative to the node's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeysConfig {
    /// The validator's signing key; none: a node that follows and does not vote.
    pub validator: Option<PathBuf>,
    /// The key of the node's network identity.
    pub network: PathBuf,
}

/// Money for everybody, on development chains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaucetConfig {
    /// Key of the genesis's faucet account.
    pub key: PathBuf,
    /// The most given at once.
    pub amount_max: u64,
}

/// A lender that asks through this node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LenderConfig {
    /// How the operator calls it.
    pub name: Name,
    /// Its signing key.
    pub key: PathBuf,
    /// Its address, if the key was rotated; otherwise it follows from the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The API.
    pub api: ApiConfig,
    /// Who may use what.
    pub access: AccessConfig,
    /// Limits.
    pub limits: LimitsConfig,
    /// How long answers are kept.
    pub retention: RetentionConfig,
    /// Keys.
    pub keys: KeysConfig,
    /// The consensus engine.
    pub engine: EngineConfig,
    /// Transactions that wait.
    pub mempool: MempoolLimits,
    /// The faucet, if this node is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faucet: Option<FaucetConfig>,
    /// Lenders.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lenders: Vec<LenderConfig>,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8645)), public_url: "http://127.0.0.1:8645".into() }
    }
}

impl Default for AccessConfig {
    fn default() -> Self {
        Self { reads: Access::Public, submissions: Access::Public, metrics: Access::Keyed }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            connections: 1_024,
            header_read_seconds: 10,
            header_bytes: 16 * 1024,
            header_count: 64,
            request_seconds: 45,
            connection_seconds: 600,
            body_bytes: 512 * 1024,
            shard_bytes: 5 * 1024 * 1024,
            open_requests: 10_000,
            shutdown_seconds: 20,
        }
    }
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self { answered_days: 400 }
    }
}

impl Default for KeysConfig {
    fn default() -> Self {
        Self { validator: None, network: "keys/network.key".into() }
    }
}

impl LimitsConfig {
    /// As a duration.
    pub fn request_time(&self) -> Duration {
        Duration::from_secs(self.request_seconds)
    }
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let content = files::read_existing(path, FILE_BYTES_MAX)?;
        let malformed = |reason: String| ConfigError::Malformed { path: path.to_owned(), reason };
        let text = String::from_utf8(content).map_err(|e| malformed(e.to_string()))?;
        let config: Self = toml::from_str(&text).map_err(|e| malformed(e.to_string()))?;
        config.check()?;
        Ok(config)
    }

    /// The file's text.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("settings are tables of plain values")
    }

    /// Checks every rule that needs nothing but the file. The engine checks its own settings when it starts.
    ///
    /// # Errors
    /// [`ConfigError`], the first rule broken.
    pub fn check(&self) -> Result<(), ConfigError> {
        let limits = &self.limits;
        for (setting, found, least, most) in [
            ("limits.connections", limits.connections.into(), 1, 100_000),
            ("limits.header_read_seconds", limits.header_read_seconds, 1, 120),
            ("limits.header_bytes", limits.header_bytes.into(), 8 * 1024, 256 * 1024),
            ("limits.header_count", limits.header_count.into(), 16, 256),
            ("limits.request_seconds", limits.request_seconds, 1, 300),
            ("limits.connection_seconds", limits.connection_seconds, limits.request_seconds, 86_400),
            ("limits.body_bytes", limits.body_bytes.into(), 256 * 1024, 64 * 1024 * 1024),
            ("limits.shard_bytes", limits.shard_bytes.into(), IdentityShard::BYTES_MAX as u64, 64 * 1024 * 1024),
            ("limits.open_requests", limits.open_requests.into(), 1, 1_000_000),
            ("limits.shutdown_seconds", limits.shutdown_seconds, 1, 300),
            ("retention.answered_days", self.retention.answered_days.into(), 1, 36_500),
            ("faucet.amount_max", self.faucet.as_ref().map_or(1, |f| f.amount_max), 1, u64::MAX),
        ] {
            if !(least..=most).contains(&found) {
                return Err(ConfigError::Range { setting, found, least, most });
            }
        }
        let url = &self.api.public_url;
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let usable = host.is_some_and(|h| !h.is_empty() && !h.ends_with('/'));
        let fits = url.len() + RESPONSE_PATH_BYTES <= RESPONSE_URI_BYTES_MAX && url.bytes().all(|b| b.is_ascii_graphic());
        if !usable || !fits {
            return Err(ConfigError::PublicUrl);
        }
        for (i, lender) in self.lenders.iter().enumerate() {
            if self.lenders[..i].iter().any(|l| l.name == lender.name) {
                return Err(ConfigError::LenderTwice { name: lender.name.clone() });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_valid_and_round_trips() {
        let config = Config::default();
        config.check().unwrap();
        assert_eq!(toml::from_str::<Config>(&config.to_toml()).unwrap(), config);
        assert_eq!(toml::from_str::<Config>("").unwrap(), config);
    }

    #[test]
    fn each_rule_refuses() {
        let refused = |mutate: fn(&mut Config)| {
            let mut config = Config::default();
            mutate(&mut config);
            config.check().unwrap_err()
        };
        assert!(matches!(refused(|c| c.limits.connections = 0), ConfigError::Range { setting: "limits.connections", .. }));
        assert!(matches!(refused(|c| c.limits.header_bytes = 1), ConfigError::Range { setting: "limits.header_bytes", .. }));
        assert!(matches!(refused(|c| c.retention.answered_days = 0), ConfigError::Range { setting: "retention.answered_days", .. }));
        for url in ["", "ftp://x", "http://", "https://x/", "http://a b"] {
            let config = Config { api: ApiConfig { public_url: url.into(), ..ApiConfig::default() }, ..Config::default() };
            assert!(matches!(config.check(), Err(ConfigError::PublicUrl)), "{url}");
        }
        let lender = || LenderConfig { name: Name::new("a").unwrap(), key: "k".into(), address: None };
        let config = Config { lenders: vec![lender(), lender()], ..Config::default() };
        assert!(matches!(config.check(), Err(ConfigError::LenderTwice { .. })));
        assert!(toml::from_str::<Config>("[api]\nlisten_on = \"x\"").is_err());
    }
}
