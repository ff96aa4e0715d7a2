//! Asking a node over HTTP: with time and size limits, its refusals in plain words.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;
use ureq::http::{Response, Uri};
use ureq::{Agent, Body};

/// Longest answer, unless a call says otherwise.
const ANSWER_BYTES_MAX: u64 = 32 << 20;
/// How long an answer may take, waiting at the node not counted.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a node gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Not an address.
    #[error("{0:?} is no address of a node: it begins with http:// or https://, for example http://127.0.0.1:8645")]
    Address(String),
    /// Everybody on the way could read and change it.
    #[error("{0} is not encrypted and not on this machine: use https, or --allow-http if you know the network")]
    PlainHttp(String),
    /// Nobody answered.
    #[error("{address}: {reason}; is the node running, and is the address right?")]
    Unreachable {
        /// Of the node.
        address: String,
        /// What happened.
        reason: String,
    },
    /// The node refused.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// The answer is not what was expected.
    #[error("{address} answered something unexpected ({reason}): is it a probityd of this version?")]
    Answer {
        /// What was asked.
        address: String,
        /// What is wrong.
        reason: String,
    },
}

/// A refusal in the form of RFC 9457.
#[derive(Debug, Clone)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// The rule's name.
    pub code: Option<String>,
    /// What is wrong.
    pub detail: String,
    /// What to do.
    pub hint: Option<String>,
    /// The whole document.
    pub document: Value,
}

impl ClientError {
    /// The rule that the node named.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Problem(p) => p.code.as_deref(),
            _ => None,
        }
    }

    /// What the node says is to be done.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Problem(p) => p.hint.as_deref(),
            _ => None,
        }
    }

    /// Whether the node said that there is no such thing.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Problem(p) if p.status == 404)
    }
}

/// Whether plain HTTP to other machines is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// https, or this machine.
    Protected,
    /// Anything.
    AnyHttp,
}

/// Asks one node.
pub struct Client {
    base: String,
    agent: Agent,
    transport: Transport,
    api_key: Option<String>,
}

impl Client {
    /// A client of the node at `base`.
    ///
    /// # Errors
    /// [`ClientError::Address`], [`ClientError::PlainHttp`].
    pub fn new(base: &str, transport: Transport) -> Result<Self, ClientError> {
        let base = base.trim_end_matches('/').to_owned();
        let host = check_address(&base, transport)?;
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_global(Some(PATIENCE + Duration::from_secs(30)))
            .user_agent(concat!("probity/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&host) {
            config = config.proxy(None);
        }
        Ok(Self { base, agent: config.build().into(), transport, api_key: None })
    }

    /// Sends this API key with every request to the node.
    #[must_use]
    pub fn with_api_key(mut self, key: Option<String>) -> Self {
        self.api_key = key;
        self
    }

    /// The node's address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// GET of a path, as JSON.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let address = format!("{}{path}", self.base);
        let bytes = self.get_bytes(path)?;
        serde_json::from_slice(&bytes).map_err(|e| ClientError::Answer { address, reason: e.to_string() })
    }

    /// GET of a path, as bytes.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn get_bytes(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        self.fetch(&format!("{}{path}", self.base))
    }

    /// GET of a whole address that somebody else named: without the API key.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn get_address(&self, address: &str) -> Result<Vec<u8>, ClientError> {
        check_address(address, self.transport)?;
        finish(address, self.agent.get(address).call())
    }

    fn fetch(&self, address: &str) -> Result<Vec<u8>, ClientError> {
        let mut request = self.agent.get(address);
        if let Some(key) = &self.api_key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        finish(address, request.call())
    }

    /// POST of JSON to a path.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, ClientError> {
        let address = format!("{}{path}", self.base);
        let mut request = self.agent.post(&address);
        if let Some(key) = &self.api_key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let bytes = finish(&address, request.send_json(body))?;
        serde_json::from_slice(&bytes).map_err(|e| ClientError::Answer { address, reason: e.to_string() })
    }

    /// POST of JSON to a whole address that somebody else named: without the API key.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn post_address(&self, address: &str, body: &impl Serialize) -> Result<Value, ClientError> {
        check_address(address, self.transport)?;
        let bytes = finish(address, self.agent.post(address).send_json(body))?;
        serde_json::from_slice(&bytes).map_err(|e| ClientError::Answer { address: address.to_owned(), reason: e.to_string() })
    }

    /// PUT of bytes to a path.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn put_bytes(&self, path: &str, body: &[u8]) -> Result<(), ClientError> {
        let address = format!("{}{path}", self.base);
        let mut request = self.agent.put(&address).content_type("application/octet-stream");
        if let Some(key) = &self.api_key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        finish(&address, request.send(body)).map(|_| ())
    }
}

/// Checks scheme and host, and gives the host.
fn check_address(address: &str, transport: Transport) -> Result<String, ClientError> {
    let bad = || ClientError::Address(address.chars().take(200).collect());
    let uri: Uri = address.parse().map_err(|_| bad())?;
    let host = uri.host().ok_or_else(bad)?.to_owned();
    match uri.scheme_str() {
        Some("https") => Ok(host),
        Some("http") if transport == Transport::AnyHttp || is_loopback(&host) => Ok(host),
        Some("http") => Err(ClientError::PlainHttp(address.to_owned())),
        _ => Err(bad()),
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn finish(address: &str, response: Result<Response<Body>, ureq::Error>) -> Result<Vec<u8>, ClientError> {
    let unreachable = |e: ureq::Error| ClientError::Unreachable { address: address.to_owned(), reason: e.to_string() };
    let mut response = response.map_err(unreachable)?;
    let status = response.status();
    let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec().map_err(unreachable)?;
    if status.is_success() { Ok(body) } else { Err(ClientError::Problem(Box::new(problem(status.as_u16(), &body)))) }
}

/// Reads a refusal; what is no problem document is told by its status.
fn problem(status: u16, body: &[u8]) -> Problem {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| document.get(name).and_then(Value::as_str).map(printable);
    let detail = text("detail").or_else(|| text("title")).unwrap_or_else(|| format!("the node refused with HTTP status {status}"));
    Problem { status, code: text("code"), hint: text("hint"), detail, document }
}

/// What a server says goes to a terminal: nothing that steers it.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(2_000).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        for good in ["http://127.0.0.1:8645", "http://localhost:1/", "http://[::1]:8645", "https://node.example"] {
            assert!(Client::new(good, Transport::Protected).is_ok(), "{good}");
        }
        assert!(matches!(Client::new("http://node.example", Transport::Protected), Err(ClientError::PlainHttp(_))));
        assert!(Client::new("http://node.example", Transport::AnyHttp).is_ok());
        for bad in ["node.example", "ftp://node.example", "", "http://"] {
            assert!(matches!(Client::new(bad, Transport::Protected), Err(ClientError::Address(_))), "{bad}");
        }
    }

    #[test]
    fn problems_are_read_and_made_harmless() {
        let p = problem(409, br#"{"code":"nullifier-spent","detail":"a grant\u001b[2J exists","hint":"wait"}"#);
        assert_eq!((p.code.as_deref(), p.hint.as_deref()), (Some("nullifier-spent"), Some("wait")));
        assert_eq!(p.detail, "a grant[2J exists");
        assert!(problem(502, b"<html>").detail.contains("502"));
    }
}
