//! Each rule refuses its own mutation of a small card; real and random cards are in the modules below.

mod german;
mod random;

use crate::{ImportError, ImportOptions, draft_schema, import};
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::nullifier::ScopeKind;
use probity_credit::policy::{Attribute, Policy, PolicyError, Source};
use probity_credit::schema::Schema;

const CARD: &str = "variable,bin,points\n\
    basepoints,,100.0\n\
    income,\"[-inf,1000.0)\",-10.0\n\
    income,\"[1000.0,2500.5)\",0.0\n\
    income,\"[2500.5,inf)\",15.0\n\
    income,-1,-30\n\
    income,missing,-3.0\n\
    housing,own,7.0\n\
    housing,\"rent%,%free\",-14.0\n\
    purpose,\"car%,%missing\",4\n\
    purpose,\"tv, radio\",4\n\
    purpose,trip,-9\n";

fn options(request: &[&str]) -> ImportOptions {
    ImportOptions {
        name: "small".into(),
        owner: Digest::of("test", &[b"lender"]),
        circuit: CircuitId::Eligibility3,
        cut_off: 90,
        request: request.iter().map(|r| (*r).into()).collect(),
        request_categories: [].into(),
        scales: [("income".to_string(), 1)].into(),
        weights: [100; 8],
        decay: [100; 12],
        complete: true,
        show_person: true,
        scope: ScopeKind::Lender,
    }
}

fn schema() -> Schema {
    draft_schema(CARD.as_bytes(), "small", &["purpose".into()]).unwrap()
}

fn small(card: &str) -> Result<Policy, ImportError> {
    import(card.as_bytes(), &schema(), options(&["purpose"]))
}

#[test]
fn a_small_card_becomes_a_policy() {
    let policy = small(CARD).unwrap();
    let income = Attribute {
        index: 0,
        name: "income".into(),
        source: Source::Feature,
        edges: vec![-10, -9, 10_000, 25_005],
        points: vec![-10, -30, -10, 0, 15],
        missing: -3,
    };
    let purpose = Attribute {
        index: 6,
        name: "purpose".into(),
        source: Source::Request { categories: vec!["car".into(), "tv, radio".into(), "trip".into()] },
        edges: vec![2],
        points: vec![4, -9],
        missing: 4,
    };
    let housing =
        Attribute { index: 10, name: "housing".into(), source: Source::Feature, edges: vec![1], points: vec![7, -14], missing: -14 };
    assert_eq!(policy.attributes, [income, purpose, housing]);
    assert_eq!((policy.base_points, policy.cut_off), (100, 90));
    let indexed = CARD.lines().enumerate().map(|(i, l)| if i == 0 { format!(",{l}\n") } else { format!("{i},{l}\n") });
    assert_eq!(small(&indexed.collect::<String>()).unwrap(), policy, "pandas' index column is no harm");
}

#[test]
fn categories_follow_the_schema_or_the_options() {
    let mut schema = schema();
    let housing = schema.slot("housing").unwrap();
    schema.features[housing].as_mut().unwrap().categories.swap(0, 1);
    let mut options = options(&["purpose"]);
    options.request_categories.insert("purpose".into(), vec!["trip".into(), "tv, radio".into(), "car".into()]);
    let policy = import(CARD.as_bytes(), &schema, options).unwrap();
    assert_eq!((&policy.attribute(10).unwrap().edges, &policy.attribute(10).unwrap().points), (&vec![1, 2], &vec![-14, 7, -14]));
    assert_eq!((&policy.attribute(6).unwrap().edges, &policy.attribute(6).unwrap().points), (&vec![1], &vec![-9, 4]));
}

#[test]
fn each_rule_of_cards_refuses() {
    let refused = |from: &str, to: &str| {
        assert!(CARD.contains(from), "{from}");
        small(&CARD.replacen(from, to, 1)).unwrap_err()
    };
    let (income, housing) = (|| "income".to_string(), || "housing".to_string());
    assert_eq!(refused("variable,bin,points", "variable,bin,woe"), ImportError::Header);
    assert_eq!(refused("variable,bin,points", "variable,bin,points,extra"), ImportError::Header);
    assert_eq!(refused("housing,own,7.0", "housing,own"), ImportError::Csv { row: 8 });
    assert_eq!(refused("basepoints,,100.0\n", ""), ImportError::NoBasePoints);
    assert_eq!(refused("housing,own,7.0", "basepoints,,7.0"), ImportError::SecondBasePoints { row: 8 });
    assert_eq!(refused("housing,own,7.0", "housing,own,7.5"), ImportError::Points { row: 8 });
    assert_eq!(refused("housing,own,7.0", "housing,own,many"), ImportError::Points { row: 8 });
    assert_eq!(refused("housing,own,7.0", "housing,own,2147483648"), ImportError::Points { row: 8 });
    assert_eq!(refused("housing,own,7.0", "housing,,7.0"), ImportError::Bin { row: 8 });
    assert_eq!(refused("rent%,%free", "rent%,%"), ImportError::Bin { row: 9 });
    assert_eq!(refused("housing,own,7.0", ",own,7.0"), ImportError::VariableName { row: 8 });
    assert_eq!(refused("housing,own,7.0", "home,own,7.0"), ImportError::UnknownVariable { row: 8, variable: "home".into() });
    let kind = refused("housing,own,7.0", "housing,\"[-inf,inf)\",7.0");
    assert_eq!(kind, ImportError::Kind { row: 8, variable: housing(), found: "intervals", expected: "categories" });
    assert_eq!(refused("2500.5)", "2500.55)"), ImportError::EdgeFraction { row: 4, variable: income(), scale: 1 });
    assert_eq!(refused("2500.5)", "1e300)"), ImportError::EdgeRange { row: 4, variable: income(), scale: 1 });
    assert_eq!(refused("income,-1,", "income,none,"), ImportError::NotNumeric { row: 6, variable: income() });
    assert_eq!(refused("[1000.0,", "[1001.0,"), ImportError::Tiling { row: 3, variable: income() });
    assert_eq!(refused("[1000.0,", "[999.0,"), ImportError::Tiling { row: 3, variable: income() });
    assert_eq!(refused("[-inf,", "[0,"), ImportError::Tiling { row: 3, variable: income() });
    assert_eq!(refused("[1000.0,", "[-inf,"), ImportError::Tiling { row: 3, variable: income() });
    assert_eq!(refused("inf)\",15", "5000)\",15"), ImportError::Tiling { row: 5, variable: income() });
    let twice = |row, variable: &str, part: &str| ImportError::Twice { row, variable: variable.into(), part: part.into() };
    assert_eq!(refused("income,-1,-30", "income,missing,-30"), twice(7, "income", "missing"));
    assert_eq!(refused("income,-1,-30", "income,\"-1%,%-1.0\",-30"), twice(6, "income", "-10"));
    assert_eq!(refused("rent%,%free", "rent%,%own%,%free"), twice(9, "housing", "own"));
    let unknown = ImportError::UnknownCategory { row: 9, variable: housing(), category: "squat".into() };
    assert_eq!(refused("rent%,%free", "rent%,%free%,%squat"), unknown);
    let without = ImportError::CategoryWithoutBin { row: 8, variable: housing(), category: "free".into() };
    assert_eq!(refused("rent%,%free", "rent"), without);
    assert_eq!(refused("tv, radio", &"x".repeat(97)), ImportError::CategoryName { row: 11, variable: "purpose".into() });
    let bins: String = (0..11).map(|i| format!("income,{},{i}\n", 10 * i)).collect();
    assert!(matches!(refused("income,-1,-30\n", &bins), ImportError::TooManyBins { row: 3, .. }));
    let rows: String = (0..21).map(|i| format!("v{i},x,1\n")).collect();
    assert_eq!(refused("housing,own,7.0\n", &rows), ImportError::VariableCount { count: 24 });
    assert_eq!(small("variable,bin,points\nbasepoints,,1\n"), Err(ImportError::VariableCount { count: 0 }));
    assert_eq!(small(""), Err(ImportError::Header));
    assert!(matches!(small(&" ".repeat(1 << 21)), Err(ImportError::TooLong { .. })));
    assert!(matches!(refused("housing,own,7.0", "housing,own,5000"), ImportError::Policy(PolicyError::Spread { index: 10, .. })));
}

#[test]
fn each_rule_of_options_refuses() {
    let with = |f: &dyn Fn(&mut ImportOptions)| {
        let mut o = options(&["purpose"]);
        f(&mut o);
        import(CARD.as_bytes(), &schema(), o).unwrap_err()
    };
    assert_eq!(with(&|o| o.request = vec!["x".into(); 5]), ImportError::RequestCount { count: 5 });
    assert_eq!(with(&|o| o.request.push("nothing".into())), ImportError::RequestName { variable: "nothing".into() });
    assert_eq!(with(&|o| o.request.push("purpose".into())), ImportError::RequestName { variable: "purpose".into() });
    assert!(matches!(
        with(&|o| {
            o.scales.insert("housing".into(), 2);
        }),
        ImportError::OptionName { .. }
    ));
    assert!(matches!(
        with(&|o| {
            o.request_categories.insert("housing".into(), vec![]);
        }),
        ImportError::OptionName { .. }
    ));
    assert!(matches!(with(&|o| o.cut_off = 1_000), ImportError::Policy(PolicyError::Allowance { .. })));
    assert!(matches!(with(&|o| o.complete = false), ImportError::Policy(PolicyError::MissingNotWorst { index: 0 })));
    let mut moved = schema();
    moved.features.swap(0, 6);
    let taken = import(CARD.as_bytes(), &moved, options(&["purpose"]));
    assert_eq!(taken, Err(ImportError::SlotTaken { row: 3, variable: "income".into(), slot: 6 }));
}

#[test]
fn a_draft_finds_room_or_says_so() {
    let card = |numbers: usize, categories: usize| {
        let numbers = (0..numbers).map(|i| format!("n{i},\"[-inf,0)\",1\nn{i},\"[0,inf)\",2\n"));
        let categories = (0..categories).map(|i| format!("c{i},a,1\nc{i},b,2\n"));
        format!("variable,bin,points\nbasepoints,,0\n{}", numbers.chain(categories).collect::<String>())
    };
    let draft = |numbers, categories, request: &[&str]| {
        let request: Vec<String> = request.iter().map(|r| (*r).into()).collect();
        draft_schema(card(numbers, categories).as_bytes(), "d", &request)
    };
    let full = draft(20, 0, &["n3", "n4"]).unwrap();
    assert_eq!((full.slot("n0"), full.slot("n7"), full.slot("n8"), full.slot("n19")), (Some(0), Some(5), Some(8), Some(19)));
    let both = draft(10, 10, &[]).unwrap();
    assert_eq!((both.slot("n9"), both.slot("c0"), both.slot("c9")), (Some(9), Some(10), Some(19)));
    assert_eq!(draft(0, 11, &[]), Err(ImportError::NoSlot { row: 23, variable: "c10".into() }));
    draft(0, 11, &["c10"]).unwrap();
}
