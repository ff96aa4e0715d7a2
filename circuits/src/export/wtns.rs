//! The values: `.wtns`, version 2.

use super::{ELEMENT, count, element, prime, section, start, u32};
use crate::gadgets::Assignment;
use std::io::{self, Write};

/// Writes all values of an assignment as iden3's witness file.
///
/// **The file holds every secret of the witness**, and neither it nor what `out` keeps in between is wiped. It is there to let other
/// tools check rows and proofs on made-up people; the product never writes one.
///
/// # Errors
/// What `out` says, or `InvalidInput` for more values than the format counts.
pub fn write_wtns(assignment: &Assignment, out: &mut impl Write) -> io::Result<()> {
    let values = assignment.instance.len() + assignment.witness.len();
    start(out, b"wtns", 2, 2)?;
    section(out, 1, u64::from(ELEMENT) + 8)?;
    prime(out)?;
    u32(out, count("values", values)?)?;
    section(out, 2, u64::from(ELEMENT) * values as u64)?;
    assignment.instance.iter().chain(&assignment.witness).try_for_each(|x| element(out, *x))
}
