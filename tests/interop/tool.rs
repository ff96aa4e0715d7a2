//! snarkjs, run in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A temporary folder in which snarkjs runs.
pub(super) struct Snarkjs {
    program: PathBuf,
    folder: TempDir,
}

impl Snarkjs {
    /// Whether the long runs were asked for.
    pub(super) fn is_long() -> bool {
        std::env::var("PROBITY_INTEROP").is_ok_and(|length| length == "long")
    }

    pub(super) fn new() -> Self {
        // at run time: checkouts that share a build directory share what was compiled, too
        let package = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
        let program = Path::new(&package).join("interop/node_modules/snarkjs/build/cli.cjs");
        assert!(program.exists(), "snarkjs is not installed: run `make test`, or `npm ci --ignore-scripts` in tests/interop");
        Self { program, folder: tempfile::tempdir().expect("there is room for a folder") }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
    }

    pub(super) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub(super) fn read_text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Whether it ended well, and what it said.
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let run = Command::new("node").arg(&self.program).args(arguments).current_dir(self.folder.path()).output();
        let output = run.unwrap_or_else(|e| panic!("node (scripts/bootstrap --tests installs it): {e}"));
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }

    /// Runs a command that must succeed; what it said.
    pub(super) fn accepts(&self, arguments: &[&str]) -> String {
        let (success, said) = self.run(arguments);
        assert!(success, "snarkjs {}: {said}", arguments.join(" "));
        said
    }

    /// Runs a command that must fail and say `reason`: a program that crashes has refused nothing.
    pub(super) fn refuses(&self, arguments: &[&str], reason: &str) {
        let (success, said) = self.run(arguments);
        assert!(!success && said.contains(reason), "snarkjs {}: {said}", arguments.join(" "));
    }
}
