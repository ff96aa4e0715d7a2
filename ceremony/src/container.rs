//! The sectioned binary files of iden3's tools: magic word, version, then sections of a kind and a length.
//!
//! Reading takes only what is asked for, so that a file of gigabytes costs what its used part costs. Every length is checked against
//! the file before anything is allocated.

use std::io::{self, Read, Seek, SeekFrom, Write};

/// More sections than any of the formats has.
const SECTIONS_MAX: u32 = 64;

/// Why a file is not such a container.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// The system refused.
    #[error("reading failed: {0}")]
    Io(#[from] io::Error),
    /// Another magic word.
    #[error("it is no {expected} file: its first four bytes say so")]
    Magic {
        /// The kind of file that was expected.
        expected: &'static str,
    },
    /// A version that this program does not read.
    #[error("its version is {found}, this program reads version {expected}")]
    Version {
        /// Version read.
        expected: u32,
        /// Version of the file.
        found: u32,
    },
    /// The file ends before a section that its head announces.
    #[error("it is cut off: section {section} ends behind the end of the file")]
    Truncated {
        /// Kind of the section.
        section: u32,
    },
    /// More bytes than sections, or more sections than a file can have.
    #[error("its list of sections does not fit its length")]
    Sections,
    /// A section is there twice.
    #[error("section {section} is there twice")]
    Repeated {
        /// Kind of the section.
        section: u32,
    },
    /// A section is missing.
    #[error("section {section} ({what}) is missing")]
    Missing {
        /// Kind of the section.
        section: u32,
        /// What it holds.
        what: &'static str,
    },
    /// A section has not the length that the file's head asks for.
    #[error("section {section} ({what}) has {found} bytes, it needs {expected}")]
    Length {
        /// Kind of the section.
        section: u32,
        /// What it holds.
        what: &'static str,
        /// Bytes needed.
        expected: u64,
        /// Bytes there.
        found: u64,
    },
}

/// Where a section lies.
#[derive(Clone, Copy)]
struct Place {
    kind: u32,
    begin: u64,
    bytes: u64,
}

/// An open file, its sections found.
pub(crate) struct Container<R> {
    file: R,
    places: Vec<Place>,
}

/// Kind and content of a section, for messages.
#[derive(Clone, Copy)]
pub(crate) struct Section(pub(crate) u32, pub(crate) &'static str);

impl<R: Read + Seek> Container<R> {
    /// Finds the sections; reads none of them.
    pub(crate) fn open(mut file: R, magic: &'static str, version: u32) -> Result<Self, ContainerError> {
        let end = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        let mut head = [0; 12];
        file.read_exact(&mut head).map_err(|e| if is_end(&e) { ContainerError::Magic { expected: magic } } else { e.into() })?;
        let word = |i: usize| u32::from_le_bytes(head[i..i + 4].try_into().expect("four bytes"));
        if head[..4] != *magic.as_bytes() {
            return Err(ContainerError::Magic { expected: magic });
        }
        if word(4) != version {
            return Err(ContainerError::Version { expected: version, found: word(4) });
        }
        let sections = word(8);
        if sections > SECTIONS_MAX {
            return Err(ContainerError::Sections);
        }
        let mut places: Vec<Place> = Vec::new();
        let mut at = 12u64;
        for _ in 0..sections {
            let mut head = [0; 12];
            file.read_exact(&mut head).map_err(|e| if is_end(&e) { ContainerError::Sections } else { e.into() })?;
            let (kind, bytes) = head.split_at(4);
            let kind = u32::from_le_bytes(kind.try_into().expect("four bytes"));
            let bytes = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
            at += 12;
            if bytes > end.saturating_sub(at) {
                return Err(ContainerError::Truncated { section: kind });
            }
            if places.iter().any(|place| place.kind == kind) {
                return Err(ContainerError::Repeated { section: kind });
            }
            places.push(Place { kind, begin: at, bytes });
            at = file.seek(SeekFrom::Start(at + bytes))?;
        }
        if at == end { Ok(Self { file, places }) } else { Err(ContainerError::Sections) }
    }

    /// Whether there is such a section.
    pub(crate) fn has(&self, section: Section) -> bool {
        self.places.iter().any(|place| place.kind == section.0)
    }

    /// The length of a section.
    pub(crate) fn bytes_of(&self, section: Section) -> Result<u64, ContainerError> {
        Ok(self.place(section)?.bytes)
    }

    fn place(&self, Section(kind, what): Section) -> Result<Place, ContainerError> {
        self.places.iter().find(|place| place.kind == kind).copied().ok_or(ContainerError::Missing { section: kind, what })
    }

    /// A whole section of exactly so many bytes.
    pub(crate) fn exactly(&mut self, section: Section, expected: u64) -> Result<Vec<u8>, ContainerError> {
        let found = self.bytes_of(section)?;
        if found != expected {
            return Err(ContainerError::Length { section: section.0, what: section.1, expected, found });
        }
        self.part(section, 0, expected)
    }

    /// So many bytes of a section from an offset.
    pub(crate) fn part(&mut self, section: Section, offset: u64, bytes: u64) -> Result<Vec<u8>, ContainerError> {
        let place = self.place(section)?;
        let expected = offset.saturating_add(bytes);
        if expected > place.bytes {
            return Err(ContainerError::Length { section: section.0, what: section.1, expected, found: place.bytes });
        }
        self.file.seek(SeekFrom::Start(place.begin + offset))?;
        // the section lies within the file, so this is no more than the file has
        let mut content = vec![0; usize::try_from(bytes).map_err(|_| ContainerError::Sections)?];
        self.file.read_exact(&mut content)?;
        Ok(content)
    }
}

fn is_end(e: &io::Error) -> bool {
    e.kind() == io::ErrorKind::UnexpectedEof
}

/// Writes the head of a file with so many sections.
pub(crate) fn write_head(out: &mut impl Write, magic: &str, version: u32, sections: u32) -> io::Result<()> {
    out.write_all(magic.as_bytes())?;
    out.write_all(&version.to_le_bytes())?;
    out.write_all(&sections.to_le_bytes())
}

/// Writes a section: kind, length, content.
pub(crate) fn write_section(out: &mut impl Write, section: Section, parts: &[&[u8]]) -> io::Result<()> {
    out.write_all(&section.0.to_le_bytes())?;
    out.write_all(&parts.iter().map(|part| part.len() as u64).sum::<u64>().to_le_bytes())?;
    parts.iter().try_for_each(|part| out.write_all(part))
}

/// Reads numbers one after the other from a section that is in memory.
pub(crate) struct Cursor<'a>(pub(crate) &'a [u8]);

impl<'a> Cursor<'a> {
    /// The next `n` bytes; none if there are fewer.
    pub(crate) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor as File;

    const FIRST: Section = Section(1, "first");
    const SECOND: Section = Section(7, "second");

    fn file() -> Vec<u8> {
        let mut out = vec![];
        write_head(&mut out, "test", 1, 2).unwrap();
        write_section(&mut out, SECOND, &[b"se", b"cond"]).unwrap();
        write_section(&mut out, FIRST, &[b"1"]).unwrap();
        out
    }

    fn open(bytes: &[u8]) -> Result<Container<File<&[u8]>>, ContainerError> {
        Container::open(File::new(bytes), "test", 1)
    }

    #[test]
    fn sections_are_found_in_any_order() {
        let bytes = file();
        let mut container = open(&bytes).unwrap();
        assert!(container.has(FIRST) && !container.has(Section(2, "other")));
        assert_eq!(container.exactly(SECOND, 6).unwrap(), b"second");
        assert_eq!(container.part(SECOND, 2, 3).unwrap(), b"con");
        assert!(matches!(container.part(SECOND, 2, 5), Err(ContainerError::Length { expected: 7, found: 6, .. })));
        assert!(matches!(container.part(SECOND, u64::MAX, 5), Err(ContainerError::Length { .. })));
        assert!(matches!(container.exactly(FIRST, 2), Err(ContainerError::Length { .. })));
        assert!(matches!(container.exactly(Section(9, "none"), 2), Err(ContainerError::Missing { section: 9, .. })));
    }

    #[test]
    fn every_cut_is_noticed() {
        let bytes = file();
        for len in 0..bytes.len() {
            assert!(open(&bytes[..len]).is_err(), "{len}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(matches!(open(&longer), Err(ContainerError::Sections)));
    }

    #[test]
    fn heads_that_lie_are_refused() {
        let change = |at: usize, to: u8| {
            let mut bytes = file();
            bytes[at] = to;
            open(&bytes).err().unwrap()
        };
        assert!(matches!(change(0, b'x'), ContainerError::Magic { .. }));
        assert!(matches!(change(4, 2), ContainerError::Version { found: 2, .. }));
        assert!(matches!(change(8, 3), ContainerError::Sections));
        assert!(matches!(change(8, 1), ContainerError::Sections));
        assert!(matches!(change(11, 1), ContainerError::Sections));
        assert!(matches!(change(30, 7), ContainerError::Repeated { section: 7 }));
        assert!(matches!(change(23, 0xff), ContainerError::Truncated { section: 7 }));
    }
}
