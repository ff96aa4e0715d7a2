//! What lenders do: ask for proofs, receive them, read verdicts.
//!
//! A request is signed with the lender's key and kept ([`store`]); a wallet fetches it and posts a response, whose [`check`]s are made in
//! the protocol's order; a verified one is recorded on the chain by the [`recorder`], and the verdict follows the record.

pub mod check;
pub mod create;
pub mod fetch;
pub mod recorder;
pub mod respond;
pub mod store;
pub mod verdict;
mod verify;

use std::collections::BTreeMap;
use std::sync::Arc;

use probity_chain::engine::EngineConfig;
use probity_ledger::address::Address;
use probity_ledger::genesis::Genesis;
use probity_ledger::name::Name;

use crate::config::LenderConfig;
use crate::files::{self, FileError};
use crate::home::Home;
use crate::sender::Sender;

/// A lender that asks through this node.
pub struct Lender {
    /// How the operator calls it.
    pub name: Name,
    /// Its account.
    pub account: Sender,
}

/// The lenders of a node by address.
pub type Lenders = BTreeMap<Address, Arc<Lender>>;

/// Reads the lenders' keys.
///
/// # Errors
/// [`FileError`].
pub fn load(home: &Home, configured: &[LenderConfig]) -> Result<Lenders, FileError> {
    let load = |lender: &LenderConfig| {
        let key = files::read_key(&home.resolve(&lender.key))?;
        let address = lender.address.unwrap_or_else(|| Address::of(&key.public()));
        Ok((address, Arc::new(Lender { name: lender.name.clone(), account: Sender::new(address, key) })))
    };
    configured.iter().map(load).collect()
}

/// Most that is left for a record, however many validators there are.
const RECORD_TIME_MAX_MS: u64 = 60_000;

/// How long a record may take to get into a block. A node proposes only what was sent to itself: it may wait for its turn, while each of
/// the other validators, with nothing to do, takes a heartbeat.
fn record_time_ms(engine: &EngineConfig, genesis: &Genesis) -> u64 {
    let others = genesis.validators.validators().len() as u64 - 1;
    let turn = others.saturating_mul(engine.heartbeat_ms).saturating_add(engine.block_time_ms.saturating_mul(2));
    turn.min(RECORD_TIME_MAX_MS)
}
