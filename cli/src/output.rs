//! What a command writes: tables and sentences to people, JSON to programs, failures to stderr.

use crate::error::CliError;
use comfy_table::{ContentArrangement, Table, TableComponent, presets};
use serde::Serialize;
use serde_json::json;
use std::io::{IsTerminal, Write};

/// Writes results in the form that was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
}

impl Output {
    /// For people, or for programs.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Writes a result: `text` for people, `value` as JSON for programs.
    pub fn result(&self, value: &impl Serialize, text: impl FnOnce() -> String) {
        if self.json {
            let json = serde_json::to_string_pretty(value).expect("results are structs, lists and texts");
            write_line(std::io::stdout().lock(), &json);
        } else {
            write_line(std::io::stdout().lock(), text().trim_end());
        }
    }

    /// Tells people what is going on; programs hear nothing.
    pub fn note(&self, text: &str) {
        if !self.json {
            write_line(std::io::stderr().lock(), text);
        }
    }

    /// Says why a command failed.
    pub fn failure(&self, error: &CliError) {
        let hint = error.hint();
        if self.json {
            let value = json!({ "error": error.to_string(), "code": error.code(), "hint": hint });
            write_line(std::io::stderr().lock(), &value.to_string());
            return;
        }
        let mut text = format!("probity: {error}");
        if let Some(hint) = hint.filter(|h| !h.is_empty()) {
            text += &format!("\n  what to do: {hint}");
        }
        write_line(std::io::stderr().lock(), &text);
    }

    /// Whether people are shown progress.
    pub fn shows_progress(&self) -> bool {
        !self.json && std::io::stderr().is_terminal()
    }
}

/// A reader that went away is no failure of ours.
fn write_line(mut to: impl Write, text: &str) {
    let _ = writeln!(to, "{text}");
}

/// A table with a header.
pub fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    for lines in [
        TableComponent::HorizontalLines,
        TableComponent::MiddleIntersections,
        TableComponent::LeftBorderIntersections,
        TableComponent::RightBorderIntersections,
    ] {
        table.remove_style(lines);
    }
    table.add_rows(rows);
    table.trim_fmt()
}

/// Milliseconds since 1970 as UTC, to the minute.
pub fn time(unix_ms: u64) -> String {
    let month = probity_credit::month::Month::of_unix_ms(unix_ms);
    let day = (unix_ms / 86_400_000 - first_day(month)) + 1;
    let minutes = unix_ms / 60_000 % 1_440;
    format!("{month}-{day:02} {:02}:{:02} UTC", minutes / 60, minutes % 60)
}

/// Days from 1970 to the first of a month.
fn first_day(month: probity_credit::month::Month) -> u64 {
    // the day count of the same algorithm that gives the month of a time, run backwards from March
    let (year, month) = (u64::from(month.0 / 12), u64::from(month.0 % 12 + 1));
    let (year, shifted) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * shifted + 2) / 5;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times_read_as_utc() {
        for (ms, text) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_400_000, "2000-02-29 00:00 UTC"),
            (1_795_219_200_000, "2026-11-21 00:00 UTC"),
            (1_798_761_599_999, "2026-12-31 23:59 UTC"),
        ] {
            assert_eq!(time(ms), text);
        }
    }
}
