//! Numeric bins: tiled from -inf to inf, special values carved out.

use crate::card::{Part, Variable};
use crate::decimal::{Decimal, NotAnInteger};
use crate::error::ImportError;

/// Inner edges, and one more points than edges.
pub(crate) type Bins = (Vec<i32>, Vec<i32>);

struct Interval {
    row: u64,
    lo: Option<i32>,
    hi: Option<i32>,
    points: i32,
}

/// Edges and points of a numeric variable, its numbers times `10^scale`.
pub(crate) fn bins(variable: &Variable, scale: u8) -> Result<Bins, ImportError> {
    let (mut intervals, mut specials) = (vec![], vec![]);
    for bin in &variable.bins {
        let (row, points) = (bin.row, bin.points);
        for part in &bin.parts {
            match part {
                Part::Missing => {}
                Part::Interval { lo, hi } => {
                    let edge = |d: &Option<Decimal>| d.map(|d| edge(variable, row, d, scale)).transpose();
                    intervals.push(Interval { row, lo: edge(lo)?, hi: edge(hi)?, points });
                }
                Part::Text(text) => {
                    let not_numeric = || ImportError::NotNumeric { row, variable: variable.name.clone() };
                    let value = edge(variable, row, Decimal::parse(text).ok_or_else(not_numeric)?, scale)?;
                    specials.push((row, value, points));
                }
            }
        }
    }
    let mut pieces = tile(variable, intervals)?;
    specials.sort_unstable_by_key(|s| s.1);
    if let Some(pair) = specials.windows(2).find(|p| p[0].1 == p[1].1) {
        let (row, part) = (pair[1].0.max(pair[0].0), pair[1].1.to_string());
        return Err(ImportError::Twice { row, variable: variable.name.clone(), part });
    }
    for (row, value, points) in specials {
        let after = value.checked_add(1).ok_or_else(|| ImportError::EdgeRange { row, variable: variable.name.clone(), scale })?;
        carve(&mut pieces, value, after, points);
    }
    pieces.dedup_by(|later, earlier| later.1 == earlier.1);
    Ok((pieces.iter().skip(1).filter_map(|p| p.0).collect(), pieces.iter().map(|p| p.1).collect()))
}

fn edge(variable: &Variable, row: u64, number: Decimal, scale: u8) -> Result<i32, ImportError> {
    let variable = || variable.name.clone();
    number.integer(scale).map_err(|e| match e {
        NotAnInteger::Fraction => ImportError::EdgeFraction { row, variable: variable(), scale },
        NotAnInteger::Range => ImportError::EdgeRange { row, variable: variable(), scale },
    })
}

/// Pieces by lower edge, the first without one, each reaching up to the next.
fn tile(variable: &Variable, mut intervals: Vec<Interval>) -> Result<Vec<(Option<i32>, i32)>, ImportError> {
    intervals.sort_by_key(|i| i.lo);
    let refuse = |row| Err(ImportError::Tiling { row, variable: variable.name.clone() });
    for (at, this) in intervals.iter().enumerate() {
        let next = intervals.get(at + 1);
        let begins = at > 0 || this.lo.is_none();
        // a later interval with an open lower end sorts beside the first one: its lower edge is no neighbour's upper edge
        let meets = match (this.hi, next) {
            (None, None) => true,
            (Some(hi), Some(next)) => next.lo == Some(hi),
            _ => false,
        };
        let empty = this.lo.zip(this.hi).is_some_and(|(lo, hi)| lo >= hi);
        if !begins || !meets || empty {
            return refuse(this.row);
        }
    }
    if intervals.is_empty() { refuse(variable.row()) } else { Ok(intervals.iter().map(|i| (i.lo, i.points)).collect()) }
}

/// Gives `[lo, hi)` its own points.
fn carve(pieces: &mut Vec<(Option<i32>, i32)>, lo: i32, hi: i32, points: i32) {
    let at = pieces.partition_point(|p| p.0.is_none_or(|edge| edge <= lo)) - 1;
    let around = pieces[at];
    let ends_with_it = pieces.get(at + 1).is_some_and(|next| next.0 == Some(hi));
    if !ends_with_it {
        pieces.insert(at + 1, (Some(hi), around.1));
    }
    if around.0 == Some(lo) {
        pieces[at].1 = points;
    } else {
        pieces.insert(at + 1, (Some(lo), points));
    }
}
