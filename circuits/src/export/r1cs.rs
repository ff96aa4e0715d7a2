//! The rows: `.r1cs`, version 1.

use super::{ELEMENT, count, element, prime, section, start, u32, u64};
use crate::gadgets::Shape;
use std::io::{self, Write};

/// A number of 4 bytes before each linear combination, and the wire of each term.
const WORD: u64 = 4;

/// Writes the rows as iden3's R1CS file: header, constraints, map from wires to labels; no custom gates.
///
/// There are no outputs, all public variables are public inputs, and each witness counts as a private input, because the rows do not
/// say how a witness is computed. Every wire is its own label.
///
/// # Errors
/// What `out` says, or `InvalidInput` for more variables or rows than the format counts.
pub fn write_r1cs(shape: &Shape, out: &mut impl Write) -> io::Result<()> {
    let wires = shape.num_instance + shape.num_witness;
    start(out, b"r1cs", 1, 3)?;

    // 32 bytes of modulus, six words and the number of labels, which has two
    section(out, 1, u64::from(ELEMENT) + 8 * WORD)?;
    prime(out)?;
    u32(out, count("wires", wires)?)?;
    u32(out, 0)?;
    u32(out, count("public inputs", shape.num_instance - 1)?)?;
    u32(out, count("witnesses", shape.num_witness)?)?;
    u64(out, wires as u64)?;
    u32(out, count("rows", shape.num_rows())?)?;

    let terms: usize = shape.density().iter().sum();
    section(out, 2, 3 * WORD * shape.num_rows() as u64 + (WORD + u64::from(ELEMENT)) * terms as u64)?;
    for ((a, b), c) in shape.a.iter().zip(&shape.b).zip(&shape.c) {
        for combination in [a, b, c] {
            u32(out, count("terms", combination.len())?)?;
            for (coefficient, column) in combination {
                u32(out, count("wires", *column)?)?;
                element(out, *coefficient)?;
            }
        }
    }

    section(out, 3, 8 * wires as u64)?;
    (0..wires as u64).try_for_each(|wire| u64(out, wire))
}
