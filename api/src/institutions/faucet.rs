//! `POST /v1/faucet`: money for trying things out, on development chains.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use probity_ledger::address::Address;
use probity_ledger::transaction::{Payload, Transfer};
use serde::Deserialize;
use utoipa::ToSchema;

use super::transactions::{TransactionStatus, wait_for};
use crate::app::Shared;
use crate::http::extract::{InQuery, JsonBody};
use crate::lenders::verdict::WaitQuery;
use crate::problem::{Problem, Rule};
use crate::sender::Sender;

/// The faucet's account.
pub struct Faucet {
    /// It pays.
    pub account: Sender,
    /// The most it gives at once.
    pub amount_max: u64,
}

/// Who wants how much.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FaucetRequest {
    /// The account.
    #[schema(value_type = String)]
    pub address: Address,
    /// How much; the most there is unless given.
    pub amount: Option<u64>,
}

/// Gives money away.
#[utoipa::path(
    post, path = "/v1/faucet", tag = "institutions", request_body = FaucetRequest,
    params(WaitQuery, ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition harmless")),
    responses((status = 202, body = TransactionStatus), (status = 200, body = TransactionStatus), (status = "default", description = "A problem", body = crate::openapi::ProblemBody))
)]
pub async fn give(
    State(app): State<Shared>,
    InQuery(wait): InQuery<WaitQuery>,
    JsonBody(wanted): JsonBody<FaucetRequest>,
) -> Result<(StatusCode, Json<TransactionStatus>), Problem> {
    let id = app.blocking(move |app| {
        let faucet = app.faucet.as_ref().ok_or(Rule::NoFaucet)?;
        let amount = wanted.amount.unwrap_or(faucet.amount_max);
        if amount == 0 || amount > faucet.amount_max {
            return Err(Rule::FaucetAmount { most: faucet.amount_max }.into());
        }
        let transfer = Payload::Transfer(Transfer { to: wanted.address, amount });
        Ok(faucet.account.send(&app.node, app.chain_id, transfer)?.0)
    });
    wait_for(&app, id.await?, wait.patience()).await
}
