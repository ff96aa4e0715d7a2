//! Plays the main job on real data with the built binaries, from CSV to audit.
//!
//! [`tools`] runs `probity` and `probityd` as a user would and reads their JSON; [`node`] keeps a node running; [`german`] deals the data
//! set out to three institutions; [`story`] is what happens, step by step, each step failing loudly; [`report`] shows it as tables.
//!
//! Nothing here links the product: what the story needs must be reachable from outside.

pub mod german;
pub mod node;
pub mod report;
pub mod story;
pub mod tools;
