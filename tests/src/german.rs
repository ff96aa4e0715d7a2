//! The German credit data: a thousand applicants dealt out to a bank, an employer and a landlord.

use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::field::FieldBytes;
use probity_credit::file::{CreditFile, FEATURES, Feature};
use probity_credit::nullifier::ScopeKind;
use probity_credit::policy::{Policy, REQUEST_ATTRIBUTES, REQUEST_SLOTS, Source};
use probity_credit::schema::Schema;
use probity_credit::statement::testing::{Fixture, FixtureFile};
use probity_scorecard::{ImportOptions, draft_schema, import};
use rand::{CryptoRng, RngCore};
use std::collections::BTreeMap;

/// What the lender's request brings.
pub const REQUEST: [&str; 3] = ["credit_amount", "duration_in_month", "purpose"];
/// Score needed.
pub const CUT_OFF: i32 = 450;

/// A row of a table by column.
pub type Row = BTreeMap<String, String>;

/// The project's copy of a file of the data set.
///
/// # Panics
/// When it is not there.
pub fn data(name: &str) -> Vec<u8> {
    // at run time: checkouts that share a build directory share what was compiled, too
    let package = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
    let path = format!("{package}/../data/german-credit/{name}");
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn rows(name: &str) -> Vec<Row> {
    let rows = csv::Reader::from_reader(data(name).as_slice()).into_deserialize().collect::<Result<_, _>>();
    rows.unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The data set with its schema and policy.
pub struct German {
    /// Drafted from the card.
    pub schema: Schema,
    /// Imported from the card.
    pub policy: Policy,
    /// Who applies.
    pub people: Vec<Row>,
    /// What scorecardpy computed: points by attribute, and `score`.
    pub scores: Vec<Row>,
}

impl German {
    /// Reads everything; the policy is for `circuit`.
    ///
    /// # Panics
    /// When the project's data are damaged.
    pub fn load(circuit: CircuitId) -> Self {
        let card = data("german_card.csv");
        let request = REQUEST.map(String::from).to_vec();
        let schema = draft_schema(&card, "german-credit", &request).expect("the card makes a schema");
        let options = ImportOptions {
            name: "German consumer credit".into(),
            owner: Digest::of("test", &[b"lender"]),
            circuit,
            cut_off: CUT_OFF,
            request,
            request_categories: BTreeMap::new(),
            scales: BTreeMap::new(),
            weights: [100; 8],
            decay: [100; 12],
            complete: true,
            show_person: true,
            scope: ScopeKind::Lender,
        };
        let policy = import(&card, &schema, options).expect("the card makes a policy");
        Self { schema, policy, people: rows("german_input.csv"), scores: rows("german_scores.csv") }
    }

    /// scorecardpy's score of a person.
    ///
    /// # Panics
    /// When the column is damaged.
    pub fn score(&self, person: usize) -> i32 {
        self.points(person, "score")
    }

    fn points(&self, person: usize, column: &str) -> i32 {
        let points: f64 = self.scores[person][column].parse().expect("a number");
        points as i32
    }

    /// The reasons of a decline from scorecardpy's points alone, by attribute name.
    ///
    /// # Panics
    /// When a column is damaged.
    pub fn reasons(&self, person: usize) -> Vec<String> {
        let best = |name: &str| (0..self.scores.len()).map(|p| self.points(p, name)).max().expect("people");
        let mut losses: Vec<(i32, u8, String)> = self
            .policy
            .attributes
            .iter()
            .map(|a| {
                let column = format!("{}_points", a.name);
                (best(&column) - self.points(person, &column), a.index, a.name.clone())
            })
            .filter(|l| l.0 > 0)
            .collect();
        losses.sort_by_key(|l| (-l.0, l.1));
        losses.into_iter().take(4).map(|l| l.2).collect()
    }

    fn feature(&self, person: usize, slot: usize) -> Feature {
        let Some(def) = self.schema.feature(slot) else { return Feature::MISSING };
        let text = &self.people[person][&def.name];
        let code = def.categories.iter().position(|c| c == text).map(|c| c as i64);
        let value = code.unwrap_or_else(|| text.parse().unwrap_or_else(|_| panic!("{}: {text}", def.name)));
        Feature::new(value).expect("in range")
    }

    /// The request's attributes.
    ///
    /// # Panics
    /// When a column is damaged.
    pub fn request(&self, person: usize) -> [i64; REQUEST_SLOTS] {
        std::array::from_fn(|k| {
            let Some(attribute) = self.policy.attribute(REQUEST_ATTRIBUTES.start + k) else { return 0 };
            let text = &self.people[person][&attribute.name];
            let Source::Request { categories } = &attribute.source else { return 0 };
            categories.iter().position(|c| c == text).map_or_else(|| text.parse().expect("a number"), |c| c as i64)
        })
    }

    /// A true statement about a person, in trees of its own.
    ///
    /// # Panics
    /// Never, with the project's data.
    pub fn fixture(&self, person: usize, rng: &mut (impl RngCore + CryptoRng)) -> Fixture {
        let holders = [Domain::Bank, Domain::Employer, Domain::Landlord];
        let files: Vec<FixtureFile> = holders
            .into_iter()
            .enumerate()
            .map(|(k, domain)| {
                let held = |slot: usize| if slot % holders.len() == k { self.feature(person, slot) } else { Feature::MISSING };
                let features: [Feature; FEATURES] = std::array::from_fn(held);
                let blinding: FieldBytes = probity_credit::file::random_element(rng).into();
                let file = CreditFile { features, records_digest: Digest::of("test", &[b"records"]), blinding };
                FixtureFile { slot: k as u16, domain, age: 0, file }
            })
            .collect();
        Fixture::new(self.schema.clone(), self.policy.clone(), &files, self.request(person), rng)
    }
}
