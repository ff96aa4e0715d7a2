//! The public inputs, in their order, by name.

use super::Statement;
use crate::gadgets::{Builder, Num};
use probity_credit::file::FEATURES;
use probity_credit::policy::BINS;
use probity_credit::statement::position as at;

/// The public inputs.
pub(super) struct PublicVar {
    pub identity_root: Num,
    pub registry_root: Num,
    pub month: Num,
    pub scope: Num,
    pub nullifier: Num,
    pub context: Num,
    pub answer: Num,
    pub schema: Num,
    /// Weighted sum (0..10) or minimum (10..20), a flag a feature.
    pub rules: Vec<Num>,
    pub weights: Vec<Num>,
    pub decay: Vec<Num>,
    pub complete: Vec<Num>,
    pub from_request: Vec<Num>,
    pub file_count: Num,
    pub is_ratio: Vec<Num>,
    /// Four lots of twenty flags.
    pub numerator: Vec<Vec<Num>>,
    pub denominator: Vec<Vec<Num>>,
    /// Sixteen lots of eleven packed rows.
    pub plain: Vec<Vec<Num>>,
    pub ratio_edges: Vec<Vec<Num>>,
    pub ratio_losses: Vec<Vec<Num>>,
    pub allowance: Num,
    pub show_person: Num,
}

impl PublicVar {
    pub(super) fn new(b: &mut Builder<'_>, statement: Option<Statement<'_>>) -> Self {
        let values = statement.map(|s| s.public.all(s.policy));
        let all: Vec<Num> = (0..at::COUNT).map(|i| b.input(("public", i), values.as_ref().map(|v| v[i]))).collect();
        let one = |place: usize| all[place].clone();
        let range = |from: usize, to: usize| all[from..to].to_vec();
        let lots = |from: usize, to: usize, size: usize| all[from..to].chunks_exact(size).map(<[Num]>::to_vec).collect::<Vec<_>>();
        Self {
            identity_root: one(at::IDENTITY_ROOT),
            registry_root: one(at::REGISTRY_ROOT),
            month: one(at::MONTH),
            scope: one(at::SCOPE),
            nullifier: one(at::NULLIFIER),
            context: one(at::CONTEXT),
            answer: one(at::ANSWER),
            schema: one(at::POLICY),
            rules: range(at::RULES, at::WEIGHTS),
            weights: range(at::WEIGHTS, at::DECAY),
            decay: range(at::DECAY, at::COMPLETE),
            complete: range(at::COMPLETE, at::FROM_REQUEST),
            from_request: range(at::FROM_REQUEST, at::FILE_COUNT),
            file_count: one(at::FILE_COUNT),
            is_ratio: range(at::IS_RATIO, at::NUMERATOR),
            numerator: lots(at::NUMERATOR, at::DENOMINATOR, FEATURES),
            denominator: lots(at::DENOMINATOR, at::PLAIN, FEATURES),
            plain: lots(at::PLAIN, at::RATIO_EDGES, BINS + 1),
            ratio_edges: lots(at::RATIO_EDGES, at::RATIO_LOSSES, BINS - 1),
            ratio_losses: lots(at::RATIO_LOSSES, at::ALLOWANCE, BINS + 1),
            allowance: one(at::ALLOWANCE),
            show_person: one(at::SHOW_PERSON),
        }
    }
}
