//! The product as a whole, in one binary: flows that must work, adversaries that must fail, nodes that crash and come back, and the statement
//! against an independent model and in other people's tools.

#[path = "adversary/mod.rs"]
mod adversary;
#[path = "crash/mod.rs"]
mod crash;
#[path = "flow/mod.rs"]
mod flow;
#[path = "interop/mod.rs"]
mod interop;
#[path = "oracle/mod.rs"]
mod oracle;
