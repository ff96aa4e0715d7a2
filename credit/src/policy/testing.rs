//! Policies for tests.

use super::{Attribute, Policy, Source};
use crate::circuit_id::CircuitId;
use crate::digest::Digest;
use crate::nullifier::ScopeKind;
use crate::schema::testing::schema;

/// A row with bins of 10 points less each.
pub fn attribute(index: u8, source: Source, edges: &[i32]) -> Attribute {
    let points: Vec<i32> = (0..=edges.len()).map(|k| 40 - 10 * i32::try_from(k).expect("few bins")).collect();
    let missing = points[points.len() - 1];
    Attribute { index, name: format!("attribute_{index}"), source, edges: edges.to_vec(), points, missing }
}

/// A valid policy over [`schema`] that uses every kind of source.
pub fn policy(circuit: CircuitId) -> Policy {
    let mut attributes: Vec<Attribute> = (0..15u8)
        .map(|i| match i {
            6 | 7 => attribute(i, Source::Request { categories: vec![] }, &[0, 100, 1_000]),
            _ => attribute(i, Source::Feature, &[-500, 0, 500]),
        })
        .collect();
    attributes.push(attribute(15, Source::Ratio { a: vec![0, 1], b: vec![2] }, &[0, 2_500, 5_000, 10_000]));
    attributes.push(attribute(16, Source::Feature, &[10, 20]));
    attributes.push(attribute(18, Source::Ratio { a: vec![12], b: vec![3, 17] }, &[-1_000, 1_000]));
    attributes.push(attribute(19, Source::FileCount, &[1, 2]));
    let mut policy = Policy {
        name: "test policy".into(),
        owner: Digest::of("test", &[b"lender"]),
        schema: schema().id(),
        circuit,
        base_points: 100,
        cut_off: 0,
        attributes,
        weights: [100, 90, 80, 0, 60, 50, 40, 30],
        decay: [100, 100, 90, 80, 70, 60, 50, 40, 30, 20, 10, 0],
        complete: true,
        show_person: true,
        scope: ScopeKind::Lender,
    };
    let best: i32 = policy.attributes.iter().map(Attribute::best).sum();
    policy.cut_off = policy.base_points + best - 200;
    policy
}
