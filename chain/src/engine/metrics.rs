//! The registry of the engine's metrics, shared with the rest of the process.

use arc_malachitebft_app_channel::app::metrics::{self, SharedRegistry};
use prometheus_client::registry::Registry;

/// Registers further metrics under a prefix in the engine's registry.
pub fn register_metrics<T>(prefix: &str, register: impl FnOnce(&mut Registry) -> T) -> T {
    SharedRegistry::global().with_prefix(prefix, register)
}

/// All metrics in the OpenMetrics text format.
///
/// Alert on `node_safety_failure` = 1: the write-ahead log failed and the engine hangs on purpose, lest it sign twice.
pub fn metrics_text() -> String {
    let mut text = String::new();
    metrics::export(&mut text);
    text
}
