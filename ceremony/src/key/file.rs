//! Keys as `.zkey` files, version 1, for Groth16.
//!
//! The same sections that snarkjs writes, in the order of its contributions. A reader knows the circuit: counts and coefficients must be
//! the circuit's, so what is read is of no other.

use ark_bn254::{Fq, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, Field, PrimeField};
use probity_credit::digest::Digest;
use probity_params::setup::Circuit;
use sha2::{Digest as _, Sha256};
use std::io::{self, Read, Seek, Write};

use super::Key;
use crate::container::{Container, ContainerError, Cursor, Section, write_head, write_section};
use crate::contribution::Contribution;
use crate::points::{Point, decode_all, encode};

const PROTOCOL: Section = Section(1, "protocol");
const HEADER: Section = Section(2, "header");
const INPUTS: Section = Section(3, "input points");
const COEFFICIENTS: Section = Section(4, "coefficients");
const A: Section = Section(5, "points A");
const B_G1: Section = Section(6, "points B in G1");
const B_G2: Section = Section(7, "points B in G2");
const L: Section = Section(8, "points of the witnesses");
const H: Section = Section(9, "points of the quotient");
const CONTRIBUTIONS: Section = Section(10, "contributions");

const GROTH16: u32 = 1;

/// Most contributions of a key: bounds what verifying one can cost.
pub const CONTRIBUTIONS_MAX: usize = 1_024;

/// Longest section of contributions.
const CONTRIBUTIONS_BYTES_MAX: u64 = 1 << 20;

/// Why a file is no key of this circuit.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file is no container of a key.
    #[error("the key can't be read: {0}")]
    Container(#[from] ContainerError),
    /// Another proof system or curve, or gamma is not where ceremonies leave it.
    #[error("the key is not a Groth16 key on BN254 with gamma at the generator: take the file anew from where the ceremony is published")]
    Header,
    /// A point of the head is no point of its group, or the identity.
    #[error("the key's {point} is no point of the group, or the identity: take the file anew from where the ceremony is published")]
    HeaderPoint {
        /// Which.
        point: &'static str,
    },
    /// The counts or the coefficients are of another circuit.
    #[error("the key is of another circuit: its {what} differ; take the key of this one")]
    OtherCircuit {
        /// What differs.
        what: &'static str,
    },
    /// Not a point of its group.
    #[error("number {index} of the key's {section} is no point of the group: take the file anew from where the ceremony is published")]
    Point {
        /// What the section holds.
        section: &'static str,
        /// Number of the point.
        index: usize,
    },
    /// A contribution does not decode.
    #[error("contribution {number} of the key is damaged: take the file anew from where the ceremony is published")]
    Contribution {
        /// Counted from 1.
        number: usize,
    },
    /// More contributions than a key may have, or bytes that belong to none.
    #[error("the key's list of contributions is damaged or longer than {CONTRIBUTIONS_MAX}")]
    Contributions,
}

/// The size of a circuit's domain: rows and one more for each public input and the constant.
pub(crate) fn domain(circuit: &Circuit<'_>) -> usize {
    (circuit.matrices[0].len() + circuit.num_instance).next_power_of_two()
}

impl Key {
    /// Reads a key of this circuit: all points checked, the contributions decoded but not yet checked.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn read<R: Read + Seek>(file: R, circuit: &Circuit<'_>) -> Result<Self, KeyFileError> {
        let mut file = Container::open(file, "zkey", 1)?;
        if file.exactly(PROTOCOL, 4)? != GROTH16.to_le_bytes() {
            return Err(KeyFileError::Header);
        }
        let expected = head(circuit);
        let header = file.exactly(HEADER, expected.len() as u64 + 3 * 64 + 3 * 128)?;
        let mut cursor = Cursor(&header);
        let (fields, counts) = expected.split_at(FIELD_BYTES);
        if cursor.take(fields.len()) != Some(fields) {
            return Err(KeyFileError::Header);
        }
        if cursor.take(counts.len()) != Some(counts) {
            return Err(KeyFileError::OtherCircuit { what: "counts" });
        }
        let alpha_g1 = point(&mut cursor, "alpha")?;
        let beta_g1 = point(&mut cursor, "beta in G1")?;
        let beta_g2 = point(&mut cursor, "beta in G2")?;
        if point::<G2Affine>(&mut cursor, "gamma")? != G2Affine::generator() {
            return Err(KeyFileError::Header);
        }
        let delta_g1 = point(&mut cursor, "delta in G1")?;
        let delta_g2 = point(&mut cursor, "delta in G2")?;
        let expected = coefficients(circuit);
        if file.bytes_of(COEFFICIENTS)? != expected.len() as u64 || file.exactly(COEFFICIENTS, expected.len() as u64)? != expected {
            return Err(KeyFileError::OtherCircuit { what: "coefficients" });
        }
        let variables = circuit.num_instance + circuit.num_witness;
        let inputs = points(&mut file, INPUTS, circuit.num_instance)?;
        let a = points(&mut file, A, variables)?;
        let b_g1 = points(&mut file, B_G1, variables)?;
        let b_g2 = points(&mut file, B_G2, variables)?;
        let l = points(&mut file, L, circuit.num_witness)?;
        let h = points(&mut file, H, domain(circuit))?;
        let (circuit_hash, contributions) = contributions(&mut file)?;
        Ok(Self { alpha_g1, beta_g1, beta_g2, delta_g1, delta_g2, inputs, a, b_g1, b_g2, l, h, circuit_hash, contributions })
    }

    /// Writes the key; the SHA-256 of what was written, as `sha256sum` shows it.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write(&self, circuit: &Circuit<'_>, out: impl Write) -> io::Result<Digest> {
        let mut out = Hashing { out, hasher: Sha256::new() };
        write_head(&mut out, "zkey", 1, 10)?;
        write_section(&mut out, PROTOCOL, &[&GROTH16.to_le_bytes()])?;
        let curve = |points: &[G1Affine]| encode(points);
        let gamma = G2Affine::generator();
        write_section(
            &mut out,
            HEADER,
            &[
                &head(circuit),
                &curve(&[self.alpha_g1, self.beta_g1]),
                &encode(&[self.beta_g2, gamma]),
                &curve(&[self.delta_g1]),
                &encode(&[self.delta_g2]),
            ],
        )?;
        write_section(&mut out, INPUTS, &[&curve(&self.inputs)])?;
        write_section(&mut out, COEFFICIENTS, &[&coefficients(circuit)])?;
        write_section(&mut out, A, &[&curve(&self.a)])?;
        write_section(&mut out, B_G1, &[&curve(&self.b_g1)])?;
        write_section(&mut out, B_G2, &[&encode(&self.b_g2)])?;
        write_section(&mut out, L, &[&curve(&self.l)])?;
        write_section(&mut out, H, &[&curve(&self.h)])?;
        let count = self.contributions.len() as u32;
        let encoded: Vec<u8> = self.contributions.iter().flat_map(Contribution::encode).collect();
        write_section(&mut out, CONTRIBUTIONS, &[&self.circuit_hash, &count.to_le_bytes(), &encoded])?;
        out.out.flush()?;
        Ok(Digest(out.hasher.finalize().into()))
    }
}

struct Hashing<W> {
    out: W,
    hasher: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Lengths and moduli of both fields.
const FIELD_BYTES: usize = 2 * (4 + 32);

/// Fields, then variables, public inputs and size of the domain.
fn head(circuit: &Circuit<'_>) -> Vec<u8> {
    let mut head = vec![];
    for modulus in [Fq::MODULUS, Fr::MODULUS] {
        head.extend(32u32.to_le_bytes());
        head.extend(modulus.to_bytes_le());
    }
    for count in [circuit.num_instance + circuit.num_witness, circuit.inputs(), domain(circuit)] {
        head.extend(word(count));
    }
    head
}

fn word(n: usize) -> [u8; 4] {
    u32::try_from(n).expect("a circuit of fewer than 2^32 rows and variables").to_le_bytes()
}

/// The coefficients of A and B row by row, then the rows that make the inputs independent; each number times R twice (R = 2^256), which
/// is how snarkjs keeps them.
fn coefficients(circuit: &Circuit<'_>) -> Vec<u8> {
    let r = Fr::from(2u64).pow([256]);
    let [a, b, _] = circuit.matrices;
    let terms: usize = [a, b].into_iter().flatten().map(Vec::len).sum();
    let mut out = Vec::with_capacity(4 + 44 * (terms + circuit.num_instance));
    out.extend(word(terms + circuit.num_instance));
    let mut put = |matrix: u32, row: usize, column: usize, coefficient: Fr| {
        out.extend(matrix.to_le_bytes());
        out.extend(word(row));
        out.extend(word(column));
        // the words of the Montgomery form hold one R, the product the other
        out.extend((coefficient * r).0.0.iter().flat_map(|word| word.to_le_bytes()));
    };
    for (row, rows) in a.iter().zip(b).enumerate() {
        for (matrix, terms) in [(0, rows.0), (1, rows.1)] {
            terms.iter().for_each(|(coefficient, column)| put(matrix, row, *column, *coefficient));
        }
    }
    (0..circuit.num_instance).for_each(|i| put(0, a.len() + i, i, Fr::ONE));
    out
}

fn point<P: Point>(cursor: &mut Cursor<'_>, point: &'static str) -> Result<P, KeyFileError> {
    let found = cursor.take(P::BYTES).and_then(P::decode).filter(|point| !point.is_zero());
    found.ok_or(KeyFileError::HeaderPoint { point })
}

fn points<P: Point, R: Read + Seek>(file: &mut Container<R>, section: Section, count: usize) -> Result<Vec<P>, KeyFileError> {
    let content = file.exactly(section, (count * P::BYTES) as u64)?;
    decode_all(&content).map_err(|index| KeyFileError::Point { section: section.1, index })
}

fn contributions<R: Read + Seek>(file: &mut Container<R>) -> Result<([u8; 64], Vec<Contribution>), KeyFileError> {
    let bytes = file.bytes_of(CONTRIBUTIONS)?;
    if bytes > CONTRIBUTIONS_BYTES_MAX {
        return Err(KeyFileError::Contributions);
    }
    let content = file.exactly(CONTRIBUTIONS, bytes)?;
    let mut cursor = Cursor(&content);
    let circuit_hash = cursor.array().ok_or(KeyFileError::Contributions)?;
    let count = cursor.u32().filter(|count| *count as usize <= CONTRIBUTIONS_MAX).ok_or(KeyFileError::Contributions)? as usize;
    let read = |number| Contribution::decode(&mut cursor).ok_or(KeyFileError::Contribution { number });
    let all = (1..=count).map(read).collect::<Result<Vec<_>, _>>()?;
    if cursor.0.is_empty() { Ok((circuit_hash, all)) } else { Err(KeyFileError::Contributions) }
}
