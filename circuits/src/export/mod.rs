//! Rows and values in the binary formats of circom and iden3's tools, so that others can look at a circuit with tools of their own.
//!
//! Both are written piece by piece into whatever the caller gives. Wire 0 is the constant one, then come the public inputs in their
//! order, then the witnesses: exactly the columns of a [`Shape`](crate::gadgets::Shape). Numbers are little-endian, elements canonical
//! integers of 32 bytes.

mod r1cs;
mod wtns;

pub use r1cs::write_r1cs;
pub use wtns::write_wtns;

use ark_ff::{BigInteger, PrimeField};
use probity_credit::field::F;
use std::io::{self, Write};

/// Bytes of an element.
const ELEMENT: u32 = 32;

/// Magic word, version and number of sections.
fn start(out: &mut impl Write, magic: &[u8; 4], version: u32, sections: u32) -> io::Result<()> {
    out.write_all(magic)?;
    u32(out, version)?;
    u32(out, sections)
}

/// What stands before a section: its kind and its length.
fn section(out: &mut impl Write, kind: u32, bytes: u64) -> io::Result<()> {
    u32(out, kind)?;
    u64(out, bytes)
}

/// The modulus with its length.
fn prime(out: &mut impl Write) -> io::Result<()> {
    u32(out, ELEMENT)?;
    out.write_all(&F::MODULUS.to_bytes_le())
}

fn element(out: &mut impl Write, x: F) -> io::Result<()> {
    out.write_all(&x.into_bigint().to_bytes_le())
}

fn u32(out: &mut impl Write, n: u32) -> io::Result<()> {
    out.write_all(&n.to_le_bytes())
}

fn u64(out: &mut impl Write, n: u64) -> io::Result<()> {
    out.write_all(&n.to_le_bytes())
}

/// A count of the formats, which have 32 bits for it.
fn count(what: &'static str, n: usize) -> io::Result<u32> {
    n.try_into().map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, format!("{n} {what}: the format has 32 bits for their number")))
}

#[cfg(test)]
mod tests;
