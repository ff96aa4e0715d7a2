//! From a vector to an instance of the statement, with the product's own trees and hashes.

use super::vector::{Hashes, Oracle, Vector};
use ark_ff::PrimeField;
use probity_credit::commitment::root_leaf;
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::field::{F, FieldBytes};
use probity_credit::file::{CreditFile, Feature};
use probity_credit::identity::{Counts, IdentityOpening, Secret, person};
use probity_credit::month::Month;
use probity_credit::nullifier::{Context, Scope, nullifier};
use probity_credit::policy::{CompiledPolicy, Policy};
use probity_credit::statement::{PublicInputs, UsedFile, Verdict, Witness};
use probity_credit::tree::{Empties, MerklePath, REGISTRY_DEPTH, TREE_DEPTH, Tree};
use sha2::{Digest as _, Sha512};

/// What the vector claims, and what the product computes from what is committed.
pub(super) struct Instance {
    pub(super) policy: Policy,
    pub(super) compiled: CompiledPolicy,
    /// As the vector claims them.
    pub(super) public: PublicInputs,
    /// With the vector's changes.
    pub(super) witness: Witness,
    /// Leaves and roots before the changes.
    pub(super) committed: Hashes,
    pub(super) identity_root: FieldBytes,
    pub(super) registry_root: FieldBytes,
    pub(super) scope: FieldBytes,
    pub(super) nullifier: FieldBytes,
    pub(super) context: FieldBytes,
}

/// Elements drawn by name: SHA-512 reduced, or the edge that the vector names.
struct Drawn<'v>(&'v Vector);

impl Drawn<'_> {
    #[expect(clippy::disallowed_methods, reason = "a digest of 512 bits is reduced to draw an element; nothing is decoded")]
    fn element(&self, name: &str) -> F {
        match self.0.edges.get(name).map(String::as_str) {
            None => F::from_be_bytes_mod_order(&Sha512::digest(format!("probity statement vectors 1|{}|{name}", self.0.index))),
            Some("zero") => F::from(0u64),
            Some("one") => F::from(1u64),
            Some("last") => -F::from(1u64),
            Some(other) => panic!("no such edge: {other}"),
        }
    }

    fn field(&self, name: &str) -> FieldBytes {
        self.element(name).into()
    }

    /// The last `N` bytes of an element.
    fn bytes<const N: usize>(&self, name: &str) -> [u8; N] {
        self.field(name).to_be_bytes()[32 - N..].try_into().expect("at most 32")
    }

    /// A tree that is empty but for `own` and drawn leaves at `others`.
    fn tree(&self, depth: usize, name: &str, others: &[u32], own: Vec<(u32, F)>) -> Tree {
        let others = others.iter().enumerate().map(|(i, &position)| (position, self.element(&format!("{name}/{i}"))));
        Tree::build(depth, Empties::Zero, others.chain(own).collect()).expect("positions differ and are in the tree")
    }
}

impl Instance {
    pub(super) fn build(oracle: &Oracle, v: &Vector) -> Self {
        let drawn = Drawn(v);
        let line = &oracle.policies[v.policy];
        let policy = Policy { cut_off: v.cut_off, ..line.policy.clone() };
        let compiled = policy.compile(&oracle.schemas[line.schema].schema).expect("the model's policies are valid");
        let registered = oracle.schemas[v.registered].schema.id();

        let secret = Secret::from_element(drawn.element("sk"));
        let identity = IdentityOpening {
            commitment: secret.commitment(),
            person: person(&format!("person {}", v.index), &drawn.bytes("person")),
            counts: Counts::new(v.counts).expect("six bits each"),
            blinding: drawn.field("blinding"),
        };
        let identities = drawn.tree(TREE_DEPTH, "neighbour", &v.neighbours, vec![(v.position, identity.leaf())]);

        let mut committed =
            Hashes { commitment: identity.commitment, identity_leaf: identity.leaf().into(), leaves: vec![], roots: vec![] };
        let mut files: Vec<UsedFile> = (0..v.files.len()).map(|k| file(&drawn, k)).collect();
        let mut slots = vec![];
        for used in &files {
            let root = used.path.root(v.position, used.file.leaf());
            committed.leaves.push(used.file.leaf().into());
            committed.roots.push(root.into());
            slots.push((u32::from(used.slot), root_leaf(used.domain, used.month, &registered, root)));
        }
        let registry = drawn.tree(REGISTRY_DEPTH, "slot", &v.slots, slots);
        for used in &mut files {
            used.registry_path = registry.path(used.slot.into()).expect("in the tree");
        }

        let month = Month(v.month);
        let chain = Digest(drawn.bytes("chain"));
        let scope = Scope::new(&chain, policy.scope, &policy.owner, v.window, month).element();
        let context = Context {
            chain,
            circuit: policy.circuit.name().into(),
            lender: policy.owner,
            policy: policy.id(),
            anchor_height: 1_000 * u64::from(v.index),
            nonce: drawn.bytes("nonce"),
            expires_unix_ms: 1_795_219_200_000 + u64::from(v.index),
            response_uri: Digest(drawn.bytes("uri")),
            consent_key: drawn.bytes("consent"),
        };
        let p = &v.public;
        let public = PublicInputs {
            identity_root: p.identity_root,
            registry_root: p.registry_root,
            month,
            scope: p.scope,
            nullifier: p.nullifier,
            context: p.context,
            answer: p.answer,
        };
        let nullifier = nullifier(&secret, scope);
        let mut witness = Witness {
            secret,
            position: v.position,
            identity,
            identity_path: identities.path(v.position).expect("in the tree"),
            files,
            request: v.request,
            verdict: Verdict { approved: v.verdict.0 == 1, reasons: v.verdict.1 },
            salt: drawn.field("salt"),
        };
        for (what, args) in v.refused.iter().flat_map(|r| &r.changes) {
            change(&mut witness, what, *args, drawn.element("changed"));
        }
        Self {
            policy,
            compiled,
            public,
            witness,
            committed,
            identity_root: identities.root().into(),
            registry_root: registry.root().into(),
            scope: scope.into(),
            nullifier,
            context: if v.edges.contains_key("context") { drawn.field("context") } else { context.element().into() },
        }
    }
}

fn file(drawn: &Drawn<'_>, k: usize) -> UsedFile {
    let Drawn(v) = drawn;
    let entry = &v.files[k];
    let file = CreditFile {
        features: entry.features,
        records_digest: Digest(drawn.bytes(&format!("file/{k}/records"))),
        blinding: drawn.field(&format!("file/{k}/blinding")),
    };
    let path = match &entry.neighbours {
        Some(others) => {
            let tree = drawn.tree(TREE_DEPTH, &format!("file/{k}/neighbour"), others, vec![(v.position, file.leaf())]);
            tree.path(v.position).expect("in the tree")
        }
        None => {
            let sibling = |l: usize, i: usize| drawn.field(&format!("file/{k}/sibling/{l}/{i}"));
            MerklePath { levels: (0..TREE_DEPTH).map(|l| std::array::from_fn(|i| sibling(l, i))).collect() }
        }
    };
    UsedFile {
        slot: entry.slot,
        domain: Domain::ALL[entry.domain],
        month: Month(entry.month),
        file,
        path,
        registry_path: MerklePath { levels: vec![] },
    }
}

/// Repeats one change of the model.
fn change(w: &mut Witness, what: &str, args: [i64; 3], other: F) {
    let [a, b, c] = args.map(|x| usize::try_from(x).unwrap_or(usize::MAX));
    let month = |x: usize| Month(u16::try_from(x).expect("a month"));
    match what {
        "secret" => w.secret = Secret::from_element(other),
        "commitment" => w.identity.commitment = Secret::from_element(other).commitment(),
        "person" => w.identity.person = other.into(),
        "count" => {
            let counts = Domain::ALL.map(|d| if d.index() == a { b as u8 } else { w.identity.counts.get(d) });
            w.identity.counts = Counts::new(counts).expect("six bits each");
        }
        "blinding" => w.identity.blinding = other.into(),
        "position" => w.position = a as u32,
        "path" => w.identity_path.levels[a][b] = other.into(),
        "feature" => w.files[a].file.features[b] = Feature::new(args[2]).expect("a feature"),
        "missing" => w.files[a].file.features[b] = Feature::MISSING,
        "records" => w.files[a].file.records_digest = Digest(FieldBytes::from(other).to_be_bytes()),
        "file-blinding" => w.files[a].file.blinding = other.into(),
        "file-month" => w.files[a].month = month(b),
        "domain" => w.files[a].domain = Domain::ALL[b],
        "slot" => w.files[a].slot = b as u16,
        "file-path" => w.files[a].path.levels[b][c] = other.into(),
        "registry-path" => w.files[a].registry_path.levels[b][c] = other.into(),
        "swap" => w.files.swap(a, b),
        "repeat" => w.files.insert(a + 1, w.files[a].clone()),
        "request" => w.request[a] = args[1],
        "salt" => w.salt = other.into(),
        "drop" => drop(w.files.remove(a)),
        other => panic!("no such change: {other}"),
    }
}
