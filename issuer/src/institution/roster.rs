//! Where customers lie: the authority's answer to an institution's list.

use super::metered::{BUFFER_BYTES, Metered};
use crate::legal::LegalId;
use probity_credit::digest::Digest;
use probity_credit::tree::POSITION_BITS;
use rand::RngCore;
use rand::rngs::OsRng;
use std::io::Read;

/// Why a roster is refused.
#[derive(Debug, thiserror::Error)]
pub enum RosterError {
    /// Not the two columns.
    #[error("the roster is CSV with the columns legal_id and position, as `probity authority roster` writes it")]
    Header,
    /// A row that is none.
    #[error("line {line} of the roster: a legal identity of 1 to 256 printable bytes and a position below 2^27")]
    Row {
        /// The line.
        line: u64,
    },
    /// One customer or position twice.
    #[error("the roster has a customer or a position twice: ask the authority for a new one")]
    Duplicate,
    /// Reading fails.
    #[error("the roster: {0}")]
    Read(#[from] std::io::Error),
}

/// Positions by legal identity; keeps digests under a key of this process, no names.
pub struct Roster {
    key: [u8; 32],
    positions: Vec<(Digest, u32)>,
}

impl Roster {
    /// Reads the authority's CSV.
    ///
    /// # Errors
    /// [`RosterError`], the first rule broken.
    pub fn read(csv: impl Read) -> Result<Self, RosterError> {
        let mut key = [0; 32];
        OsRng.fill_bytes(&mut key);
        let (metered, meter) = Metered::new(csv);
        let mut reader = csv::ReaderBuilder::new().buffer_capacity(BUFFER_BYTES).from_reader(metered);
        if reader.headers().map_err(|e| broken(e, 1))? != ["legal_id", "position"].as_slice() {
            return Err(RosterError::Header);
        }
        let (mut positions, mut record, mut line) = (vec![], csv::StringRecord::new(), 1);
        loop {
            meter.record_ended();
            if !reader.read_record(&mut record).map_err(|e| broken(e, line + 1))? {
                break;
            }
            line = record.position().map_or(line + 1, csv::Position::line);
            let legal = LegalId::new(&record[0]).map_err(|_| RosterError::Row { line })?;
            let digits = !record[1].is_empty() && record[1].bytes().all(|b| b.is_ascii_digit());
            let position = record[1].parse().ok().filter(|p: &u32| digits && u64::from(*p) >> POSITION_BITS == 0);
            positions.push((legal.lookup(&key), position.ok_or(RosterError::Row { line })?));
        }
        positions.sort_unstable_by_key(|p| p.1);
        let same_position = positions.windows(2).any(|p| p[0].1 == p[1].1);
        positions.sort_unstable();
        if same_position || positions.windows(2).any(|p| p[0].0 == p[1].0) {
            return Err(RosterError::Duplicate);
        }
        Ok(Self { key, positions })
    }

    /// The customer's position.
    pub fn position(&self, legal: LegalId<'_>) -> Option<u32> {
        let digest = legal.lookup(&self.key);
        self.positions.binary_search_by_key(&digest, |p| p.0).ok().map(|at| self.positions[at].1)
    }

    /// Customers in it.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// One more than the largest position.
    pub(super) fn positions_end(&self) -> usize {
        self.positions.iter().map(|p| p.1 as usize + 1).max().unwrap_or(0)
    }
}

fn broken(error: csv::Error, line: u64) -> RosterError {
    let line = error.position().map_or(line, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(e) => RosterError::Read(e),
        _ => RosterError::Row { line },
    }
}
