//! Each clause of the statement, violated alone: the native check and the constraint system must both refuse, for that clause.
//!
//! A lie about what is computed inside (consolidation, bins) is told by replacing a hint; everything after it follows from the lie, and the
//! claimed verdict is the one the lie leads to, so that nothing else is wrong.

use ark_ff::Zero;
use probity_circuits::eligibility::{Statement, checked};
use probity_credit::circuit_id::CircuitId;
use probity_credit::domain::Domain;
use probity_credit::field::{F, FieldBytes};
use probity_credit::file::{Feature, random_element, testing::file};
use probity_credit::month::Month;
use probity_credit::nullifier::nullifier;
use probity_credit::policy::PlainRow;
use probity_credit::schema::Schema;
use probity_credit::statement::testing::{Fixture, FixtureFile};
use probity_credit::statement::{Clause, evaluate};
use probity_credit::tree::{Empties, REGISTRY_DEPTH, TREE_DEPTH, Tree};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const CIRCUIT: CircuitId = CircuitId::Eligibility3;

type Lie = Box<dyn Fn(&str, F) -> Option<F>>;

fn honest() -> Lie {
    Box::new(|_, _| None)
}

/// The clauses whose rows are violated.
fn violated(f: &Fixture, lie: &Lie) -> Vec<&'static str> {
    let statement = Statement { policy: &f.compiled, public: &f.public, witness: &f.witness };
    let run = checked(statement, lie).expect("the fixture gives every value");
    let labels = run.unsatisfied();
    let anchor = |label: &str| Clause::ALL.iter().map(|c| c.anchor()).find(|a| label.starts_with(a)).expect("labels begin with a clause");
    let mut clauses: Vec<&str> = labels.into_iter().map(anchor).collect();
    clauses.dedup();
    clauses
}

/// Both twins refuse, and only for `clause`.
fn assert_refused(f: &Fixture, lie: &Lie, clause: Clause, what: &str) {
    let native = f.check().expect_err(what);
    // a lie about the inside shows natively as a wrong verdict
    let natively = if matches!(clause, Clause::Consolidation | Clause::Attributes) { vec![clause, Clause::Verdict] } else { vec![clause] };
    assert!(natively.contains(&native.clause()), "{what}: natively {native}");
    assert_eq!(violated(f, lie), [clause.anchor()], "{what}");
}

fn fixture(seed: u64) -> (Fixture, StdRng) {
    let mut rng = StdRng::seed_from_u64(seed);
    let f = Fixture::sample(CIRCUIT, &mut rng);
    assert_eq!(f.check(), Ok(()));
    assert_eq!(violated(&f, &honest()), [""; 0]);
    (f, rng)
}

/// Puts `node` for slot of file `index` into a registry of its own.
fn reregister(f: &mut Fixture, schema: &probity_credit::digest::Digest) {
    let leaf = |u: &probity_credit::statement::UsedFile, position| {
        probity_credit::commitment::root_leaf(u.domain, u.month, schema, u.path.root(position, u.file.leaf()))
    };
    let leaves = f.witness.files.iter().map(|u| (u32::from(u.slot), leaf(u, f.witness.position))).collect();
    let registry = Tree::build(REGISTRY_DEPTH, Empties::Zero, leaves).expect("slots differ");
    f.public.registry_root = registry.root().into();
    for used in &mut f.witness.files {
        used.registry_path = registry.path(used.slot.into()).expect("in the tree");
    }
}

#[test]
fn identity() {
    let case = |what: &str, mutate: &dyn Fn(&mut Fixture, &mut StdRng)| {
        let (mut f, mut rng) = fixture(10);
        mutate(&mut f, &mut rng);
        assert_refused(&f, &honest(), Clause::Identity, what);
    };
    case("another anchor's identity root", &|f, rng| f.public.identity_root = random_element(rng).into());
    case("somebody else's secret", &|f, rng| {
        f.witness.secret = probity_credit::identity::Secret::random(rng);
        f.public.nullifier = nullifier(&f.witness.secret, f.public.scope.element());
    });
    case("another person", &|f, rng| {
        f.witness.identity.person = random_element(rng).into();
        f.reseal();
    });
    case("fewer files counted", &|f, _| {
        f.witness.files.remove(2);
        f.witness.identity.counts.change(Domain::Bank, -1).expect("two banks");
        f.settle();
    });
    case("a stale leaf with an older blinding", &|f, rng| f.witness.identity.blinding = random_element(rng).into());
    case("a neighbour's path", &|f, rng| f.witness.identity_path.levels[4][2] = random_element(rng).into());
}

#[test]
fn files() {
    let case = |what: &str, mutate: &dyn Fn(&mut Fixture, &mut StdRng)| {
        let (mut f, mut rng) = fixture(11);
        mutate(&mut f, &mut rng);
        assert_refused(&f, &honest(), Clause::Files, what);
    };
    case("another anchor's registry root", &|f, rng| f.public.registry_root = random_element(rng).into());
    case("a kinder feature", &|f, _| {
        f.witness.files[1].file.features[3] = Feature::new(1_000_000).expect("in range");
        f.settle();
    });
    case("a newer month than published", &|f, _| {
        f.witness.files[1].month = Month(f.witness.files[1].month.0 + 1);
        f.settle();
    });
    case("the same file twice", &|f, _| {
        let twin = f.witness.files[0].clone();
        f.witness.files[2] = twin;
        f.witness.files.swap(1, 2);
        let employer = Domain::Employer;
        assert_eq!(f.witness.files[2].domain, employer);
        f.settle();
    });
    case("slots that do not rise", &|f, _| {
        f.witness.files.swap(0, 2);
        f.settle();
    });
    case("files of another schema", &|f, _| {
        let other = Schema { version: 2, ..f.schema.clone() };
        reregister(f, &other.id());
    });
    case("another domain than registered", &|f, _| {
        f.witness.files[1].domain = Domain::Landlord;
        f.policy.complete = false;
        for row in &mut f.policy.attributes {
            row.missing = row.worst();
        }
        f.compiled = f.policy.compile(&f.schema).expect("the policy stays valid");
        f.settle();
    });
    case("another person's file, at that person's position", &|f, rng| {
        let theirs = f.witness.position ^ 1;
        let used = &mut f.witness.files[1];
        let tree = Tree::build(TREE_DEPTH, Empties::Seeded(rng.r#gen()), vec![(theirs, used.file.leaf())]).expect("in the tree");
        let registry_leaf = |root| probity_credit::commitment::root_leaf(used.domain, used.month, &f.policy.schema, root);
        let registry =
            Tree::build(REGISTRY_DEPTH, Empties::Zero, vec![(used.slot.into(), registry_leaf(tree.root()))]).expect("in the tree");
        used.path = tree.path(theirs).expect("in the tree");
        used.registry_path = registry.path(used.slot.into()).expect("in the tree");
    });
}

#[test]
fn weights() {
    // a file of a domain that weighs nothing, so that its month does not change the score
    let mut rng = StdRng::seed_from_u64(12);
    let at = |slot, domain, age, rng: &mut StdRng| FixtureFile { slot, domain, age, file: file(&[(0, 5), (12, 7)], rng) };
    let files = [at(1, Domain::Bank, 1, &mut rng), at(2, Domain::Utility, 0, &mut rng)];
    let schema = probity_credit::schema::testing::schema();
    let mut f = Fixture::new(schema, probity_credit::policy::testing::policy(CIRCUIT), &files, [0; 4], &mut rng);
    f.public.month = Month(Fixture::MONTH.0 - 1);
    let scored = evaluate(&f.compiled, f.public.month, &f.witness.files[..1], &f.witness.request).expect("the bank's file is in time");
    f.witness.verdict = scored.verdict;
    f.reseal();
    assert_refused(&f, &honest(), Clause::Weights, "a file from the future");

    let (f, _) = fixture(12);
    let lie: Lie = Box::new(|name, _| (name == "weights/file[2]/weight").then(|| F::from(10_000u64)));
    assert_eq!(violated(&f, &lie)[0], Clause::Weights.anchor(), "a fresher weight");
}

/// The verdict that follows when attribute `index` loses `loss` instead.
fn claim_loss(f: &mut Fixture, index: usize, loss: u16) {
    let mut e = evaluate(&f.compiled, f.public.month, &f.witness.files, &f.witness.request).expect("scorable");
    e.losses[index] = loss;
    let total: u32 = e.losses.iter().map(|&l| u32::from(l)).sum();
    let mut order: Vec<usize> = (0..20).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(u32::from(e.losses[i]) * 32 + 31 - i as u32));
    f.witness.verdict.approved = total <= f.compiled.allowance;
    let reason = |k: usize| if e.losses[order[k]] > 0 { order[k] as u8 + 1 } else { 0 };
    f.witness.verdict.reasons = if f.witness.verdict.approved { [0; 4] } else { std::array::from_fn(reason) };
    f.reseal();
}

#[test]
fn consolidation() {
    // attribute 10 is the largest of feature 10: claim a larger value than any file has
    let (mut f, _) = fixture(13);
    let row = f.compiled.plain[10];
    let e = evaluate(&f.compiled, f.public.month, &f.witness.files, &f.witness.request).expect("scorable");
    let better: &PlainRow = row[1..].iter().find(|r| r.loss != e.losses[10]).expect("rows differ");
    // a cut-off between both scores, so that the lie decides
    f.compiled.allowance = e.total_loss.min(e.total_loss + u32::from(better.loss) - u32::from(e.losses[10]));
    let claimed = F::from(u64::try_from(better.lo.max(-1_000) + (1 << 39)).expect("with the offset"));
    claim_loss(&mut f, 10, better.loss);
    let lie: Lie = Box::new(move |name, _| match name {
        "consolidation/feature[10]/larger[2]/max" => Some(claimed),
        _ => None,
    });
    assert_refused(&f, &lie, Clause::Consolidation, "a feature that no file has");
}

#[test]
fn attributes() {
    // attribute 1: claim the distances and the loss of another bin
    let (mut f, _) = fixture(14);
    let e = evaluate(&f.compiled, f.public.month, &f.witness.files, &f.witness.request).expect("scorable");
    let (_, row) = e.plain[1];
    let honest_row = f.compiled.plain[1][row];
    let other = *f.compiled.plain[1].iter().find(|r| r.loss != honest_row.loss).expect("rows differ");
    claim_loss(&mut f, 1, other.loss);
    let lie: Lie = Box::new(move |name, _| {
        let bit = name.strip_prefix("attributes/attribute[1]/loss/bit[")?.strip_suffix(']')?;
        let bit: u32 = bit.parse().ok()?;
        Some(F::from(u64::from(other.loss >> bit & 1)))
    });
    assert_refused(&f, &lie, Clause::Attributes, "another bin's loss");

    let lie: Lie = Box::new(move |name, _| match name {
        "attributes/attribute[1]/row" => Some(other.packed()),
        name => {
            let bit: u32 = name.strip_prefix("attributes/attribute[1]/loss/bit[")?.strip_suffix(']')?.parse().ok()?;
            Some(F::from(u64::from(other.loss >> bit & 1)))
        }
    });
    assert_refused(&f, &lie, Clause::Attributes, "another bin's row");

    let (mut f, _) = fixture(15);
    f.witness.request[3] = 1 << 39;
    f.reseal();
    assert_refused(&f, &honest(), Clause::Attributes, "a request attribute of 41 bits");
}

#[test]
fn verdict() {
    let case = |what: &str, mutate: &dyn Fn(&mut Fixture, &mut StdRng)| {
        for seed in [16, 17] {
            let (mut f, mut rng) = fixture(seed);
            mutate(&mut f, &mut rng);
            assert_refused(&f, &honest(), Clause::Verdict, what);
        }
    };
    case("the other outcome", &|f, _| {
        f.witness.verdict.approved ^= true;
        f.witness.verdict.reasons = [0; 4];
        f.reseal();
    });
    case("reasons in another order", &|f, _| {
        f.witness.verdict.reasons.swap(0, 1);
        if f.witness.verdict.approved {
            f.witness.verdict.reasons = [1, 0, 0, 0];
        }
        f.reseal();
    });
    case("an answer that hashes something else", &|f, rng| f.public.answer = random_element(rng).into());
    case("another opening's salt", &|f, rng| f.witness.salt = random_element(rng).into());
    case("a hidden person where the policy shows one", &|f, _| {
        let mut opening = f.opening();
        opening.person = FieldBytes::ZERO;
        f.public.answer = opening.answer();
    });
}

#[test]
fn completeness() {
    let (mut f, _) = fixture(18);
    f.witness.files.remove(2);
    f.settle();
    assert_refused(&f, &honest(), Clause::Completeness, "a bank's file left out");

    let (mut f, _) = fixture(18);
    f.witness.files.clear();
    f.settle();
    assert_refused(&f, &honest(), Clause::Completeness, "no file at all");
}

#[test]
fn nullifier_of_the_scope() {
    let (mut f, mut rng) = fixture(19);
    f.public.nullifier = random_element(&mut rng).into();
    assert_refused(&f, &honest(), Clause::Nullifier, "a fresh nullifier");

    let (mut f, mut rng) = fixture(19);
    f.public.scope = random_element(&mut rng).into();
    assert_refused(&f, &honest(), Clause::Nullifier, "another lender's scope");
}

#[test]
fn context_is_in_a_constraint() {
    // any context has a true statement; what binds it is that its column is in a row, and that the column differs from the constant's
    let shape = probity_circuits::eligibility::shape(CIRCUIT);
    let column = probity_credit::statement::position::CONTEXT + 1;
    let rows: Vec<usize> = (0..shape.num_rows()).filter(|&i| shape.a[i].iter().any(|t| t.1 == column && !t.0.is_zero())).collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(shape.labels[rows[0]], "context/square");
}
