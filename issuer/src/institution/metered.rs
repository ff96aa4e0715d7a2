//! A reader that bounds one record: an unclosed quote would otherwise swallow the whole file into memory.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// Longest record, bytes.
pub(super) const RECORD_BYTES_MAX: usize = 64 * 1024;
/// What the CSV reader buffers.
pub(super) const BUFFER_BYTES: usize = 64 * 1024;

/// Shared with whoever reads records.
#[derive(Clone, Default)]
pub(super) struct Meter {
    since_record: Rc<Cell<u64>>,
    total: Rc<Cell<u64>>,
}

impl Meter {
    /// A record ended: the next one begins with its whole budget.
    pub(super) fn record_ended(&self) {
        self.since_record.set(0);
    }

    /// Bytes read so far.
    pub(super) fn total(&self) -> u64 {
        self.total.get()
    }

    /// Whether the record that is being read is too long.
    pub(super) fn is_exhausted(&self) -> bool {
        self.since_record.get() > (RECORD_BYTES_MAX + 2 * BUFFER_BYTES) as u64
    }
}

/// Reads through until a record is too long.
pub(super) struct Metered<R> {
    inner: R,
    meter: Meter,
}

impl<R: Read> Metered<R> {
    pub(super) fn new(inner: R) -> (Self, Meter) {
        let meter = Meter::default();
        (Self { inner, meter: meter.clone() }, meter)
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.meter.is_exhausted() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "record too long"));
        }
        let n = self.inner.read(buffer)?;
        self.meter.since_record.set(self.meter.since_record.get() + n as u64);
        self.meter.total.set(self.meter.total.get() + n as u64);
        Ok(n)
    }
}
