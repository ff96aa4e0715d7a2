//! Reads scorecards made by other tools and compiles them to policies.
