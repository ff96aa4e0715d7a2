//! The file's layout: a line that a person can read, a header, and sections of plain numbers.
//!
//! | part | content |
//! |---|---|
//! | mark | `probity proving key, development\n` or `probity proving key, ceremony\n` |
//! | header length | 4 bytes |
//! | header | canonical encoding of [`Header`]: version, verifying key, beta and delta in G1, counts, table of sections, digest of all that |
//! | sections | those of [`Section`] in its order, each at the next multiple of 64, zeros between them |
//!
//! All numbers are little-endian. Elements of fields are four words in Montgomery form with the factor 2^256, points are two or four of
//! them, the identity all zeros: what [`probity_curve`] takes as it lies there.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::codec::{self, CodecError};
use probity_credit::digest::Digest;
use probity_credit::hash::label::sha256;
use std::fmt;
use std::ops::Range;

use crate::cache::Wanted;
use crate::key_id::Kind;
use crate::point::G1_BYTES;
use crate::verifying::{FILE_BYTES_MAX, VerifyingKeyFile};

/// The format's version. 1 held the points of libsnark's map and nothing else; 2, the first to be mapped, holds the rows, too.
pub const VERSION: u16 = 2;

/// Sections begin at multiples of this: a cache line, and as much as the widest instructions load.
const ALIGNMENT: u64 = 64;
const HEADER_BYTES_MAX: usize = FILE_BYTES_MAX + 2_048;
/// More than the largest circuit's file by a factor of ten.
pub(super) const FILE_LEN_MAX: u64 = 512 << 20;
/// The field has roots of unity of order 2^28, and the quotient needs one of twice the domain's.
const DOMAIN_LOG2_MAX: u32 = 27;

/// Why a file is not one that this program wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The first line is not the mark of such a key.
    #[error("it does not begin with the mark of a proving key of this kind")]
    Magic,
    /// It ends before its header does.
    #[error("it is cut off within its header")]
    Truncated,
    /// The header does not decode.
    #[error("its header is refused: {0}")]
    Header(#[from] CodecError),
    /// Written by another version of the program.
    #[error("its format is version {found}, this program reads version {VERSION}")]
    Version {
        /// The version found.
        found: u16,
    },
    /// The header's digest does not match.
    #[error("the digest of its header does not match")]
    HeaderDigest,
    /// The header speaks of another circuit, kind or constraints.
    #[error("it is the key of another circuit than its name says")]
    OtherCircuit,
    /// The file is longer or shorter than the header says.
    #[error("it has {found} bytes instead of {expected}")]
    Length {
        /// Bytes the header speaks of.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// Rows, variables and the lengths of sections contradict each other.
    #[error("its counts contradict each other")]
    Counts,
    /// A section is not where or what it must be.
    #[error("its section \"{section}\" is not where it belongs")]
    Layout {
        /// The section.
        section: Section,
    },
    /// Something stands between two sections.
    #[error("it has content before its section \"{section}\"")]
    Gap {
        /// The section after it.
        section: Section,
    },
    /// The digest of a section does not match.
    #[error("the digest of its section \"{section}\" does not match")]
    Digest {
        /// The section.
        section: Section,
    },
    /// A row, column or coefficient is named that does not exist.
    #[error("its section \"{section}\" names what does not exist")]
    Index {
        /// The section.
        section: Section,
    },
    /// A number is not below its field's modulus.
    #[error("its section \"{section}\" has a number that is not below the modulus")]
    Number {
        /// The section.
        section: Section,
    },
    /// A point is not on its curve.
    #[error("its section \"{section}\" has a point that is not on the curve")]
    Point {
        /// The section.
        section: Section,
    },
    /// beta in G1 is no point.
    #[error("its beta is no point")]
    Beta,
    /// delta in G1 is no point, or one that would not blind a proof.
    #[error("its delta would not blind a proof")]
    Delta,
}

/// The sections, in the file's order. Those before [`Section::A`] are small and checked at each start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Section {
    /// Where the rows of matrix A begin: u32.
    ARows,
    /// The columns of A's terms: u32.
    AColumns,
    /// The coefficients of A's terms, by their place in the dictionary: u32.
    ACoefficients,
    /// Where the rows of matrix B begin: u32.
    BRows,
    /// The columns of B's terms: u32.
    BColumns,
    /// The coefficients of B's terms, by their place in the dictionary: u32.
    BCoefficients,
    /// The distinct coefficients: elements of the scalar field, 1 and -1 first.
    Dictionary,
    /// Columns whose polynomial in A is not zero, rising: u32.
    AVariables,
    /// Columns whose polynomial in B is not zero, rising: u32.
    BVariables,
    /// The verifying key's input points, which its bytes hold compressed: G1.
    Inputs,
    /// The query A, for its variables alone: G1.
    A,
    /// The query B, for its variables alone: G1.
    BCurve,
    /// The same in G2.
    BTwist,
    /// The query L, for every witness variable: G1.
    L,
    /// The query H, for every value of the quotient: G1.
    H,
}

impl Section {
    /// All of them.
    pub(super) const ALL: [Self; 15] = {
        use Section::*;
        [
            ARows,
            AColumns,
            ACoefficients,
            BRows,
            BColumns,
            BCoefficients,
            Dictionary,
            AVariables,
            BVariables,
            Inputs,
            A,
            BCurve,
            BTwist,
            L,
            H,
        ]
    };
    /// The small ones.
    pub(super) const SMALL: &'static [Self] = Self::ALL.split_at(Self::A as usize).0;
    /// Those of points that a proof is summed up from.
    pub(super) const POINTS: &'static [Self] = Self::ALL.split_at(Self::A as usize).1;

    fn name(self) -> &'static str {
        match self {
            Self::ARows => "rows of A",
            Self::AColumns => "columns of A",
            Self::ACoefficients => "coefficients of A",
            Self::BRows => "rows of B",
            Self::BColumns => "columns of B",
            Self::BCoefficients => "coefficients of B",
            Self::Dictionary => "dictionary",
            Self::AVariables => "variables of A",
            Self::BVariables => "variables of B",
            Self::Inputs => "points of the inputs",
            Self::A => "points of A",
            Self::BCurve => "points of B in G1",
            Self::BTwist => "points of B in G2",
            Self::L => "points of L",
            Self::H => "points of H",
        }
    }

    fn element_bytes(self) -> u32 {
        match self {
            Self::Dictionary => 32,
            Self::Inputs | Self::A | Self::BCurve | Self::L | Self::H => 64,
            Self::BTwist => 128,
            _ => 4,
        }
    }

    /// The digest of its content.
    pub(super) fn digest(self, content: &[u8]) -> Digest {
        Digest::of(sha256::PROVING_KEY, &[b"section", self.name().as_bytes(), content])
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A line of the table of sections.
#[derive(Clone, Copy, Default, BorshSerialize, BorshDeserialize)]
pub(super) struct Entry {
    pub(super) offset: u64,
    pub(super) elements: u32,
    element_bytes: u32,
    pub(super) digest: Digest,
}

/// Rows, variables and the size of the domain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, BorshSerialize, BorshDeserialize)]
pub(super) struct Counts {
    pub(super) rows: u32,
    /// Columns of the constant and the public inputs.
    pub(super) instance: u32,
    pub(super) witness: u32,
    pub(super) domain_log2: u32,
}

impl Counts {
    /// Of a circuit, if it is not too large for a file.
    pub(super) fn of(rows: usize, instance: usize, witness: usize) -> Option<Self> {
        let domain_log2 = domain_log2(rows as u64 + instance as u64)?;
        u32::try_from(instance + witness).ok()?;
        let narrow = |count| u32::try_from(count).ok();
        Some(Self { rows: narrow(rows)?, instance: narrow(instance)?, witness: narrow(witness)?, domain_log2 })
    }

    fn variables(self) -> Option<u32> {
        self.instance.checked_add(self.witness)
    }
}

/// Of the smallest domain with so many elements.
fn domain_log2(elements: u64) -> Option<u32> {
    elements.checked_next_power_of_two().map(u64::ilog2).filter(|log2| *log2 <= DOMAIN_LOG2_MAX)
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct Header {
    version: u16,
    pub(super) verifying_key: VerifyingKeyFile,
    /// Compressed.
    pub(super) beta_g1: [u8; G1_BYTES],
    /// Compressed.
    pub(super) delta_g1: [u8; G1_BYTES],
    pub(super) counts: Counts,
    pub(super) sections: [Entry; Section::ALL.len()],
    /// Over everything above, so through the table over the whole file.
    pub(super) digest: Digest,
}

fn mark(kind: Kind) -> String {
    format!("probity proving key, {kind}\n")
}

fn aligned(offset: u64) -> u64 {
    offset.next_multiple_of(ALIGNMENT)
}

/// Bytes of mark, length and header. The header's length depends on the length of the verifying key alone.
fn head_len(mark: &str, header_len: usize) -> u64 {
    (mark.len() + 4 + header_len) as u64
}

/// Everything before the sections, and each section, encoded.
pub(crate) struct Encoded {
    pub(super) head: Vec<u8>,
    pub(super) sections: [Vec<u8>; Section::ALL.len()],
}

impl Encoded {
    pub(super) fn new(
        verifying_key: VerifyingKeyFile,
        [beta_g1, delta_g1]: [[u8; G1_BYTES]; 2],
        counts: Counts,
        sections: [Vec<u8>; Section::ALL.len()],
    ) -> Self {
        let mark = mark(verifying_key.kind);
        let mut header =
            Header { version: VERSION, verifying_key, beta_g1, delta_g1, counts, sections: Default::default(), digest: Digest::default() };
        let mut end = head_len(&mark, codec::encode(&header).len());
        for ((section, content), entry) in Section::ALL.into_iter().zip(&sections).zip(&mut header.sections) {
            let element_bytes = section.element_bytes();
            let elements = content.len() / element_bytes as usize;
            let elements = u32::try_from(elements).expect("fewer than 2^32 terms and variables");
            *entry = Entry { offset: aligned(end), elements, element_bytes, digest: section.digest(content) };
            end = entry.offset + content.len() as u64;
        }
        header.digest = header.own_digest();
        let encoded = codec::encode(&header);
        let mut head = mark.into_bytes();
        head.extend_from_slice(&u32::try_from(encoded.len()).expect("a header has at most 200 kB").to_le_bytes());
        head.extend_from_slice(&encoded);
        Self { head, sections }
    }

    /// Writes the whole file.
    pub(crate) fn write(&self, to: &mut impl std::io::Write) -> std::io::Result<()> {
        let zeros = [0; ALIGNMENT as usize];
        let mut at = 0;
        for part in std::iter::once(&self.head).chain(&self.sections) {
            let gap = aligned(at) - at;
            to.write_all(&zeros[..gap as usize])?;
            to.write_all(part)?;
            at += gap + part.len() as u64;
        }
        Ok(())
    }
}

impl Header {
    /// Reads mark and header, and checks that it is the wanted circuit's and describes a file of this content and length: afterwards
    /// all sections lie within it, and their lengths fit each other. What is in them is not looked at.
    pub(super) fn read(file: &[u8], wanted: &Wanted<'_>) -> Result<Self, FileError> {
        let mark = mark(wanted.kind);
        let rest = file.strip_prefix(mark.as_bytes()).ok_or(FileError::Magic)?;
        let (len, rest) = rest.split_first_chunk::<4>().ok_or(FileError::Truncated)?;
        let len = u32::from_le_bytes(*len) as usize;
        let encoded = rest.get(..len).ok_or(FileError::Truncated)?;
        let version = u16::from_le_bytes(*encoded.first_chunk().ok_or(FileError::Truncated)?);
        if version != VERSION {
            return Err(FileError::Version { found: version });
        }
        let header: Self = codec::decode("key header", encoded, HEADER_BYTES_MAX)?;
        if header.digest != header.own_digest() {
            return Err(FileError::HeaderDigest);
        }
        let vk = &header.verifying_key;
        if vk.circuit != wanted.circuit || vk.kind != wanted.kind || vk.constraints != *wanted.constraints {
            return Err(FileError::OtherCircuit);
        }
        header.check_counts(wanted.inputs)?;
        header.check_layout(head_len(&mark, len), file)?;
        Ok(header)
    }

    fn own_digest(&self) -> Digest {
        let Self { version, verifying_key, beta_g1, delta_g1, counts, sections, digest: _ } = self;
        Digest::of_value(sha256::PROVING_KEY, &("header", version, verifying_key, beta_g1, delta_g1, (counts, sections)))
    }

    fn elements(&self, section: Section) -> u32 {
        self.sections[section as usize].elements
    }

    fn check_counts(&self, inputs: usize) -> Result<(), FileError> {
        use Section::*;
        let counts = self.counts;
        let variables = counts.variables().ok_or(FileError::Counts)?;
        let fits = |section, elements: u32| self.elements(section) == elements;
        let begins = counts.rows.checked_add(1).ok_or(FileError::Counts)?;
        let all_fit = counts.instance as usize == inputs + 1
            && domain_log2(u64::from(counts.rows) + u64::from(counts.instance)) == Some(counts.domain_log2)
            && fits(ARows, begins)
            && fits(BRows, begins)
            && fits(ACoefficients, self.elements(AColumns))
            && fits(BCoefficients, self.elements(BColumns))
            && fits(Inputs, counts.instance)
            && fits(A, self.elements(AVariables))
            && fits(BCurve, self.elements(BVariables))
            && fits(BTwist, self.elements(BVariables))
            && fits(L, counts.witness)
            && fits(H, 1 << counts.domain_log2)
            && self.elements(AVariables).max(self.elements(BVariables)) <= variables;
        if all_fit { Ok(()) } else { Err(FileError::Counts) }
    }

    /// There is one place for each section: none overlaps another, and nothing stands between them.
    fn check_layout(&self, head_len: u64, file: &[u8]) -> Result<(), FileError> {
        let mut expected = head_len;
        for (section, entry) in Section::ALL.into_iter().zip(&self.sections) {
            if entry.offset != aligned(expected) || entry.element_bytes != section.element_bytes() {
                return Err(FileError::Layout { section });
            }
            // at most 2^32 elements of 128 bytes in each of 15 sections: far from overflowing
            expected = entry.offset + u64::from(entry.elements) * u64::from(entry.element_bytes);
        }
        let found = file.len() as u64;
        if found != expected {
            return Err(FileError::Length { expected, found });
        }
        let mut end = head_len as usize;
        for section in Section::ALL {
            let range = self.range(section);
            if file[end..range.start].iter().any(|byte| *byte != 0) {
                return Err(FileError::Gap { section });
            }
            end = range.end;
        }
        Ok(())
    }

    /// Where a section lies.
    pub(super) fn range(&self, section: Section) -> Range<usize> {
        let entry = &self.sections[section as usize];
        let begin = usize::try_from(entry.offset).expect("within a file that is in memory");
        begin..begin + entry.elements as usize * entry.element_bytes as usize
    }
}

#[cfg(test)]
impl Header {
    /// Writes a changed header, its digest made to fit, over the one in `file`.
    pub(super) fn seal(&mut self, file: &mut [u8]) {
        self.digest = self.own_digest();
        let begin = mark(self.verifying_key.kind).len() + 4;
        let encoded = codec::encode(self);
        file[begin..][..encoded.len()].copy_from_slice(&encoded);
    }
}
