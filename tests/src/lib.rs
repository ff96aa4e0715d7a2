//! Fixtures that flows, adversaries and benches share: the German applicants, provers with development keys, and running nodes.

pub mod german;
pub mod nodes;
pub mod proving;
