//! A circuit's rows and its proving key in one file, made once and mapped into memory at each start.
//!
//! # What is checked when
//!
//! **When a file is made** ([`KeyCache::store`](crate::cache::KeyCache::store)) and whenever [`CompiledCircuit::verify`] is called: the
//! digest of every section, and that every point is on its curve. Whoever makes one also checks that the rows are those that the circuit's
//! pinned digest names.
//!
//! **At each start** ([`KeyCache::load`](crate::cache::KeyCache::load)): the header's digest, which covers the digests of all sections; that
//! it speaks of the wanted circuit, kind and constraints; the verifying key, decoded strictly, through the gate, and named by the wanted id;
//! beta and delta in G1, decoded strictly; length and place of every section; the digests of the small sections, which are the matrices and
//! lists of variables; every row, column and coefficient that they name; and that every number is below its modulus. The points' digests are
//! left out: they are nine tenths of the file, and the sums need no more than numbers below the modulus to end well.
//!
//! A failing disk that alters a point is therefore noticed later than at the start: the finished proof does not verify, is not sent, and the
//! prover calls [`CompiledCircuit::verify`] to say why. That altered points can do no worse is argued at [`crate::cache`].

mod format;
mod mapping;
mod matrix;
#[cfg(test)]
mod tests;

use ark_bn254::{Bn254, Fq, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::PrimeField;
use ark_groth16::{ProvingKey, VerifyingKey};
use probity_credit::digest::Digest;
use probity_credit::field::F;
use probity_curve::{G1Point, G2Point};
use rayon::prelude::*;
use std::fs::File;
use std::io;
use std::path::Path;

use crate::cache::Wanted;
use crate::gate::KeyError;
use crate::key_id::{KeyId, Kind, Manifest};
use crate::point::{g1, g1_bytes};
use crate::setup::{Circuit, SetupError, check_shape};
use crate::verifying::VerifyingKeyFile;
use format::{Counts, Encoded, FILE_LEN_MAX, Header};
pub use format::{FileError, Section, VERSION};
use mapping::{Mapping, Plain};
pub use matrix::SparseMatrix;
use matrix::{Compiled, Dictionary};

/// Numbers that one thread checks at a time.
const NUMBERS_AT_ONCE: usize = 1 << 14;

/// Rows and proving key of a circuit, mapped. Any number of proofs can use it at once.
pub struct CompiledCircuit {
    map: Mapping,
    header: Header,
    dictionary: Vec<F>,
    verifying_key: VerifyingKey<Bn254>,
    beta_g1: G1Affine,
    delta_g1: G1Affine,
    manifest: Manifest,
}

/// Why a file was not opened.
#[derive(Debug)]
pub(crate) enum OpenError {
    Io(io::Error),
    File(FileError),
    Key(KeyError),
    OtherKey { expected: KeyId, found: KeyId },
}

impl From<FileError> for OpenError {
    fn from(reason: FileError) -> Self {
        Self::File(reason)
    }
}

impl CompiledCircuit {
    /// Opens a file with the checks of each start.
    pub(crate) fn open(path: &Path, wanted: &Wanted<'_>) -> Result<Self, OpenError> {
        let file = File::open(path).map_err(OpenError::Io)?;
        let found = file.metadata().map_err(OpenError::Io)?.len();
        match found {
            0 => return Err(FileError::Truncated.into()),
            1..=FILE_LEN_MAX => {}
            _ => return Err(FileError::Length { expected: FILE_LEN_MAX, found }.into()),
        }
        let map = Mapping::of(&file).map_err(OpenError::Io)?;
        let header = Header::read(map.bytes(), wanted)?;

        let found = header.verifying_key.id();
        if let Some(expected) = wanted.verifying_key.filter(|expected| *expected != found) {
            return Err(OpenError::OtherKey { expected, found });
        }
        let inputs = map.slice(header.range(Section::Inputs));
        let verifying_key = header.verifying_key.verifying_key_near(wanted.inputs, inputs).map_err(OpenError::Key)?;
        let beta_g1 = g1(&header.beta_g1).map_err(|_| FileError::Beta)?;
        // without this, a forged file could take the blinding out of A; the strict decoder refuses the identity
        let delta_g1 = g1(&header.delta_g1).map_err(|_| FileError::Delta)?;

        let dictionary: Option<Vec<F>> =
            map.slice::<[u64; 4]>(header.range(Section::Dictionary)).iter().map(|words| matrix::element(*words)).collect();
        let dictionary = dictionary.ok_or(FileError::Number { section: Section::Dictionary })?;
        let manifest = manifest(wanted, found, header.digest);
        let circuit = Self { map, header, dictionary, verifying_key, beta_g1, delta_g1, manifest };
        circuit.check_digests(Section::SMALL)?;
        circuit.check_indices()?;
        circuit.check_numbers()?;
        Ok(circuit)
    }

    fn check_digests(&self, sections: &[Section]) -> Result<(), FileError> {
        sections.par_iter().try_for_each(|section| {
            let (section, entry) = (*section, &self.header.sections[*section as usize]);
            let content = &self.map.bytes()[self.header.range(section)];
            if section.digest(content) == entry.digest { Ok(()) } else { Err(FileError::Digest { section }) }
        })
    }

    fn check_indices(&self) -> Result<(), FileError> {
        if !matrix::begins_well(&self.dictionary) {
            return Err(FileError::Index { section: Section::Dictionary });
        }
        let Counts { instance, witness, .. } = self.header.counts;
        let variables = instance + witness;
        for (matrix, section) in [(self.a(), Section::ARows), (self.b(), Section::BRows)] {
            if !matrix.is_sound(variables) {
                return Err(FileError::Index { section });
            }
        }
        for section in [Section::AVariables, Section::BVariables] {
            let columns: &[u32] = self.slice(section);
            if !columns.is_sorted_by(|a, b| a < b) || columns.last().is_some_and(|last| *last >= variables) {
                return Err(FileError::Index { section });
            }
        }
        Ok(())
    }

    /// What the sums ask of their points.
    fn check_numbers(&self) -> Result<(), FileError> {
        let modulus = Fq::MODULUS.0;
        // nearly always decided by the first comparison
        let below = |words: &[u64; 4]| words[3] < modulus[3] || words.iter().rev().lt(modulus.iter().rev());
        Section::POINTS.iter().try_for_each(|section| {
            let numbers: &[[u64; 4]] = self.slice(*section);
            let all_below = numbers.par_chunks(NUMBERS_AT_ONCE).all(|numbers| numbers.iter().all(below));
            if all_below { Ok(()) } else { Err(FileError::Number { section: *section }) }
        })
    }

    /// Checks everything in the file, points included. Cost: reading it, its digest, and a few products per point.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn verify(&self) -> Result<(), FileError> {
        self.check_digests(&Section::ALL)?;
        let g1_sections = [Section::Inputs, Section::A, Section::BCurve, Section::L, Section::H];
        for section in g1_sections {
            on_curve(section, self.slice(section), G1Point::affine)?;
        }
        on_curve(Section::BTwist, self.b_twist_query(), G2Point::affine)
    }

    fn slice<T: Plain>(&self, section: Section) -> &[T] {
        self.map.slice(self.header.range(section))
    }

    /// What names the key.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The verifying key, which has passed the gate.
    pub fn verifying_key(&self) -> &VerifyingKey<Bn254> {
        &self.verifying_key
    }

    /// The same as nodes and genesis take it.
    pub fn verifying_key_file(&self) -> &VerifyingKeyFile {
        &self.header.verifying_key
    }

    /// beta in G1.
    pub fn beta_g1(&self) -> G1Affine {
        self.beta_g1
    }

    /// delta in G1; never the identity.
    pub fn delta_g1(&self) -> G1Affine {
        self.delta_g1
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.header.counts.rows as usize
    }

    /// Columns of the constant and the public inputs.
    pub fn num_instance(&self) -> usize {
        self.header.counts.instance as usize
    }

    /// Columns of the witness.
    pub fn num_witness(&self) -> usize {
        self.header.counts.witness as usize
    }

    /// The domain has two to the power of this elements: room for every row and, once more, for every column of the instance.
    pub fn domain_log2(&self) -> u32 {
        self.header.counts.domain_log2
    }

    /// Left factors.
    pub fn a(&self) -> SparseMatrix<'_> {
        self.matrix([Section::ARows, Section::AColumns, Section::ACoefficients])
    }

    /// Right factors.
    pub fn b(&self) -> SparseMatrix<'_> {
        self.matrix([Section::BRows, Section::BColumns, Section::BCoefficients])
    }

    fn matrix(&self, sections: [Section; 3]) -> SparseMatrix<'_> {
        let [rows, columns, coefficients] = sections.map(|section| self.slice(section));
        SparseMatrix { rows, columns, coefficients, dictionary: &self.dictionary }
    }

    /// The columns that the query A has points for.
    pub fn a_variables(&self) -> &[u32] {
        self.slice(Section::AVariables)
    }

    /// The columns that both queries B have points for.
    pub fn b_variables(&self) -> &[u32] {
        self.slice(Section::BVariables)
    }

    /// The query A.
    pub fn a_query(&self) -> &[G1Point] {
        self.slice(Section::A)
    }

    /// The query B in G1.
    pub fn b_curve_query(&self) -> &[G1Point] {
        self.slice(Section::BCurve)
    }

    /// The query B in G2.
    pub fn b_twist_query(&self) -> &[G2Point] {
        self.slice(Section::BTwist)
    }

    /// The query L, a point per witness variable.
    pub fn l_query(&self) -> &[G1Point] {
        self.slice(Section::L)
    }

    /// The query H, a point per value of the quotient.
    pub fn h_query(&self) -> &[G1Point] {
        self.slice(Section::H)
    }
}

fn on_curve<P: Sync, A>(section: Section, points: &[P], affine: impl Fn(&P) -> Option<A> + Sync) -> Result<(), FileError> {
    let all = points.par_iter().with_min_len(256).all(|point| affine(point).is_some());
    if all { Ok(()) } else { Err(FileError::Point { section }) }
}

fn manifest(wanted: &Wanted<'_>, verifying_key: KeyId, proving_key: Digest) -> Manifest {
    Manifest {
        circuit: wanted.circuit.to_owned(),
        kind: wanted.kind,
        constraints: *wanted.constraints,
        inputs: u32::try_from(wanted.inputs).expect("a verifying key file has at most 4,096 inputs"),
        verifying_key,
        proving_key,
    }
}

/// The file of a circuit and a key for it, whose quotient is given by values (`probity_curve::quotient`).
pub(crate) fn encode(circuit: &Circuit<'_>, kind: Kind, key: &ProvingKey<Bn254>) -> Result<Encoded, SetupError> {
    check_shape(circuit)?;
    let [a, b, _] = circuit.matrices;
    let (instance, witness) = (circuit.num_instance, circuit.num_witness);
    let too_large = SetupError::TooLarge { rows: a.len() + instance };
    let counts = Counts::of(a.len(), instance, witness).ok_or(too_large)?;
    let ProvingKey { vk, beta_g1, delta_g1, a_query, b_g1_query, b_g2_query, h_query, l_query } = key;
    let variables = instance + witness;
    for (query, expected, found) in [
        ("inputs", instance, vk.gamma_abc_g1.len()),
        ("A", variables, a_query.len()),
        ("B in G1", variables, b_g1_query.len()),
        ("B in G2", variables, b_g2_query.len()),
        ("L", witness, l_query.len()),
        ("H", 1 << counts.domain_log2, h_query.len()),
    ] {
        if expected != found {
            return Err(SetupError::OtherSize { query, expected, found });
        }
    }
    let mut dictionary = Dictionary::new();
    let [a, b] = [a, b].map(|matrix| Compiled::of(matrix, &mut dictionary));
    let columns =
        |is_used: &dyn Fn(usize) -> bool| -> Vec<u32> { (0..counts.instance + counts.witness).filter(|i| is_used(*i as usize)).collect() };
    let a_variables = columns(&|i| !a_query[i].is_zero());
    let b_variables = columns(&|i| !b_g1_query[i].is_zero() || !b_g2_query[i].is_zero());
    let sections = [
        numbers(&a.rows),
        numbers(&a.columns),
        numbers(&a.coefficients),
        numbers(&b.rows),
        numbers(&b.columns),
        numbers(&b.coefficients),
        words(dictionary.elements.iter().map(matrix::words)),
        numbers(&a_variables),
        numbers(&b_variables),
        curve_points(&vk.gamma_abc_g1),
        curve_points(a_variables.iter().map(|i| &a_query[*i as usize])),
        curve_points(b_variables.iter().map(|i| &b_g1_query[*i as usize])),
        twist_points(b_variables.iter().map(|i| &b_g2_query[*i as usize])),
        curve_points(l_query),
        curve_points(h_query),
    ];
    let file = VerifyingKeyFile::new(circuit.id, kind, *circuit.constraints, vk)?;
    Ok(Encoded::new(file, [g1_bytes(beta_g1), g1_bytes(delta_g1)], counts, sections))
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn words(elements: impl Iterator<Item = [u64; 4]>) -> Vec<u8> {
    elements.flatten().flat_map(u64::to_le_bytes).collect()
}

fn curve_points<'p>(points: impl IntoIterator<Item = &'p G1Affine>) -> Vec<u8> {
    words(points.into_iter().map(|point| G1Point::from(*point)).flat_map(|point| [point.x, point.y]))
}

fn twist_points<'p>(points: impl IntoIterator<Item = &'p G2Affine>) -> Vec<u8> {
    words(points.into_iter().map(|point| G2Point::from(*point)).flat_map(|point| [point.x, point.y].concat()))
}
