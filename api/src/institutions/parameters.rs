//! `/v1/parameters`: the proving keys of the chain's circuits, as their ceremonies' files, for wallets to fetch.
//!
//! The operator puts the files there; this node says nothing about them. A wallet compares the transcript with the digest that the
//! genesis names, and the key with the one that the transcript names.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use probity_credit::circuit_id::CircuitId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::Shared;
use crate::http::extract::InPath;
use crate::problem::{Problem, Rule};

/// Bytes of a piece of a key: what a lost connection loses at most.
const CHUNK_BYTES: u64 = 1 << 20;

/// How the files' names end, after the circuit's.
const TRANSCRIPT: &str = "transcript.json";
const KEY: &str = "zkey";

/// Longest transcript that is given out.
const TRANSCRIPT_BYTES_MAX: u64 = 4 << 20;

/// Files of ceremonies in a folder: `<circuit>.transcript.json` and `<circuit>.zkey`.
pub struct Parameters(PathBuf);

impl Parameters {
    /// The files in `folder`, which need not exist.
    pub fn at(folder: PathBuf) -> Self {
        Self(folder)
    }

    fn open(&self, circuit: CircuitId, end: &str) -> Result<File, Problem> {
        File::open(self.0.join(format!("{circuit}.{end}"))).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => Rule::ParametersUnknown.into(),
            _ => Problem::internal(e),
        })
    }

    fn transcript(&self, circuit: CircuitId) -> Result<Vec<u8>, Problem> {
        let file = self.open(circuit, TRANSCRIPT)?;
        if file.metadata().map_err(Problem::internal)?.len() > TRANSCRIPT_BYTES_MAX {
            return Err(Problem::internal(format!("the transcript of {circuit} is longer than {TRANSCRIPT_BYTES_MAX} bytes")));
        }
        read(&file, TRANSCRIPT_BYTES_MAX)
    }

    fn chunk(&self, circuit: CircuitId, index: u64) -> Result<Vec<u8>, Problem> {
        let mut file = self.open(circuit, KEY)?;
        let bytes = file.metadata().map_err(Problem::internal)?.len();
        let begin = index.checked_mul(CHUNK_BYTES).filter(|begin| *begin < bytes).ok_or(Rule::ParametersUnknown)?;
        file.seek(SeekFrom::Start(begin)).map_err(Problem::internal)?;
        read(&file, CHUNK_BYTES)
    }

    fn list(&self) -> Vec<Offer> {
        let offer = |circuit: CircuitId| {
            let key_bytes = self.open(circuit, TRANSCRIPT).and(self.open(circuit, KEY)).ok()?.metadata().ok()?.len();
            Some(Offer { circuit: circuit.name().to_owned(), key_bytes, chunk_bytes: CHUNK_BYTES })
        };
        CircuitId::ALL.into_iter().filter_map(offer).collect()
    }
}

fn read(file: &File, limit: u64) -> Result<Vec<u8>, Problem> {
    let mut bytes = vec![];
    file.take(limit).read_to_end(&mut bytes).map_err(Problem::internal)?;
    Ok(bytes)
}

/// A circuit whose parameters this node gives out.
#[derive(Debug, Serialize, ToSchema)]
pub struct Offer {
    /// The circuit.
    pub circuit: String,
    /// Bytes of the key's file, `.zkey`.
    pub key_bytes: u64,
    /// Bytes of each piece but the last.
    pub chunk_bytes: u64,
}

/// Lists the circuits whose parameters this node gives out, with their sizes.
#[utoipa::path(
    get, path = "/v1/parameters", tag = "wallets",
    responses((status = 200, description = "What can be fetched", body = Vec<Offer>), (status = "default", description = "A problem", body = crate::openapi::ProblemBody))
)]
pub async fn list(State(app): State<Shared>) -> Result<Json<Vec<Offer>>, Problem> {
    app.blocking(|app| Ok(app.parameters.list())).await.map(Json)
}

/// Fetches the transcript of a circuit's ceremony; its SHA-256 is what the chain names.
#[utoipa::path(
    get, path = "/v1/parameters/{circuit}/transcript", tag = "wallets", params(("circuit" = String, Path, description = "Id of the circuit")),
    responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/json"), (status = "default", description = "A problem", body = crate::openapi::ProblemBody))
)]
pub async fn transcript(State(app): State<Shared>, InPath(circuit): InPath<CircuitId>) -> Result<Response, Problem> {
    let bytes = app.blocking(move |app| app.parameters.transcript(circuit)).await?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], Body::from(bytes)).into_response())
}

/// Fetches a piece of a circuit's key, counted from 0.
#[utoipa::path(
    get, path = "/v1/parameters/{circuit}/key/{chunk}", tag = "wallets",
    params(("circuit" = String, Path, description = "Id of the circuit"), ("chunk" = u64, Path, description = "Number of the piece")),
    responses((status = 200, description = "The piece", body = Vec<u8>, content_type = "application/octet-stream"), (status = "default", description = "A problem", body = crate::openapi::ProblemBody))
)]
pub async fn chunk(State(app): State<Shared>, InPath((circuit, index)): InPath<(CircuitId, u64)>) -> Result<Response, Problem> {
    let bytes = app.blocking(move |app| app.parameters.chunk(circuit, index)).await?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))], Body::from(bytes)).into_response())
}
