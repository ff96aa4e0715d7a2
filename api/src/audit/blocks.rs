//! `/v1/blocks` and `/v1/headers`: what was agreed on, with what made it final.

use axum::Json;
use axum::extract::State;
use probity_credit::digest::Digest;
use probity_ledger::address::Address;
use probity_ledger::block::Header;
use probity_ledger::certificate::Certificate;
use probity_ledger::receipt::Receipt;
use probity_ledger::transaction::Transaction;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, Shared};
use crate::http::extract::{InPath, InQuery};
use crate::http::page::{Page, PageQuery};
use crate::problem::{Problem, Rule};

/// A block in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlockLine {
    /// Height.
    pub height: u64,
    /// Hash.
    #[schema(value_type = String)]
    pub hash: Digest,
    /// Time.
    pub time_unix_ms: u64,
    /// Number of transactions.
    pub transactions: usize,
    /// Who proposed it.
    #[schema(value_type = String)]
    pub proposer: Address,
}

/// A whole block.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlockView {
    /// Hash of the header.
    #[schema(value_type = String)]
    pub hash: Digest,
    /// Header.
    #[schema(value_type = Object)]
    pub header: Header,
    /// What made it final.
    #[schema(value_type = Object)]
    pub certificate: Certificate,
    /// Transactions in the order of execution.
    #[schema(value_type = Vec<Object>)]
    pub transactions: Vec<Transaction>,
    /// Their receipts.
    #[schema(value_type = Vec<Object>)]
    pub receipts: Vec<Receipt>,
}

/// A header with what made it final.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeaderLine {
    /// Header.
    #[schema(value_type = Object)]
    pub header: Header,
    /// Certificate.
    #[schema(value_type = Object)]
    pub certificate: Certificate,
}

/// Where to begin.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HeadersQuery {
    /// First height; 1 unless given. `next` of a page is the next page's.
    pub from: Option<u64>,
    /// Items at most, 1 to 200.
    pub limit: Option<u32>,
}

/// Lists blocks, newest first.
#[utoipa::path(get, path = "/v1/blocks", tag = "audit", params(PageQuery), responses((status = 200, body = Page<BlockLine>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn list(State(app): State<Shared>, InQuery(query): InQuery<PageQuery>) -> Result<Json<Page<BlockLine>>, Problem> {
    let page = app.blocking(move |app| {
        let tip = app.node.status().height;
        let from = query.height()?.unwrap_or(tip).min(tip);
        let heights: Vec<u64> = (1..=from).rev().take(query.limit()?).collect();
        let next = heights.last().map(|last| last - 1).filter(|next| *next > 0).map(|next| next.to_string());
        let items = heights.into_iter().map(|height| line(app, height)).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    });
    page.await.map(Json)
}

fn line(app: &App, height: u64) -> Result<BlockLine, Problem> {
    let block = app.node.block(height).map_err(Problem::internal)?.ok_or(Rule::BlockUnknown { height })?;
    Ok(BlockLine {
        height,
        hash: block.hash(),
        time_unix_ms: block.header.time_unix_ms,
        transactions: block.transactions.len(),
        proposer: block.header.proposer,
    })
}

/// Fetches a block by height, or the `latest`.
#[utoipa::path(
    get, path = "/v1/blocks/{height}", tag = "audit", params(("height" = String, Path, description = "A height, or `latest`")),
    responses((status = 200, body = BlockView), (status = "default", description = "A problem", body = crate::openapi::ProblemBody))
)]
pub async fn block(State(app): State<Shared>, InPath(height): InPath<String>) -> Result<Json<BlockView>, Problem> {
    let view = app.blocking(move |app| {
        let height = match height.as_str() {
            "latest" => app.node.status().height,
            number => number.parse().map_err(|_| Rule::PathMalformed { reason: "a height is a number, or `latest`".into() })?,
        };
        let unknown = || Problem::from(Rule::BlockUnknown { height });
        let (_, certificate) = app.node.header(height).map_err(Problem::internal)?.ok_or_else(unknown)?;
        let block = app.node.block(height).map_err(Problem::internal)?.ok_or_else(unknown)?;
        let receipts = app.node.receipts(height).map_err(Problem::internal)?.ok_or_else(unknown)?;
        Ok(BlockView { hash: block.hash(), header: block.header, certificate, transactions: block.transactions, receipts })
    });
    view.await.map(Json)
}

/// Lists headers with certificates, oldest first, for light clients.
#[utoipa::path(get, path = "/v1/headers", tag = "audit", params(HeadersQuery), responses((status = 200, body = Page<HeaderLine>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody)))]
pub async fn headers(State(app): State<Shared>, InQuery(query): InQuery<HeadersQuery>) -> Result<Json<Page<HeaderLine>>, Problem> {
    let limit = PageQuery { cursor: None, limit: query.limit }.limit()?;
    let page = app.blocking(move |app| {
        let from = query.from.unwrap_or(1).max(1);
        let tip = app.node.status().height;
        let last = tip.min(from.saturating_add(limit as u64 - 1));
        let line = |height| {
            let (header, certificate) = app.node.header(height).map_err(Problem::internal)?.ok_or(Rule::BlockUnknown { height })?;
            Ok(HeaderLine { header, certificate })
        };
        let items = (from..=last).map(line).collect::<Result<_, Problem>>()?;
        Ok(Page { items, next: (last < tip).then(|| last.saturating_add(1).max(from).to_string()) })
    });
    page.await.map(Json)
}
