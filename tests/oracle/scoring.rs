//! 100,000 scoring cases: both sides draw them from SplitMix64 and compare digests of the results, one a thousand cases.

use super::vector::{Oracle, text};
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::field::FieldBytes;
use probity_credit::file::{CreditFile, FEATURE_OFFSET, FEATURES, Feature};
use probity_credit::month::Month;
use probity_credit::policy::{Attribute, BINS, Policy, RATIO_ATTRIBUTES, plain_attributes};
use probity_credit::statement::{Evaluation, UsedFile, evaluate};
use probity_credit::tree::MerklePath;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

const MONTH: u16 = 24_322;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    cases_per_chunk: usize,
    chunks: Vec<Digest>,
}

/// SplitMix64.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Missing, small, near an edge of the attribute of the same number, or anything.
fn value(r: u64, edges: &[i32]) -> Option<i64> {
    let (kind, e) = (r & 7, (r >> 3) as i64);
    let n = edges.len() as i64;
    match kind {
        0 => None,
        7 => Some(e % (2 * FEATURE_OFFSET - 1) - (FEATURE_OFFSET - 1)),
        4.. if n > 0 => Some(i64::from(edges[(e % n) as usize]) + (e / n) % 3 - 1),
        _ => Some(e % 17 - 8),
    }
}

/// The bin of a scored attribute as its policy counts them; 0 is missing.
pub(super) fn bin(row: &Attribute, e: &Evaluation) -> usize {
    let index = usize::from(row.index);
    if RATIO_ATTRIBUTES.contains(&index) {
        // filler lies between the last edges, so the last bin of the policy is the last of all
        return match e.ratio[index - RATIO_ATTRIBUTES.start].bin {
            BINS => row.points.len(),
            k => k.min(row.points.len()),
        };
    }
    e.plain[plain_attributes().position(|i| i == index).expect("all others are plain")].1
}

fn result(policy: &Policy, e: &Evaluation) -> String {
    fn join<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
        items.into_iter().map(|x| x.to_string()).collect::<Vec<_>>().join(",")
    }
    let features = join(e.consolidated.map(|x| x.map_or("-".into(), |x| x.to_string())));
    let bins = join(policy.attributes.iter().map(|row| bin(row, e)));
    let (outcome, reasons) = (u8::from(e.verdict.approved), join(e.verdict.reasons));
    format!("{}|{}|{features}|{bins}|{}|{}|{outcome}|{reasons}\n", join(&e.weights), e.live_files, join(e.losses), e.total_loss)
}

fn chunk(oracle: &Oracle, number: usize, cases: usize) -> Digest {
    let line = &oracle.policies[number];
    let policy = &line.policy;
    let mut compiled = policy.compile(&oracle.schemas[line.schema].schema).expect("valid");
    let worst: i64 = policy.attributes.iter().map(|a| i64::from(a.best()) - i64::from(a.worst())).sum();
    let edges: [&[i32]; FEATURES] = std::array::from_fn(|i| policy.attribute(i).map_or(&[][..], |a| &a.edges));
    let mut draw = Draw(number as u64);
    let mut hasher = Sha256::new();
    for _ in 0..cases {
        let count = draw.next() % (policy.circuit.files() as u64 + 1);
        compiled.allowance = (draw.next() % worst as u64) as u32;
        let files: Vec<UsedFile> = (0..count).map(|k| file(&mut draw, k as u16, &edges)).collect();
        let request = std::array::from_fn(|i| value(draw.next(), edges[6 + i]).unwrap_or(-FEATURE_OFFSET));
        let e = evaluate(&compiled, Month(MONTH), &files, &request).expect("in range");
        hasher.update(result(policy, &e));
    }
    Digest(hasher.finalize().into())
}

fn file(draw: &mut Draw, slot: u16, edges: &[&[i32]; FEATURES]) -> UsedFile {
    let domain = Domain::ALL[(draw.next() % 8) as usize];
    let r = draw.next();
    let age = if r % 16 < 15 { (r >> 4) % 14 } else { (r >> 4) % 4096 };
    let feature = |x: Option<i64>| x.map_or(Feature::MISSING, |x| Feature::new(x).expect("below 2^39"));
    let features = std::array::from_fn(|i| feature(value(draw.next(), edges[i])));
    let no_path = || MerklePath { levels: vec![] };
    UsedFile {
        slot,
        domain,
        month: Month(MONTH - age as u16),
        file: CreditFile { features, records_digest: Digest::default(), blinding: FieldBytes::ZERO },
        path: no_path(),
        registry_path: no_path(),
    }
}

#[test]
fn hundred_thousand_scoring_cases() {
    let oracle = Oracle::read();
    let expected: Expected = serde_json::from_str(&text("scoring.json")).expect("as the model writes it");
    assert_eq!(expected.chunks.len() * expected.cases_per_chunk, 100_000);
    let differing: Vec<usize> =
        (0..expected.chunks.len()).filter(|&c| chunk(&oracle, c, expected.cases_per_chunk) != expected.chunks[c]).collect();
    assert!(differing.is_empty(), "chunks (and policies) of other results than the model's: {differing:?}");
}
