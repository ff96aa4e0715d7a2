//! All routes of the API, by who uses them.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post, put};
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::Shared;
use crate::audit::{blocks, chain, circuits, commitments, entry, lists, members, records, verify};
use crate::http::{extract, idempotency, layers};
use crate::institutions::{faucet, parameters, shards, transactions};
use crate::lenders::{create, fetch, respond, verdict};
use crate::{auth, node};

/// The API of `app`.
pub fn router(app: Shared) -> Router {
    let once = from_fn_with_state(app.clone(), idempotency::layer);

    let lenders = Router::new()
        .route("/v1/requests", post(create::create).layer(once.clone()))
        .route("/v1/requests/{id}/verdict", get(verdict::verdict))
        .route_layer(from_fn(auth::lenders));

    let wallets = Router::new()
        .route("/v1/requests/{id}", get(fetch::fetch))
        .route("/v1/requests/{id}/response", post(respond::respond).layer(once.clone()))
        .route("/v1/shards/{leaf_file}", get(shards::get_contents))
        .route("/v1/shards/{leaf_file}/{index}", get(shards::get_shard))
        .route("/v1/anchors/{height}/registry", get(lists::registry_at))
        .route("/v1/parameters", get(parameters::list))
        .route("/v1/parameters/{circuit}/transcript", get(parameters::transcript))
        .route("/v1/parameters/{circuit}/key/{chunk}", get(parameters::chunk));

    let authority = Router::new()
        .route("/v1/shards/{leaf_file}", put(shards::put_contents))
        .route("/v1/shards/{leaf_file}/{index}", put(shards::put_shard))
        .route_layer(from_fn(auth::authority));

    let submissions = Router::new()
        .route("/v1/transactions", post(transactions::send))
        .route("/v1/faucet", post(faucet::give))
        .route_layer(once)
        .route_layer(from_fn_with_state(app.clone(), auth::submissions));

    let reads = Router::new()
        .route("/v1/transactions/{id}", get(transactions::receipt))
        .route("/v1/chain", get(chain::chain))
        .route("/v1/chain/genesis", get(chain::genesis))
        .route("/v1/circuits", get(circuits::list))
        .route("/v1/verifying-keys/{circuit}", get(circuits::verifying_key))
        .route("/v1/blocks", get(blocks::list))
        .route("/v1/blocks/{height}", get(blocks::block))
        .route("/v1/headers", get(blocks::headers))
        .route("/v1/records", get(records::list))
        .route("/v1/records/{context}", get(records::record))
        .route("/v1/commitments", get(commitments::list))
        .route("/v1/registry", get(commitments::registry))
        .route("/v1/policies", get(lists::policies))
        .route("/v1/policies/{id}", get(lists::policy))
        .route("/v1/schemas", get(lists::schemas))
        .route("/v1/schemas/{id}", get(lists::schema))
        .route("/v1/anchors", get(lists::anchors))
        .route("/v1/anchors/{height}", get(lists::anchor))
        .route("/v1/institutions", get(members::institutions))
        .route("/v1/institutions/{address}", get(members::institution))
        .route("/v1/lenders", get(members::lenders))
        .route("/v1/lenders/{address}", get(members::lender))
        .route("/v1/accounts/{address}", get(members::account))
        .route("/v1/validators", get(members::validators))
        .route("/v1/identities", get(members::identities))
        .route("/v1/nullifiers/{scope}/{nullifier}", get(members::nullifier))
        .route("/v1/state/{key}", get(entry::state))
        .route("/v1/verify", post(verify::verify))
        .route_layer(from_fn_with_state(app.clone(), auth::reads));

    let operators = Router::new().route("/metrics", get(node::metrics)).route_layer(from_fn_with_state(app.clone(), auth::metrics));

    let everybody = Router::new()
        .route("/healthz", get(node::healthz))
        .route("/readyz", get(node::readyz))
        .route("/v1/openapi.json", get(node::openapi))
        .route("/problems", get(node::problems))
        .route("/problems/{code}", get(node::problem));

    Router::new()
        .merge(lenders)
        .merge(wallets)
        .merge(authority)
        .merge(submissions)
        .merge(reads)
        .merge(operators)
        .merge(everybody)
        .fallback(extract::nothing_here)
        .method_not_allowed_fallback(extract::wrong_method)
        .layer(from_fn_with_state(app.clone(), auth::identify))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(from_fn_with_state(app.clone(), layers::observe))
        .with_state(app)
}
