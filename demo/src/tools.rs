//! The product's binaries, run as a user would run them.

use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Why the story stops.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// A binary cannot be run.
    #[error("{program} cannot be run: {source}; build it first with `make build`")]
    Start {
        /// Which.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// A command failed that should not.
    #[error("`{command}` failed with {status}:\n{stderr}")]
    Failed {
        /// What was run.
        command: String,
        /// How it ended.
        status: String,
        /// What it said.
        stderr: String,
    },
    /// A command did what it should refuse.
    #[error("`{command}` should have been refused, but was not")]
    NotRefused {
        /// What was run.
        command: String,
    },
    /// An answer without what is needed.
    #[error("{what} has no `{field}`: {found}")]
    Missing {
        /// Of what.
        what: String,
        /// Which part.
        field: String,
        /// What there is.
        found: String,
    },
    /// Something is not as it must be.
    #[error("{0}")]
    Wrong(String),
    /// A file or connection.
    #[error("{what}: {source}")]
    Io {
        /// Which.
        what: String,
        /// Why.
        source: std::io::Error,
    },
}

/// Shorthand for the steps of the story.
pub type Result<T> = std::result::Result<T, ToolError>;

/// An input or output failure with its subject.
pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> ToolError {
    let what = what.into();
    move |source| ToolError::Io { what, source }
}

/// The binaries and the environment that they run in.
#[derive(Debug, Clone)]
pub struct Tools {
    folder: PathBuf,
    node_url: String,
    environment: Vec<(String, String)>,
}

impl Tools {
    /// Binaries in `folder`, commands talking to the node at `node_url`.
    pub fn new(folder: impl Into<PathBuf>, node_url: impl Into<String>) -> Self {
        Self { folder: folder.into(), node_url: node_url.into(), environment: vec![] }
    }

    /// The folder of the running binary, where the others were built too.
    ///
    /// # Errors
    /// [`ToolError::Io`].
    pub fn beside_this_binary() -> Result<PathBuf> {
        if let Some(folder) = std::env::var_os("PROBITY_BIN_DIR") {
            return Ok(folder.into());
        }
        let path = std::env::current_exe().map_err(io("this program's path"))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        // tests run from <target>/release/deps
        Ok(if folder.ends_with("deps") { folder.parent().unwrap_or(folder).to_owned() } else { folder.to_owned() })
    }

    /// The same with another variable in the environment.
    pub fn with(&self, name: &str, value: impl AsRef<OsStr>) -> Self {
        let mut other = self.clone();
        other.environment.push((name.to_owned(), value.as_ref().to_string_lossy().into_owned()));
        other
    }

    /// The node's address.
    pub fn node_url(&self) -> &str {
        &self.node_url
    }

    /// Path of a binary.
    pub fn binary(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<(String, Output)> {
        let mut command = Command::new(self.binary(program));
        command.args(arguments).env("PROBITY_NODE", &self.node_url).envs(self.environment.iter().cloned());
        let output = command.output().map_err(|source| ToolError::Start { program: program.to_owned(), source })?;
        Ok((format!("{program} {}", arguments.join(" ")), output))
    }

    /// `probity --json ...`, which must succeed.
    ///
    /// # Errors
    /// [`ToolError`].
    pub fn probity(&self, arguments: &[&str]) -> Result<Value> {
        let text = self.succeed("probity", &[&["--json"], arguments].concat())?;
        serde_json::from_str(&text).map_err(|e| ToolError::Wrong(format!("probity {}: no JSON: {e}", arguments.join(" "))))
    }

    /// `probity ...` as people see it, which must succeed.
    ///
    /// # Errors
    /// [`ToolError`].
    pub fn probity_text(&self, arguments: &[&str]) -> Result<String> {
        self.succeed("probity", arguments)
    }

    /// `probityd ...`, which must succeed.
    ///
    /// # Errors
    /// [`ToolError`].
    pub fn probityd(&self, arguments: &[&str]) -> Result<String> {
        self.succeed("probityd", arguments)
    }

    fn succeed(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let (command, output) = self.run(program, arguments)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if !output.status.success() {
            let stderr = format!("{}\n{}", text(&output.stdout), text(&output.stderr));
            return Err(ToolError::Failed { command, status: output.status.to_string(), stderr });
        }
        Ok(text(&output.stdout))
    }

    /// `probity --json ...`, which must be refused; what it said, with `code` and `hint`.
    ///
    /// # Errors
    /// [`ToolError::NotRefused`] if it was not.
    pub fn refused(&self, arguments: &[&str]) -> Result<Value> {
        let (command, output) = self.run("probity", &[&["--json"], arguments].concat())?;
        if output.status.success() {
            return Err(ToolError::NotRefused { command });
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        let said = stderr.lines().rev().find_map(|line| serde_json::from_str(line).ok());
        said.ok_or_else(|| ToolError::Failed { command, status: output.status.to_string(), stderr: stderr.into_owned() })
    }
}

/// A text field of an answer, by its JSON pointer.
///
/// # Errors
/// [`ToolError::Missing`].
pub fn text(value: &Value, pointer: &str) -> Result<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| missing(value, pointer))
}

/// A number field of an answer, by its JSON pointer.
///
/// # Errors
/// [`ToolError::Missing`].
pub fn number(value: &Value, pointer: &str) -> Result<u64> {
    value.pointer(pointer).and_then(Value::as_u64).ok_or_else(|| missing(value, pointer))
}

fn missing(value: &Value, pointer: &str) -> ToolError {
    let found: String = value.to_string().chars().take(400).collect();
    ToolError::Missing { what: "the answer".into(), field: pointer.to_owned(), found }
}

/// Refuses with `message` unless `holds`.
///
/// # Errors
/// [`ToolError::Wrong`].
pub fn ensure(holds: bool, message: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(ToolError::Wrong(message())) }
}
