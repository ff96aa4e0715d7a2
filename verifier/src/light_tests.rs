use super::*;
use crate::testing::{genesis, secret, sign_header, validators};
use probity_ledger::address::Address;

fn header(client: &LightClient, height: u64, next: &ValidatorSet) -> Header {
    let zero = Digest::default();
    Header {
        protocol_version: PROTOCOL_VERSION,
        chain_id: client.chain_id(),
        height,
        time_unix_ms: 1_000 + height,
        parent_hash: if height == client.height() + 1 { client.hash() } else { Digest([9; 32]) },
        transactions_root: zero,
        state_root: zero,
        receipts_root: zero,
        next_validators_hash: next.hash(),
        proposer: Address::of(&secret(1).public()),
    }
}

#[test]
fn follows_changes_of_the_validators_and_skips_where_there_are_none() {
    let mut client = LightClient::new(&genesis());
    let (first, second) = (client.validators().clone(), validators(&[4, 5, 6]));
    assert_eq!(client.advance(&sign_header(header(&client, 1, &first), &[1, 2, 3], None)), Ok(3));
    // heights 2 to 6 are left out: 7 is signed by the same four and names other validators
    assert_eq!(client.advance(&sign_header(header(&client, 7, &second), &[1, 2, 3, 4], Some(second.clone()))), Ok(4));
    assert_eq!((client.height(), client.validators()), (7, &second));
    // the old ones have no say any more
    let old = sign_header(header(&client, 8, &second), &[1, 2, 3, 4], None);
    assert!(matches!(client.advance(&old), Err(LightError::Certificate { reason: CertificateError::UnknownSigner { .. }, .. })));
    assert_eq!(client.advance(&sign_header(header(&client, 8, &second), &[4, 5, 6], None)), Ok(3));
}

/// One valid header and a table of named mutations; after each refusal the valid one is still accepted.
#[test]
fn each_rule_refuses() {
    let mut client = LightClient::new(&genesis());
    let same = client.validators().clone();
    client.advance(&sign_header(header(&client, 4, &same), &[1, 2, 3], None)).unwrap();
    let good = header(&client, 5, &same);
    let with = |mutate: &dyn Fn(&mut Header)| {
        let mut header = good.clone();
        mutate(&mut header);
        sign_header(header, &[1, 2, 3], None)
    };
    let refused = |signed: &SignedHeader| client.clone().advance(signed).unwrap_err();
    assert!(matches!(refused(&with(&|h| h.chain_id.0[0] ^= 1)), LightError::OtherChain { height: 5, .. }));
    assert!(matches!(refused(&with(&|h| h.protocol_version = 9)), LightError::ProtocolVersion { found: 9, .. }));
    assert_eq!(refused(&with(&|h| h.height = 4)), LightError::Height { height: 4, last: 4 });
    assert_eq!(refused(&with(&|h| h.height = 0)), LightError::Height { height: 0, last: 4 });
    assert_eq!(refused(&with(&|h| h.time_unix_ms = 1_004)), LightError::Time { height: 5 });
    assert_eq!(refused(&with(&|h| h.parent_hash.0[0] ^= 1)), LightError::Parent { height: 5 });
    let expected = validators(&[1]).hash();
    assert_eq!(refused(&with(&|h| h.next_validators_hash = expected)), LightError::NextValidators { height: 5, expected });
    let mut other_set = with(&|h| h.next_validators_hash = expected);
    other_set.next_validators = Some(validators(&[2]));
    assert_eq!(refused(&other_set), LightError::NextValidators { height: 5, expected });

    let two_of_four = sign_header(good.clone(), &[1, 2], None);
    assert!(matches!(
        refused(&two_of_four),
        LightError::Certificate { reason: CertificateError::NotEnoughPower { signed: 2, total: 4 }, .. }
    ));
    let twice = sign_header(good.clone(), &[1, 2, 2], None);
    assert!(matches!(refused(&twice), LightError::Certificate { reason: CertificateError::DuplicateSigner { .. }, .. }));
    let mut altered = sign_header(good.clone(), &[1, 2, 3], None);
    altered.header.state_root = Digest([1; 32]);
    assert!(matches!(refused(&altered), LightError::Certificate { reason: CertificateError::WrongBlock { .. }, .. }));
    let mut other_height = sign_header(good.clone(), &[1, 2, 3], None);
    other_height.certificate.height = 6;
    assert_eq!(refused(&other_height), LightError::CertificateHeight { height: 5, found: 6 });
    let mut other_round = sign_header(good.clone(), &[1, 2, 3], None);
    other_round.certificate.round = 1;
    assert!(matches!(refused(&other_round), LightError::Certificate { reason: CertificateError::BadSignature { .. }, .. }));

    let valid = sign_header(good.clone(), &[1, 2, 3], None);
    assert_eq!(client.clone().advance(&valid), Ok(3));
}

#[test]
fn a_refusal_changes_nothing() {
    let mut client = LightClient::new(&genesis());
    let next = validators(&[9]);
    let missing = sign_header(header(&client, 1, &next), &[1, 2, 3], None);
    assert!(client.advance(&missing).is_err());
    assert_eq!((client.height(), client.hash()), (0, client.chain_id()));
    assert_eq!(client.validators(), &genesis().validators);
}
