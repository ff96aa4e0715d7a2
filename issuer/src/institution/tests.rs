//! Ingest: malformed rows by line and column, nothing published, and what a publication gives out.

use super::*;
use crate::StoreError;
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::month::Month;
use probity_credit::schema::{FeatureDef, Kind, Rule, Schema};
use probity_ledger::delivery::{Delivery, FileOpening};
use probity_ledger::keys::SecretKey;
use probity_ledger::transaction::Slot;
use proptest::prelude::*;
use std::path::Path;

const MAPPING: &str = r#"
    key = "customer"
    [[features]]
    feature = "balance"
    column = "balance_eur"
    read = "decimal"
    scale = 2
    [[features]]
    feature = "accounts"
    column = "accounts"
    read = "integer"
    missing = ["", "-"]
    [[features]]
    feature = "housing"
    column = "housing"
    read = "category"
    aliases = { "owner" = "own" }
    [[features]]
    feature = "age"
    column = "born"
    read = "elapsed-years"
"#;

const GOOD: &str = "customer,balance_eur,accounts,housing,born,note\n\
    Ada,12.50,2,own,1980-06-30,\"a, \"\"quoted\"\" note\"\n\
    Bob,-3,-,owner,NA,\n\
    Cy,,0,rent,2000-12-01,x\n";

fn schema() -> Schema {
    let def = |name: &str, kind, rule, categories: &[&str]| {
        let categories = categories.iter().map(|c| (*c).into()).collect();
        Some(FeatureDef { name: name.into(), unit: "unit".into(), kind, rule, categories })
    };
    let mut features = vec![None; 20];
    features[0] = def("balance", Kind::Money, Rule::SumFull, &[]);
    features[1] = def("accounts", Kind::Count, Rule::SumFull, &[]);
    features[10] = def("age", Kind::Years, Rule::Max, &[]);
    features[11] = def("housing", Kind::Code, Rule::Max, &["rent", "own"]);
    Schema { name: "test".into(), version: 1, features }
}

fn roster() -> Roster {
    Roster::read("legal_id,position\nAda,7\nBob,3\nCy,134217727\n".as_bytes()).unwrap()
}

fn options(key: &SecretKey) -> IngestOptions {
    IngestOptions {
        chain_id: Digest::of("test", &[b"chain"]),
        institution: key.public(),
        slot: Slot::new(5).unwrap(),
        domain: Domain::Bank,
        month: "2026-11".parse().unwrap(),
        sequence: 0,
        unknown_customers: UnknownCustomers::Refuse,
        baseline: None,
    }
}

fn run(dir: &Path, csv: &[u8], mapping: &str, options: IngestOptions) -> Result<IngestReport, IngestError> {
    let mapping = Mapping::from_toml(mapping)?;
    ingest(dir, "records.csv", csv, Some(csv.len() as u64), &mapping, &schema(), &roster(), options, &mut |_| {})
}

/// The errors of rows in `csv`, after making sure that nothing was left on disk.
fn refused(csv: &[u8]) -> Vec<(u64, Option<String>, RowProblem)> {
    let dir = tempfile::tempdir().unwrap();
    let IngestError::Rows { errors, file, .. } =
        run(&dir.path().join("home"), csv, MAPPING, options(&SecretKey::generate())).err().unwrap()
    else {
        panic!("rows are refused")
    };
    assert_eq!(file, "records.csv");
    let left: Vec<_> = std::fs::read_dir(dir.path().join("home/publications")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    errors.into_iter().map(|e| (e.line, e.column, e.problem)).collect()
}

#[test]
fn a_publication_gives_out_what_was_read() {
    let (dir, key) = (tempfile::tempdir().unwrap(), SecretKey::generate());
    let report = run(&dir.path().join("home"), GOOD.as_bytes(), MAPPING, options(&key)).unwrap();
    assert_eq!((report.records, report.skipped), (3, 0));
    let written = report.publication;
    let read = Publication::open(&dir.path().join("home"), Slot::new(5).unwrap(), Month::new(2026, 11).unwrap(), 0).unwrap();
    assert_eq!(read.facts(), written.facts());
    assert_eq!(read.positions(), [3, 7, 134_217_727]);
    assert!(!read.is_signed());

    let commitment = read.commitment(&key).unwrap();
    let list = read.membership(&key).unwrap();
    list.check().unwrap();
    list.check_root().unwrap();
    assert_eq!((commitment.files, commitment.membership, commitment.root), (3, Some(list.terms.digest()), list.terms.root));
    assert!(written.is_signed(), "one publication, whoever has it open");
    assert!(matches!(written.discard(), Err(PublicationError::Signed)));

    let values = |position| {
        let opening = read.opening(position, &key).unwrap();
        opening.check().unwrap();
        [0, 1, 10, 11].map(|slot| opening.file.features[slot].value())
    };
    assert_eq!(values(7), [Some(1250), Some(2), Some(46), Some(1)]);
    assert_eq!(values(3), [Some(-300), None, None, Some(1)]);
    assert_eq!(values(134_217_727), [None, Some(0), Some(25), Some(0)]);
    assert!(matches!(read.opening(4, &key), Err(PublicationError::NotACustomer)));
    assert!(matches!(read.opening(3, &SecretKey::generate()), Err(PublicationError::Key { .. })));

    let out = dir.path().join("openings");
    read.hand_out(&out, &key, &mut |_| {}).unwrap();
    let handed = FileOpening::from_json(&std::fs::read(out.join("7.json")).unwrap()).unwrap();
    assert_eq!(handed, read.opening(7, &key).unwrap());
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 3);
    assert!(matches!(read.hand_out(&out, &key, &mut |_| {}), Err(PublicationError::Store(StoreError::Exists { .. }))));
}

#[test]
fn secrets_are_fresh_and_quotes_do_not_matter() {
    let (dir, key) = (tempfile::tempdir().unwrap(), SecretKey::generate());
    let first = run(&dir.path().join("home"), GOOD.as_bytes(), MAPPING, options(&key)).unwrap().publication;
    let quoted = GOOD.replace("Ada,12.50", "\"Ada\",\"12.50\"");
    let again =
        run(&dir.path().join("home"), quoted.as_bytes(), MAPPING, IngestOptions { sequence: 1, ..options(&key) }).unwrap().publication;
    let (a, b) = (first.opening(7, &key).unwrap(), again.opening(7, &key).unwrap());
    assert_eq!((a.file.features, a.file.records_digest), (b.file.features, b.file.records_digest));
    assert_ne!(a.file.blinding, b.file.blinding);
    assert!(a.path.levels.iter().zip(&b.path.levels).all(|(x, y)| x.iter().zip(y).all(|(x, y)| x != y)), "no sibling stays");
    assert_ne!(a.file.blinding, first.opening(3, &key).unwrap().file.blinding);
    let edited =
        run(&dir.path().join("home"), GOOD.replace(" note", "").as_bytes(), MAPPING, IngestOptions { sequence: 2, ..options(&key) })
            .unwrap();
    assert_ne!(edited.publication.opening(7, &key).unwrap().file.records_digest, a.file.records_digest, "unmapped columns count too");
    assert_eq!(publications(&dir.path().join("home")).unwrap().iter().map(|p| p.facts().sequence).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn the_same_customers_need_no_identity_update() {
    let (dir, key) = (tempfile::tempdir().unwrap(), SecretKey::generate());
    let first = run(&dir.path().join("home"), GOOD.as_bytes(), MAPPING, options(&key)).unwrap().publication;
    let next = |sequence, csv: &str| {
        let options = IngestOptions { sequence, baseline: Some(first.positions()), ..options(&key) };
        run(&dir.path().join("home"), csv.as_bytes(), MAPPING, options).unwrap().publication.facts().membership
    };
    assert_eq!(next(1, &GOOD.replace("12.50", "13")), None);
    assert!(next(2, &GOOD.replace("Cy,,0,rent,2000-12-01,x\n", "")).is_some());
    let exists = run(&dir.path().join("home"), GOOD.as_bytes(), MAPPING, options(&key)).err().unwrap();
    assert!(matches!(exists, IngestError::Store(StoreError::Exists { .. })));
    first.discard().unwrap();
    run(&dir.path().join("home"), GOOD.as_bytes(), MAPPING, options(&key)).unwrap();
}

#[test]
fn malformed_rows_are_named_and_nothing_is_published() {
    let one = |from: &str, to: &str| {
        assert!(GOOD.contains(from), "{from}");
        refused(GOOD.replacen(from, to, 1).as_bytes())
    };
    let at = |line, column: &str, problem| vec![(line, Some(column.to_string()), problem)];
    assert_eq!(one("12.50", "12,50"), [(2, None, RowProblem::FieldCount { expected: 6, found: 7 })]);
    assert_eq!(one("12.50", "12.505"), at(2, "balance_eur", RowProblem::TooFine { scale: 2 }));
    assert_eq!(one("12.50", "EUR 12"), at(2, "balance_eur", RowProblem::NotDecimal));
    assert_eq!(one("12.50", "5497558138.88"), at(2, "balance_eur", RowProblem::Range));
    assert_eq!(one("Bob,-3,-", "Bob,-3,two"), at(3, "accounts", RowProblem::NotInteger));
    assert_eq!(one("Bob,-3,-", "Bob,-3,NA"), at(3, "accounts", RowProblem::NotInteger), "its own tokens take the place of the others");
    assert_eq!(one("rent", "tent"), at(4, "housing", RowProblem::UnknownCategory));
    assert_eq!(one("1980-06-30", "30.06.1980"), at(2, "born", RowProblem::NotDate));
    assert_eq!(one("1980-06-30", "2026-12-01"), at(2, "born", RowProblem::LaterDate));
    assert_eq!(one("Ada", "Eve"), at(2, "customer", RowProblem::UnknownCustomer));
    assert_eq!(one("Bob", "Ada"), at(3, "customer", RowProblem::DuplicateCustomer));
    assert_eq!(one("Bob", ""), at(3, "customer", RowProblem::LegalId));
    assert_eq!(one("12.50,2", "x,y").len(), 2, "all errors of a row are listed");
    let mut latin1 = GOOD.as_bytes().to_vec();
    let rent = GOOD.find("rent").unwrap();
    latin1[rent] = 0xe9;
    assert_eq!(refused(&latin1), at(4, "housing", RowProblem::NotUtf8));
    let open_quote = format!("{GOOD}\"Dan,{}", "x".repeat(400_000));
    assert_eq!(refused(open_quote.as_bytes()), [(5, None, RowProblem::TooLong)]);
    let long = GOOD.replacen(",x\n", &format!(",{}\n", "x".repeat(70_000)), 1);
    assert_eq!(refused(long.as_bytes()), [(4, None, RowProblem::TooLong)]);
    let many = format!("{GOOD}{}", "Eve,1,1,own,1980-01-01,\n".repeat(50));
    assert_eq!(refused(many.as_bytes()).len(), 20);
    let text = IngestError::Rows {
        file: "records.csv".into(),
        errors: vec![RowError { line: 2, column: Some("housing".into()), problem: RowProblem::UnknownCategory }],
        stopped: false,
    };
    assert!(text.to_string().contains("records.csv has malformed rows:\n  line 2, column housing: no category"), "{text}");
}

#[test]
fn unknown_customers_can_be_skipped() {
    let (dir, key) = (tempfile::tempdir().unwrap(), SecretKey::generate());
    let skip = || IngestOptions { unknown_customers: UnknownCustomers::Skip, ..options(&key) };
    let report = run(&dir.path().join("home"), GOOD.replace("Ada", "Eve").as_bytes(), MAPPING, skip()).unwrap();
    assert_eq!((report.records, report.skipped, report.publication.facts().files), (3, 1, 2));
    let other = tempfile::tempdir().unwrap();
    let nobody = run(&other.path().join("home"), b"customer,balance_eur,accounts,housing,born\nEve,1,1,own,NA\n", MAPPING, skip());
    assert!(matches!(nobody, Err(IngestError::Empty { .. })));
}

#[test]
fn mappings_and_headers_are_checked() {
    let (dir, key) = (tempfile::tempdir().unwrap(), SecretKey::generate());
    let refused = |from: &str, to: &str| {
        assert!(MAPPING.contains(from), "{from}");
        match run(&dir.path().join("home"), GOOD.as_bytes(), &MAPPING.replacen(from, to, 1), options(&key)) {
            Err(IngestError::Mapping(e)) => e,
            _ => panic!("the mapping is refused"),
        }
    };
    let name = |f: &str| f.to_string();
    assert!(matches!(refused("key", "keys"), MappingError::Toml { .. }));
    assert!(matches!(refused("read = \"integer\"", "read = \"whole\""), MappingError::Toml { .. }));
    assert_eq!(refused("key = \"customer\"", "key = \"client\""), MappingError::Column { column: name("client") });
    assert_eq!(refused("column = \"accounts\"", "column = \"n\""), MappingError::Column { column: name("n") });
    assert_eq!(refused("feature = \"accounts\"", "feature = \"cards\""), MappingError::UnknownFeature { feature: name("cards") });
    assert_eq!(refused("feature = \"accounts\"", "feature = \"balance\""), MappingError::DuplicateFeature { feature: name("balance") });
    assert_eq!(refused("read = \"category\"", "read = \"integer\""), MappingError::Kind { feature: name("housing") });
    assert_eq!(refused("scale = 2", "scale = 10"), MappingError::Scale { feature: name("balance") });
    assert_eq!(refused("scale = 2", ""), MappingError::Scale { feature: name("balance") });
    assert_eq!(refused("read = \"integer\"", "read = \"integer\"\nscale = 1"), MappingError::Scale { feature: name("accounts") });
    let alias = |alias: &str| MappingError::Alias { feature: name("housing"), alias: alias.into() };
    assert_eq!(refused("\"owner\" = \"own\"", "\"owner\" = \"owned\""), alias("owner"));
    assert_eq!(refused("\"owner\" = \"own\"", "\"rent\" = \"own\""), alias("rent"));
    assert_eq!(refused("\"owner\" = \"own\"", "\"a\" = \"own\", \"b\" = \"a\""), alias("b"));
    assert_eq!(refused("key =", "delimiter = \"x\"\nkey ="), MappingError::Delimiter);
    let header = |csv: &[u8]| run(&dir.path().join("home"), csv, MAPPING, options(&key)).err().unwrap();
    assert!(matches!(header(b""), IngestError::Header { .. }));
    assert!(matches!(header(b"\xff,b\n"), IngestError::Header { .. }));
    assert!(matches!(header(GOOD.replacen("note", "born", 1).as_bytes()), IngestError::Mapping(MappingError::Column { .. })));
    assert!(matches!(header(GOOD.lines().next().unwrap().as_bytes()), IngestError::Empty { .. }));
    let semicolons = GOOD.replace(',', ";").replace("\"a; ", "\"a, ");
    run(&dir.path().join("home"), semicolons.as_bytes(), &format!("delimiter = \";\"\n{MAPPING}"), options(&key)).unwrap();
}

#[test]
fn rosters_are_checked() {
    let read = |csv: &str| Roster::read(csv.as_bytes());
    assert_eq!(read("legal_id,position\n").unwrap().len(), 0);
    assert!(matches!(read("id,position\n"), Err(RosterError::Header)));
    for bad in ["Ada,134217728", "Ada,-1", "Ada,+1", "Ada,", ",1", "Ada", "Ada,1,2"] {
        assert!(matches!(read(&format!("legal_id,position\n{bad}\n")), Err(RosterError::Row { line: 2 })), "{bad}");
    }
    assert!(matches!(read("legal_id,position\nAda,1\nBob,1\n"), Err(RosterError::Duplicate)));
    assert!(matches!(read("legal_id,position\nAda,1\n Ada ,2\n"), Err(RosterError::Duplicate)));
}

#[test]
fn damage_on_disk_is_noticed() {
    let (dir, key) = (tempfile::tempdir().unwrap(), SecretKey::generate());
    run(&dir.path().join("home"), GOOD.as_bytes(), MAPPING, options(&key)).unwrap();
    let home = dir.path().join("home/publications/5-2026-11-0");
    for file in ["rows.bin", "leaves.bin", "seeds.bin"] {
        let whole = std::fs::read(home.join(file)).unwrap();
        for at in [0, whole.len() / 2, whole.len() - 1] {
            let mut bad = whole.clone();
            bad[at] ^= 1;
            std::fs::write(home.join(file), &bad).unwrap();
            let opened = Publication::open(&dir.path().join("home"), Slot::new(5).unwrap(), Month::new(2026, 11).unwrap(), 0);
            let opening = opened
                .map_err(PublicationError::from)
                .and_then(|p| p.positions().into_iter().map(|x| p.opening(x, &key)).collect::<Result<Vec<_>, _>>());
            let caught = match &opening {
                Err(PublicationError::Store(StoreError::Damaged { .. })) => true,
                // a row's own copy of its position serves no one but the reader of a damaged file
                Ok(openings) => openings.iter().all(|o| o.check().is_ok()),
                Err(_) => false,
            };
            assert!(caught, "{file} at {at}");
        }
        std::fs::write(home.join(file), whole).unwrap();
    }
}

/// CSV of `rows` customers, made while it is read.
struct Generated {
    row: u32,
    rows: u32,
    rest: Vec<u8>,
}

impl std::io::Read for Generated {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.rest.len() < buffer.len() && self.row < self.rows {
            let r = self.row;
            let line = format!(
                "id{r},{}.{:02},{},{},19{:02}-0{}-1{},note {r}\n",
                r % 9_999,
                r % 100,
                r % 7,
                ["rent", "own"][r as usize % 2],
                r % 99,
                r % 9 + 1,
                r % 10
            );
            self.rest.extend_from_slice(line.as_bytes());
            self.row += 1;
        }
        let n = self.rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&self.rest[..n]);
        self.rest.drain(..n);
        Ok(n)
    }
}

#[test]
fn a_hundred_thousand_rows() {
    const ROWS: u32 = 100_000;
    let (dir, key) = (tempfile::tempdir().unwrap(), SecretKey::generate());
    let roster: String = (0..ROWS).map(|r| format!("id{r},{r}\n")).collect();
    let roster = Roster::read(format!("legal_id,position\n{roster}").as_bytes()).unwrap();
    let source = Generated { row: 0, rows: ROWS, rest: b"customer,balance_eur,accounts,housing,born,note\n".to_vec() };
    let mapping = Mapping::from_toml(MAPPING).unwrap();
    let (mut seen, start) = (vec![], std::time::Instant::now());
    let report =
        ingest(&dir.path().join("home"), "big.csv", source, None, &mapping, &schema(), &roster, options(&key), &mut |p| seen.push(p))
            .unwrap();
    let seconds = start.elapsed().as_secs_f64();
    println!("{ROWS} rows in {seconds:.2} s: {:.0} rows/s", f64::from(ROWS) / seconds);
    assert_eq!((report.records, report.publication.facts().files), (u64::from(ROWS), ROWS));
    let reading: Vec<_> = seen.iter().filter(|p| p.stage == "reading records").map(|p| p.done).collect();
    assert!(reading.len() >= 25 && reading.is_sorted(), "{reading:?}");
    report.publication.opening(77_777, &key).unwrap().check().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_file_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in "[a-cAB0-9,.\"\n\r-]{0,300}", cut in any::<proptest::sample::Index>()) {
        let key = SecretKey::generate();
        let header = GOOD.lines().next().unwrap();
        let mut mixed = GOOD.as_bytes().to_vec();
        mixed.truncate(cut.index(mixed.len()));
        mixed.extend_from_slice(&bytes);
        for csv in [&bytes[..], format!("{header}\n{text}").as_bytes(), &mixed] {
            let dir = tempfile::tempdir().unwrap();
            if let Ok(report) = run(&dir.path().join("home"), csv, MAPPING, options(&key)) {
                for position in report.publication.positions() {
                    report.publication.opening(position, &key).unwrap().check().unwrap();
                }
            }
            let _ = Roster::read(csv);
        }
        let _ = Mapping::from_toml(&text);
    }
}
