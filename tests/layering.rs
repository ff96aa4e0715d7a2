//! The rules of the source tree: which crate may use which, what a binary must never link, how long a file may be, and that the tree
//! speaks of nothing outside itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The arrows: each crate with the workspace crates it may use directly. Reading downwards, nothing points up.
const ALLOWED: &[(&str, &[&str])] = &[
    ("probity-credit", &[]),
    ("probity-curve", &[]),
    ("probity-files", &[]),
    ("probity-circuits", &["probity-credit"]),
    ("probity-params", &["probity-credit", "probity-curve", "probity-files"]),
    ("probity-prover", &["probity-credit", "probity-curve", "probity-circuits", "probity-params"]),
    ("probity-ledger", &["probity-credit"]),
    ("probity-ceremony", &["probity-credit", "probity-curve", "probity-files", "probity-params", "probity-ledger"]),
    ("probity-verifier", &["probity-credit", "probity-curve", "probity-params", "probity-ledger"]),
    ("probity-scorecard", &["probity-credit"]),
    ("probity-issuer", &["probity-credit", "probity-files", "probity-ledger"]),
    ("probity-wallet", &["probity-credit", "probity-files", "probity-circuits", "probity-params", "probity-prover", "probity-ledger"]),
    ("probity-chain", &["probity-credit", "probity-params", "probity-ledger", "probity-verifier"]),
    ("probity-api", &["probity-credit", "probity-files", "probity-params", "probity-ledger", "probity-verifier", "probity-chain"]),
    (
        "probity-cli",
        &[
            "probity-credit",
            "probity-files",
            "probity-circuits",
            "probity-params",
            "probity-ceremony",
            "probity-prover",
            "probity-ledger",
            "probity-verifier",
            "probity-scorecard",
            "probity-issuer",
            "probity-wallet",
        ],
    ),
];

/// Crates that no part of the product may use: they see every layer, or the product from outside.
const ON_TOP: &[&str] = &["probity-tests", "probity-benches", "probity-demo"];

/// Crates, the packages they must not link, directly or through others, and why. A trailing `*` stands for any ending.
const NEVER_LINKED: &[(&[&str], &[&str], &str)] = &[
    (
        &["probity-cli", "probity-wallet", "probity-prover", "probity-issuer", "probity-scorecard"],
        &["rocksdb", "librocksdb-sys", "arc-malachitebft-*", "libp2p*", "probity-chain", "probity-api"],
        "people at home link neither the store nor the consensus engine",
    ),
    (
        &["probity-credit", "probity-params", "probity-ledger", "probity-verifier", "probity-chain", "probity-api"],
        &["probity-circuits", "probity-prover", "ark-r1cs-std"],
        "whoever verifies has no constraint code",
    ),
    (&["probity-credit", "probity-ledger"], &["ark-groth16", "ark-relations", "tokio"], "the shared nouns are plain and synchronous"),
];

/// Crates and the packages they must not name themselves, although ark-groth16 may bring them.
const NEVER_DIRECT: &[(&[&str], &[&str])] = &[(&["probity-verifier", "probity-chain", "probity-api"], &["ark-relations", "ark-r1cs-std"])];

const LINES_MAX: usize = 500;

#[test]
fn arrows_point_one_way() {
    let declared = Declared::read();
    let allowed: BTreeMap<&str, BTreeSet<&str>> = ALLOWED.iter().map(|(name, uses)| (*name, uses.iter().copied().collect())).collect();

    let listed: BTreeSet<&str> = allowed.keys().copied().chain(ON_TOP.iter().copied()).collect();
    let members = declared.members();
    assert_eq!(members, listed, "every workspace crate has its place in ALLOWED or ON_TOP");

    let mut offences = Vec::new();
    for (name, may_use) in &allowed {
        for used in declared.of(name).intersection(&members) {
            if !may_use.contains(used) {
                offences.push(format!("{name} -> {used}"));
            }
        }
    }
    assert!(offences.is_empty(), "arrows that ALLOWED does not have: {offences:?}");
}

#[test]
fn the_allowed_arrows_have_no_cycle() {
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    let mut waiting: Vec<_> = ALLOWED.to_vec();
    while !waiting.is_empty() {
        let before = waiting.len();
        waiting.retain(|(name, uses)| {
            let ready = uses.iter().all(|used| placed.contains(used));
            if ready {
                placed.insert(name);
            }
            !ready
        });
        assert!(waiting.len() < before, "these use each other: {:?}", waiting.iter().map(|(name, _)| name).collect::<Vec<_>>());
    }
}

#[test]
fn nobody_links_what_is_not_theirs() {
    let declared = Declared::read();
    let linked = Linked::read();
    let mut offences = Vec::new();
    for (names, banned, reason) in NEVER_LINKED {
        for name in *names {
            for (package, path) in linked.under(name) {
                if banned.iter().any(|pattern| matches(pattern, package)) {
                    offences.push(format!("{name} links {package} ({}): {reason}", path.join(" -> ")));
                }
            }
        }
    }
    for (names, banned) in NEVER_DIRECT {
        for name in *names {
            offences.extend(declared.of(name).into_iter().filter(|used| banned.contains(used)).map(|used| format!("{name} names {used}")));
        }
    }
    assert!(offences.is_empty(), "forbidden dependencies:\n{}", offences.join("\n"));

    // A search in a tree that was misread would be content, too: these are known to be there.
    for (name, package) in [("probity-api", "librocksdb-sys"), ("probity-api", "arc-malachitebft-engine"), ("probity-cli", "ark-r1cs-std")]
    {
        assert!(linked.under(name).contains_key(package), "the search must find {package} in {name}");
    }
}

#[test]
fn source_files_are_short() {
    let mut offences = Vec::new();
    let mut seen = 0;
    for path in tracked_files().into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs")) {
        let lines = std::fs::read_to_string(&path).expect("a source file is UTF-8").lines().count();
        seen += 1;
        if lines > LINES_MAX {
            offences.push(format!("{}: {lines} lines", relative(&path)));
        }
    }
    assert!(seen > 20, "only {seen} source files found: the walk misses the tree");
    assert!(offences.is_empty(), "files of more than {LINES_MAX} lines, split them by idea:\n{}", offences.join("\n"));
}

#[test]
fn the_tree_speaks_of_itself_alone() {
    // Written in halves, so that this file passes its own test.
    let forbidden = [concat!("/wo", "rk/"), concat!("../sha", "red"), concat!("/tmp/", "brief"), concat!("/tmp/", "issue")];
    let mut offences = Vec::new();
    for path in tracked_files() {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for (number, line) in text.lines().enumerate() {
            offences.extend(
                forbidden.iter().filter(|word| line.contains(**word)).map(|word| format!("{}:{}: {word}", relative(&path), number + 1)),
            );
        }
    }
    assert!(offences.is_empty(), "paths that only exist on one machine:\n{}", offences.join("\n"));
}

/// What the crates of the workspace name in their manifests as normal dependencies.
struct Declared(BTreeMap<String, BTreeSet<String>>);

impl Declared {
    fn read() -> Self {
        let output = cargo(&["metadata", "--format-version", "1", "--no-deps", "--offline", "--locked"]);
        let metadata: Value = serde_json::from_str(&output).expect("cargo metadata writes JSON");
        let crates = array(&metadata["packages"]).iter().map(|package| {
            let normal = array(&package["dependencies"]).iter().filter(|dependency| dependency["kind"].is_null());
            (text(&package["name"]).to_owned(), normal.map(|dependency| text(&dependency["name"]).to_owned()).collect())
        });
        Self(crates.collect())
    }

    fn members(&self) -> BTreeSet<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    fn of(&self, name: &str) -> BTreeSet<&str> {
        self.0.get(name).unwrap_or_else(|| panic!("no crate {name} in the workspace")).iter().map(String::as_str).collect()
    }
}

/// What is linked on this platform: each package (`name v1.2.3`) with its normal dependencies, features as in a build of the whole
/// workspace. It comes from `cargo tree`, because `cargo metadata` also lists optional dependencies that no feature turns on.
struct Linked(BTreeMap<String, BTreeSet<String>>);

impl Linked {
    fn read() -> Self {
        let tree = cargo(&["tree", "--workspace", "--edges", "normal", "--prefix", "depth", "--offline", "--locked"]);
        let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut path: Vec<String> = Vec::new();
        for line in tree.lines().filter(|line| !line.is_empty()) {
            let digits = line.bytes().take_while(u8::is_ascii_digit).count();
            let (depth, package) = line.split_at(digits);
            let depth: usize = depth.parse().expect("each line of the tree starts with its depth");
            let package = package.split(' ').take(2).collect::<Vec<_>>().join(" ");
            path.truncate(depth);
            if let Some(parent) = path.last() {
                uses.entry(parent.clone()).or_default().insert(package.clone());
            }
            uses.entry(package.clone()).or_default();
            path.push(package);
        }
        Self(uses)
    }

    /// The name of everything that is linked into a crate, each with one path to it.
    fn under(&self, name: &str) -> BTreeMap<&str, Vec<&str>> {
        let start = self.0.keys().find(|package| package_name(package) == name).unwrap_or_else(|| panic!("no crate {name} in the tree"));
        let mut paths: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut open: Vec<Vec<&str>> = vec![vec![start]];
        while let Some(path) = open.pop() {
            let last = *path.last().expect("a path starts with one package");
            if paths.contains_key(last) {
                continue;
            }
            open.extend(self.0[last].iter().map(|used| [path.as_slice(), &[used.as_str()]].concat()));
            paths.insert(last, path);
        }
        paths.into_iter().map(|(package, path)| (package_name(package), path)).collect()
    }
}

fn package_name(package: &str) -> &str {
    package.split(' ').next().unwrap_or(package)
}

/// Runs cargo on the checkout, without the network.
fn cargo(arguments: &[&str]) -> String {
    let program = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(program).args(arguments).current_dir(root()).output().expect("cargo runs: it has just built this test");
    assert!(output.status.success(), "cargo {} failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

/// The files of the checkout: not what was built, installed or hidden. Works without git, and from a source archive.
fn tracked_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the checkout can be read") {
            let entry = entry.expect("an entry of the checkout can be read");
            let name = entry.file_name().to_string_lossy().into_owned();
            let skipped =
                (name.starts_with('.') && name != ".ci") || ["target", "node_modules"].contains(&name.as_str()) || name.ends_with(".log");
            let kind = entry.file_type().expect("an entry of the checkout has a type");
            match skipped {
                true => {}
                false if kind.is_dir() => folders.push(entry.path()),
                false if kind.is_file() => files.push(entry.path()),
                false => {}
            }
        }
    }
    files.sort();
    files
}

fn root() -> PathBuf {
    // at run time: checkouts that share a build directory share what was compiled, too
    let package = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
    Path::new(&package).parent().expect("the tests' folder lies in the checkout").to_owned()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).expect("cargo metadata has an array here")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("cargo metadata has a string here")
}
