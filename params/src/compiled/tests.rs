//! Files that are whole, and every way in which one is not.

use super::*;
use crate::cache::KeyCache;
use crate::setup::Matrix;
use crate::testing::Toy;
use ark_bn254::Fq;
use ark_ff::Zero;
use std::path::PathBuf;

struct Stored {
    toy: Toy,
    _folder: tempfile::TempDir,
    path: PathBuf,
    good: Vec<u8>,
    ranges: [std::ops::Range<usize>; Section::ALL.len()],
}

impl Stored {
    fn new(toy: Toy) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache = KeyCache::at(folder.path());
        let compiled = cache.store(&toy.circuit(), Kind::Development, &toy.development_key()).unwrap();
        let path = cache.path(toy.circuit().id, Kind::Development, toy.circuit().constraints);
        let good = std::fs::read(&path).unwrap();
        Self { path, good, ranges: Section::ALL.map(|section| compiled.header.range(section)), toy, _folder: folder }
    }

    fn open(&self, bytes: &[u8]) -> Result<CompiledCircuit, OpenError> {
        // never into a file that may be mapped
        std::fs::remove_file(&self.path).unwrap();
        std::fs::write(&self.path, bytes).unwrap();
        CompiledCircuit::open(&self.path, &self.wanted())
    }

    /// With the header changed and its digests, and those of the sections, made to fit again: what a forger writes.
    fn forged(&self, change: impl FnOnce(&mut Header, &mut [u8])) -> Result<CompiledCircuit, OpenError> {
        let mut bytes = self.good.clone();
        let mut header = Header::read(&self.good, &self.wanted()).unwrap();
        change(&mut header, &mut bytes);
        for (section, range) in Section::ALL.into_iter().zip(&self.ranges) {
            header.sections[section as usize].digest = section.digest(&bytes[range.clone()]);
        }
        header.seal(&mut bytes);
        self.open(&bytes)
    }

    fn wanted(&self) -> Wanted<'_> {
        let circuit = self.toy.circuit();
        let (kind, inputs, constraints) = (Kind::Development, circuit.inputs(), circuit.constraints);
        Wanted { circuit: circuit.id, kind, constraints, inputs, verifying_key: None }
    }

    fn refusal(&self, change: impl FnOnce(&mut Header, &mut [u8])) -> FileError {
        match self.forged(change).err() {
            Some(OpenError::File(reason)) => reason,
            other => panic!("not refused as a file: {other:?}"),
        }
    }

    /// The same after changing the first four bytes of the element `at` of a section.
    fn refusal_of(&self, section: Section, at: usize, value: u32) -> FileError {
        let bytes_of = self.ranges[section as usize].start + 4 * at;
        self.refusal(|_, bytes| bytes[bytes_of..][..4].copy_from_slice(&value.to_le_bytes()))
    }
}

#[test]
fn a_file_holds_circuit_and_key() {
    let toy = Toy::with_rows(2, 50);
    let (circuit, key) = (toy.circuit(), toy.development_key());
    let compiled = toy.compiled();
    assert_eq!(*compiled.verifying_key(), key.vk);
    assert_eq!(*compiled.verifying_key_file(), toy.verifying_key_file());
    assert_eq!((compiled.beta_g1(), compiled.delta_g1()), (key.beta_g1, key.delta_g1));
    assert_eq!((compiled.rows(), compiled.num_instance(), compiled.num_witness()), (50, 10, circuit.num_witness));
    assert_eq!(compiled.domain_log2(), 6);

    let curve = |points: &[G1Affine]| points.iter().map(|point| G1Point::from(*point)).collect::<Vec<_>>();
    assert_eq!(compiled.l_query(), curve(&key.l_query));
    assert_eq!(compiled.h_query(), curve(&key.h_query));
    let mut zeros = 0;
    for (i, (a, (b1, b2))) in key.a_query.iter().zip(key.b_g1_query.iter().zip(&key.b_g2_query)).enumerate() {
        let place = |variables: &[u32]| variables.binary_search(&(i as u32)).ok();
        assert_eq!(place(compiled.a_variables()).map(|at| compiled.a_query()[at]), (!a.is_zero()).then(|| (*a).into()));
        assert_eq!(place(compiled.b_variables()).map(|at| compiled.b_curve_query()[at]), (!b1.is_zero()).then(|| (*b1).into()));
        assert_eq!(place(compiled.b_variables()).map(|at| compiled.b_twist_query()[at]), (!b2.is_zero()).then(|| (*b2).into()));
        zeros += usize::from(a.is_zero()) + usize::from(b1.is_zero());
    }
    assert!(zeros > 0, "some variables are in one matrix alone");

    let assignment = toy.assignment(&vec![F::from(3); toy.inputs()], F::from(5));
    for (sparse, matrix) in [(compiled.a(), &circuit.matrices[0]), (compiled.b(), &circuit.matrices[1])] {
        let mut values = vec![F::zero(); 64];
        sparse.multiply(&assignment, &mut values);
        let product = |matrix: &Matrix| matrix.iter().map(|row| row.iter().map(|(k, i)| *k * assignment[*i]).sum()).collect::<Vec<F>>();
        assert_eq!(values[..50], product(matrix));
    }
}

#[test]
fn every_damaged_byte_is_seen() {
    let stored = Stored::new(Toy::new(1));
    let points = stored.ranges[Section::A as usize].start;
    for at in (0..stored.good.len()).step_by(5) {
        let mut bad = stored.good.clone();
        bad[at] ^= 1;
        match stored.open(&bad) {
            Err(_) => {}
            Ok(compiled) => {
                assert!(at >= points, "byte {at} is checked at each start");
                assert!(matches!(compiled.verify(), Err(FileError::Digest { .. })), "byte {at}");
            }
        }
    }
    for len in (0..stored.good.len()).step_by(97) {
        assert!(stored.open(&stored.good[..len]).is_err(), "{len} bytes");
    }
    let longer = [&stored.good[..], &[0]].concat();
    assert!(matches!(stored.open(&longer), Err(OpenError::File(FileError::Length { .. }))));
    stored.open(&stored.good).unwrap().verify().unwrap();
}

#[test]
fn forged_headers_are_refused() {
    let stored = Stored::new(Toy::new(1));
    stored.forged(|_, _| ()).unwrap().verify().unwrap();
    for i in 0..4 {
        let counts = stored.refusal(|header, _| {
            let Counts { rows, instance, witness, domain_log2 } = &mut header.counts;
            *[rows, instance, witness, domain_log2][i] += 1;
        });
        assert_eq!(counts, FileError::Counts);
    }
    assert_eq!(stored.refusal(|header, _| header.counts = Counts { rows: u32::MAX, instance: 10, witness: u32::MAX, domain_log2: 33 }), {
        FileError::Counts
    });
    for section in Section::ALL {
        let moved = stored.refusal(|header, _| header.sections[section as usize].offset += 64);
        assert_eq!(moved, FileError::Layout { section });
        let far = stored.refusal(|header, _| header.sections[section as usize].offset = u64::MAX);
        assert_eq!(far, FileError::Layout { section });
        for elements in [0, u32::MAX] {
            let stretched = stored.refusal(|header, _| header.sections[section as usize].elements = elements);
            // the section after it no longer begins where it should, or another one should be as long
            assert!(matches!(stretched, FileError::Counts | FileError::Layout { .. } | FileError::Length { .. }), "{section}: {stretched}");
        }
    }
    assert_eq!(stored.refusal(|header, _| header.delta_g1 = g1_bytes(&G1Affine::zero())), FileError::Delta);
    assert_eq!(stored.refusal(|header, _| header.beta_g1 = [0xff; 32]), FileError::Beta);
    assert_eq!(stored.refusal(|header, _| header.verifying_key.constraints = Digest([1; 32])), FileError::OtherCircuit);
    let gate = stored.forged(|header, _| {
        let alpha = g1_bytes(&G1Affine::generator());
        header.verifying_key.key[..32].copy_from_slice(&alpha);
    });
    assert!(matches!(gate.err(), Some(OpenError::Key(KeyError::Generator { .. }))));
}

#[test]
fn forged_sections_are_refused() {
    use Section::*;
    let stored = Stored::new(Toy::new(1));
    let circuit = stored.toy.circuit();
    let variables = (circuit.num_instance + circuit.num_witness) as u32;
    for (rows, columns, coefficients) in [(ARows, AColumns, ACoefficients), (BRows, BColumns, BCoefficients)] {
        for (at, value) in [(0, 1), (1, u32::MAX), (circuit.matrices[0].len(), 1)] {
            assert_eq!(stored.refusal_of(rows, at, value), FileError::Index { section: rows });
        }
        assert_eq!(stored.refusal_of(columns, 0, variables), FileError::Index { section: rows });
        assert_eq!(stored.refusal_of(coefficients, 1, u32::MAX), FileError::Index { section: rows });
    }
    for section in [AVariables, BVariables] {
        let last = stored.ranges[section as usize].len() / 4 - 1;
        assert_eq!(stored.refusal_of(section, last, variables), FileError::Index { section });
        assert_eq!(stored.refusal_of(section, 1, 0), FileError::Index { section });
    }
    assert_eq!(stored.refusal_of(Dictionary, 0, 7), FileError::Index { section: Dictionary });
    let too_large = |section| {
        let begin = stored.ranges[section as usize].start;
        stored.refusal(|_, bytes| bytes[begin..][..32].fill(0xff))
    };
    for section in [Dictionary, A, BCurve, BTwist, L, H] {
        assert_eq!(too_large(section), FileError::Number { section });
    }
    let modulus: Vec<u8> = Fq::MODULUS.0.into_iter().flat_map(u64::to_le_bytes).collect();
    let begin = stored.ranges[H as usize].start;
    assert_eq!(stored.refusal(|_, bytes| bytes[begin..][..32].copy_from_slice(&modulus)), FileError::Number { section: H });
    // numbers that are no point get in, and are seen when all is checked
    for section in [A, BCurve, BTwist, L, H] {
        let begin = stored.ranges[section as usize].start;
        let forged = stored.forged(|_, bytes| bytes[begin] ^= 1).unwrap();
        assert_eq!(forged.verify(), Err(FileError::Point { section }));
    }
    // input points that are not the key's are not believed
    let begin = stored.ranges[Inputs as usize].start;
    let forged = stored.forged(|_, bytes| bytes[begin..][..64].fill(0xff)).unwrap();
    assert_eq!(*forged.verifying_key(), stored.toy.development_key().vk);
}
