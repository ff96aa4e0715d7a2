//! An institution's customers and their positions.

use super::{Authority, AuthorityError};
use crate::legal::LegalId;
use crate::store::StoreError;
use std::io::{Read, Write};

/// People looked up together.
const BATCH: usize = 4096;
/// Longest customer list, bytes: 2^24 customers of 256 bytes.
const LIST_BYTES_MAX: u64 = 1 << 32;

/// What happens to a customer whom nobody registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unregistered {
    /// Gets a position without a key; the institution vouches for the legal identity.
    Reserve,
    /// Is left out and counted.
    LeaveOut,
}

/// What came of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RosterReport {
    /// Customers written with their position.
    pub listed: u64,
    /// Positions given out now.
    pub reserved: u64,
    /// Customers left out.
    pub left_out: u64,
}

impl Authority {
    /// Reads customers from CSV (a header with the column `legal_id`, others are ignored) and writes `legal_id,position`.
    ///
    /// # Errors
    /// [`AuthorityError::CustomerList`] with the line, [`AuthorityError::Full`], [`AuthorityError::Store`].
    pub fn roster(&mut self, customers: impl Read, roster: impl Write, unregistered: Unregistered) -> Result<RosterReport, AuthorityError> {
        let bad = |line, reason| AuthorityError::CustomerList { line, reason };
        let mut reader = csv::ReaderBuilder::new().from_reader(customers.take(LIST_BYTES_MAX));
        let mut writer = csv::Writer::from_writer(roster);
        let header = reader.headers().map_err(|_| bad(1, "a header in UTF-8 is expected"))?;
        let column = header.iter().position(|h| h.trim() == "legal_id").ok_or(bad(1, "the header needs a column legal_id"))?;
        let write = |writer: &mut csv::Writer<_>, fields: [&str; 2]| writer.write_record(fields).map_err(|e| lost(e.into()));
        write(&mut writer, ["legal_id", "position"])?;
        let (mut report, mut line) = (RosterReport::default(), 1);
        let mut records = reader.records();
        loop {
            let mut batch = vec![];
            for record in records.by_ref().take(BATCH) {
                let record = record.map_err(|_| bad(line + 1, "not CSV in UTF-8 with as many fields as the header"))?;
                line = record.position().map_or(line + 1, csv::Position::line);
                LegalId::new(&record[column]).map_err(|_| bad(line, "a legal identity has 1 to 256 printable bytes"))?;
                batch.push(record);
            }
            if batch.is_empty() {
                break;
            }
            let people: Vec<LegalId<'_>> = batch.iter().filter_map(|r| LegalId::new(&r[column]).ok()).collect();
            if unregistered == Unregistered::Reserve {
                let before = self.positions_used();
                self.reserve(&people)?;
                report.reserved += u64::from(self.positions_used() - before);
            }
            for legal in people {
                match self.position(legal) {
                    Ok(position) => {
                        write(&mut writer, [legal.as_str(), &position.to_string()])?;
                        report.listed += 1;
                    }
                    Err(_) => report.left_out += 1,
                }
            }
        }
        writer.flush().map_err(lost)?;
        Ok(report)
    }
}

fn lost(source: std::io::Error) -> AuthorityError {
    StoreError::Io { path: "the roster".into(), source }.into()
}
