use super::*;

#[test]
fn codes_are_unique_and_speak_json() {
    let mut codes = TxError::CODES.to_vec();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), TxError::CODES.len());
    let error = TxError::WrongNonce { expected: 3, found: 5 };
    let json = serde_json::to_value(&error).unwrap();
    assert_eq!(json, serde_json::json!({"rule": "wrong-nonce", "expected": 3, "found": 5}));
    assert_eq!(serde_json::from_value::<TxError>(json).unwrap(), error);
    assert_eq!(error.to_string(), "the account's next nonce is 3, not 5");
    assert_eq!(borsh::from_slice::<TxError>(&borsh::to_vec(&error).unwrap()).unwrap(), error);
}
