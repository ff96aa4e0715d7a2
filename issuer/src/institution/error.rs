//! Why records are refused: one variant a rule. No value is ever repeated, only where it stands.

use super::mapping::MappingError;
use crate::store::StoreError;
use std::fmt;

/// What is wrong with one field or row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    /// Fields missing or too many.
    #[error("{found} fields where the header has {expected}: check delimiter and quotes")]
    FieldCount {
        /// As in the header.
        expected: usize,
        /// In this row.
        found: usize,
    },
    /// Too long, usually an unclosed quote.
    #[error("the record has more than 65,536 bytes: is a quote left open?")]
    TooLong,
    /// Not UTF-8.
    #[error("not UTF-8: export the file in this encoding")]
    NotUtf8,
    /// Not CSV at all.
    #[error("not readable as CSV")]
    NotCsv,
    /// No legal identity.
    #[error("a legal identity has 1 to 256 bytes of printable characters")]
    LegalId,
    /// Not in the roster.
    #[error("the customer is not in the roster: ask the identity authority for a new one, or skip unknown customers")]
    UnknownCustomer,
    /// A second row for one customer.
    #[error("the customer has a row already: one row a customer, put accounts together first")]
    DuplicateCustomer,
    /// No whole number.
    #[error("not a whole number: digits with an optional sign; list tokens for missing values in the mapping")]
    NotInteger,
    /// No decimal number.
    #[error("not a decimal number: digits with an optional sign and point, no thousands separators")]
    NotDecimal,
    /// More digits after the point than the scale.
    #[error("more than {scale} digits after the point: raise the scale or round the export")]
    TooFine {
        /// The mapping's scale.
        scale: u8,
    },
    /// Beyond a feature's range.
    #[error("outside a feature's range of plus or minus 549,755,813,887: choose a larger unit")]
    Range,
    /// A category without a code.
    #[error("no category of the schema: correct it, or give it an alias in the mapping")]
    UnknownCategory,
    /// No date.
    #[error("not a date written YYYY-MM-DD")]
    NotDate,
    /// A date after the publication's month.
    #[error("a date after the month of the publication")]
    LaterDate,
}

/// One refused field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// Line in the file, the header being line 1.
    pub line: u64,
    /// Column by its name in the header; none if it is the whole row.
    pub column: Option<String>,
    /// What is wrong.
    pub problem: RowProblem,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "line {}, column {column}: {}", self.line, self.problem),
            None => write!(f, "line {}: {}", self.line, self.problem),
        }
    }
}

/// Most errors that are listed.
pub(super) const ERRORS_MAX: usize = 20;

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// Mapping or header do not fit.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// Malformed rows: the first twenty.
    #[error("nothing was published, as {file} has malformed rows:{}", list(errors, *stopped))]
    Rows {
        /// Name of the file.
        file: String,
        /// In order of their lines.
        errors: Vec<RowError>,
        /// Whether reading stopped there, so that there may be more.
        stopped: bool,
    },
    /// The header cannot be read.
    #[error("{file}: the first line must be a header of at most 1,024 column names in UTF-8")]
    Header {
        /// Name of the file.
        file: String,
    },
    /// No rows.
    #[error("{file} has no records; nothing was published")]
    Empty {
        /// Name of the file.
        file: String,
    },
    /// Too many rows.
    #[error("{file} has more than {limit} records; nothing was published")]
    TooMany {
        /// Name of the file.
        file: String,
        /// Records allowed.
        limit: usize,
    },
    /// Reading fails.
    #[error("{file}: {source}")]
    Read {
        /// Name of the file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// Writing fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn list(errors: &[RowError], stopped: bool) -> String {
    let mut text: String = errors.iter().map(|e| format!("\n  {e}")).collect();
    if stopped {
        text.push_str("\n  there may be more: reading stopped here");
    }
    text
}
