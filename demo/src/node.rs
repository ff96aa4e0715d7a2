//! A running node, stopped when dropped.

use crate::tools::{Result, ToolError, Tools, io};
use serde_json::Value;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// `probityd start` on a folder.
#[derive(Debug)]
pub struct Node {
    child: Option<Child>,
    home: PathBuf,
    log: PathBuf,
    url: String,
}

impl Node {
    /// Starts the node of `home` and waits until it is ready.
    ///
    /// # Errors
    /// [`ToolError`], with the end of its log if it stops at once.
    pub fn start(tools: &Tools, home: &Path, url: &str) -> Result<Self> {
        let log = home.join("node.log");
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&log).map_err(io(log.display().to_string()))?;
        let copy = file.try_clone().map_err(io(log.display().to_string()))?;
        let mut command = Command::new(tools.binary("probityd"));
        command.arg("start").arg("--home").arg(home).stdin(Stdio::null()).stdout(file).stderr(copy);
        let child = command.spawn().map_err(|source| ToolError::Start { program: "probityd".into(), source })?;
        let mut node = Self { child: Some(child), home: home.to_owned(), log, url: url.to_owned() };
        node.wait_until_ready(Duration::from_secs(60))?;
        Ok(node)
    }

    fn wait_until_ready(&mut self, limit: Duration) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < limit {
            if get(&format!("{}/readyz", self.url)).is_ok() {
                return Ok(());
            }
            if let Some(Ok(Some(status))) = self.child.as_mut().map(Child::try_wait) {
                return Err(ToolError::Wrong(format!("the node stopped with {status}:\n{}", self.log_end())));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(ToolError::Wrong(format!("the node is not ready after {} s:\n{}", limit.as_secs(), self.log_end())))
    }

    fn log_end(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Its folder.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Kills it (SIGKILL), as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // it may be gone already: both calls then fail, and that is what was wanted
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Leaves it running after this program ends; its process id.
    pub fn leave_running(mut self) -> Option<u32> {
        self.child.take().map(|c| c.id())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that is free now.
///
/// # Errors
/// [`ToolError::Io`].
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(io("a free port"))?;
    Ok(listener.local_addr().map_err(io("a free port"))?.port())
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(40))).build().into()
}

/// The JSON at an address, which must answer 200.
///
/// # Errors
/// [`ToolError::Wrong`].
pub fn get(url: &str) -> Result<Value> {
    get_as(url, None)
}

/// The same with an API key.
///
/// # Errors
/// [`ToolError::Wrong`].
pub fn get_as(url: &str, key: Option<&str>) -> Result<Value> {
    let request = agent().get(url);
    let request = match key {
        Some(key) => request.header("Authorization", format!("Bearer {key}")),
        None => request,
    };
    let mut answer = request.call().map_err(|e| ToolError::Wrong(format!("{url}: {e}")))?;
    let text = answer.body_mut().read_to_string().map_err(|e| ToolError::Wrong(format!("{url}: {e}")))?;
    if !answer.status().is_success() {
        return Err(ToolError::Wrong(format!("{url}: {} {text}", answer.status())));
    }
    serde_json::from_str(&text).map_err(|e| ToolError::Wrong(format!("{url}: no JSON: {e}")))
}

/// Status and JSON that posting `body` gets.
///
/// # Errors
/// [`ToolError::Wrong`].
pub fn post(url: &str, body: &Value) -> Result<(u16, Value)> {
    let wrong = |e: &dyn std::fmt::Display| ToolError::Wrong(format!("{url}: {e}"));
    let mut answer = agent().post(url).send_json(body).map_err(|e| wrong(&e))?;
    let text = answer.body_mut().read_to_string().map_err(|e| wrong(&e))?;
    Ok((answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text))))
}
