//! From an evaluation back to the card's points.

use probity_credit::policy::{Attribute, Policy};
use probity_credit::statement::Evaluation;

/// The points of one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointsRow<'a> {
    /// Name of the attribute.
    pub name: &'a str,
    /// Points of the bin it fell in.
    pub points: i32,
}

/// The points of each attribute, in the policy's order.
pub fn points<'a>(policy: &'a Policy, evaluation: &Evaluation) -> Vec<PointsRow<'a>> {
    let row = |a: &'a Attribute| PointsRow { name: &a.name, points: a.best() - i32::from(evaluation.losses[usize::from(a.index)]) };
    policy.attributes.iter().map(row).collect()
}

/// The score: base points and the sum of all points. At least the cut-off exactly when approved.
pub fn score(policy: &Policy, evaluation: &Evaluation) -> i64 {
    i64::from(policy.base_points) + points(policy, evaluation).iter().map(|p| i64::from(p.points)).sum::<i64>()
}
