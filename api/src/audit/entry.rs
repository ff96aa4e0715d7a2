//! One entry of the state, typed, at any height, with a proof if asked.

use axum::Json;
use axum::extract::State;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_ledger::encoding::base64url_option;
use probity_ledger::state_key::StateKey;
use probity_ledger::state_proof::StateProof;
use probity_ledger::state_value;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::Shared;
use crate::http::extract::{InPath, InQuery};
use crate::problem::{Problem, Rule};
use crate::view::View;

/// At which height, and whether with a proof.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EntryQuery {
    /// The state after this height; the newest unless given.
    pub height: Option<u64>,
    /// 1 for a proof under the header of that height.
    pub prove: Option<u8>,
}

impl EntryQuery {
    /// Whether a proof is asked for.
    pub fn wants_proof(&self) -> bool {
        self.prove.unwrap_or(0) != 0
    }
}

/// An entry of the state.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entry<T> {
    /// The state after this height.
    pub height: u64,
    /// The entry's key.
    #[schema(value_type = String)]
    pub key: StateKey,
    /// The value.
    pub value: T,
    /// The proof, if asked for.
    #[schema(value_type = Option<Object>)]
    pub proof: Option<StateProof>,
}

/// An entry of the state as canonical bytes.
#[derive(Debug, Serialize, ToSchema)]
pub struct RawEntry {
    /// The state after this height.
    pub height: u64,
    /// The entry's key.
    #[schema(value_type = String)]
    pub key: StateKey,
    /// The value's canonical bytes; null when there is none.
    #[serde(with = "base64url_option")]
    #[schema(value_type = Option<String>)]
    pub value: Option<Vec<u8>>,
    /// The proof, if asked for.
    #[schema(value_type = Option<Object>)]
    pub proof: Option<StateProof>,
}

/// Reads an entry that must be there.
///
/// # Errors
/// [`Rule::EntryUnknown`], with the proof of absence if a proof was asked for.
pub fn read<T>(view: View<'_>, key: StateKey, query: EntryQuery, what: &'static str) -> Result<Entry<T>, Problem>
where
    T: BorshDeserialize + BorshSerialize,
{
    let proof = view.prove(&key)?;
    let height = view.height();
    match &proof.value {
        Some(bytes) => {
            let value = state_value::decode(bytes).map_err(Problem::internal)?;
            Ok(Entry { height, key, value, proof: query.wants_proof().then_some(proof) })
        }
        None => {
            let problem = Problem::from(Rule::EntryUnknown { what, height });
            Err(if query.wants_proof() { problem.with_proof(&proof) } else { problem })
        }
    }
}

/// Reads an entry for a handler.
///
/// # Errors
/// As [`read`].
pub async fn entry<T>(app: Shared, query: EntryQuery, what: &'static str, key: StateKey) -> Result<Json<Entry<T>>, Problem>
where
    T: BorshDeserialize + BorshSerialize + Send + 'static,
{
    app.blocking(move |app| read(View::at(&app.node, query.height)?, key, query, what)).await.map(Json)
}

/// Reads any entry of the state by its key.
#[utoipa::path(
    get, path = "/v1/state/{key}", tag = "audit", params(("key" = String, Path, description = "State key"), EntryQuery),
    responses((status = 200, body = RawEntry), (status = "default", description = "A problem", body = crate::openapi::ProblemBody))
)]
pub async fn state(
    State(app): State<Shared>,
    InPath(key): InPath<StateKey>,
    InQuery(query): InQuery<EntryQuery>,
) -> Result<Json<RawEntry>, Problem> {
    let entry = app.blocking(move |app| {
        let view = View::at(&app.node, query.height)?;
        let proof = view.prove(&key)?;
        Ok(RawEntry { height: view.height(), key, value: proof.value.clone(), proof: query.wants_proof().then_some(proof) })
    });
    entry.await.map(Json)
}
