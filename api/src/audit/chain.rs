//! `/v1/chain`: which chain this is.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use probity_chain::engine::Application;
use probity_credit::commitment::Anchor;
use probity_credit::digest::Digest;
use probity_ledger::address::Address;
use probity_ledger::block::PROTOCOL_VERSION;
use probity_ledger::genesis::{AnchorRules, ChainKind, Fees};
use probity_ledger::name::Name;
use serde::Serialize;
use utoipa::ToSchema;

use super::circuits::{self, CircuitView};
use crate::app::Shared;
use crate::problem::Problem;

/// The newest block.
#[derive(Debug, Serialize, ToSchema)]
pub struct TipView {
    /// Height; 0 for the genesis.
    pub height: u64,
    /// Hash.
    #[schema(value_type = String)]
    pub hash: Digest,
    /// Time, milliseconds since 1970.
    pub time_unix_ms: u64,
}

/// The chain in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChainView {
    /// Digest of the genesis.
    #[schema(value_type = String)]
    pub chain_id: Digest,
    /// Its name.
    #[schema(value_type = String)]
    pub chain_name: Name,
    /// For play or for real.
    #[schema(value_type = String)]
    pub kind: ChainKind,
    /// Version of the rules.
    pub protocol_version: u32,
    /// Where the genesis is.
    pub genesis_url: &'static str,
    /// The newest block.
    pub tip: TipView,
    /// First height that this node has.
    pub base_height: u64,
    /// The newest anchor.
    #[schema(value_type = Option<Object>)]
    pub newest_anchor: Option<Anchor>,
    /// Circuits.
    pub circuits: Vec<CircuitView>,
    /// Address of the identity authority.
    #[schema(value_type = String)]
    pub identity_authority: Address,
    /// The faucet's account, on development chains.
    #[schema(value_type = Option<String>)]
    pub faucet: Option<Address>,
    /// Least fees.
    #[schema(value_type = Object)]
    pub fees: Fees,
    /// Rules of anchors.
    #[schema(value_type = Object)]
    pub anchors: AnchorRules,
    /// Window of the consortium's scope, months.
    pub consortium_window_months: u16,
    /// Lenders that ask through this node.
    #[schema(value_type = Vec<String>)]
    pub lenders_here: Vec<Address>,
    /// Program and version.
    pub software: &'static str,
}

/// Says which chain this is and how far it has come.
#[utoipa::path(get, path = "/v1/chain", tag = "audit", responses((status = 200, body = ChainView), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn chain(State(app): State<Shared>) -> Result<Json<ChainView>, Problem> {
    let view = app.blocking(|app| {
        let (genesis, status) = (app.genesis(), app.node.status());
        Ok(ChainView {
            chain_id: app.chain_id,
            chain_name: genesis.chain_name.clone(),
            kind: genesis.kind,
            protocol_version: PROTOCOL_VERSION,
            genesis_url: "/v1/chain/genesis",
            tip: TipView { height: status.height, hash: status.block_hash, time_unix_ms: status.time_unix_ms },
            base_height: Application::base(app.node.as_ref()),
            newest_anchor: app.newest().newest_anchor()?.map(|entry| entry.anchor),
            circuits: circuits::read(app)?.items,
            identity_authority: genesis.authority(),
            faucet: genesis.faucet,
            fees: genesis.fees.clone(),
            anchors: genesis.anchors.clone(),
            consortium_window_months: genesis.consortium_window_months.get(),
            lenders_here: app.lenders.keys().copied().collect(),
            software: concat!("probityd ", env!("CARGO_PKG_VERSION")),
        })
    });
    view.await.map(Json)
}

/// Fetches the genesis: the digest of its canonical bytes is the chain id.
#[utoipa::path(get, path = "/v1/chain/genesis", tag = "audit", responses((status = 200, description = "The genesis", body = Object)))]
pub async fn genesis(State(app): State<Shared>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], app.genesis().to_json()).into_response()
}
