//! A first schema for a card, to be read and refined before it is registered.

use crate::card::{Card, Shape, Variable};
use crate::categories;
use crate::error::ImportError;
use crate::import::check_request;
use probity_credit::file::{FEATURES, SUM_FEATURES};
use probity_credit::policy::REQUEST_ATTRIBUTES;
use probity_credit::schema::{FeatureDef, Kind, Rule, Schema};

/// A schema called `name` with a slot for each variable of the card that does not come from the request.
///
/// Numbers go to the summed slots below 6, then to those that no request attribute takes, then to what the categories leave of 10 to 19
/// (rule max). Categories go to 10 to 19 in the card's order, so that categories of one bin have neighbouring codes. Units and kinds are
/// taken from the names where they say them: check them.
///
/// # Errors
/// [`ImportError`], the first rule broken.
pub fn draft_schema(card: &[u8], name: &str, request: &[String]) -> Result<Schema, ImportError> {
    let card = Card::read(card)?;
    check_request(&card, request)?;
    let own = || card.variables.iter().filter(|v| !request.contains(&v.name));
    let mut features: Vec<Option<FeatureDef>> = vec![None; FEATURES];
    let taken_by_request = REQUEST_ATTRIBUTES.start..REQUEST_ATTRIBUTES.start + request.len();
    let free = |features: &[Option<FeatureDef>], slots: std::ops::Range<usize>, variable: &Variable| {
        let slot = slots.into_iter().find(|s| features[*s].is_none() && !taken_by_request.contains(s));
        slot.ok_or_else(|| ImportError::NoSlot { row: variable.row(), variable: variable.name.clone() })
    };
    for variable in own().filter(|v| v.shape() == Shape::Categories) {
        let slot = free(&features, SUM_FEATURES..FEATURES, variable)?;
        let categories = categories::card_order(variable)?;
        features[slot] =
            Some(FeatureDef { name: variable.name.clone(), unit: "category".into(), kind: Kind::Code, rule: Rule::Max, categories });
    }
    for variable in own().filter(|v| v.shape() == Shape::Numeric) {
        let slot = free(&features, 0..FEATURES, variable)?;
        let (kind, unit) = kind_and_unit(&variable.name);
        let rule = if slot < SUM_FEATURES { Rule::SumFull } else { Rule::Max };
        features[slot] = Some(FeatureDef { name: variable.name.clone(), unit: unit.into(), kind, rule, categories: vec![] });
    }
    let schema = Schema { name: name.into(), version: 1, features };
    schema.check()?;
    Ok(schema)
}

fn kind_and_unit(name: &str) -> (Kind, &'static str) {
    let name = name.to_ascii_lowercase();
    let says = |word: &str| name.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| part == word);
    if says("percentage") || says("percent") {
        (Kind::Count, "per cent")
    } else if says("years") || says("year") || says("age") {
        (Kind::Years, "years")
    } else if says("months") || says("month") {
        (Kind::Months, "months")
    } else if says("days") || says("day") {
        (Kind::Days, "days")
    } else if says("amount") || says("income") || says("balance") {
        (Kind::Money, "currency units of the card")
    } else {
        (Kind::Count, "units of the card")
    }
}
