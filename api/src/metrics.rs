//! Counters of the API, in the registry that the engine's metrics are in.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

/// Which requests a series counts. Routes are patterns, never addresses: those hold the ids of proof requests.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// Method.
    pub method: String,
    /// Pattern of the route.
    pub route: String,
    /// Status.
    pub status: u16,
}

/// Which route a histogram is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RouteLabels {
    /// Pattern of the route.
    pub route: String,
}

/// Which checks of responses a series counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ResponseLabels {
    /// `verified`, or the code of the rule that refused.
    pub outcome: String,
}

/// The API's metrics.
#[derive(Debug)]
pub struct Metrics {
    /// Requests answered.
    pub requests: Family<RequestLabels, Counter>,
    /// How long answers took.
    pub seconds: Family<RouteLabels, Histogram>,
    /// Open connections.
    pub connections: Gauge,
    /// Height of the newest block.
    pub height: Gauge,
    /// Transactions that wait.
    pub mempool: Gauge,
    /// Wallets' responses by what became of them.
    pub responses: Family<ResponseLabels, Counter>,
}

impl Metrics {
    /// Registers the metrics under `probity_api`.
    pub fn register() -> Self {
        let metrics = Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 4.0, 8))),
            connections: Gauge::default(),
            height: Gauge::default(),
            mempool: Gauge::default(),
            responses: Family::default(),
        };
        probity_chain::engine::register_metrics("probity_api", |registry| {
            registry.register("requests", "Requests answered", metrics.requests.clone());
            registry.register("request_seconds", "Time from a request's headers to its answer", metrics.seconds.clone());
            registry.register("connections", "Open connections", metrics.connections.clone());
            registry.register("chain_height", "Height of the newest block", metrics.height.clone());
            registry.register("mempool_transactions", "Transactions that wait", metrics.mempool.clone());
            registry.register("responses", "Wallets' responses by outcome", metrics.responses.clone());
        });
        metrics
    }
}
