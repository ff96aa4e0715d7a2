//! `Idempotency-Key`: a repeated POST gets the first answer and does nothing a second time, also after a restart.
//!
//! Only successful answers are kept: a refused request changed nothing, so it may be corrected and sent again under its key.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use probity_credit::digest::Digest;
use probity_credit::hash::label::sha256 as label;
use serde::{Deserialize, Serialize};

use crate::app::Shared;
use crate::auth::Caller;
use crate::files::{self, FileError};
use crate::http::extract::read_body;
use crate::problem::{Problem, Rule};

/// The request's header.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Set on an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// How long answers are kept.
pub const KEPT: Duration = Duration::from_secs(24 * 3600);
/// Longest answer that is kept.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Longest file of an answer.
const FILE_BYTES_MAX: usize = 4 * ANSWER_BYTES_MAX;

/// A kept answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    /// Digest of the body that it answers.
    request: Digest,
    status: u16,
    content_type: String,
    location: Option<String>,
    body: String,
}

/// Kept answers, one file each, and the requests that are running.
pub struct Answers {
    folder: PathBuf,
    running: Mutex<BTreeSet<Digest>>,
}

/// While this lives, the request counts as running.
struct Running {
    answers: Arc<Answers>,
    key: Digest,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.answers.running().remove(&self.key);
    }
}

impl Answers {
    /// Answers in `folder`, which is made if need be.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn open(folder: PathBuf) -> Result<Self, FileError> {
        files::make_folder(&folder)?;
        Ok(Self { folder, running: Mutex::default() })
    }

    fn running(&self) -> std::sync::MutexGuard<'_, BTreeSet<Digest>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(self: &Arc<Self>, key: Digest) -> Result<Running, Problem> {
        if !self.running().insert(key) {
            return Err(Rule::IdempotencyInProgress.into());
        }
        Ok(Running { answers: Arc::clone(self), key })
    }

    fn path(&self, key: &Digest) -> PathBuf {
        self.folder.join(key.to_string())
    }

    fn find(&self, key: &Digest) -> Result<Option<Answer>, Problem> {
        let path = self.path(key);
        if is_old(&path) {
            return Ok(None);
        }
        let Some(content) = files::read(&path, FILE_BYTES_MAX).map_err(Problem::internal)? else { return Ok(None) };
        serde_json::from_slice(&content).map(Some).map_err(Problem::internal)
    }

    fn keep(&self, key: &Digest, answer: &Answer) -> Result<(), Problem> {
        let content = serde_json::to_vec(answer).map_err(Problem::internal)?;
        files::replace(&self.path(key), &content).map_err(Problem::internal)
    }

    /// Deletes answers that are too old.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn clean(&self) -> Result<(), FileError> {
        for name in files::names(&self.folder)? {
            let path = self.folder.join(name);
            if is_old(&path) {
                files::remove(&path)?;
            }
        }
        Ok(())
    }
}

fn is_old(path: &Path) -> bool {
    let modified = std::fs::metadata(path).and_then(|m| m.modified());
    modified.is_ok_and(|m| SystemTime::now().duration_since(m).is_ok_and(|age| age > KEPT))
}

fn key_of(value: &HeaderValue) -> Result<&str, Problem> {
    let text = value.to_str().unwrap_or_default();
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if fits { Ok(text) } else { Err(Rule::IdempotencyKeyMalformed.into()) }
}

/// The layer of routes that honour the header.
pub async fn layer(State(app): State<Shared>, request: Request, next: Next) -> Response {
    match request.headers().get(KEY).cloned() {
        Some(value) => once(&app, &value, request, next).await.unwrap_or_else(IntoResponse::into_response),
        None => next.run(request).await,
    }
}

async fn once(app: &Shared, value: &HeaderValue, request: Request, next: Next) -> Result<Response, Problem> {
    let caller = request.extensions().get::<Caller>().and_then(Caller::id).unwrap_or_default().to_owned();
    // the query only says how long to wait: another wait must not make it another request
    let address = request.uri().path().to_owned();
    let key = Digest::of(label::IDEMPOTENCY, &[caller.as_bytes(), address.as_bytes(), key_of(value)?.as_bytes()]);

    let (parts, body) = request.into_parts();
    let body = read_body(Request::new(body), app.config.limits.body_bytes as usize).await?;
    let digest = Digest::of(label::IDEMPOTENCY, &[b"body", &body]);
    let running = app.answers.begin(key)?;
    let app = Arc::clone(app);
    // a task of its own: a client that hangs up, or the time limit, must not come between acting and keeping the answer
    let task = tokio::spawn(async move {
        let _running = running;
        let kept = app.blocking(move |app| app.answers.find(&key)).await?;
        match kept {
            Some(answer) if answer.request == digest => replay(answer),
            Some(_) => Err(Rule::IdempotencyKeyReused.into()),
            None => {
                let response = next.run(Request::from_parts(parts, Body::from(body))).await;
                if response.status().is_success() { keep(&app, key, digest, response).await } else { Ok(response) }
            }
        }
    });
    task.await.map_err(Problem::internal)?
}

async fn keep(app: &Shared, key: Digest, request: Digest, response: Response) -> Result<Response, Problem> {
    let (parts, body) = response.into_parts();
    let body: Bytes = axum::body::to_bytes(body, ANSWER_BYTES_MAX).await.map_err(Problem::internal)?;
    let text = |name| parts.headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok()).map(str::to_owned);
    let answer = Answer {
        request,
        status: parts.status.as_u16(),
        content_type: text(header::CONTENT_TYPE).unwrap_or_default(),
        location: text(header::LOCATION),
        body: String::from_utf8(body.to_vec()).map_err(Problem::internal)?,
    };
    app.blocking(move |app| app.answers.keep(&key, &answer)).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn replay(answer: Answer) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(answer.status).map_err(Problem::internal)?;
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(&answer.content_type).map_err(Problem::internal)?);
    if let Some(location) = answer.location {
        headers.insert(header::LOCATION, HeaderValue::from_str(&location).map_err(Problem::internal)?);
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_kept_and_one_request_runs_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let answers = Arc::new(Answers::open(folder.path().join("a")).unwrap());
        let (key, request) = (Digest::of("k", &[]), Digest::of("r", &[]));
        let answer = Answer { request, status: 201, content_type: "application/json".into(), location: None, body: "{}".into() };
        assert_eq!(answers.find(&key).unwrap(), None);
        answers.keep(&key, &answer).unwrap();
        assert_eq!(answers.find(&key).unwrap(), Some(answer));
        let running = answers.begin(key).unwrap();
        assert_eq!(answers.begin(key).map(|_| ()).unwrap_err().code(), "idempotency-in-progress");
        drop(running);
        assert!(answers.begin(key).is_ok());
        answers.clean().unwrap();
        assert!(answers.find(&key).unwrap().is_some());
    }

    #[test]
    fn keys_have_a_form() {
        assert_eq!(key_of(&HeaderValue::from_static("a-B_9")).unwrap(), "a-B_9");
        for bad in ["", "a b", "a/b", &"x".repeat(65)] {
            assert_eq!(key_of(&HeaderValue::from_str(bad).unwrap()).unwrap_err().code(), "idempotency-key-malformed");
        }
    }
}
