//! The product as a whole, in one binary: flows that must work, adversaries that must fail, nodes that crash and come back, and the statement
//! against an independent model.

#[path = "adversary/mod.rs"]
mod adversary;
#[path = "crash/mod.rs"]
mod crash;
#[path = "flow/mod.rs"]
mod flow;
#[path = "oracle/mod.rs"]
mod oracle;
