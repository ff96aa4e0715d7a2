//! Structured logs, one JSON object a line. No bodies, no addresses of people, no ids of proof requests.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// What is logged unless `PROBITY_LOG` says otherwise.
const DEFAULT: &str = "info,arc_malachitebft=warn,informalsystems_malachitebft=warn,libp2p=warn,libp2p_gossipsub=error";

/// Writes logs to standard error; `PROBITY_LOG` filters them as `RUST_LOG` would.
pub fn start() {
    let filter = EnvFilter::try_from_env("PROBITY_LOG").unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let subscriber = tracing_subscriber::fmt().json().with_env_filter(filter).with_span_events(FmtSpan::NONE).with_writer(io::stderr);
    // only a second call in one process fails, and then logging runs already
    let _ = subscriber.try_init();
}
