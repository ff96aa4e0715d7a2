//! The German credit data, dealt out to a bank, an employer and a landlord, so that none sees a whole file.

use crate::tools::{Result, ToolError, io};
use std::collections::BTreeMap;
use std::path::Path;

const INPUT: &str = include_str!("../../data/german-credit/german_input.csv");
const SCORES: &str = include_str!("../../data/german-credit/german_scores.csv");
/// scorecardpy's card.
pub const CARD: &str = include_str!("../../data/german-credit/german_card.csv");
/// What comes with the lender's request.
pub const REQUEST: [&str; 3] = ["credit_amount", "duration_in_month", "purpose"];
/// Score needed.
pub const CUT_OFF: i64 = 450;

/// An institution with the columns that it holds.
#[derive(Debug, Clone, Copy)]
pub struct Holder {
    /// Short name, for files.
    pub key: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its domain.
    pub domain: &'static str,
    /// Its columns.
    pub columns: &'static [&'static str],
}

/// Who holds what.
pub const HOLDERS: [Holder; 3] = [
    Holder {
        key: "bank",
        name: "Sparbank",
        domain: "bank",
        columns: &[
            "status_of_existing_checking_account",
            "savings_account_and_bonds",
            "credit_history",
            "other_debtors_or_guarantors",
            "other_installment_plans",
        ],
    },
    Holder {
        key: "employer",
        name: "Stahlwerk Payroll",
        domain: "employer",
        columns: &["present_employment_since", "age_in_years", "installment_rate_in_percentage_of_disposable_income"],
    },
    Holder { key: "landlord", name: "Hausverwaltung", domain: "landlord", columns: &["housing", "property"] },
];

/// A row by column.
pub type Row = BTreeMap<String, String>;

/// One applicant: row of the data set, and scorecardpy's score.
#[derive(Debug, Clone)]
pub struct Person {
    /// Number of the row.
    pub row: usize,
    /// All columns.
    pub values: Row,
    /// scorecardpy's score.
    pub score: i64,
    /// scorecardpy's points, by attribute.
    pub points: BTreeMap<String, i64>,
}

impl Person {
    /// What institutions and authority know the person by.
    pub fn legal_id(&self) -> String {
        format!("DE-{:04}", self.row)
    }
}

/// All thousand.
///
/// # Errors
/// [`ToolError::Wrong`] if the embedded data are damaged.
pub fn people() -> Result<Vec<Person>> {
    let wrong = |e: csv::Error| ToolError::Wrong(format!("the embedded data: {e}"));
    let rows = |text: &str| csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect::<std::result::Result<Vec<Row>, _>>();
    let (values, scores) = (rows(INPUT).map_err(wrong)?, rows(SCORES).map_err(wrong)?);
    let people = values.into_iter().zip(scores).enumerate().map(|(row, (values, scores))| {
        let whole = |text: &String| text.parse::<f64>().map(|x| x as i64);
        let damaged = |_| ToolError::Wrong(format!("the embedded data: row {row} has a score that is no number"));
        let mut points = BTreeMap::new();
        for (column, text) in &scores {
            points.insert(column.trim_end_matches("_points").to_owned(), whole(text).map_err(damaged)?);
        }
        let score = points.remove("score").ok_or_else(|| ToolError::Wrong(format!("the embedded data: row {row} has no score")))?;
        Ok(Person { row, values, score, points })
    });
    people.collect()
}

/// Writes the CSV that a holder's own systems would give: customer and its columns.
///
/// # Errors
/// [`ToolError::Io`].
pub fn write_records(holder: &Holder, people: &[Person], path: &Path) -> Result<()> {
    let what = || path.display().to_string();
    let mut csv = csv::Writer::from_path(path).map_err(|e| ToolError::Wrong(format!("{}: {e}", what())))?;
    let header = std::iter::once("customer").chain(holder.columns.iter().copied());
    csv.write_record(header).map_err(|e| ToolError::Wrong(format!("{}: {e}", what())))?;
    for person in people {
        let id = person.legal_id();
        let row = std::iter::once(id.as_str()).chain(holder.columns.iter().map(|c| person.values[*c].as_str()));
        csv.write_record(row).map_err(|e| ToolError::Wrong(format!("{}: {e}", what())))?;
    }
    csv.flush().map_err(io(what()))
}

/// Writes the list of a holder's customers, for the authority's roster.
///
/// # Errors
/// [`ToolError::Io`].
pub fn write_customers(people: &[Person], path: &Path) -> Result<()> {
    let lines: Vec<String> = std::iter::once("legal_id".to_owned()).chain(people.iter().map(Person::legal_id)).collect();
    std::fs::write(path, lines.join("\n") + "\n").map_err(io(path.display().to_string()))
}

/// The reasons of a decline from scorecardpy's points alone: largest losses first, ties by the policy's order.
///
/// # Errors
/// [`ToolError::Wrong`] if the policy does not fit the data.
pub fn reasons(person: &Person, people: &[Person], policy: &serde_json::Value) -> Result<Vec<String>> {
    let wrong = || ToolError::Wrong("the policy's attributes are not the data's".into());
    let mut losses = vec![];
    for attribute in policy["attributes"].as_array().ok_or_else(wrong)? {
        let name = attribute["name"].as_str().ok_or_else(wrong)?;
        let best = people.iter().filter_map(|p| p.points.get(name)).max().ok_or_else(wrong)?;
        let loss = best - person.points.get(name).ok_or_else(wrong)?;
        losses.push((-loss, attribute["index"].as_u64().ok_or_else(wrong)?, name.to_owned()));
    }
    losses.sort();
    Ok(losses.into_iter().filter(|l| l.0 < 0).take(4).map(|l| l.2).collect())
}
