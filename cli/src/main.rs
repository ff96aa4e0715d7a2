//! The command line, probity: wallet, institution, authority, lender and auditor.
fn main() {}
