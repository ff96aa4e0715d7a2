//! What every request goes through before a handler sees it, and the connections it comes by.

pub mod extract;
pub mod idempotency;
pub mod layers;
pub mod page;
pub mod server;
