//! One valid fixture of the statement, to be mutated by name in tests.

use super::{Opening, PublicInputs, UsedFile, Verdict, Witness, evaluate};
use crate::circuit_id::CircuitId;
use crate::commitment::root_leaf;
use crate::digest::Digest;
use crate::domain::Domain;
use crate::field::{F, FieldBytes};
use crate::file::{CreditFile, random_element};
use crate::identity::{Counts, IdentityOpening, Secret, person};
use crate::month::Month;
use crate::nullifier::nullifier;
use crate::policy::{CompiledPolicy, Policy, REQUEST_SLOTS};
use crate::schema::Schema;
use crate::tree::{Empties, MerklePath, REGISTRY_DEPTH, TREE_DEPTH, Tree};
use rand::{CryptoRng, Rng, RngCore};

/// One file of the fixture: where it comes from and what it says.
#[derive(Clone)]
pub struct FixtureFile {
    /// Registry slot.
    pub slot: u16,
    /// Domain.
    pub domain: Domain,
    /// Months before the anchor.
    pub age: u16,
    /// The file.
    pub file: CreditFile,
}

/// A statement that holds, with everything needed to break it.
#[derive(Clone)]
pub struct Fixture {
    /// Schema.
    pub schema: Schema,
    /// Policy.
    pub policy: Policy,
    /// The policy, compiled.
    pub compiled: CompiledPolicy,
    /// Public inputs.
    pub public: PublicInputs,
    /// Witness.
    pub witness: Witness,
}

impl Fixture {
    /// Month of the fixture's anchor.
    pub const MONTH: Month = Month(24_322);

    /// Builds trees with neighbours around the person and an honest verdict.
    ///
    /// # Panics
    /// When the policy does not fit the schema or the files cannot be scored: a mistake of the test.
    pub fn new(
        schema: Schema,
        policy: Policy,
        files: &[FixtureFile],
        request: [i64; REQUEST_SLOTS],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Self {
        let compiled = policy.compile(&schema).expect("the fixture's policy fits its schema");
        let secret = Secret::random(rng);
        let position: u32 = rng.gen_range(0..1 << 27);
        let mut counts = Counts::default();
        for f in files {
            counts.change(f.domain, 1).expect("few files");
        }
        let identity = IdentityOpening {
            commitment: secret.commitment(),
            person: person("Ada Lovelace, 1815-12-10", &rng.r#gen()),
            counts,
            blinding: random_element(rng).into(),
        };
        let build = |depth, empties, leaves| Tree::build(depth, empties, leaves).expect("leaves are in the tree");
        let identities = build(TREE_DEPTH, Empties::Zero, beside(position, identity.leaf(), rng));
        let mut registry: Vec<(u32, F)> = vec![];
        let mut used = vec![];
        for f in files {
            let tree = build(TREE_DEPTH, Empties::Seeded(rng.r#gen()), beside(position, f.file.leaf(), rng));
            let month = Month(Self::MONTH.0 - f.age);
            registry.push((f.slot.into(), root_leaf(f.domain, month, &schema.id(), tree.root())));
            let path = tree.path(position).expect("in the tree");
            let registry_path = MerklePath { levels: vec![] };
            used.push(UsedFile { slot: f.slot, domain: f.domain, month, file: f.file.clone(), path, registry_path });
        }
        let registry = build(REGISTRY_DEPTH, Empties::Zero, registry);
        for f in &mut used {
            f.registry_path = registry.path(f.slot.into()).expect("in the tree");
        }
        let scope = random_element(rng);
        let public = PublicInputs {
            identity_root: identities.root().into(),
            registry_root: registry.root().into(),
            month: Self::MONTH,
            scope: scope.into(),
            nullifier: nullifier(&secret, scope),
            context: Digest::of("test", &[b"context"]).to_field().into(),
            answer: FieldBytes::ZERO,
        };
        let identity_path = identities.path(position).expect("in the tree");
        let salt = random_element(rng).into();
        let verdict = Verdict { approved: false, reasons: [0; 4] };
        let witness = Witness { secret, position, identity, identity_path, files: used, request, verdict, salt };
        let mut fixture = Self { schema, policy, compiled, public, witness };
        fixture.settle();
        fixture
    }

    /// Three files of an applicant under the test policy.
    pub fn sample(circuit: CircuitId, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let values = |k: i64| (0..20).filter(|s| (s + k as usize) % 5 != 4).map(|s| (s, 300 * (s as i64 % 3) + 7 * k)).collect::<Vec<_>>();
        let domains = [Domain::Bank, Domain::Employer, Domain::Bank, Domain::Landlord, Domain::Court, Domain::Telecom, Domain::Insurance];
        let files: Vec<FixtureFile> = (0..circuit.files().min(if circuit.files() == 7 { 6 } else { 3 }))
            .map(|k| FixtureFile {
                slot: 3 + 70 * k as u16,
                domain: domains[k],
                age: k as u16,
                file: crate::file::testing::file(&values(k as i64), rng),
            })
            .collect();
        Self::new(crate::schema::testing::schema(), crate::policy::testing::policy(circuit), &files, [250, 20, 0, 0], rng)
    }

    /// Sets the verdict to the true one and the answer to its hash, after the witness was changed.
    ///
    /// # Panics
    /// When the files cannot be scored.
    pub fn settle(&mut self) {
        let w = &self.witness;
        self.witness.verdict =
            evaluate(&self.compiled, self.public.month, &w.files, &w.request).expect("the fixture can be scored").verdict;
        self.reseal();
    }

    /// Sets the answer to the hash of the claimed verdict, true or not.
    pub fn reseal(&mut self) {
        self.public.answer = self.opening().answer();
    }

    /// The answer's opening.
    pub fn opening(&self) -> Opening {
        self.witness.opening(&self.compiled)
    }

    /// The native check.
    ///
    /// # Errors
    /// As [`super::check`].
    pub fn check(&self) -> Result<(), super::StatementError> {
        super::check(&self.compiled, &self.policy.schema, &self.public, &self.witness)
    }
}

/// A leaf with neighbours, one of them in the same node.
fn beside(position: u32, own: F, rng: &mut impl RngCore) -> Vec<(u32, F)> {
    let mut leaves: std::collections::BTreeMap<u32, F> = (0..4).map(|_| (rng.gen_range(0..1u32 << 27), F::from(rng.next_u64()))).collect();
    leaves.insert(position ^ 1, F::from(rng.next_u64()));
    leaves.insert(position, own);
    leaves.into_iter().collect()
}
