//! Bits, ranges and the zero test.

use super::builder::{Builder, Name};
use super::num::Num;
use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField};
use probity_credit::field::F;

/// The widest range: every integer below 2^253 is below the modulus, so its bits are unique.
pub const MAX_BITS: usize = 253;

/// A number that the rows force to be 0 or 1.
#[derive(Clone)]
pub struct Bit(Num);

impl Bit {
    /// Only for numbers that a row has forced to be 0 or 1.
    pub(crate) fn constrained(x: Num) -> Self {
        Self(x)
    }

    /// A constant.
    pub fn constant(x: bool) -> Self {
        Self(Num::constant(F::from(x)))
    }

    /// The bit as a number.
    pub fn num(&self) -> &Num {
        &self.0
    }

    /// The value, for hints alone. A replaced witness that is no bit reads as true unless it is 0.
    pub fn value(&self) -> Option<bool> {
        self.0.value().map(|x| x != F::ZERO)
    }

    /// `1 - self`: no row.
    pub fn not(&self) -> Bit {
        Bit(Num::one() - &self.0)
    }

    /// `self * other`: one row.
    pub fn and(&self, b: &mut Builder<'_>, name: impl Into<Name>, other: &Bit) -> Bit {
        Bit(b.mul(name, &self.0, &other.0))
    }

    /// `self + other - self * other`: one row.
    pub fn or(&self, b: &mut Builder<'_>, name: impl Into<Name>, other: &Bit) -> Bit {
        self.not().and(b, name, &other.not()).not()
    }

    /// `self + other - 2 * self * other`: one row.
    pub fn xor(&self, b: &mut Builder<'_>, name: impl Into<Name>, other: &Bit) -> Bit {
        let both = b.mul(name, &self.0, &other.0);
        Bit(Num::linear_combination([(F::ONE, &self.0), (F::ONE, &other.0), (-F::from(2), &both)]))
    }
}

/// The `n` bits of `x`, the least significant first, which forces `x` into `[0, 2^n)`: `n` rows.
///
/// Only the lower bits are witnesses; the top bit is what remains of `x`, and a row forces it to be a bit.
pub fn to_bits(b: &mut Builder<'_>, name: impl Into<Name>, x: &Num, n: usize) -> Vec<Bit> {
    assert!((1..=MAX_BITS).contains(&n), "a range has 1 to {MAX_BITS} bits: wider ones would wrap");
    b.scope(name, |b| {
        let integer = x.value().map(PrimeField::into_bigint);
        let mut bits: Vec<Bit> = (0..n - 1).map(|i| b.bit(("bit", i), || integer.map(|x| x.get_bit(i)))).collect();
        let rest = x - pack(&bits);
        let scale = F::from(2).pow([(n - 1) as u64]).inverse().expect("powers of two are invertible");
        bits.push(b.enforce_boolean(("bit", n - 1), rest * scale));
        bits
    })
}

/// `sum 2^i * bits[i]`: no row.
pub fn pack(bits: &[Bit]) -> Num {
    let powers = std::iter::successors(Some(F::ONE), |power| Some(power.double()));
    Num::linear_combination(powers.zip(bits.iter().map(Bit::num)))
}

/// Whether `x` is 0: two rows.
///
/// `x * inverse = 1 - z` and `x * z = 0`. If `x` is 0, the first row forces `z = 1` whatever the inverse; if not, the second forces
/// `z = 0`.
pub fn is_zero(b: &mut Builder<'_>, name: impl Into<Name>, x: &Num) -> Bit {
    b.scope(name, |b| {
        let inverse = b.witness("inverse", || x.value().map(|x| x.inverse().unwrap_or_default()));
        let z = b.witness("zero", || Some(F::ONE - x.value()? * inverse.value()?));
        b.enforce("inverse", x, &inverse, &(Num::one() - &z));
        b.enforce("zero", x, &z, &Num::zero());
        Bit(z)
    })
}

/// `bit ? if_one : if_zero`: one row.
pub fn select(b: &mut Builder<'_>, name: impl Into<Name>, bit: &Bit, if_one: &Num, if_zero: &Num) -> Num {
    let name = name.into();
    let out = b.witness(name, || Some(if bit.value()? { if_one.value()? } else { if_zero.value()? }));
    b.enforce(name, &(if_one - if_zero), bit.num(), &(&out - if_zero));
    out
}

#[cfg(test)]
mod tests {
    use super::super::builder::Checked;
    use super::super::testing::*;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn range_takes_its_integers_and_no_other() {
        let run = |x: F, n| rows_and_violations(|b| drop(given(b, "x", x).to_bits_in(b, n)));
        for (x, n) in [(0u64, 1), (1, 1), (0, 8), (255, 8), (128, 8)] {
            assert_eq!(run(F::from(x), n), (n, 0), "{x} in {n} bits");
        }
        for (x, n) in [(F::from(2), 1), (F::from(256), 8), (-F::ONE, 8), (-F::ONE, 253), (F::from(2).pow([253]), 253)] {
            let (rows, violations) = run(x, n);
            assert_eq!(rows, n);
            assert!(violations > 0, "{x} in {n} bits");
        }
        assert_eq!(run(F::from(2).pow([253]) - F::ONE, 253), (253, 0));
    }

    trait Ranged {
        fn to_bits_in(&self, b: &mut Builder<'_>, n: usize) -> Vec<Bit>;
    }

    impl Ranged for Num {
        fn to_bits_in(&self, b: &mut Builder<'_>, n: usize) -> Vec<Bit> {
            to_bits(b, "range", self, n)
        }
    }

    #[test]
    fn no_other_bits_of_the_same_number() {
        let statement = |b: &mut Builder<'_>| {
            let x = given(b, "x", F::from(0b1011_0010));
            to_bits(b, "range", &x, 8);
        };
        assert_eq!(free_hints(statement), [""; 0]);
        assert_every_witness_is_pinned(statement);
    }

    #[test]
    fn zero_test_has_one_answer() {
        for (x, expected) in [(F::ZERO, F::ONE), (F::ONE, F::ZERO), (-F::from(9), F::ZERO)] {
            let statement = |b: &mut Builder<'_>| {
                let x = given(b, "x", x);
                is_zero(b, "test", &x).num().clone()
            };
            assert_eq!(honest_value(statement), expected);
            let statement = |b: &mut Builder<'_>| drop(statement(b));
            assert_eq!(rows_and_violations(statement), (2, 0));
            // The inverse of zero is any number: it changes nothing.
            let free = free_hints(statement);
            assert_eq!(free, if x == F::ZERO { vec!["test/inverse"] } else { vec![] });
        }
        // Whatever inverse is claimed for zero, the answer stays.
        let lie = |name: &str, _| (name == "test/inverse").then_some(F::from(77));
        let checked = Checked::synthesize_with(&lie, |b| {
            let x = given(b, "x", F::ZERO);
            let z = is_zero(b, "test", &x);
            assert_eq!(z.num().value(), Some(F::ONE));
        });
        assert!(checked.unwrap().unsatisfied().is_empty());
        // A non-zero number can't be declared zero, not even with a fitting inverse.
        for inverse in [F::ZERO, F::ONE] {
            let lie = |name: &str, _| match name {
                "test/inverse" => Some(inverse),
                "test/zero" => Some(F::ONE),
                _ => None,
            };
            let checked = Checked::synthesize_with(&lie, |b| {
                let x = given(b, "x", F::from(5));
                is_zero(b, "test", &x);
            });
            assert!(!checked.unwrap().unsatisfied().is_empty());
        }
    }

    #[test]
    fn logic_is_native_logic() {
        for (x, y) in [(false, false), (false, true), (true, false), (true, true)] {
            let statement = |b: &mut Builder<'_>| {
                let (p, q) = (b.bit("p", || Some(x)), b.bit("q", || Some(y)));
                let results = [p.and(b, "and", &q), p.or(b, "or", &q), p.xor(b, "xor", &q), p.not()];
                for (result, expected) in results.iter().zip([x & y, x | y, x ^ y, !x]) {
                    assert!(result.value().is_none_or(|v| v == expected));
                }
                let chosen = select(b, "select", &p, &Num::constant(F::from(10)), &Num::constant(F::from(20)));
                assert!(chosen.value().is_none_or(|v| v == F::from(if x { 10 } else { 20 })));
            };
            assert_eq!(rows_and_violations(statement), (6, 0));
            assert_every_witness_is_pinned_but(statement, &["p", "q"]);
        }
    }

    proptest! {
        #[test]
        fn bits_are_the_integers(x in any::<u64>(), n in 1usize..=64) {
            let fits = n == 64 || x < 1 << n;
            let statement = |b: &mut Builder<'_>| {
                let num = given(b, "x", F::from(x));
                let bits = to_bits(b, "range", &num, n);
                if fits && num.value().is_some() {
                    for (i, bit) in bits.iter().enumerate() {
                        assert_eq!(bit.value(), Some(x >> i & 1 == 1));
                    }
                    assert_eq!(pack(&bits).value(), num.value());
                }
            };
            let (rows, violations) = rows_and_violations(statement);
            prop_assert_eq!(rows, n);
            prop_assert_eq!(violations == 0, fits);
        }
    }
}
