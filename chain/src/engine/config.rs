//! The engine's settings, plain data for the node's configuration file.

use crate::engine::EngineError;
use crate::engine::codec::CERTIFICATE_BYTES;
use crate::engine::codec_sync::RESPONSE_BYTES_MAX;
use arc_malachitebft_app_channel::app::config::{ConsensusConfig, NodeConfig, ValuePayload, ValueSyncConfig};
use arc_malachitebft_app_channel::app::net::Multiaddr;
use arc_malachitebft_app_channel::app::types::core::LinearTimeouts;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// Largest block any configuration allows.
pub const MAX_BLOCK_BYTES: u32 = 8 * 1024 * 1024;
/// Largest consensus message: a certificate, or a block part.
const MESSAGE_BYTES: u64 = 256 * 1024;

/// Settings of one node's engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngineConfig {
    /// The node's name in logs and metrics.
    pub moniker: String,
    /// Where to listen, e.g. `/ip4/0.0.0.0/tcp/26656`.
    pub listen: String,
    /// The peers to stay connected with, e.g. `/dns4/node.example/tcp/26656/p2p/12D3Koo...`; see [`super::peer_id`].
    pub peers: Vec<String>,
    /// Whether to talk to these peers alone. They must then carry their `/p2p/` ids.
    pub peers_only: bool,
    /// Connections accepted from one IP address; institutions may share one behind a NAT.
    pub connections_per_ip_max: usize,
    /// Directory of the engine's write-ahead log.
    pub home: PathBuf,
    /// Least time from one block to the next.
    pub block_time_ms: u64,
    /// Most time from one block to the next while there is nothing to do.
    pub heartbeat_ms: u64,
    /// Largest block in bytes, at most [`MAX_BLOCK_BYTES`].
    pub block_bytes_max: u32,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// Catching up.
    pub sync: SyncSettings,
}

/// How long to wait in round 0, and how much longer in each further round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// For a proposal with its block, checked: the worst case of checking a full block fits in.
    pub propose_ms: u64,
    /// Added each round.
    pub propose_delta_ms: u64,
    /// For further votes when two thirds disagree.
    pub vote_ms: u64,
    /// Added each round.
    pub vote_delta_ms: u64,
}

/// How to catch up with other nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SyncSettings {
    /// Time between two messages saying how far this node is.
    pub status_interval_ms: u64,
    /// How long to wait for a response.
    pub request_timeout_ms: u64,
    /// Requests on their way at once.
    pub parallel_requests: usize,
    /// Blocks asked for, and given, at once.
    pub batch_blocks: usize,
    /// Largest response in bytes; it holds one block of the largest size at least.
    pub response_bytes_max: u64,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            moniker: "probity".into(),
            listen: "/ip4/0.0.0.0/tcp/26656".into(),
            peers: Vec::new(),
            peers_only: true,
            connections_per_ip_max: 64,
            home: PathBuf::from("engine"),
            block_time_ms: 500,
            heartbeat_ms: 5_000,
            block_bytes_max: MAX_BLOCK_BYTES,
            timeouts: Timeouts::default(),
            sync: SyncSettings::default(),
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { propose_ms: 3_000, propose_delta_ms: 500, vote_ms: 1_000, vote_delta_ms: 500 }
    }
}

impl Default for SyncSettings {
    fn default() -> Self {
        Self {
            status_interval_ms: 1_000,
            request_timeout_ms: 10_000,
            parallel_requests: 10,
            batch_blocks: 20,
            response_bytes_max: 20 * 1024 * 1024,
        }
    }
}

impl EngineConfig {
    pub(crate) fn linear_timeouts(&self) -> LinearTimeouts {
        let t = self.timeouts;
        let ms = Duration::from_millis;
        LinearTimeouts {
            propose: ms(t.propose_ms),
            propose_delta: ms(t.propose_delta_ms),
            prevote: ms(t.vote_ms),
            prevote_delta: ms(t.vote_delta_ms),
            precommit: ms(t.vote_ms),
            precommit_delta: ms(t.vote_delta_ms),
            rebroadcast: ms(t.propose_ms.saturating_add(t.vote_ms.saturating_mul(2))),
            ..LinearTimeouts::default()
        }
    }

    /// Checks every setting and puts them into the library's form.
    pub(crate) fn to_library(&self) -> Result<LibraryConfig, EngineError> {
        let invalid = |setting, reason: String| EngineError::Config { setting, reason };
        let address = |setting, text: &str| text.parse::<Multiaddr>().map_err(|e| invalid(setting, format!("{text}: {e}")));
        if self.block_bytes_max == 0 || self.block_bytes_max > MAX_BLOCK_BYTES {
            return Err(invalid("block_bytes_max", format!("must be 1 to {MAX_BLOCK_BYTES}")));
        }
        let response_min = u64::from(self.block_bytes_max) + 2 * CERTIFICATE_BYTES as u64;
        if !(response_min..=RESPONSE_BYTES_MAX as u64).contains(&self.sync.response_bytes_max) {
            return Err(invalid("sync.response_bytes_max", format!("must be {response_min} to {RESPONSE_BYTES_MAX}")));
        }
        if self.timeouts.propose_ms == 0 || self.timeouts.vote_ms == 0 {
            return Err(invalid("timeouts", "propose_ms and vote_ms must be above 0".into()));
        }
        if self.sync.status_interval_ms == 0 {
            return Err(invalid("sync.status_interval_ms", "must be above 0".into()));
        }
        let listen = address("listen", &self.listen)?;
        if !self.listen.contains("/tcp/") && !self.listen.contains("/quic") {
            return Err(invalid("listen", "must name a TCP or QUIC port, e.g. /ip4/0.0.0.0/tcp/26656".into()));
        }

        let mut consensus = ConsensusConfig { value_payload: ValuePayload::ProposalAndParts, ..ConsensusConfig::default() };
        let p2p = &mut consensus.p2p;
        p2p.listen_addr = listen;
        p2p.persistent_peers = self.peers.iter().map(|p| address("peers", p)).collect::<Result<_, _>>()?;
        if self.peers_only && self.peers.iter().any(|p| !p.contains("/p2p/")) {
            return Err(invalid("peers", "with peers_only every peer needs its /p2p/ id".into()));
        }
        p2p.persistent_peers_only = self.peers_only;
        p2p.discovery.max_connections_per_ip = self.connections_per_ip_max;
        p2p.discovery.ip_throttle_duration = Duration::from_secs(1);
        p2p.pubsub_max_size.0 = MESSAGE_BYTES;
        p2p.rpc_max_size.0 = self.sync.response_bytes_max;

        let mut value_sync = ValueSyncConfig {
            status_update_interval: Duration::from_millis(self.sync.status_interval_ms),
            request_timeout: Duration::from_millis(self.sync.request_timeout_ms),
            parallel_requests: self.sync.parallel_requests,
            batch_size: self.sync.batch_blocks,
            ..ValueSyncConfig::default()
        };
        value_sync.max_response_size.0 = self.sync.response_bytes_max - CERTIFICATE_BYTES as u64;
        Ok(LibraryConfig { moniker: self.moniker.clone(), consensus, value_sync })
    }
}

/// The settings as the library takes them.
#[derive(Clone, Debug)]
pub(crate) struct LibraryConfig {
    moniker: String,
    consensus: ConsensusConfig,
    value_sync: ValueSyncConfig,
}

impl NodeConfig for LibraryConfig {
    fn moniker(&self) -> &str {
        &self.moniker
    }

    fn consensus(&self) -> &ConsensusConfig {
        &self.consensus
    }

    fn consensus_mut(&mut self) -> &mut ConsensusConfig {
        &mut self.consensus
    }

    fn value_sync(&self) -> &ValueSyncConfig {
        &self.value_sync
    }

    fn value_sync_mut(&mut self) -> &mut ValueSyncConfig {
        &mut self.value_sync
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_valid_and_named_mutations_are_not() {
        assert!(EngineConfig::default().to_library().is_ok());
        type Mutation = fn(&mut EngineConfig);
        let cases: [(&str, Mutation); 7] = [
            ("listen", |c| c.listen = "localhost:80".into()),
            ("listen", |c| c.listen = "/ip4/127.0.0.1".into()),
            ("peers", |c| c.peers = vec!["/ip4/127.0.0.1/tcp/1".into()]),
            ("block_bytes_max", |c| c.block_bytes_max = MAX_BLOCK_BYTES + 1),
            ("sync.response_bytes_max", |c| c.sync.response_bytes_max = 1024),
            ("timeouts", |c| c.timeouts.vote_ms = 0),
            ("sync.status_interval_ms", |c| c.sync.status_interval_ms = 0),
        ];
        for (expected, mutate) in cases {
            let mut config = EngineConfig::default();
            mutate(&mut config);
            let error = config.to_library().unwrap_err();
            assert!(matches!(&error, EngineError::Config { setting, .. } if *setting == expected), "{error}");
        }
    }

    #[test]
    fn settings_round_trip_as_toml_and_unknown_ones_are_refused() {
        let text = toml::to_string(&EngineConfig::default()).unwrap();
        assert_eq!(toml::from_str::<EngineConfig>(&text).unwrap(), EngineConfig::default());
        assert!(toml::from_str::<EngineConfig>("blocktime = 1").is_err());
    }
}
