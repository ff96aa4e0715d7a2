//! Thousands of witnesses with hints lied about and everything after them recomputed: what the rows accept, the native check accepts.

use super::anatomy::Anatomy;
use super::committed::category;
use super::extract::judge;
use super::kinds::{Kind, Liar, SHARES};
use super::subjects::subjects;
use super::system::{Fitted, Lies, Point, Scratch, System, in_parallel};
use probity_credit::circuit_id::CircuitId;
use probity_credit::field::F;
use probity_credit::file::random_element;
use probity_credit::statement::testing::Fixture;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};

const SEED: u64 = 0x11e5;
/// Rows that a liar repairs before it gives up.
const REPAIRS: usize = 6;

/// A statement that a liar would like to have accepted, with the run that lies start from.
struct Claim {
    what: String,
    fixture: Fixture,
    point: Point,
    is_true: bool,
}

/// A false statement about a subject.
type Falsehood = fn(&mut Fixture, &mut StdRng);

const FALSEHOODS: [(&str, Falsehood); 8] = [
    ("the other outcome", |f, _| {
        f.witness.verdict.approved ^= true;
        f.witness.verdict.reasons = [0; 4];
        f.reseal();
    }),
    ("another's nullifier", |f, rng| f.public.nullifier = random_element(rng).into()),
    ("another answer", |f, rng| f.public.answer = random_element(rng).into()),
    ("another scope", |f, rng| f.public.scope = random_element(rng).into()),
    ("another identity root", |f, rng| f.public.identity_root = random_element(rng).into()),
    ("another key", |f, rng| f.witness.secret = probity_credit::identity::Secret::random(rng)),
    ("another person", |f, rng| {
        f.witness.identity.person = random_element(rng).into();
        f.reseal();
    }),
    ("other counts of files", |f, _| f.witness.identity.counts.change(probity_credit::domain::Domain::Bank, 1).expect("few files")),
];

fn claims(system: &System, rng: &mut StdRng) -> Vec<Claim> {
    let mut out = vec![];
    for subject in subjects(system.circuit) {
        for (what, falsehood) in FALSEHOODS {
            let mut fixture = subject.fixture.clone();
            falsehood(&mut fixture, rng);
            let point = system.point(system.run(&fixture, &Lies::default()));
            assert!(!point.violated.is_empty() && fixture.check().is_err(), "{}: {what} is false", subject.kind);
            out.push(Claim { what: format!("{}: {what}", subject.kind), fixture, point, is_true: false });
        }
        let point = system.honest(&subject.fixture);
        out.push(Claim { what: subject.kind.into(), fixture: subject.fixture, point, is_true: true });
    }
    out
}

/// What came of the lies of one kind.
#[derive(Default, Clone, Copy)]
struct Count {
    tried: usize,
    refused: usize,
    /// Satisfied, and the native check accepts what is claimed.
    harmless: usize,
    /// The lie was the truth.
    no_lie: usize,
}

#[derive(Default)]
struct Tally {
    by_kind: BTreeMap<Kind, Count>,
    attacked: BTreeSet<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        for (kind, c) in other.by_kind {
            let sum = self.by_kind.entry(kind).or_default();
            *sum = Count {
                tried: sum.tried + c.tried,
                refused: sum.refused + c.refused,
                harmless: sum.harmless + c.harmless,
                no_lie: sum.no_lie + c.no_lie,
            };
        }
        self.attacked.extend(other.attacked);
    }
}

/// Solves violated rows for hints that stand in them until nothing is violated or patience ends; gives the values then.
fn repair(system: &System, claim: &Claim, lies: &mut Lies, mut values: Vec<F>, scratch: &mut Scratch, rng: &mut StdRng) -> Vec<F> {
    for _ in 0..REPAIRS {
        let violated = system.violated(&claim.point, &values, scratch);
        let Some(&row) = violated.choose(rng) else { break };
        let hints = system.terms(row).into_iter().flatten().filter_map(|t| t.1.checked_sub(system.shape.num_instance));
        let hints: Vec<usize> = hints.collect();
        let Some(&hint) = hints.choose(rng) else { continue };
        if let Some(value) = system.repaired(row, hint, &values) {
            lies.set(hint, value);
            values = system.run(&claim.fixture, lies);
        }
    }
    values
}

/// Tells `extra` lies of random kinds after one about each category of hints.
fn campaign(circuit: CircuitId, extra: usize) -> Tally {
    let system = System::of(circuit);
    let anatomy = Anatomy::of(system);
    let claims = claims(system, &mut StdRng::seed_from_u64(SEED));
    let categories: Vec<&Vec<usize>> = anatomy.categories.values().collect();
    let parts = in_parallel(categories.len() + extra, |part| {
        let mut tally = Tally::default();
        let mut scratch = system.scratch();
        for number in part {
            let mut rng = StdRng::seed_from_u64(SEED ^ (number as u64) << 16);
            let with_truth = rng.r#gen::<bool>();
            let wanted: Vec<&Claim> = claims.iter().filter(|c| c.is_true == with_truth).collect();
            let claim = *wanted.choose(&mut rng).expect("there are true and false claims");
            let liar = Liar { system, anatomy: &anatomy, point: &claim.point };
            // with a true claim a liar may choose the public inputs to fit; a false one is what it is
            let mut lies = Lies::default();
            if claim.is_true && rng.r#gen_bool(0.7) {
                lies.fitted = Fitted::all((!claim.fixture.witness.files.is_empty()).then_some(0));
            }
            let kind = match categories.get(number) {
                Some(hints) => {
                    let hint = *hints.choose(&mut rng).expect("categories are not empty");
                    if rng.r#gen() {
                        lies.add(hint, F::from(1u64))
                    } else {
                        liar.random(hint, &mut lies, &mut rng)
                    }
                    Kind::Random
                }
                None => {
                    let kind = Kind::ALL[number % Kind::ALL.len()];
                    liar.tell(kind, &mut lies, &mut rng);
                    kind
                }
            };
            tally.attacked.extend(lies.about.keys().map(|w| category(&system.names[*w])));
            let mut values = system.run(&claim.fixture, &lies);
            if kind == Kind::Repaired {
                values = repair(system, claim, &mut lies, values, &mut scratch, &mut rng);
            }
            let count = tally.by_kind.entry(kind).or_default();
            count.tried += 1;
            if values == claim.point.values {
                count.no_lie += 1;
            } else if !system.violated(&claim.point, &values, &mut scratch).is_empty() {
                count.refused += 1;
            } else if let Err(reason) = judge(system, &claim.fixture, &values) {
                let about: Vec<&str> = lies.about.keys().map(|w| system.names[*w].as_str()).collect();
                panic!(
                    "{circuit} accepts a false statement: {}, {kind:?} (seed {SEED}, lie {number}) about {about:?}: {reason}",
                    claim.what
                );
            } else {
                count.harmless += 1;
            }
        }
        tally
    });
    let mut tally = Tally::default();
    parts.into_iter().for_each(|part| tally.add(part));
    let never: Vec<&String> = anatomy.categories.keys().filter(|c| !tally.attacked.contains(*c)).collect();
    assert!(never.is_empty(), "hints that nobody lied about: {never:?}");
    let idle: Vec<Kind> = Kind::ALL.into_iter().filter(|k| tally.by_kind.get(k).is_none_or(|c| c.refused == 0)).collect();
    assert!(idle.is_empty(), "kinds of lies of which none was tried and refused: {idle:?}");
    println!("{circuit}: {} true and false claims, {} categories of hints, each lied about", claims.len(), categories.len());
    tally
}

fn print(tally: &Tally) {
    println!("  {:14} {:>6} {:>8} {:>16} {:>7}", "kind of lie", "tried", "refused", "true, harmless", "no lie");
    let mut sum = Count::default();
    for (kind, c) in &tally.by_kind {
        println!("  {:14} {:6} {:8} {:16} {:7}", format!("{kind:?}"), c.tried, c.refused, c.harmless, c.no_lie);
        sum.tried += c.tried;
        sum.refused += c.refused;
        sum.harmless += c.harmless;
        sum.no_lie += c.no_lie;
    }
    println!("  {:14} {:6} {:8} {:16} {:7}", "all", sum.tried, sum.refused, sum.harmless, sum.no_lie);
}

#[test]
fn hundreds_of_lies_prove_nothing_false() {
    print(&campaign(CircuitId::Eligibility1, 1_200));
}

#[test]
#[ignore = "make soundness"]
fn ten_thousand_lies_prove_nothing_false() {
    let mut all = Tally::default();
    for (circuit, share) in SHARES {
        let tally = campaign(circuit, 12 * share);
        print(&tally);
        all.add(tally);
    }
    println!("all sizes:");
    print(&all);
    assert!(all.by_kind.values().map(|c| c.tried - c.no_lie).sum::<usize>() >= 10_000);
}
