//! Places of the public inputs, the constant one not counted.

use crate::domain::DOMAINS;
use crate::file::FEATURES;
use crate::policy::{ATTRIBUTES, BINS, DECAY_MONTHS, REQUEST_SLOTS};

/// Root of the identity tree.
pub const IDENTITY_ROOT: usize = 0;
/// Root of the registry tree.
pub const REGISTRY_ROOT: usize = 1;
/// Month of the anchor.
pub const MONTH: usize = 2;
/// Scope.
pub const SCOPE: usize = 3;
/// Nullifier.
pub const NULLIFIER: usize = 4;
/// Context.
pub const CONTEXT: usize = 5;
/// Answer.
pub const ANSWER: usize = 6;
/// First input of the policy: the schema.
pub const POLICY: usize = 7;
/// One flag a feature: weighted sum (0..10) or minimum (10..20).
pub const RULES: usize = POLICY + 1;
/// Trust weights by domain, per cent.
pub const WEIGHTS: usize = RULES + FEATURES;
/// Decay by month of age, per cent.
pub const DECAY: usize = WEIGHTS + DOMAINS;
/// One flag a domain: all files must be used.
pub const COMPLETE: usize = DECAY + DECAY_MONTHS;
/// One flag for each of attributes 6..10: from the request.
pub const FROM_REQUEST: usize = COMPLETE + DOMAINS;
/// Flag: attribute 19 is the number of files.
pub const FILE_COUNT: usize = FROM_REQUEST + REQUEST_SLOTS;
/// One flag for each of attributes 15..19: a ratio.
pub const IS_RATIO: usize = FILE_COUNT + 1;
/// 4 x 20 flags: features in the numerators.
pub const NUMERATOR: usize = IS_RATIO + 4;
/// 4 x 20 flags: features in the denominators.
pub const DENOMINATOR: usize = NUMERATOR + 4 * FEATURES;
/// 16 x 11 packed rows of the plain attributes.
pub const PLAIN: usize = DENOMINATOR + 4 * FEATURES;
/// 4 x 9 edges of attributes 15..19.
pub const RATIO_EDGES: usize = PLAIN + (ATTRIBUTES - 4) * (BINS + 1);
/// 4 x 11 losses of attributes 15..19.
pub const RATIO_LOSSES: usize = RATIO_EDGES + 4 * (BINS - 1);
/// Allowance.
pub const ALLOWANCE: usize = RATIO_LOSSES + 4 * (BINS + 1);
/// Flag: the answer shows `person`.
pub const SHOW_PERSON: usize = ALLOWANCE + 1;
/// Number of public inputs.
pub const COUNT: usize = SHOW_PERSON + 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit_id::CircuitId;
    use crate::field::F;
    use crate::policy::testing::policy;
    use crate::schema::testing::schema;

    #[test]
    fn compiled_policy_fills_every_place() {
        let compiled = policy(CircuitId::Eligibility3).compile(&schema()).unwrap();
        let inputs = compiled.inputs();
        assert_eq!(inputs.len() + POLICY, COUNT);
        let at = |place: usize| inputs[place - POLICY];
        assert_eq!(at(POLICY), schema().id().to_field());
        assert_eq!(at(RULES + 1), F::from(1u64));
        assert_eq!(at(RULES + 15), F::from(1u64));
        assert_eq!(at(WEIGHTS + 1), F::from(90u64));
        assert_eq!(at(DECAY + 10), F::from(10u64));
        assert_eq!(at(COMPLETE + 3), F::from(0u64));
        assert_eq!(at(FROM_REQUEST), F::from(1u64));
        assert_eq!(at(FILE_COUNT), F::from(1u64));
        assert_eq!(at(IS_RATIO + 3), F::from(1u64));
        assert_eq!(at(NUMERATOR + 3 * FEATURES + 12), F::from(1u64));
        assert_eq!(at(DENOMINATOR + 2), F::from(1u64));
        assert_eq!(at(PLAIN + 11), compiled.plain[1][0].packed());
        assert_eq!(at(RATIO_EDGES + 1), F::from(2_500u64));
        assert_eq!(at(RATIO_LOSSES + 10), F::from(u64::from(compiled.ratio[0].losses[10])));
        assert_eq!(at(ALLOWANCE), F::from(200u64));
        assert_eq!(at(SHOW_PERSON), F::from(1u64));
    }
}
