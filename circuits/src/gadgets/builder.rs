//! The thin layer through which every statement is written.
//!
//! The rows are recorded here rather than in ark-relations' `ConstraintSystem`, so that every row carries a label and every witness a
//! name, and so that computing a witness builds no linear combination. Nothing is ever skipped because it looks constant: an equality
//! of two different constants becomes a row no witness satisfies.

use super::bits::Bit;
use super::num::{Num, Terms};
use super::shape::{Assignment, Row, Shape};
use ark_ff::AdditiveGroup;
use ark_relations::gr1cs::Variable;
use probity_credit::field::F;
use std::fmt::{self, Write as _};

/// Replaces witnesses while a statement is checked: full hint name and honest value in, another value out if it is to be replaced.
///
/// All that is computed from the witness afterwards is computed from the replaced value.
pub type HintOverride<'a> = dyn Fn(&str, F) -> Option<F> + 'a;

/// Why no assignment came out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A hint or public input gave no value.
    #[error("`{name}` has no value: give the statement its whole witness")]
    MissingValue {
        /// Full name of the hint or public input.
        name: String,
    },
    /// The first row that the values do not satisfy.
    #[error("row `{label}` is not satisfied: the witness does not meet the statement; check it natively first")]
    Unsatisfied {
        /// Full label of the row.
        label: String,
    },
}

/// A part of a label: a name, and an index if there are several: `level[3]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name(&'static str, Option<usize>);

impl From<&'static str> for Name {
    fn from(name: &'static str) -> Self {
        Self(name, None)
    }
}

impl From<(&'static str, usize)> for Name {
    fn from((name, index): (&'static str, usize)) -> Self {
        Self(name, Some(index))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(index) => write!(f, "{}[{index}]", self.0),
            None => f.write_str(self.0),
        }
    }
}

#[derive(Default)]
struct Recording {
    rows: Vec<Row<Terms>>,
    labels: Vec<String>,
}

/// Collects the variables, rows and values of one run of a statement.
pub struct Builder<'a> {
    path: String,
    num_instance: usize,
    num_witness: usize,
    recording: Option<Recording>,
    values: Option<Assignment>,
    hints: Option<&'a HintOverride<'a>>,
    error: Option<BuildError>,
}

impl<'a> Builder<'a> {
    fn new(recording: Option<Recording>, values: Option<Assignment>, hints: Option<&'a HintOverride<'a>>) -> Self {
        Self { path: String::new(), num_instance: 1, num_witness: 0, recording, values, hints, error: None }
    }

    /// Whether rows are recorded; gadgets ask only in order to skip building what is not recorded.
    pub(crate) fn is_recording(&self) -> bool {
        self.recording.is_some()
    }

    /// Whether witnesses may be replaced; then nothing may be computed past them.
    pub(crate) fn has_hints(&self) -> bool {
        self.hints.is_some()
    }

    fn full_name(&self, name: Name) -> String {
        if self.path.is_empty() { name.to_string() } else { format!("{}/{name}", self.path) }
    }

    fn fail(&mut self, error: impl FnOnce(&Self) -> BuildError) {
        if self.error.is_none() {
            self.error = Some(error(self));
        }
    }

    /// Runs `f` with `name` in front of every label and hint.
    pub fn scope<R>(&mut self, name: impl Into<Name>, f: impl FnOnce(&mut Self) -> R) -> R {
        let parent = self.path.len();
        let separator = if parent == 0 { "" } else { "/" };
        write!(self.path, "{separator}{}", name.into()).expect("writing to a String does not fail");
        let result = f(self);
        self.path.truncate(parent);
        result
    }

    /// The next public input.
    pub fn input(&mut self, label: impl Into<Name>, value: Option<F>) -> Num {
        let index = self.num_instance;
        self.num_instance += 1;
        if value.is_none() && self.values.is_some() {
            let name = label.into();
            self.fail(|b| BuildError::MissingValue { name: b.full_name(name) });
        }
        let value = self.values.as_mut().map(|values| {
            values.instance.push(value.unwrap_or_default());
            value.unwrap_or_default()
        });
        Num::variable(self.is_recording().then_some(Variable::instance(index)), value)
    }

    /// The next witness; `hint` computes its value and is not called where only rows are recorded.
    pub fn witness(&mut self, name: impl Into<Name>, hint: impl FnOnce() -> Option<F>) -> Num {
        let index = self.num_witness;
        self.num_witness += 1;
        let value = self.values.is_some().then(|| self.hinted(name.into(), hint()));
        if let (Some(values), Some(value)) = (&mut self.values, value) {
            values.witness.push(value);
        }
        Num::variable(self.is_recording().then_some(Variable::witness(index)), value)
    }

    fn hinted(&mut self, name: Name, honest: Option<F>) -> F {
        let Some(honest) = honest else {
            self.fail(|b| BuildError::MissingValue { name: b.full_name(name) });
            return F::ZERO;
        };
        self.hints.and_then(|replace| replace(&self.full_name(name), honest)).unwrap_or(honest)
    }

    /// A witness that is 0 or 1: one row.
    pub fn bit(&mut self, name: impl Into<Name>, hint: impl FnOnce() -> Option<bool>) -> Bit {
        let name = name.into();
        let x = self.witness(name, || hint().map(F::from));
        self.enforce_boolean(name, x)
    }

    /// `x * (1 - x) = 0`: one row.
    pub(crate) fn enforce_boolean(&mut self, label: impl Into<Name>, x: Num) -> Bit {
        self.enforce(label, &x, &(Num::one() - &x), &Num::zero());
        Bit::constrained(x)
    }

    /// `a * b = c`: one row.
    pub fn enforce(&mut self, label: impl Into<Name>, a: &Num, b: &Num, c: &Num) {
        let label = label.into();
        if self.recording.is_some() {
            let label = self.full_name(label);
            if let Some(recording) = &mut self.recording {
                recording.rows.push(Row { a: a.to_terms(), b: b.to_terms(), c: c.to_terms() });
                recording.labels.push(label);
            }
        } else if self.hints.is_none()
            && let (Some(x), Some(y), Some(z)) = (a.value(), b.value(), c.value())
            && x * y != z
        {
            self.fail(|b| BuildError::Unsatisfied { label: b.full_name(label) });
        }
    }

    /// `x = 0`: one row.
    pub fn enforce_zero(&mut self, label: impl Into<Name>, x: &Num) {
        self.enforce(label, x, &Num::one(), &Num::zero());
    }

    /// `x = y`: one row.
    pub fn enforce_equal(&mut self, label: impl Into<Name>, x: &Num, y: &Num) {
        self.enforce_zero(label, &(x - y));
    }

    /// `x * y` as a witness: one row.
    pub fn mul(&mut self, name: impl Into<Name>, x: &Num, y: &Num) -> Num {
        let name = name.into();
        let product = self.witness(name, || Some(x.value()? * y.value()?));
        self.enforce(name, x, y, &product);
        product
    }
}

impl Shape {
    /// Records the rows of a statement, without any value.
    pub fn synthesize(statement: impl FnOnce(&mut Builder<'_>)) -> Self {
        let mut b = Builder::new(Some(Recording::default()), None, None);
        statement(&mut b);
        b.recorded()
    }
}

impl Assignment {
    /// Computes the values of a statement, without recording any row.
    ///
    /// # Errors
    /// [`BuildError`], if a value is missing or a row found unsatisfied. This is no full check, which is [`Shape::violations`]: gadgets
    /// whose values are right by construction do not compute their rows here.
    pub fn synthesize(statement: impl FnOnce(&mut Builder<'_>)) -> Result<Self, BuildError> {
        Self::computed(Builder::new(None, Some(Assignment::start()), None), statement)
    }

    /// The same with witnesses replaced by `hints`. No row is looked at: the values may violate any of them.
    ///
    /// Cheaper than [`Checked::synthesize_with`] where the rows are known: many lies, one shape.
    ///
    /// # Errors
    /// [`BuildError::MissingValue`].
    pub fn synthesize_with(hints: &HintOverride<'_>, statement: impl FnOnce(&mut Builder<'_>)) -> Result<Self, BuildError> {
        Self::computed(Builder::new(None, Some(Assignment::start()), Some(hints)), statement)
    }

    fn computed(mut b: Builder<'_>, statement: impl FnOnce(&mut Builder<'_>)) -> Result<Self, BuildError> {
        statement(&mut b);
        match (b.error, b.values) {
            (Some(error), _) => Err(error),
            (None, values) => Ok(values.expect("a run with values keeps them")),
        }
    }
}

impl Builder<'_> {
    fn recorded(&mut self) -> Shape {
        let recording = self.recording.take().expect("a run with rows keeps them");
        Shape::from_rows(self.num_instance, self.num_witness, recording.rows, recording.labels)
    }
}

/// A statement run with rows and values.
pub struct Checked {
    /// The rows: the same as without values.
    pub shape: Shape,
    /// The values, satisfying or not.
    pub assignment: Assignment,
}

impl Checked {
    /// Runs `statement` with rows and values.
    ///
    /// # Errors
    /// [`BuildError::MissingValue`].
    pub fn synthesize(statement: impl FnOnce(&mut Builder<'_>)) -> Result<Self, BuildError> {
        Self::synthesize_with(&|_, _| None, statement)
    }

    /// The same with witnesses replaced by `hints`.
    ///
    /// # Errors
    /// [`BuildError::MissingValue`].
    pub fn synthesize_with(hints: &HintOverride<'_>, statement: impl FnOnce(&mut Builder<'_>)) -> Result<Self, BuildError> {
        let mut b = Builder::new(Some(Recording::default()), Some(Assignment::start()), Some(hints));
        statement(&mut b);
        let shape = b.recorded();
        match (b.error, b.values) {
            (Some(error), _) => Err(error),
            (None, values) => Ok(Self { shape, assignment: values.expect("a run with values keeps them") }),
        }
    }

    /// The labels of all violated rows.
    pub fn unsatisfied(&self) -> Vec<&str> {
        self.shape.violations(&self.assignment)
    }
}

#[cfg(test)]
mod tests;
