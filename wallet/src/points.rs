//! A policy as a points table, with the person's own place in it.

use crate::words::{Reading, scaled};
use probity_credit::file::SUM_FEATURES;
use probity_credit::policy::{Attribute, Policy, RATIO_ATTRIBUTES, REQUEST_ATTRIBUTES, REQUEST_SLOTS, SCALE, Source};
use probity_credit::schema::Schema;
use probity_credit::statement::Evaluation;
use serde::Serialize;

/// One bin and its points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bin {
    /// Which values, in words.
    pub values: String,
    /// Points.
    pub points: i32,
}

/// Where the person stands in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Own {
    /// The value, in words.
    pub value: String,
    /// Points got.
    pub points: i32,
}

/// One attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Number of the attribute.
    pub index: u8,
    /// Its name.
    pub name: String,
    /// Where its number comes from, in words.
    pub source: String,
    /// Its bins.
    pub bins: Vec<Bin>,
    /// Points when missing.
    pub missing: i32,
    /// Most points.
    pub best: i32,
    /// The person's own place, once the files are known.
    pub own: Option<Own>,
}

/// A policy as a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PointsTable {
    /// Points everybody starts from.
    pub base_points: i32,
    /// Points needed.
    pub cut_off: i32,
    /// The attributes.
    pub rows: Vec<Row>,
    /// The person's points, once the files are known.
    pub own_total: Option<i64>,
}

impl PointsTable {
    /// The table alone.
    pub fn new(policy: &Policy, schema: &Schema) -> Self {
        let rows = policy.attributes.iter().map(|a| row(a, schema, None)).collect();
        Self { base_points: policy.base_points, cut_off: policy.cut_off, rows, own_total: None }
    }

    /// The table with the person's values and points.
    pub fn with_own(policy: &Policy, schema: &Schema, request: &[i64; REQUEST_SLOTS], evaluation: &Evaluation) -> Self {
        let own = |a: &Attribute| {
            let reading = Reading::of(a, schema);
            let points = a.best() - i32::from(evaluation.losses[usize::from(a.index)]);
            Own { value: own_value(a, reading, request, evaluation).unwrap_or_else(|| "missing".to_owned()), points }
        };
        let rows: Vec<Row> = policy.attributes.iter().map(|a| row(a, schema, Some(own(a)))).collect();
        let total = rows.iter().filter_map(|r| r.own.as_ref()).map(|o| i64::from(o.points)).sum::<i64>() + i64::from(policy.base_points);
        Self { base_points: policy.base_points, cut_off: policy.cut_off, rows, own_total: Some(total) }
    }
}

fn row(attribute: &Attribute, schema: &Schema, own: Option<Own>) -> Row {
    let reading = Reading::of(attribute, schema);
    let edge = |k: usize| attribute.edges.get(k).copied();
    let bin = |(k, points): (usize, &i32)| Bin { values: reading.range(k.checked_sub(1).and_then(edge), edge(k)), points: *points };
    Row {
        index: attribute.index,
        name: attribute.name.clone(),
        source: source(attribute, schema),
        bins: attribute.points.iter().enumerate().map(bin).collect(),
        missing: attribute.missing,
        best: attribute.best(),
        own,
    }
}

fn source(attribute: &Attribute, schema: &Schema) -> String {
    let name = |slot: &u8| schema.feature((*slot).into()).map_or_else(|| format!("feature {slot}"), |d| d.name.clone());
    match &attribute.source {
        Source::Feature => format!("your files: {}", name(&attribute.index)),
        Source::Request { .. } => "the lender's request".to_owned(),
        Source::Ratio { a, b } => {
            let list = |slots: &[u8]| slots.iter().map(name).collect::<Vec<_>>().join(" + ");
            format!("your files: ({}) / ({})", list(a), list(b))
        }
        Source::FileCount => "the number of your files".to_owned(),
    }
}

/// The person's value in words; none when missing.
fn own_value(attribute: &Attribute, reading: Reading<'_>, request: &[i64; REQUEST_SLOTS], evaluation: &Evaluation) -> Option<String> {
    let index = usize::from(attribute.index);
    match &attribute.source {
        Source::Feature => {
            let x = evaluation.consolidated[index]?;
            Some(if index >= SUM_FEATURES || x % i128::from(SCALE) == 0 {
                reading.value(if index >= SUM_FEATURES { x } else { x / i128::from(SCALE) })
            } else if let Reading::Number(unit) = reading {
                format!("{} {unit}", scaled(x)).trim_end().to_owned()
            } else {
                scaled(x)
            })
        }
        Source::Request { .. } => Some(reading.value(request[index - REQUEST_ATTRIBUTES.start].into())),
        Source::Ratio { .. } => {
            let ratio = &evaluation.ratio[index - RATIO_ATTRIBUTES.start];
            (!ratio.missing).then(|| reading.value(ratio.a.div_euclid(ratio.b)))
        }
        Source::FileCount => Some(reading.value(evaluation.live_files as i128)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use probity_credit::circuit_id::CircuitId;
    use probity_credit::statement::evaluate;
    use probity_credit::statement::testing::Fixture;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    #[test]
    fn points_add_up_to_the_verdict() {
        for seed in 0..8 {
            let f = Fixture::sample(CircuitId::Eligibility3, &mut StdRng::seed_from_u64(seed));
            let e = evaluate(&f.compiled, f.public.month, &f.witness.files, &f.witness.request).unwrap();
            let table = PointsTable::with_own(&f.policy, &f.schema, &f.witness.request, &e);
            let total = table.own_total.unwrap();
            assert_eq!(total >= i64::from(table.cut_off), e.verdict.approved, "seed {seed}");
            for row in &table.rows {
                let own = row.own.as_ref().unwrap();
                let possible = row.bins.iter().map(|b| b.points).chain([row.missing]);
                assert!(possible.into_iter().any(|p| p == own.points), "{}", row.name);
                assert!(own.value != "missing" || own.points == row.missing, "{}", row.name);
            }
            let plain = PointsTable::new(&f.policy, &f.schema);
            assert_eq!(plain.rows.len(), f.policy.attributes.len());
            assert!(plain.rows.iter().all(|r| r.own.is_none()));
        }
    }
}
