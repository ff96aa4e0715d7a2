//! A number in a statement: a linear combination of variables, its value, or both.

use ark_ff::{AdditiveGroup, Field};
use ark_relations::gr1cs::Variable;
use probity_credit::field::F;
use std::ops::{Add, Mul, Neg, Sub};

/// Terms sorted by variable, each variable once, no zero coefficients.
pub(crate) type Terms = Vec<(Variable, F)>;

/// A number with free linear arithmetic: sums, differences and multiples by constants add no row.
///
/// Terms exist only while rows are recorded and values only while there is a witness, so each of the three ways to run a statement pays
/// for what it needs. Where rows are recorded, a number without terms is a constant.
#[derive(Clone)]
pub struct Num {
    value: Option<F>,
    terms: Option<Terms>,
}

impl Num {
    /// A constant.
    pub fn constant(x: F) -> Self {
        Self { value: Some(x), terms: None }
    }

    /// The constant 0.
    pub fn zero() -> Self {
        Self::constant(F::ZERO)
    }

    /// The constant 1.
    pub fn one() -> Self {
        Self::constant(F::ONE)
    }

    /// A variable; `None` for the variable where no rows are recorded.
    pub(crate) fn variable(variable: Option<Variable>, value: Option<F>) -> Self {
        Self { value, terms: variable.map(|v| vec![(v, F::ONE)]) }
    }

    /// The value, unless only rows are recorded.
    ///
    /// For hints alone: the rows of a statement must never depend on it.
    pub fn value(&self) -> Option<F> {
        self.value
    }

    /// The linear combination, as recorded in a row.
    pub(crate) fn to_terms(&self) -> Terms {
        match (&self.terms, self.value) {
            (Some(terms), _) => terms.clone(),
            (None, Some(x)) if x != F::ZERO => vec![(Variable::One, x)],
            (None, _) => Vec::new(),
        }
    }

    /// `sum k_i * x_i`.
    pub fn linear_combination<'x>(terms: impl IntoIterator<Item = (F, &'x Num)>) -> Num {
        let mut value = Some(F::ZERO);
        let mut symbolic = false;
        let mut all: Terms = Vec::new();
        // Constants stay out of `all` while nothing else is in it: where only values are computed no list is ever built.
        let mut constant = F::ZERO;
        for (k, x) in terms {
            value = value.zip(x.value).map(|(sum, x)| sum + k * x);
            match &x.terms {
                Some(terms) => {
                    symbolic = true;
                    all.extend(terms.iter().map(|(v, c)| (*v, k * c)));
                }
                None => constant += k * x.value.unwrap_or_default(),
            }
        }
        if !symbolic {
            return Num { value, terms: None };
        }
        all.push((Variable::One, constant));
        all.sort_by_key(|term| term.0);
        all.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        all.retain(|term| term.1 != F::ZERO);
        Num { value, terms: Some(all) }
    }

    /// The sum of numbers.
    pub fn sum<'x>(terms: impl IntoIterator<Item = &'x Num>) -> Num {
        Self::linear_combination(terms.into_iter().map(|x| (F::ONE, x)))
    }

    /// `self + k * other`.
    pub fn add_scaled(&self, k: F, other: &Num) -> Num {
        if self.terms.is_none() && other.terms.is_none() {
            let value = self.value.zip(other.value).map(|(x, y)| x + k * y);
            return Num { value, terms: None };
        }
        Self::linear_combination([(F::ONE, self), (k, other)])
    }

    /// `k * self`.
    pub fn scale(&self, k: F) -> Num {
        let scaled = |terms: &Terms| terms.iter().map(|(v, c)| (*v, k * c)).filter(|term| term.1 != F::ZERO).collect();
        Num { value: self.value.map(|x| k * x), terms: self.terms.as_ref().map(scaled) }
    }
}

macro_rules! operators {
    ($($left:ty, $right:ty);*) => {$(
        impl Add<$right> for $left {
            type Output = Num;
            fn add(self, other: $right) -> Num {
                self.add_scaled(F::ONE, &other)
            }
        }
        impl Sub<$right> for $left {
            type Output = Num;
            fn sub(self, other: $right) -> Num {
                self.add_scaled(-F::ONE, &other)
            }
        }
    )*};
}
operators!(Num, Num; Num, &Num; &Num, Num; &Num, &Num);

macro_rules! operators_with_constants {
    ($($left:ty),*) => {$(
        impl Add<F> for $left {
            type Output = Num;
            fn add(self, k: F) -> Num {
                self.add_scaled(k, &Num::one())
            }
        }
        impl Sub<F> for $left {
            type Output = Num;
            fn sub(self, k: F) -> Num {
                self.add_scaled(-k, &Num::one())
            }
        }
        impl Mul<F> for $left {
            type Output = Num;
            fn mul(self, k: F) -> Num {
                self.scale(k)
            }
        }
        impl Neg for $left {
            type Output = Num;
            fn neg(self) -> Num {
                self.scale(-F::ONE)
            }
        }
    )*};
}
operators_with_constants!(Num, &Num);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_sorted_single_and_nonzero() {
        let x = Num::variable(Some(Variable::witness(1)), None);
        let y = Num::variable(Some(Variable::witness(0)), None);
        let z = Num::variable(Some(Variable::instance(1)), None);
        let sum = &x + &y + F::from(4) - &x + &z * F::from(3) - F::from(4);
        assert!(sum.to_terms() == [(Variable::instance(1), F::from(3)), (Variable::witness(0), F::ONE)]);
        assert!((&x - &x).to_terms().is_empty());
        assert!((&x * F::ZERO).to_terms().is_empty());
        assert!((-&y + F::ONE).to_terms() == [(Variable::One, F::ONE), (Variable::witness(0), -F::ONE)]);
    }

    #[test]
    fn values_follow_and_constants_stay_constants() {
        let x = Num::variable(None, Some(F::from(5)));
        let y = (&x * F::from(2) - Num::constant(F::from(3))) + &x;
        assert_eq!(y.value(), Some(F::from(12)));
        assert!(y.terms.is_none());
        assert!(Num::constant(F::from(9)).to_terms() == [(Variable::One, F::from(9))]);
        assert!(Num::zero().to_terms().is_empty());
        let unknown = Num::variable(Some(Variable::witness(0)), None);
        assert_eq!(Num::sum([&unknown, &Num::one()]).value(), None);
    }
}
