//! Fixtures that flows, adversaries and benches share: the German applicants and provers with development keys.

pub mod german;
pub mod proving;
