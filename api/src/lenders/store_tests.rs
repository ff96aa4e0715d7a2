use super::*;
use crate::lenders::check::Checks;
use probity_credit::circuit_id::CircuitId;
use probity_credit::commitment::Anchor;
use probity_credit::month::Month;
use probity_credit::policy::{REQUEST_ATTRIBUTES, Source};
use probity_credit::statement::{Opening, Verdict};
use probity_ledger::keys::{SecretKey, Signature};
use probity_ledger::request::{CREDENTIAL, CredentialMeta, CredentialQuery, DcqlQuery, FORMAT, RequestObject};
use probity_ledger::transaction::ProofBytes;
use std::num::NonZeroU16;

fn stored(lender: &SecretKey, expires_unix_ms: u64) -> Stored {
    let client_id = Address::of(&lender.public());
    let mut policy = probity_credit::policy::testing::policy(CircuitId::Eligibility3);
    policy.owner = client_id.0;
    let meta = CredentialMeta { circuit_id: policy.circuit, policy_id: policy.id(), verifying_key_id: Digest::default() };
    let taken = |i| matches!(policy.attribute(REQUEST_ATTRIBUTES.start + i).map(|a| &a.source), Some(Source::Request { .. }));
    let request = RequestObject {
        client_id,
        response_type: "vp_token".into(),
        response_mode: "direct_post".into(),
        response_uri: "http://localhost/v1/requests/x/response".into(),
        nonce: [7; 32],
        state: "x".into(),
        issued_unix_ms: 1,
        expires_unix_ms,
        chain_id: Digest::default(),
        dcql_query: DcqlQuery { credentials: [CredentialQuery { id: CREDENTIAL.into(), format: FORMAT.into(), meta }] },
        request_attributes: std::array::from_fn(|i| taken(i).then_some(0)),
        anchor: Anchor { height: 5, identity_root: FieldBytes::ZERO, registry_root: FieldBytes::ZERO, month: Month(24_000) },
        window_months: NonZeroU16::MIN,
        purpose: "a car".into(),
        policy,
    };
    request.check().unwrap();
    Stored { request: request.sign(lender), applicant_person: None, attempts: 0, refused: None, answered: None }
}

fn answered(n: u8) -> Answered {
    let opening =
        Opening { verdict: Verdict { approved: true, reasons: [0; 4] }, person: FieldBytes::ZERO, request: [0; 4], salt: FieldBytes::ZERO };
    let presentation = Presentation {
        proof: ProofBytes([n; 128]),
        nullifier: FieldBytes::ZERO,
        answer: opening.answer(),
        opening,
        consent_key: SecretKey::generate().public(),
        consent: Signature([0; 64]),
    };
    Answered {
        presentation,
        context: Digest::of("c", &[&[n]]),
        checks: Checks::default().into_list(),
        transaction: None,
        trouble: None,
        r#final: None,
    }
}

#[test]
fn a_request_is_answered_once_and_survives_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Requests::open(folder.path().join("requests")).unwrap();
    let (lender, name) = (SecretKey::generate(), RequestName::of("some id"));
    let request = stored(&lender, 1_000);

    let requests = open();
    assert_eq!(requests.find(name).unwrap(), None);
    requests.add(name, &request, 10, 0).unwrap();
    requests.refuse(name, Checks::default().into_list()).unwrap();
    let requests = open();
    assert_eq!(requests.find(name).unwrap().unwrap().attempts, 1);

    requests.answer(name, answered(1)).unwrap();
    assert_eq!(requests.answer(name, answered(2)).unwrap_err().code(), "request-answered");
    requests.refuse(name, Checks::default().into_list()).unwrap();
    let requests = open();
    assert_eq!(requests.recording().unwrap(), [name]);
    let found = requests.find(name).unwrap().unwrap();
    assert_eq!(found.answered.unwrap().presentation.proof, ProofBytes([1; 128]));
    assert_eq!(found.attempts, 1, "an answered request takes no note of later refusals");

    requests.progress(name, |a| a.transaction = Some(Digest::default())).unwrap();
    assert_eq!(requests.recording().unwrap(), [name]);
    let last = Final::Applied { height: 9, time_unix_ms: 10 };
    requests.progress(name, |a| a.r#final = Some(last.clone())).unwrap();
    let requests = open();
    assert!(requests.recording().unwrap().is_empty());
    assert_eq!(requests.find(name).unwrap().unwrap().answered.unwrap().r#final, Some(last));
    assert_eq!(requests.answer(name, answered(3)).unwrap_err().code(), "request-answered");
}

#[test]
fn a_crash_between_two_stages_leaves_the_later_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("requests");
    let (lender, name) = (SecretKey::generate(), RequestName::of("id"));
    let requests = Requests::open(path.clone()).unwrap();
    requests.add(name, &stored(&lender, 1_000), 10, 0).unwrap();
    let open_file = requests.path(name, Stage::Open);
    let before = std::fs::read(&open_file).unwrap();
    requests.answer(name, answered(1)).unwrap();
    std::fs::write(&open_file, before).unwrap();
    let requests = Requests::open(path).unwrap();
    assert!(!open_file.exists());
    assert!(requests.find(name).unwrap().unwrap().answered.is_some());
    assert!(requests.guard().is_empty());
}

#[test]
fn open_requests_are_counted_for_each_lender_and_old_ones_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let requests = Requests::open(folder.path().join("requests")).unwrap();
    let (lender, other) = (SecretKey::generate(), SecretKey::generate());
    let add = |id: &str, lender, now| requests.add(RequestName::of(id), &stored(lender, 1_000), 2, now).map_err(|p| p.code());
    assert_eq!(add("a", &lender, 0), Ok(()));
    assert_eq!(add("b", &lender, 0), Ok(()));
    assert_eq!(add("c", &lender, 0), Err("too-many-open-requests"));
    assert_eq!(add("c", &other, 0), Ok(()));
    assert_eq!(add("d", &lender, 2_000), Ok(()), "those that ended do not count");
    requests.clean(1_000 + KEPT_AFTER_END_MS).unwrap();
    assert!(requests.find(RequestName::of("a")).unwrap().is_some());
    requests.clean(1_001 + KEPT_AFTER_END_MS).unwrap();
    assert_eq!(requests.find(RequestName::of("a")).unwrap(), None);
}

#[test]
fn answered_requests_are_forgotten_in_time_and_unanswered_ones_are_not_touched() {
    const KEPT_MS: u64 = 5_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("requests");
    let requests = Requests::open(path.clone()).unwrap();
    let (lender, ids) = (SecretKey::generate(), ["open", "recording", "done", "later"]);
    for (id, end) in ids.into_iter().zip([1_000, 1_000, 1_000, 2_000]) {
        requests.add(RequestName::of(id), &stored(&lender, end), 10, 0).unwrap();
    }
    for id in &ids[1..] {
        requests.answer(RequestName::of(id), answered(1)).unwrap();
    }
    for id in &ids[2..] {
        requests.progress(RequestName::of(id), |a| a.r#final = Some(Final::Applied { height: 9, time_unix_ms: 10 })).unwrap();
    }
    std::fs::write(path.join("done").join(Digest::default().to_string()), b"damaged").unwrap();
    let left = || ids.map(|id| requests.find(RequestName::of(id)).unwrap().is_some());
    requests.forget(1_000 + KEPT_MS, KEPT_MS).unwrap();
    assert_eq!(left(), [true; 4]);
    requests.forget(1_001 + KEPT_MS, KEPT_MS).unwrap();
    assert_eq!(left(), [true, false, false, true]);
    // what was forgotten is unknown, not open again
    assert_eq!(requests.answer(RequestName::of("done"), answered(2)).unwrap_err().code(), "request-unknown");
    requests.forget(2_001 + KEPT_MS, KEPT_MS).unwrap();
    assert_eq!(left(), [true, false, false, false]);
}
