use super::*;
use probity_credit::circuit_id::CircuitId;

fn policy() -> Policy {
    let mut policy = probity_credit::policy::testing::policy(CircuitId::Eligibility3);
    let row = |index: u8, name: &str, categories: &[&str]| Attribute {
        index,
        name: name.into(),
        source: Source::Request { categories: categories.iter().map(|c| (*c).to_owned()).collect() },
        edges: vec![1],
        points: vec![0, 5],
        missing: 0,
    };
    policy.attributes.retain(|a| !REQUEST_ATTRIBUTES.contains(&usize::from(a.index)));
    policy.attributes.push(row(6, "amount", &[]));
    policy.attributes.push(row(8, "purpose", &["car", "house"]));
    policy.attributes.sort_by_key(|a| a.index);
    policy
}

fn given(values: &[(&str, AttributeValue)]) -> BTreeMap<String, AttributeValue> {
    values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

#[test]
fn attributes_go_by_name_into_their_slots() {
    use AttributeValue::{Category, Number};
    let house = || Category("house".into());
    let ok = attributes(&policy(), given(&[("amount", Number(-5)), ("purpose", house())])).unwrap();
    assert_eq!(ok, [Some(-5), None, Some(1), None]);
    assert_eq!(attributes(&policy(), given(&[("amount", Number(1)), ("purpose", Number(0))])).unwrap()[2], Some(0));

    let refused = |values: &[(&str, AttributeValue)]| attributes(&policy(), given(values)).unwrap_err().code();
    assert_eq!(refused(&[("purpose", house())]), "attribute-missing");
    assert_eq!(refused(&[("amount", Number(1)), ("purpose", house()), ("term", Number(1))]), "attribute-unknown");
    assert_eq!(refused(&[("amount", house()), ("purpose", house())]), "attribute-value");
    assert_eq!(refused(&[("amount", Number(1 << 39)), ("purpose", house())]), "attribute-value");
    assert_eq!(refused(&[("amount", Number(1)), ("purpose", Number(2))]), "attribute-value");
    assert_eq!(refused(&[("amount", Number(1)), ("purpose", Category("boat".into()))]), "attribute-value");
}

#[test]
fn activity_has_two_ends() {
    let id = Digest::default();
    let entry = PolicyEntry { policy: policy(), active_from: 5, retired_at: Some(9) };
    assert_eq!(check_active(&entry, id, 4), Err(TxError::PolicyNotActive { policy: id, active_from: 5, anchor_height: 4 }));
    assert_eq!(check_active(&entry, id, 5), Ok(()));
    assert_eq!(check_active(&entry, id, 8), Ok(()));
    assert_eq!(check_active(&entry, id, 9), Err(TxError::PolicyRetired { policy: id, height: 9 }));
}

#[test]
fn ids_are_long_and_links_escaped() {
    let (a, b) = (random_text(), random_text());
    assert_ne!(a, b);
    assert_eq!(a.len(), 43);
    assert_eq!(percent_encoded("http://x:1/a_b"), "http%3A%2F%2Fx%3A1%2Fa_b");
}

#[test]
fn requests_parse_strictly() {
    let json = |text: &str| serde_json::from_str::<CreateRequest>(text);
    let policy = Digest::default();
    let ok = json(&format!(r#"{{"policy":"{policy}","purpose":"a car","attributes":{{"amount":5,"purpose":"car"}}}}"#)).unwrap();
    assert_eq!(ok.attributes["purpose"], AttributeValue::Category("car".into()));
    for bad in [
        format!(r#"{{"policy":"{policy}","purpose":"a","attributes":{{"amount":1.5}}}}"#),
        format!(r#"{{"policy":"{policy}","purpose":"a","other":1}}"#),
        r#"{"policy":"00","purpose":"a"}"#.to_owned(),
    ] {
        assert!(json(&bad).is_err(), "{bad}");
    }
}
