//! Category bins: codes in the order of the categories, neighbours of equal points in one bin.

use crate::card::Variable;
use crate::error::ImportError;
use crate::intervals::Bins;
use probity_credit::schema::{CATEGORIES_MAX, is_name};
use std::collections::BTreeMap;

/// The card's own order of a variable's categories.
pub(crate) fn card_order(variable: &Variable) -> Result<Vec<String>, ImportError> {
    let mut names: Vec<String> = vec![];
    for (row, category) in variable.texts() {
        if !is_name(category) || names.len() == CATEGORIES_MAX {
            return Err(ImportError::CategoryName { row, variable: variable.name.clone() });
        }
        if names.iter().any(|n| n == category) {
            return Err(ImportError::Twice { row, variable: variable.name.clone(), part: category.into() });
        }
        names.push(category.into());
    }
    Ok(names)
}

/// Edges and points over the codes of `categories`.
pub(crate) fn bins(variable: &Variable, categories: &[String]) -> Result<Bins, ImportError> {
    let name = || variable.name.clone();
    let codes: BTreeMap<&str, usize> = categories.iter().enumerate().map(|(code, c)| (c.as_str(), code)).collect();
    let mut points = vec![None; categories.len()];
    for bin in &variable.bins {
        let row = bin.row;
        for (_, category) in variable.texts().filter(|t| t.0 == row) {
            let unknown = || ImportError::UnknownCategory { row, variable: name(), category: category.into() };
            let code = *codes.get(category).ok_or_else(unknown)?;
            if points[code].replace(bin.points).is_some() {
                return Err(ImportError::Twice { row, variable: name(), part: category.into() });
            }
        }
    }
    let without =
        |code: usize| ImportError::CategoryWithoutBin { row: variable.row(), variable: name(), category: categories[code].clone() };
    let (mut edges, mut merged) = (vec![], Vec::<i32>::new());
    for (code, points) in points.into_iter().enumerate() {
        let points = points.ok_or_else(|| without(code))?;
        if merged.last() == Some(&points) {
            continue;
        }
        if !merged.is_empty() {
            edges.push(i32::try_from(code).expect("at most 256 categories"));
        }
        merged.push(points);
    }
    Ok((edges, merged))
}
