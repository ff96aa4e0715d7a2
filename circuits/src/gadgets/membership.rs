//! Membership of a number in a small set.

use super::builder::{Builder, Name};
use super::num::Num;

/// Forces `x` to equal one of `set`: `set.len() - 1` rows, or one for a single element.
///
/// The product of all `x - s` is zero; a field has no zero divisors, so one of the factors is.
pub fn one_of(b: &mut Builder<'_>, name: impl Into<Name>, x: &Num, set: &[Num]) {
    let (first, rest) = set.split_first().expect("a set to choose from is not empty");
    b.scope(name, |b| {
        let mut product = x - first;
        let Some((last, middle)) = rest.split_last() else {
            return b.enforce_zero("product", &product);
        };
        for (i, s) in middle.iter().enumerate() {
            product = b.mul(("product", i), &product, &(x - s));
        }
        b.enforce("zero", &product, &(x - last), &Num::zero());
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use probity_credit::field::F;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_contains(x in 0u64..8, set in prop::collection::vec(0u64..8, 1..6)) {
            let statement = |b: &mut Builder<'_>| {
                let x = given(b, "x", F::from(x));
                let set: Vec<Num> = set.iter().enumerate().map(|(i, s)| given(b, ("element", i), F::from(*s))).collect();
                one_of(b, "one-of", &x, &set);
            };
            let (rows, violations) = rows_and_violations(statement);
            prop_assert_eq!(rows, set.len().saturating_sub(1).max(1));
            prop_assert_eq!(violations == 0, set.contains(&x));
        }
    }

    #[test]
    fn products_are_pinned() {
        let statement = |member: u64| {
            move |b: &mut Builder<'_>| {
                let x = given(b, "x", F::from(member));
                let set: Vec<Num> = (0..4).map(|i| given(b, ("element", i), F::from(i as u64 + 1))).collect();
                one_of(b, "one-of", &x, &set);
            }
        };
        // Values are members: a replaced product breaks its own row.
        assert_every_witness_is_pinned(statement(4));
        // No replaced product makes a stranger a member.
        for lie in ["one-of/product[0]", "one-of/product[1]"] {
            let replace = |name: &str, _| (name == lie).then_some(F::from(0));
            let checked = super::super::builder::Checked::synthesize_with(&replace, statement(9)).unwrap();
            assert!(!checked.unsatisfied().is_empty());
        }
    }
}
