//! `/v1/commitments` and `/v1/registry`: what institutions published, and what is live.

use axum::Json;
use axum::extract::State;
use probity_credit::domain::Domain;
use probity_ledger::address::Address;
use probity_ledger::state_value::{RegistryState, SlotState};
use probity_ledger::transaction::{Payload, PublishCommitment, Slot, TxId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::Shared;
use crate::http::extract::InQuery;
use crate::http::page::{Page, PageQuery};
use crate::problem::Problem;

/// A publication.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommitmentLine {
    /// Registry slot.
    #[schema(value_type = u16)]
    pub slot: Slot,
    /// Who published.
    #[schema(value_type = String)]
    pub institution: Address,
    /// What kind of data.
    #[schema(value_type = String)]
    pub domain: Domain,
    /// The transaction.
    #[schema(value_type = String)]
    pub transaction: TxId,
    /// Height of its block.
    pub height: u64,
    /// What was published.
    #[schema(value_type = Object)]
    pub commitment: PublishCommitment,
}

/// A slot of the registry.
#[derive(Debug, Serialize, ToSchema)]
pub struct SlotLine {
    /// Its number.
    #[schema(value_type = u16)]
    pub slot: Slot,
    /// What lies there.
    #[schema(value_type = Object)]
    pub state: SlotState,
}

/// The registry.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegistryView {
    /// The state after this height.
    pub height: u64,
    /// As a whole.
    #[schema(value_type = Object)]
    pub registry: RegistryState,
    /// All slots given out, ascending.
    pub slots: Vec<SlotLine>,
}

/// Lists publications, newest first.
#[utoipa::path(get, path = "/v1/commitments", tag = "audit", params(PageQuery), responses((status = 200, body = Page<CommitmentLine>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn list(State(app): State<Shared>, InQuery(page): InQuery<PageQuery>) -> Result<Json<Page<CommitmentLine>>, Problem> {
    let found = app.blocking(move |app| {
        let found = app.node.commitments(page.place()?, page.limit()?).map_err(Problem::internal)?;
        let view = app.newest();
        let mut items = Vec::new();
        for included in found.entries {
            let (id, institution, height) = (included.receipt.transaction, included.transaction.body.sender, included.height);
            let Payload::PublishCommitment(commitment) = included.transaction.body.payload else {
                return Err(Problem::internal("a listed publication is another transaction"));
            };
            let state = view.slot(commitment.slot)?.ok_or_else(|| Problem::internal("a publication in a slot that nobody has"))?;
            items.push(CommitmentLine { slot: commitment.slot, institution, domain: state.domain, transaction: id, height, commitment });
        }
        Ok(Page { items, next: found.next.map(|c| c.to_string()) })
    });
    found.await.map(Json)
}

/// Fetches the registry with all slots.
#[utoipa::path(get, path = "/v1/registry", tag = "audit", responses((status = 200, body = RegistryView), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn registry(State(app): State<Shared>) -> Result<Json<RegistryView>, Problem> {
    let found = app.blocking(|app| {
        let view = app.newest();
        let registry = view.registry()?.ok_or_else(|| Problem::internal("a chain without a registry"))?;
        let mut slots = Vec::new();
        for slot in (0..registry.slots_used).filter_map(|n| Slot::new(n).ok()) {
            let state = view.slot(slot)?.ok_or_else(|| Problem::internal("a slot was given out and is not there"))?;
            slots.push(SlotLine { slot, state });
        }
        Ok(RegistryView { height: view.height(), registry, slots })
    });
    found.await.map(Json)
}
