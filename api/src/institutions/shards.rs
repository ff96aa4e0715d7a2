//! `/v1/shards`: the identity tree's leaf files, as the authority gives them out.
//!
//! Content is kept by digest: a table of contents must hash to the address it is put at, a shard to the digest in that table, and its
//! leaves must lead to the table's root. The digest that counts is the one on the chain; a wallet compares.

use std::path::PathBuf;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use probity_credit::digest::Digest;
use probity_ledger::delivery::{Delivery, IdentityShard, LeafFile};

use crate::app::Shared;
use crate::files::{self, FileError};
use crate::http::extract::{InPath, read_body};
use crate::problem::{Problem, Rule};

/// Leaf files in a folder, each in a folder of its own.
pub struct Shards(PathBuf);

impl Shards {
    /// Leaf files in `folder`, which is made if need be.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn open(folder: PathBuf) -> Result<Self, FileError> {
        files::make_folder(&folder)?;
        Ok(Self(folder))
    }

    fn contents_path(&self, leaf_file: &Digest) -> PathBuf {
        self.0.join(leaf_file.to_string()).join("contents")
    }

    fn shard_path(&self, leaf_file: &Digest, index: u32) -> PathBuf {
        self.0.join(leaf_file.to_string()).join(index.to_string())
    }

    fn contents(&self, leaf_file: &Digest) -> Result<Vec<u8>, Problem> {
        read(self.contents_path(leaf_file), LeafFile::BYTES_MAX)
    }

    fn put_contents(&self, chain_id: &Digest, leaf_file: &Digest, bytes: &[u8]) -> Result<(), Problem> {
        let file = LeafFile::decode(bytes).map_err(|e| refused(e.to_string()))?;
        if file.chain_id != *chain_id {
            return Err(refused("it is of another chain".into()));
        }
        if file.digest() != *leaf_file {
            return Err(refused("its digest is not the one in the address".into()));
        }
        files::make_folder(&self.0.join(leaf_file.to_string())).map_err(Problem::internal)?;
        files::replace(&self.contents_path(leaf_file), bytes).map_err(Problem::internal)
    }

    fn put_shard(&self, leaf_file: &Digest, index: u32, bytes: &[u8]) -> Result<(), Problem> {
        let contents = LeafFile::decode(&self.contents(leaf_file)?).map_err(Problem::internal)?;
        let shard = IdentityShard::decode(bytes).map_err(|e| refused(e.to_string()))?;
        if shard.index != index {
            return Err(refused(format!("it is shard {}, not {index}", shard.index)));
        }
        if !contents.lists(&shard) {
            return Err(refused("it is not the shard that the table of contents lists, or its leaves lead to another root".into()));
        }
        files::replace(&self.shard_path(leaf_file, index), bytes).map_err(Problem::internal)
    }
}

fn refused(reason: String) -> Problem {
    Rule::ShardRefused { reason }.into()
}

fn read(path: PathBuf, limit: usize) -> Result<Vec<u8>, Problem> {
    files::read(&path, limit).map_err(Problem::internal)?.ok_or_else(|| Rule::ShardUnknown.into())
}

/// Content under a digest never changes.
fn bytes_forever(bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, Body::from(bytes)).into_response()
}

/// Puts the table of contents of a leaf file.
#[utoipa::path(
    put, path = "/v1/shards/{leaf_file}", tag = "authority", security(("key" = [])),
    params(("leaf_file" = String, Path, description = "Digest of the leaf file")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 204, description = "Kept"), (status = "default", description = "A problem", body = crate::openapi::ProblemBody))
)]
pub async fn put_contents(State(app): State<Shared>, InPath(leaf_file): InPath<Digest>, request: Request) -> Result<StatusCode, Problem> {
    let body = read_body(request, LeafFile::BYTES_MAX).await?;
    app.blocking(move |app| app.shards.put_contents(&app.chain_id, &leaf_file, &body)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts a shard of a leaf file, after its table of contents.
#[utoipa::path(
    put, path = "/v1/shards/{leaf_file}/{index}", tag = "authority", security(("key" = [])),
    params(("leaf_file" = String, Path, description = "Digest of the leaf file"), ("index" = u32, Path, description = "Number of the shard")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 204, description = "Kept"), (status = "default", description = "A problem", body = crate::openapi::ProblemBody))
)]
pub async fn put_shard(
    State(app): State<Shared>,
    InPath((leaf_file, index)): InPath<(Digest, u32)>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let body = read_body(request, app.config.limits.shard_bytes as usize).await?;
    app.blocking(move |app| app.shards.put_shard(&leaf_file, index, &body)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Fetches the table of contents of a leaf file.
#[utoipa::path(
    get, path = "/v1/shards/{leaf_file}", tag = "wallets", params(("leaf_file" = String, Path, description = "Digest of the leaf file")),
    responses((status = 200, description = "Canonical bytes", body = Vec<u8>, content_type = "application/octet-stream"), (status = "default", description = "A problem", body = crate::openapi::ProblemBody))
)]
pub async fn get_contents(State(app): State<Shared>, InPath(leaf_file): InPath<Digest>) -> Result<Response, Problem> {
    app.blocking(move |app| app.shards.contents(&leaf_file)).await.map(bytes_forever)
}

/// Fetches a shard of a leaf file.
#[utoipa::path(
    get, path = "/v1/shards/{leaf_file}/{index}", tag = "wallets",
    params(("leaf_file" = String, Path, description = "Digest of the leaf file"), ("index" = u32, Path, description = "Number of the shard")),
    responses((status = 200, description = "Canonical bytes", body = Vec<u8>, content_type = "application/octet-stream"), (status = "default", description = "A problem", body = crate::openapi::ProblemBody))
)]
pub async fn get_shard(State(app): State<Shared>, InPath((leaf_file, index)): InPath<(Digest, u32)>) -> Result<Response, Problem> {
    app.blocking(move |app| read(app.shards.shard_path(&leaf_file, index), IdentityShard::BYTES_MAX)).await.map(bytes_forever)
}
