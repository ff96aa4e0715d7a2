//! The bytes against the published layout, read by a reader that knows nothing of the writer.

use super::*;
use crate::gadgets::{Assignment, Builder, Shape};
use ark_ff::BigInteger256;

/// `x^3 + 5 = y`.
fn cube(b: &mut Builder<'_>) {
    let y = b.input("y", Some(F::from(3 * 3 * 3 + 5)));
    let x = b.witness("x", || Some(F::from(3)));
    let square = b.mul("square", &x, &x);
    b.enforce("cube", &square, &x, &(y - F::from(5)));
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, n: usize) -> &'b [u8] {
        let (head, tail) = self.0.split_at(n);
        self.0 = tail;
        head
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take(4).try_into().unwrap())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take(8).try_into().unwrap())
    }

    fn integer(&mut self) -> BigInteger256 {
        BigInteger256::new(std::array::from_fn(|_| self.u64()))
    }

    /// The sections by kind, each once, and nothing after them.
    fn sections(bytes: &'b [u8], magic: &[u8; 4], version: u32) -> Vec<(u32, Self)> {
        let mut file = Self(bytes);
        assert_eq!(file.take(4), magic);
        assert_eq!(file.u32(), version);
        let number = file.u32();
        let mut section = || {
            let (kind, length) = (file.u32(), file.u64());
            (kind, Self(file.take(length as usize)))
        };
        let sections = (0..number).map(|_| section()).collect();
        assert!(file.0.is_empty(), "bytes after the last section");
        sections
    }
}

#[test]
fn rows_have_the_published_layout() {
    let shape = Shape::synthesize(cube);
    let mut bytes = vec![];
    write_r1cs(&shape, &mut bytes).unwrap();
    let mut sections = Reader::sections(&bytes, b"r1cs", 1);
    assert_eq!(sections.iter().map(|s| s.0).collect::<Vec<_>>(), [1, 2, 3]);

    let header = &mut sections[0].1;
    assert_eq!((header.u32(), header.integer()), (32, F::MODULUS));
    // wires, outputs, public inputs, private inputs, labels, rows
    assert_eq!([header.u32(), header.u32(), header.u32(), header.u32()], [4, 0, 1, 2]);
    assert_eq!((header.u64(), header.u32()), (4, 2));
    assert!(header.0.is_empty());

    let rows = &mut sections[1].1;
    for row in 0..2 {
        for matrix in [&shape.a, &shape.b, &shape.c] {
            let terms = rows.u32();
            let read: Vec<(F, usize)> = (0..terms)
                .map(|_| {
                    let wire = rows.u32() as usize;
                    (F::from_bigint(rows.integer()).unwrap(), wire)
                })
                .collect();
            assert_eq!(read, matrix[row]);
        }
    }
    assert!(rows.0.is_empty());

    let labels = &mut sections[2].1;
    assert_eq!([labels.u64(), labels.u64(), labels.u64(), labels.u64()], [0, 1, 2, 3]);
    assert!(labels.0.is_empty());
}

#[test]
fn values_have_the_published_layout() {
    let mut bytes = vec![];
    write_wtns(&Assignment::synthesize(cube).unwrap(), &mut bytes).unwrap();
    let mut sections = Reader::sections(&bytes, b"wtns", 2);
    assert_eq!(sections.iter().map(|s| s.0).collect::<Vec<_>>(), [1, 2]);
    let header = &mut sections[0].1;
    assert_eq!((header.u32(), header.integer(), header.u32()), (32, F::MODULUS, 4));
    assert!(header.0.is_empty());
    let values = &mut sections[1].1;
    for expected in [1u64, 32, 3, 9] {
        assert_eq!(values.integer(), BigInteger256::from(expected));
    }
    assert!(values.0.is_empty());
}

#[test]
fn a_full_disk_is_reported() {
    let shape = Shape::synthesize(cube);
    let mut small = [0u8; 200];
    let refused = write_r1cs(&shape, &mut small.as_mut_slice()).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::WriteZero);
}
