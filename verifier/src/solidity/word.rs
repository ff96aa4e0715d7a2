//! Words of 32 bytes, as the machine and its tools take them.

use ark_ff::{BigInteger, PrimeField};
use std::fmt::Write;

/// A word of the machine.
pub type Word = [u8; 32];

/// An element of either field, big-endian.
pub(super) fn word<P: PrimeField>(x: P) -> Word {
    x.into_bigint().to_bytes_be().try_into().expect("both fields have elements of 32 bytes")
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("0x".to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text takes everything");
        text
    })
}
