//! Proving keys, given out in pieces.

use crate::world::world;
use serde_json::json;

#[test]
fn keys_are_fetched_piece_by_piece() {
    let (world, client) = (world(), world().client());
    assert_eq!(client.get("/v1/parameters").ok(), json!([]));
    assert_eq!(client.get("/v1/parameters/eligibility-3/transcript").problem(), (404, "parameters-unknown".into()));

    let folder = world.home.parameters();
    std::fs::create_dir_all(&folder).unwrap();
    let key: Vec<u8> = (0..2_500_000u32).map(|i| (i % 251) as u8).collect();
    std::fs::write(folder.join("eligibility-3.zkey"), &key).unwrap();
    assert_eq!(client.get("/v1/parameters").ok(), json!([]), "a key without its transcript is not given out");
    std::fs::write(folder.join("eligibility-3.transcript.json"), b"{}").unwrap();
    let offers = client.get("/v1/parameters").ok();
    assert_eq!(offers, json!([{ "circuit": "eligibility-3", "key_bytes": key.len(), "chunk_bytes": 1_048_576 }]));

    assert_eq!(client.get("/v1/parameters/eligibility-3/transcript").body, b"{}");
    let pieces: Vec<Vec<u8>> = (0..3).map(|i| client.get(&format!("/v1/parameters/eligibility-3/key/{i}")).body).collect();
    assert_eq!(pieces[0].len(), 1_048_576);
    assert!(pieces.concat() == key);
    for unknown in ["eligibility-3/key/3", "eligibility-3/key/18446744073709551615", "eligibility-1/key/0"] {
        assert_eq!(client.get(&format!("/v1/parameters/{unknown}")).problem(), (404, "parameters-unknown".into()));
    }
    for malformed in ["eligibility-2/key/0", "eligibility-3/key/x", "..%2Fkeys/key/0"] {
        assert_eq!(client.get(&format!("/v1/parameters/{malformed}")).problem(), (400, "path-malformed".into()));
    }
}
