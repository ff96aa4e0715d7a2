//! Records in: one pass over the CSV, in memory bounded by 40 bytes a customer and one batch of records.

use super::error::{ERRORS_MAX, IngestError, RowError, RowProblem};
use super::mapping::{Columns, Mapping};
use super::metered::{BUFFER_BYTES, Meter, Metered, RECORD_BYTES_MAX};
use super::publication::{LeafEntry, Publication, PublicationFacts, ROWS_FILE};
use super::roster::Roster;
use super::row::Row;
use super::seeds::Seeds;
use crate::legal::LegalId;
use crate::store::{self, Draft};
use crate::{OnProgress, Progress};
use csv::ByteRecord;
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::field::FieldBytes;
use probity_credit::file::{FEATURES, Feature};
use probity_credit::hash::label;
use probity_credit::month::Month;
use probity_credit::schema::Schema;
use probity_ledger::delivery::MEMBERS_MAX;
use probity_ledger::keys::PublicKey;
use probity_ledger::transaction::Slot;
use rayon::prelude::*;
use std::io::{BufWriter, Read, Write};
use std::path::Path;

/// Most columns of a file.
const COLUMNS_MAX: usize = 1024;
/// Records read before they are worked on together.
const BATCH_RECORDS: usize = 4096;
/// Bytes of records after which a batch is full.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// What happens to a record whose customer is not in the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownCustomers {
    /// It is an error, as any malformed row.
    Refuse,
    /// It is left out and counted.
    Skip,
}

/// What a publication is, beyond its records.
#[derive(Debug, Clone)]
pub struct IngestOptions {
    /// The chain.
    pub chain_id: Digest,
    /// The institution's key on the chain.
    pub institution: PublicKey,
    /// Its slot for the domain.
    pub slot: Slot,
    /// The domain.
    pub domain: Domain,
    /// The month that the records describe.
    pub month: Month,
    /// 0 for a month's first publication; a correction adds 1.
    pub sequence: u32,
    /// Customers without a position.
    pub unknown_customers: UnknownCustomers,
    /// Positions of the publication that is staged or live in the slot: with the same customers no identity update is needed.
    pub baseline: Option<Vec<u32>>,
}

/// What came of it.
pub struct IngestReport {
    /// The publication, on disk.
    pub publication: Publication,
    /// Records read.
    pub records: u64,
    /// Records left out, as the customer is not in the roster.
    pub skipped: u64,
}

/// Reads CSV from `source` into a new publication below `dir`. `name` is the file's name for messages, `bytes` its length if known.
///
/// # Errors
/// [`IngestError`]; nothing is left on disk then.
#[expect(clippy::too_many_arguments, reason = "each is a noun of its own, named at the one call")]
pub fn ingest(
    dir: &Path,
    name: &str,
    source: impl Read,
    bytes: Option<u64>,
    mapping: &Mapping,
    schema: &Schema,
    roster: &Roster,
    options: IngestOptions,
    on_progress: OnProgress<'_>,
) -> Result<IngestReport, IngestError> {
    let mut records = Records::open(name, source, mapping)?;
    let columns = mapping.bind(schema, &records.header, options.month)?;
    store::private_dir(dir)?;
    let draft = Draft::begin(&Publication::path(dir, options.slot, options.month, options.sequence))?;
    let seeds = Seeds::fresh();
    let rows_path = draft.path().join(ROWS_FILE);
    let mut rows_file = BufWriter::new(store::create_drafted(&rows_path)?);

    let parser = Parser { header: &records.header.clone(), columns: &columns, roster, seeds: &seeds, unknown: options.unknown_customers };
    let mut seen = Seen::new(roster.positions_end());
    let (mut leaves, mut errors, mut count, mut skipped) = (Vec::<LeafEntry>::new(), vec![], 0u64, 0u64);
    let mut batch = vec![];
    let stopped = loop {
        let more = records.read_batch(&mut batch, &mut errors)?;
        count += batch.len() as u64;
        let parsed: Vec<_> = batch.par_iter().map(|(line, record)| parser.parse(*line, record)).collect();
        for ((line, _), parsed) in batch.iter().zip(parsed) {
            match parsed {
                Err(found) => errors.extend(found),
                Ok(None) => skipped += 1,
                Ok(Some((row, _))) if !seen.insert(row.position) => {
                    let column = Some(mapping.key.clone());
                    errors.push(RowError { line: *line, column, problem: RowProblem::DuplicateCustomer });
                }
                Ok(Some((row, leaf))) => {
                    rows_file.write_all(&row.to_bytes()).map_err(store::io(&rows_path))?;
                    let number = u32::try_from(leaves.len()).expect("fewer than 2^24 rows");
                    leaves.push(LeafEntry { position: row.position, row: number, leaf });
                }
            }
        }
        on_progress(Progress { stage: "reading records", done: records.meter.total(), total: bytes });
        if leaves.len() > MEMBERS_MAX {
            return Err(IngestError::TooMany { file: name.into(), limit: MEMBERS_MAX });
        }
        if !more || errors.len() >= ERRORS_MAX {
            break more || records.broken;
        }
    };
    if !errors.is_empty() {
        errors.sort_by_key(|e| e.line);
        errors.truncate(ERRORS_MAX);
        return Err(IngestError::Rows { file: name.into(), errors, stopped });
    }
    if leaves.is_empty() {
        return Err(IngestError::Empty { file: name.into() });
    }
    let rows_file = rows_file.into_inner().map_err(|e| store::io(&rows_path)(e.into_error()))?;
    rows_file.sync_all().map_err(store::io(&rows_path))?;

    leaves.sort_unstable_by_key(|l| l.position);
    on_progress(Progress { stage: "building the tree", done: 0, total: None });
    let publication = Publication::write(draft, facts(&options, schema), seeds, leaves, options.baseline.as_deref())?;
    on_progress(Progress { stage: "building the tree", done: 1, total: Some(1) });
    Ok(IngestReport { publication, records: count, skipped })
}

/// The facts that are known before the tree is built.
fn facts(options: &IngestOptions, schema: &Schema) -> PublicationFacts {
    PublicationFacts {
        chain_id: options.chain_id,
        institution: options.institution,
        slot: options.slot,
        domain: options.domain,
        month: options.month,
        sequence: options.sequence,
        schema: schema.id(),
        root: FieldBytes::ZERO,
        files: 0,
        membership: None,
    }
}

/// Records with their lines, bounded one by one and in batches.
struct Records<R> {
    name: String,
    header: Vec<String>,
    reader: csv::Reader<Metered<R>>,
    meter: Meter,
    line: u64,
    broken: bool,
}

impl<R: Read> Records<R> {
    fn open(name: &str, source: R, mapping: &Mapping) -> Result<Self, IngestError> {
        let (metered, meter) = Metered::new(source);
        let mut builder = csv::ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(mapping.delimiter()?).buffer_capacity(BUFFER_BYTES);
        let mut reader = builder.from_reader(metered);
        let (header_error, mut header) = (|| IngestError::Header { file: name.into() }, ByteRecord::new());
        if !reader.read_byte_record(&mut header).map_err(|_| header_error())? || header.len() > COLUMNS_MAX {
            return Err(header_error());
        }
        let header = header.iter().map(|h| std::str::from_utf8(h).map(|h| h.trim().to_string())).collect::<Result<Vec<_>, _>>();
        Ok(Self { name: name.into(), header: header.map_err(|_| header_error())?, reader, meter, line: 1, broken: false })
    }

    /// Fills `batch`; false after the last record.
    fn read_batch(&mut self, batch: &mut Vec<(u64, ByteRecord)>, errors: &mut Vec<RowError>) -> Result<bool, IngestError> {
        batch.clear();
        let mut bytes = 0;
        while batch.len() < BATCH_RECORDS && bytes < BATCH_BYTES {
            self.meter.record_ended();
            let mut record = ByteRecord::new();
            let read = self.reader.read_byte_record(&mut record);
            let line = record.position().map_or(self.line + 1, csv::Position::line);
            match read {
                Ok(false) => return Ok(false),
                Ok(true) if record.as_slice().len() <= RECORD_BYTES_MAX => {
                    self.line = line;
                    bytes += record.as_slice().len();
                    batch.push((line, record));
                }
                Ok(true) => errors.push(RowError { line, column: None, problem: RowProblem::TooLong }),
                Err(error) => {
                    self.broken = true;
                    let line = error.position().map_or(self.line + 1, csv::Position::line);
                    match error.into_kind() {
                        csv::ErrorKind::Io(_) if self.meter.is_exhausted() => {
                            errors.push(RowError { line, column: None, problem: RowProblem::TooLong });
                        }
                        csv::ErrorKind::Io(source) => return Err(IngestError::Read { file: self.name.clone(), source }),
                        _ => errors.push(RowError { line, column: None, problem: RowProblem::NotCsv }),
                    }
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

/// Turns a record into a row and its leaf.
struct Parser<'a> {
    header: &'a [String],
    columns: &'a Columns,
    roster: &'a Roster,
    seeds: &'a Seeds,
    unknown: UnknownCustomers,
}

impl Parser<'_> {
    /// `None` if the customer is skipped.
    fn parse(&self, line: u64, record: &ByteRecord) -> Result<Option<(Row, FieldBytes)>, Vec<RowError>> {
        let (expected, found) = (self.header.len(), record.len());
        if expected != found {
            return Err(vec![RowError { line, column: None, problem: RowProblem::FieldCount { expected, found } }]);
        }
        let refuse = |column: usize, problem| RowError { line, column: Some(self.header[column].clone()), problem };
        let text = |column: usize| std::str::from_utf8(&record[column]).map(str::trim).map_err(|_| refuse(column, RowProblem::NotUtf8));
        let mut errors = vec![];
        let position = match self.position(text(self.columns.key)) {
            Ok(position) => position,
            Err(problem) => {
                errors.push(problem.unwrap_or_else(|problem| refuse(self.columns.key, problem)));
                None
            }
        };
        let mut features = [Feature::MISSING; FEATURES];
        for one in &self.columns.features {
            let read = text(one.column).and_then(|text| {
                let missing = one.missing.iter().any(|token| token == text);
                if missing { Ok(Feature::MISSING) } else { one.reader.read(text).map_err(|p| refuse(one.column, p)) }
            });
            match read {
                Ok(feature) => features[one.slot] = feature,
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(position.map(|position| {
            let row = Row { position, features, records_digest: self.digest(record) };
            let leaf = row.file(self.seeds).leaf().into();
            (row, leaf)
        }))
    }

    /// The customer's position; `None` to skip. The error is a whole refusal or a problem of the key column.
    fn position(&self, text: Result<&str, RowError>) -> Result<Option<u32>, Result<RowError, RowProblem>> {
        let legal = LegalId::new(text.map_err(Ok)?).map_err(|_| Err(RowProblem::LegalId))?;
        match (self.roster.position(legal), self.unknown) {
            (None, UnknownCustomers::Refuse) => Err(Err(RowProblem::UnknownCustomer)),
            (found, _) => Ok(found),
        }
    }

    /// Commits to the whole record as the file has it, quoting aside: column names and fields in order.
    fn digest(&self, record: &ByteRecord) -> Digest {
        let parts: Vec<&[u8]> = self.header.iter().zip(record).flat_map(|(name, field)| [name.as_bytes(), field]).collect();
        Digest::of(label::sha256::RECORDS, &parts)
    }
}

/// Positions that have a row already: one bit each, at most 16 MB.
struct Seen(Vec<u64>);

impl Seen {
    fn new(end: usize) -> Self {
        Self(vec![0; end.div_ceil(64)])
    }

    /// False if it was there.
    fn insert(&mut self, position: u32) -> bool {
        let (word, bit) = (&mut self.0[position as usize / 64], 1u64 << (position % 64));
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}
