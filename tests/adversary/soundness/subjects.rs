//! Honest subjects of different kinds, so that every variable matters to one of them.

use probity_credit::circuit_id::CircuitId;
use probity_credit::domain::Domain;
use probity_credit::file::FEATURES;
use probity_credit::policy::testing::{attribute, policy};
use probity_credit::policy::{Attribute, Policy, Source};
use probity_credit::schema::testing::schema;
use probity_credit::statement::evaluate;
use probity_credit::statement::testing::{Fixture, FixtureFile};
use rand::SeedableRng;
use rand::rngs::StdRng;

/// A subject and what is special about it.
pub(super) struct Subject {
    pub kind: &'static str,
    pub fixture: Fixture,
}

/// Every kind of subject that a circuit knows.
pub(super) fn subjects(circuit: CircuitId) -> Vec<Subject> {
    let all = circuit.files();
    let mut out = vec![
        Subject { kind: "all files, declined", fixture: declined(circuit) },
        Subject { kind: "all files, approved", fixture: approved(circuit, all) },
        Subject { kind: "no file", fixture: approved(circuit, 0) },
        Subject { kind: "old files, missing values", fixture: old(circuit) },
        Subject { kind: "all files too old", fixture: ancient(circuit) },
        Subject { kind: "extreme values", fixture: extreme(circuit) },
        Subject { kind: "all values 0", fixture: zeros(circuit) },
        Subject { kind: "few attributes, no loss", fixture: spotless(circuit) },
    ];
    if all > 1 {
        out.push(Subject { kind: "one file, others unused", fixture: approved(circuit, 1) });
    }
    out
}

fn weighted(circuit: CircuitId, complete: bool, allowance: i32) -> Policy {
    let mut policy = policy(circuit);
    policy.weights = [100, 90, 80, 70, 60, 50, 40, 30];
    policy.complete = complete;
    let best: i32 = policy.attributes.iter().map(Attribute::best).sum();
    policy.cut_off = policy.base_points + best - allowance;
    policy
}

fn files(count: usize, rng: &mut StdRng, age: impl Fn(usize) -> u16, value: impl Fn(usize, i64) -> Option<i64>) -> Vec<FixtureFile> {
    (0..count)
        .map(|k| {
            let values: Vec<(usize, i64)> = (0..FEATURES).filter_map(|s| Some((s, value(s, k as i64)?))).collect();
            let file = probity_credit::file::testing::file(&values, rng);
            FixtureFile { slot: 3 + 70 * k as u16, domain: Domain::ALL[(k + 1) % 8], age: age(k), file }
        })
        .collect()
}

/// All files, every value present, all files of each domain demanded, declined.
pub(super) fn declined(circuit: CircuitId) -> Fixture {
    let mut rng = StdRng::seed_from_u64(101);
    let value =
        |s: usize, k: i64| Some(if s % 4 == 1 { 700 } else { 40 * s as i64 - 300 } + 17 * k * if s.is_multiple_of(2) { 1 } else { -1 });
    let files = files(circuit.files(), &mut rng, |k| k as u16, value);
    let f = Fixture::new(schema(), weighted(circuit, true, 150), &files, [250, 20, 3, -4], &mut rng);
    assert!(!f.witness.verdict.approved && f.check().is_ok());
    f
}

/// `count` files, values of little loss, files may be left out; approved unless there is no file at all.
pub(super) fn approved(circuit: CircuitId, count: usize) -> Fixture {
    let mut rng = StdRng::seed_from_u64(102 + count as u64);
    let value = |s: usize, k: i64| Some(if [2, 3, 17].contains(&s) { 900 + k } else { -900 - 13 * k - s as i64 });
    let files = files(count, &mut rng, |k| k as u16 % 3, value);
    let f = Fixture::new(schema(), weighted(circuit, false, 300), &files, [-1, -2, 0, 0], &mut rng);
    assert_eq!(f.witness.verdict.approved, count > 0);
    assert_eq!(f.check(), Ok(()));
    f
}

/// The approved subject with no loss to spare, and declined for a loss of 1.
pub(super) fn brinks(circuit: CircuitId) -> [Fixture; 2] {
    let f = approved(circuit, circuit.files());
    let scored = evaluate(&f.compiled, f.public.month, &f.witness.files, &f.witness.request).expect("the subject can be scored");
    [0, 1].map(|short| {
        let mut f = f.clone();
        f.policy.cut_off += i32::try_from(f.compiled.allowance - scored.total_loss).expect("small") + short;
        f.compiled = f.policy.compile(&f.schema).expect("the policy stays valid");
        f.settle();
        assert_eq!((f.check(), f.witness.verdict.approved), (Ok(()), short == 0));
        f
    })
}

/// Files from fresh to twenty years old, most values missing, a ratio wherever one may be.
pub(super) fn old(circuit: CircuitId) -> Fixture {
    let mut rng = StdRng::seed_from_u64(103);
    let mut policy = weighted(circuit, true, 150);
    let at = policy.attributes.iter().position(|a| a.index == 16).expect("the test policy scores attribute 16");
    let ratio = |i, a, b| attribute(i, Source::Ratio { a: vec![a], b: vec![b] }, &[-2_000, 0, 2_000]);
    policy.attributes.splice(at..=at, [ratio(16, 4, 13), ratio(17, 5, 19)]);
    let ages = [5, 13, 240, 0, 16, 11, 12];
    let age = |k: usize| if circuit.files() == 1 { 240 } else { ages[k] };
    let files = files(circuit.files(), &mut rng, age, |s, k| ((s as i64 + k) % 5 == 0).then_some(100 * s as i64 - 1_000 * k));
    let f = Fixture::new(schema(), policy, &files, [0, 2_000, 0, 0], &mut rng);
    assert_eq!(f.check(), Ok(()));
    f
}

/// All files, all too old to count.
fn ancient(circuit: CircuitId) -> Fixture {
    let mut rng = StdRng::seed_from_u64(106);
    let files = files(circuit.files(), &mut rng, |k| 16 + 500 * k as u16, |s, k| Some(s as i64 - k));
    let f = Fixture::new(schema(), weighted(circuit, true, 150), &files, [0; 4], &mut rng);
    assert_eq!(f.check(), Ok(()));
    f
}

/// The largest and smallest values, edges and request attributes there are, and ratios of all features.
fn extreme(circuit: CircuitId) -> Fixture {
    let mut rng = StdRng::seed_from_u64(107);
    let mut policy = weighted(circuit, true, 150);
    for row in &mut policy.attributes {
        row.edges = vec![i32::MIN, -1, i32::MAX];
        row.points = vec![0, 4_095, 1, 4_000];
        row.missing = 0;
        if let Source::Ratio { a, b } = &mut row.source {
            (*a, *b) = ((0..20).collect(), (0..20).filter(|s| s % 2 == 0).collect());
        }
    }
    policy.weights = [100; 8];
    policy.decay = [100; 12];
    let largest = (1i64 << 39) - 1;
    let files = files(circuit.files(), &mut rng, |k| k as u16, |s, _| Some(if s % 3 == 1 { -largest } else { largest }));
    let f = Fixture::new(schema(), policy, &files, [-largest - 1, largest, -largest, 0], &mut rng);
    assert_eq!(f.check(), Ok(()));
    f
}

/// All files, every value 0.
pub(super) fn zeros(circuit: CircuitId) -> Fixture {
    let mut rng = StdRng::seed_from_u64(105);
    let files = files(circuit.files(), &mut rng, |_| 0, |_, _| Some(0));
    let f = Fixture::new(schema(), weighted(circuit, false, 150), &files, [0; 4], &mut rng);
    assert_eq!(f.check(), Ok(()));
    f
}

/// Attributes of which none is a ratio or comes from the request; the person is hidden.
pub(super) fn spotless(circuit: CircuitId) -> Fixture {
    let mut rng = StdRng::seed_from_u64(104);
    let mut policy = weighted(circuit, true, 0);
    policy.attributes = [0, 7, 12, 16].map(|i| attribute(i, Source::Feature, &[-500, 0])).to_vec();
    let best: i32 = policy.attributes.iter().map(Attribute::best).sum();
    policy.cut_off = policy.base_points + best;
    policy.show_person = false;
    let files = files(circuit.files(), &mut rng, |_| 0, |s, k| Some(-600 - s as i64 - k));
    let f = Fixture::new(schema(), policy, &files, [0; 4], &mut rng);
    assert!(f.witness.verdict.approved && f.check().is_ok());
    f
}
