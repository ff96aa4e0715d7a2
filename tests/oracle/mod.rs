//! The statement against a model that was written from its document alone, on circomlibjs (`tests/vectors/statement/`): native check, constraint
//! system and model say the same of 1,000 vectors, and native scoring and model of 100,000 more cases.

mod instance;
mod scoring;
mod vector;

use instance::Instance;
use probity_circuits::eligibility::{Statement, checked};
use probity_credit::circuit_id::CircuitId;
use probity_credit::field::FieldBytes;
use probity_credit::policy::{Policy, Source};
use probity_credit::schema::Kind;
use probity_credit::statement::{Clause, Evaluation, PublicInputs, check, evaluate, position};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use vector::{Oracle, Score, Vector, digest_of};

/// Runs `check` on every vector of `chosen`, on two threads; names the vector that fails.
fn on_all(chosen: &[&Vector], check: impl Fn(&Vector) + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(vector) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(vector)));
            assert!(outcome.is_ok(), "vector {}, {}: {:?}", vector.index, vector.case, vector.refused);
        }
    };
    std::thread::scope(|s| {
        let other = s.spawn(work);
        work();
        other.join().expect("the other half of the vectors holds, too");
    });
}

#[test]
fn schemas_and_policies_compile_as_in_the_model() {
    let oracle = Oracle::read();
    for line in &oracle.schemas {
        line.schema.check().expect("the model's schemas are valid");
        assert_eq!(line.schema.id(), line.id, "{}", line.schema.name);
    }
    for line in &oracle.policies {
        let what = &line.policy.name;
        assert_eq!(line.policy.id(), line.id, "{what}");
        let compiled = line.policy.compile(&oracle.schemas[line.schema].schema).expect(what);
        let inputs = compiled.inputs();
        for (group, from, to) in [
            ("schema", position::POLICY, position::RULES),
            ("rules", position::RULES, position::WEIGHTS),
            ("weights", position::WEIGHTS, position::DECAY),
            ("decay", position::DECAY, position::COMPLETE),
            ("complete", position::COMPLETE, position::FROM_REQUEST),
            ("request", position::FROM_REQUEST, position::FILE_COUNT),
            ("file_count", position::FILE_COUNT, position::IS_RATIO),
            ("ratio", position::IS_RATIO, position::NUMERATOR),
            ("chosen", position::NUMERATOR, position::PLAIN),
            ("plain", position::PLAIN, position::RATIO_EDGES),
            ("edges", position::RATIO_EDGES, position::RATIO_LOSSES),
            ("losses", position::RATIO_LOSSES, position::ALLOWANCE),
            ("allowance", position::ALLOWANCE, position::SHOW_PERSON),
            ("show_person", position::SHOW_PERSON, position::COUNT),
        ] {
            assert_eq!(digest_of(&inputs[from - position::POLICY..to - position::POLICY]), line.inputs[group], "{what}: {group}");
        }
        assert_eq!(line.inputs.len(), 14, "{what}: every group is compared");
    }
}

#[test]
fn thousand_vectors_natively() {
    let oracle = Oracle::read();
    assert_eq!(oracle.vectors.len(), 1_000);
    let refused: BTreeSet<&str> = oracle.vectors.iter().filter_map(|v| v.refused.as_ref()).map(|r| r.clauses[0].as_str()).collect();
    assert_eq!(refused.len(), 7, "every clause that can fail natively does: {refused:?}");
    on_all(&oracle.vectors.iter().collect::<Vec<_>>(), |v| natively(&oracle, v));
}

/// Commitments, public inputs, scoring and verdict of one vector.
fn natively(oracle: &Oracle, v: &Vector) {
    let i = Instance::build(oracle, v);
    assert_eq!(i.policy.id(), v.policy_id);
    assert_eq!(i.committed, v.hashes);
    assert_eq!(digest_of(&i.public.all(&i.compiled)), v.inputs);

    let result = check(&i.compiled, &i.policy.schema, &i.public, &i.witness);
    let Some(score) = &v.score else {
        let refused = v.refused.as_ref().expect("a vector has a score or is refused");
        assert_eq!(result.expect_err("the model refuses").clause().anchor(), refused.clauses[0]);
        return;
    };
    assert_eq!(result, Ok(()));
    let opening = i.witness.opening(&i.compiled);
    let computed = PublicInputs {
        identity_root: i.identity_root,
        registry_root: i.registry_root,
        month: i.public.month,
        scope: i.scope,
        nullifier: i.nullifier,
        context: i.context,
        answer: opening.answer(),
    };
    assert_eq!(computed, i.public);
    opening.check().expect("the opening of a statement that holds");
    assert_eq!(opening.person == FieldBytes::ZERO, !i.policy.show_person);

    let evaluation = evaluate(&i.compiled, i.public.month, &i.witness.files, &i.witness.request).expect("the model scores it");
    assert_eq!(evaluation.verdict, i.witness.verdict);
    assert_scored(&i, &evaluation, score);
}

fn assert_scored(i: &Instance, e: &Evaluation, score: &Score) {
    assert_eq!(e.weights, score.weights);
    assert_eq!(e.live_files, score.live);
    assert_eq!(e.consolidated.to_vec(), score.features());
    let bins = i.policy.attributes.iter().map(|row| scoring::bin(row, e));
    let points = i.policy.attributes.iter().zip(bins.clone()).map(|(row, bin)| if bin == 0 { row.missing } else { row.points[bin - 1] });
    let losses = i.policy.attributes.iter().map(|row| e.losses[usize::from(row.index)]);
    let rows: Vec<_> = i.policy.attributes.iter().map(|row| row.index).zip(bins).zip(points).zip(losses).collect();
    let expected: Vec<_> = score.rows.iter().map(|r| (((r.index, r.bin), r.points), r.loss)).collect();
    assert_eq!(rows, expected);
    for (row, expected) in i.policy.attributes.iter().zip(&score.rows) {
        if let (Source::Ratio { .. }, Some(value)) = (&row.source, &expected.fraction) {
            let ratio = &e.ratio[usize::from(row.index) - 15];
            assert_eq!((format!("{}/{}", ratio.a, ratio.b), ratio.missing), (value.clone(), false));
        }
    }
    let best: i64 = i.policy.attributes.iter().map(|row| i64::from(row.best())).sum();
    assert_eq!(i64::from(i.policy.base_points) + best - i64::from(e.total_loss), score.total);
    let scored: BTreeSet<usize> = i.policy.attributes.iter().map(|row| row.index.into()).collect();
    assert!((0..20).all(|k| scored.contains(&k) || e.losses[k] == 0), "an attribute that is not scored loses nothing");
}

/// `PROBITY_SOUNDNESS=long` runs every vector through the constraint system, else a sample: every way to spoil one once, and of each case one in
/// each size.
#[test]
fn vectors_in_the_constraint_system() {
    let oracle = Oracle::read();
    let long = std::env::var("PROBITY_SOUNDNESS").is_ok_and(|v| v == "long");
    let mut seen = BTreeSet::new();
    let chosen: Vec<&Vector> = oracle
        .vectors
        .iter()
        .filter(|v| {
            let circuit = oracle.policies[v.policy].policy.circuit;
            let kind = v.refused.as_ref().map_or((v.case.as_str(), Some(circuit)), |r| (r.how.as_str(), None));
            seen.insert(kind) || long
        })
        .collect();
    let started = std::time::Instant::now();
    on_all(&chosen, |v| in_rows(&oracle, v));
    println!("{} vectors in the constraint system in {:.1} s", chosen.len(), started.elapsed().as_secs_f64());
}

fn in_rows(oracle: &Oracle, v: &Vector) {
    let i = Instance::build(oracle, v);
    if i.witness.files.len() > i.policy.circuit.files() {
        return; // there is no place for the file that is too many
    }
    let run =
        checked(Statement { policy: &i.compiled, public: &i.public, witness: &i.witness }, &|_, _| None).expect("every value is given");
    let rows = run.unsatisfied();
    let anchors = Clause::ALL.iter().map(|c| c.anchor());
    let violated: Vec<&str> = anchors.filter(|a| rows.iter().any(|label| label.starts_with(a))).collect();
    let refused = v.refused.as_ref().map_or(vec![], |r| r.clauses.iter().map(String::as_str).collect());
    // what cannot be scored has no true verdict
    let scored = !refused.iter().any(|c| ["weights", "attributes"].contains(c));
    let judged = |clause: &&str| scored || !["consolidation", "verdict"].contains(clause);
    assert_eq!(violated.into_iter().filter(judged).collect::<Vec<_>>(), refused, "{rows:?}");
    assert_eq!(digest_of(&run.assignment.instance[1..]), v.inputs);
}

#[test]
fn the_vectors_hold_what_they_are_for() {
    let oracle = Oracle::read();
    let policy = |v: &Vector| &oracle.policies[v.policy].policy;
    let scored: Vec<&Vector> = oracle.vectors.iter().filter(|v| v.score.is_some()).collect();
    for circuit in CircuitId::ALL {
        let has = |what: &str, holds: &dyn Fn(&Vector) -> bool| {
            assert!(scored.iter().any(|v| policy(v).circuit == circuit && holds(v)), "{circuit}: {what}");
        };
        has("an approval", &|v| v.verdict.0 == 1);
        has("a decline", &|v| v.verdict.0 == 0);
        has("no file", &|v| v.files.is_empty());
        has("all files", &|v| v.files.len() == circuit.files());
        has("everything missing", &|v| !v.files.is_empty() && v.score.as_ref().is_some_and(|s| s.features().iter().all(Option::is_none)));
        has("the largest policy", &|v| policy(v).attributes.len() == 20 && policy(v).attributes.iter().all(|a| a.points.len() == 10));
        has("the smallest policy", &|v| policy(v).attributes.len() == 1);
        has("reasons that tie", &|v| ties(v));
        has("the largest loss", &|v| policy(v).attributes.iter().any(|a| a.best() - a.worst() == 4095));
        has("every domain of full weight", &|v| policy(v).weights == [100; 8]);
        has("a ratio that is missing by its denominator alone", &|v| missing_by_denominator(policy(v), v));
        has("a scored category", &|v| policy(v).attributes.iter().any(|a| a.source == Source::Feature && is_code(&oracle, v, a.index)));
        has("a file of no weight", &|v| v.score.as_ref().is_some_and(|s| s.weights.contains(&0)));
        has("a decline by one", &|v| v.score.as_ref().is_some_and(|s| s.total == i64::from(v.cut_off) - 1));
        has("the cut-off reached", &|v| v.score.as_ref().is_some_and(|s| s.total == i64::from(v.cut_off)));
    }
    let ages: BTreeSet<u16> = scored.iter().flat_map(|v| v.files.iter().map(|f| v.month - f.month)).collect();
    assert!((0..14).chain([4095]).all(|age| ages.contains(&age)), "every month of decay: {ages:?}");
    assert!(scored.iter().any(|v| v.public.context == FieldBytes::ZERO), "elements at the edge of the field");
}

/// Whether two of the reasons lose the same.
fn ties(v: &Vector) -> bool {
    let rows = &v.score.as_ref().expect("scored").rows;
    let losses: Vec<u16> = v.verdict.1.iter().filter_map(|r| rows.iter().find(|row| row.index + 1 == *r)).map(|row| row.loss).collect();
    losses.windows(2).any(|w| w[0] == w[1])
}

/// Whether a ratio is missing although all its features are there.
fn missing_by_denominator(policy: &Policy, v: &Vector) -> bool {
    let score = v.score.as_ref().expect("scored");
    let features = score.features();
    policy.attributes.iter().zip(&score.rows).any(|(row, scored)| match &row.source {
        Source::Ratio { a, b } => scored.bin == 0 && a.iter().chain(b).all(|&f| features[usize::from(f)].is_some()),
        _ => false,
    })
}

fn is_code(oracle: &Oracle, v: &Vector, slot: u8) -> bool {
    let schema = &oracle.schemas[oracle.policies[v.policy].schema].schema;
    schema.feature(slot.into()).is_some_and(|def| def.kind == Kind::Code)
}
