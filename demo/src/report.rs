//! What happened, as people read it.

use comfy_table::{ContentArrangement, Table, TableComponent, presets};
use std::time::{Duration, Instant};

/// The steps with their times, and who saw how many bytes.
#[derive(Debug, Default)]
pub struct Report {
    steps: Vec<(String, Duration, String)>,
    seen: Vec<(String, String, u64)>,
}

impl Report {
    /// Does a step, says so, and keeps its time; `f` also says what came out.
    ///
    /// # Errors
    /// Whatever `f` refuses.
    pub fn step<T, E>(&mut self, what: &str, f: impl FnOnce(&mut Self) -> Result<(T, String), E>) -> Result<T, E> {
        println!("  {what} ...");
        let begun = Instant::now();
        let (value, outcome) = f(self)?;
        let took = begun.elapsed();
        println!("    {outcome}  ({:.1} s)", took.as_secs_f64());
        self.steps.push((what.to_owned(), took, outcome));
        Ok(value)
    }

    /// `party` saw `bytes` of `what`.
    pub fn saw(&mut self, party: &str, what: &str, bytes: u64) {
        self.seen.push((party.to_owned(), what.to_owned(), bytes));
    }

    /// Both tables.
    pub fn tables(&self) -> String {
        let mut steps = table(["step", "time, s", "what came out"]);
        for (what, took, outcome) in &self.steps {
            steps.add_row([what.clone(), format!("{:.1}", took.as_secs_f64()), outcome.clone()]);
        }
        let mut seen = table(["who", "saw", "bytes"]);
        for (party, what, bytes) in &self.seen {
            seen.add_row([party.clone(), what.clone(), bytes.to_string()]);
        }
        format!("{}\n\n{}", steps.trim_fmt(), seen.trim_fmt())
    }
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic).set_width(132).set_header(header);
    for lines in [
        TableComponent::HorizontalLines,
        TableComponent::MiddleIntersections,
        TableComponent::LeftBorderIntersections,
        TableComponent::RightBorderIntersections,
    ] {
        table.remove_style(lines);
    }
    table
}
