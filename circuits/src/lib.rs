//! The statements as constraint systems, twins of the native checks.
