//! The layout on disk. All keys that sort by number are big-endian.
//!
//! | column | key | value |
//! |---|---|---|
//! | `meta` | `format`, `chain`, `tip` | u32, chain id, [`super::Tip`] |
//! | `blocks` | height | block |
//! | `certificates` | height | certificate |
//! | `receipts` | height | receipts |
//! | `transactions` | transaction id | height, index |
//! | `nodes` | tree node key | tree node |
//! | `values` | state key, height | value |
//! | `listings` | listing, height, index | id |
//! | `undecided` | height, hash | stored block |
//! | `proposals` | height, round | hash |
//! | `evidence` | digest | equivocation |
//!
//! Old tree nodes and values are kept: every height stays provable. History of the format: 1, the first; 2,
//! a slot keeps all publications that wait, not only the newest; 3, circuits are entries of the state; 4, so are
//! stopped keys.

use super::StateError;
use rocksdb::{ColumnFamily, ColumnFamilyDescriptor, DB, Options};

/// The format this program reads and writes.
pub const FORMAT_VERSION: u32 = 4;

pub(super) const META: &str = "meta";
pub(super) const BLOCKS: &str = "blocks";
pub(super) const CERTIFICATES: &str = "certificates";
pub(super) const RECEIPTS: &str = "receipts";
pub(super) const TRANSACTIONS: &str = "transactions";
pub(super) const NODES: &str = "nodes";
pub(super) const VALUES: &str = "values";
pub(super) const LISTINGS: &str = "listings";
pub(super) const UNDECIDED: &str = "undecided";
pub(super) const PROPOSALS: &str = "proposals";
pub(super) const EVIDENCE: &str = "evidence";

const ALL: [&str; 11] = [META, BLOCKS, CERTIFICATES, RECEIPTS, TRANSACTIONS, NODES, VALUES, LISTINGS, UNDECIDED, PROPOSALS, EVIDENCE];

pub(super) fn open(path: &std::path::Path) -> Result<DB, StateError> {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_paranoid_checks(true);
    options.set_keep_log_file_num(4);
    options.set_max_open_files(512);
    options.set_max_total_wal_size(256 << 20);
    let families = ALL.map(|name| {
        let mut options = Options::default();
        options.set_write_buffer_size(16 << 20);
        ColumnFamilyDescriptor::new(name, options)
    });
    Ok(DB::open_cf_descriptors(&options, path, families)?)
}

pub(super) fn column<'a>(db: &'a DB, name: &'static str) -> &'a ColumnFamily {
    db.cf_handle(name).expect("open creates every column")
}
