//! The vectors as they are written.

use ark_ff::{BigInteger, PrimeField};
use probity_credit::digest::Digest;
use probity_credit::field::{F, FieldBytes};
use probity_credit::file::Feature;
use probity_credit::policy::Policy;
use probity_credit::schema::Schema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::Digest as _;
use std::collections::BTreeMap;
use std::num::NonZeroU16;

/// Everything that the model wrote, but the scoring digests.
pub(super) struct Oracle {
    pub(super) schemas: Vec<SchemaLine>,
    pub(super) policies: Vec<PolicyLine>,
    pub(super) vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SchemaLine {
    pub(super) schema: Schema,
    pub(super) id: Digest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyLine {
    pub(super) schema: usize,
    pub(super) policy: Policy,
    pub(super) id: Digest,
    /// Digests of the groups of its public inputs.
    pub(super) inputs: BTreeMap<String, Digest>,
}

/// What is committed, what is claimed, and what the model makes of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vector {
    pub(super) case: String,
    pub(super) cut_off: i32,
    pub(super) index: u32,
    pub(super) policy: usize,
    /// Schema under which the files are registered.
    pub(super) registered: usize,
    pub(super) month: u16,
    /// Months of a nullifier's window.
    pub(super) window: NonZeroU16,
    pub(super) position: u32,
    pub(super) counts: [u8; 8],
    /// Other positions of the identity tree.
    pub(super) neighbours: Vec<u32>,
    /// Other slots of the registry.
    pub(super) slots: Vec<u32>,
    pub(super) files: Vec<FileEntry>,
    pub(super) request: [i64; 4],
    #[serde(default)]
    pub(super) edges: BTreeMap<String, String>,
    pub(super) refused: Option<Refused>,
    pub(super) public: Public,
    pub(super) inputs: Digest,
    pub(super) policy_id: Digest,
    pub(super) verdict: (u8, [u8; 4]),
    pub(super) hashes: Hashes,
    pub(super) score: Option<Score>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileEntry {
    pub(super) slot: u16,
    pub(super) domain: usize,
    pub(super) month: u16,
    pub(super) features: [Feature; 20],
    /// Other positions of a tree that is empty elsewhere; without, the siblings are drawn.
    pub(super) neighbours: Option<Vec<u32>>,
}

/// The clauses that the model finds violated, in their order, and what was changed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refused {
    pub(super) clauses: Vec<String>,
    pub(super) how: String,
    pub(super) changes: Vec<(String, [i64; 3])>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Public {
    pub(super) identity_root: FieldBytes,
    pub(super) registry_root: FieldBytes,
    pub(super) scope: FieldBytes,
    pub(super) nullifier: FieldBytes,
    pub(super) context: FieldBytes,
    pub(super) answer: FieldBytes,
}

/// Leaves and roots before anything was changed.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hashes {
    pub(super) commitment: FieldBytes,
    pub(super) identity_leaf: FieldBytes,
    pub(super) leaves: Vec<FieldBytes>,
    pub(super) roots: Vec<FieldBytes>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Score {
    pub(super) weights: Vec<u32>,
    pub(super) live: usize,
    features: Vec<Value>,
    pub(super) rows: Vec<Row>,
    pub(super) total: i64,
}

/// One scored attribute; bin 0 is missing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) index: u8,
    pub(super) bin: usize,
    pub(super) points: i32,
    pub(super) loss: u16,
    /// `10,000 a / b` of a ratio.
    pub(super) fraction: Option<String>,
}

impl Score {
    /// The consolidated features. Numbers beyond 2^53 are written as strings.
    pub(super) fn features(&self) -> Vec<Option<i128>> {
        let number = |value: &Value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.parse().expect("an integer")),
            value => Some(value.as_i64().expect("an integer").into()),
        };
        self.features.iter().map(number).collect()
    }
}

impl Oracle {
    pub(super) fn read() -> Self {
        Self { schemas: lines("schemas.jsonl"), policies: lines("policies.jsonl"), vectors: lines("vectors.jsonl") }
    }
}

/// A file of the vectors' folder.
pub(super) fn text(name: &str) -> String {
    // at run time: checkouts that share a build directory share what was compiled, too
    let package = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
    let path = std::path::Path::new(&package).join("vectors/statement").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn lines<T: DeserializeOwned>(name: &str) -> Vec<T> {
    let parse = |(n, line)| serde_json::from_str(line).unwrap_or_else(|e| panic!("{name}, line {}: {e}", n + 1));
    text(name).lines().enumerate().map(parse).collect()
}

/// SHA-256 over elements of 32 big-endian bytes each.
pub(super) fn digest_of(elements: &[F]) -> Digest {
    let mut hasher = sha2::Sha256::new();
    for element in elements {
        hasher.update(element.into_bigint().to_bytes_be());
    }
    Digest(hasher.finalize().into())
}
