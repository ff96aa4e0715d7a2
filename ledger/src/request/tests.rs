use super::*;
use probity_credit::month::Month;
use probity_credit::policy::testing::policy;
use probity_credit::statement::Verdict as Outcome;

fn request(lender: &SecretKey) -> RequestObject {
    let client_id = Address::of(&lender.public());
    let policy = Policy { owner: client_id.0, ..policy(CircuitId::Eligibility3) };
    let meta = CredentialMeta { circuit_id: policy.circuit, policy_id: policy.id(), verifying_key_id: Digest::default() };
    RequestObject {
        client_id,
        response_type: "vp_token".into(),
        response_mode: "direct_post".into(),
        response_uri: "https://lender.example/v1/requests/abc/response".into(),
        nonce: [3; 32],
        state: "abc".into(),
        issued_unix_ms: 1_000,
        expires_unix_ms: 2_000,
        chain_id: Digest::of("chain", &[]),
        dcql_query: DcqlQuery { credentials: [CredentialQuery { id: CREDENTIAL.into(), format: FORMAT.into(), meta }] },
        policy,
        anchor: Anchor { height: 8, identity_root: FieldBytes::ZERO, registry_root: FieldBytes::ZERO, month: Month(24_000) },
        window_months: NonZeroU16::MIN,
        request_attributes: [Some(100), Some(-5), None, None],
        purpose: "A car loan".into(),
    }
}

fn response(request: &RequestObject) -> ResponseObject {
    let once = SecretKey::generate();
    let opening = Opening {
        verdict: Outcome { approved: false, reasons: [3, 1, 0, 0] },
        person: FieldBytes::ZERO,
        request: request.attributes(),
        salt: FieldBytes::ZERO,
    };
    let (nullifier, answer) = (FieldBytes::ZERO, opening.answer());
    let consent = once.sign(&Presentation::consent_digest(&request.context(&once.public()), &nullifier, &answer));
    let presentation = Presentation { proof: ProofBytes([1; 128]), nullifier, answer, opening, consent_key: once.public(), consent };
    ResponseObject { state: request.state.clone(), vp_token: VpToken { eligibility: [presentation] } }
}

#[test]
fn a_signed_request_reads_back_and_holds_for_its_lender_only() {
    let (lender, other) = (SecretKey::generate(), SecretKey::generate());
    let signed = request(&lender).sign(&lender);
    let json = serde_json::to_vec(&signed).unwrap();
    let back = SignedRequest::from_json(&json).unwrap();
    assert_eq!(back, signed);
    back.verify(&lender.public()).unwrap();
    assert!(matches!(back.verify(&other.public()), Err(RequestError::Signature(_))));
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(value["request"]["dcql_query"]["credentials"][0]["format"], FORMAT);
    let mut unknown = value.clone();
    unknown["request"]["surprise"] = 1.into();
    assert!(matches!(SignedRequest::from_json(unknown.to_string().as_bytes()), Err(RequestError::Malformed { .. })));
    assert!(matches!(SignedRequest::from_json(&vec![b' '; REQUEST_BYTES_MAX + 1]), Err(RequestError::TooLong { .. })));
}

#[test]
fn each_rule_of_a_request_refuses() {
    let lender = SecretKey::generate();
    let good = request(&lender);
    good.check().unwrap();
    let with = |change: &dyn Fn(&mut RequestObject)| {
        let mut r = good.clone();
        change(&mut r);
        r.check().unwrap_err()
    };
    fn meta(r: &mut RequestObject) -> &mut CredentialMeta {
        &mut r.dcql_query.credentials[0].meta
    }
    assert!(matches!(with(&|r| r.response_type = "code".into()), RequestError::Unsupported { field: "response_type", .. }));
    assert!(matches!(with(&|r| r.response_mode = "fragment".into()), RequestError::Unsupported { field: "response_mode", .. }));
    assert!(matches!(with(&|r| r.dcql_query.credentials[0].format = "jwt".into()), RequestError::Unsupported { .. }));
    for uri in ["ftp://x", "https://", "https://a b", "https://é", &format!("https://{}", "x".repeat(600))] {
        assert_eq!(with(&|r| r.response_uri = uri.into()), RequestError::ResponseUri);
    }
    for state in ["", "a/b", &"x".repeat(65)] {
        assert_eq!(with(&|r| r.state = state.into()), RequestError::State);
    }
    for purpose in ["", "a\u{7}", &"x".repeat(281)] {
        assert_eq!(with(&|r| r.purpose = purpose.into()), RequestError::Purpose);
    }
    assert_eq!(with(&|r| r.client_id = Address(Digest::default())), RequestError::NotPolicyOwner);
    assert_eq!(with(&|r| meta(r).policy_id = Digest::default()), RequestError::Meta { field: "policy_id" });
    assert_eq!(with(&|r| meta(r).circuit_id = CircuitId::Eligibility1), RequestError::Meta { field: "circuit_id" });
    assert_eq!(with(&|r| r.policy.cut_off += 1), RequestError::Meta { field: "policy_id" });
    assert_eq!(with(&|r| r.request_attributes[0] = None), RequestError::Attribute { index: 0, taken: true });
    assert_eq!(with(&|r| r.request_attributes[1] = Some(1 << 39)), RequestError::Attribute { index: 1, taken: true });
    assert_eq!(with(&|r| r.request_attributes[3] = Some(1)), RequestError::Attribute { index: 3, taken: false });
    assert_eq!(with(&|r| r.expires_unix_ms = 1_000), RequestError::Times);
}

#[test]
fn consent_is_for_one_answer_to_one_request() {
    let lender = SecretKey::generate();
    let (asked, other) = (request(&lender), RequestObject { nonce: [4; 32], ..request(&lender) });
    let response = response(&asked);
    let back = ResponseObject::from_json(&serde_json::to_vec(&response).unwrap()).unwrap();
    assert_eq!(back, response);
    back.verify_consent(&asked).unwrap();
    assert!(matches!(back.verify_consent(&other), Err(RequestError::Consent(_))));
    let mut altered = response.clone();
    altered.vp_token.eligibility[0].answer = FieldBytes::ZERO;
    assert!(matches!(altered.verify_consent(&asked), Err(RequestError::Consent(_))));
    let mut bad = response;
    bad.vp_token.eligibility[0].opening.verdict.reasons = [0, 1, 0, 0];
    assert!(matches!(ResponseObject::from_json(&serde_json::to_vec(&bad).unwrap()), Err(RequestError::Opening(_))));
}

#[test]
fn the_chain_rebuilds_the_context_of_a_record() {
    let lender = SecretKey::generate();
    let request = request(&lender);
    let response = response(&request);
    let presentation = response.presentation();
    let record = presentation.record(&request, Verdict::Granted);
    let rebuilt = record.context(&request.chain_id, &request.client_id, request.policy.circuit);
    assert_eq!(rebuilt, request.context(&presentation.consent_key));
}
