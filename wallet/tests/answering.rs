//! Reviewing and answering requests: every refusal by its rule, every answer as the statement wants it.

mod world;

use probity_credit::circuit_id::CircuitId;
use probity_credit::domain::Domain;
use probity_credit::month::Month;
use probity_credit::nullifier::ScopeKind;
use probity_credit::statement::check;
use probity_ledger::error::TxError;
use probity_ledger::genesis::ChainKind;
use probity_ledger::keys::SecretKey;
use probity_ledger::request::{RequestObject, SignedRequest};
use probity_ledger::transaction::{LenderKind, PROOF_BYTES};
use probity_params::Kind;
use probity_prover::CannotProve;
use probity_wallet::book::Book;
use probity_wallet::log::Event;
use probity_wallet::select::SelectError;
use probity_wallet::{Consent, Draft, Refusal, Wallet};
use std::num::NonZeroU16;
use world::{HOUR, MONTH, NOW, World, opening, passphrase};

/// Checks the statement natively; the bytes that would be the proof are fixed. Proofs themselves are made in `proving.rs`.
fn checked(draft: &Draft) -> Result<[u8; PROOF_BYTES], CannotProve> {
    check(&draft.compiled, &draft.schema, &draft.public, &draft.witness)?;
    Ok([7; PROOF_BYTES])
}

fn respond(wallet: &mut Wallet, signed: &SignedRequest) -> Result<probity_ledger::request::ResponseObject, Refusal> {
    let review = wallet.review(signed.clone(), NOW)?;
    wallet.respond(review, Consent::given(NOW), checked)
}

#[test]
fn an_answer_fits_request_statement_and_log() {
    let mut w = World::new(1);
    w.collect();
    let signed = w.signed(|_| ());
    let review = w.wallet.review(signed.clone(), NOW).unwrap();
    let preview = &review.preview;
    assert_eq!((preview.asker.name.as_str(), preview.purpose.as_str()), ("Fair Loans", "a loan of 5,000"));
    assert_eq!(preview.files.len(), 3);
    assert_eq!(preview.verdict.approved, preview.table.own_total.unwrap() >= i64::from(preview.table.cut_off));
    assert_eq!(preview.reasons.is_empty(), preview.verdict.approved);
    assert!(preview.reveals.iter().any(|r| r.to == "Fair Loans" && r.what.contains("legal identity")));
    let response = w.wallet.respond(review, Consent::given(NOW), checked).unwrap();

    let request = &signed.request;
    response.verify_consent(request).unwrap();
    let p = response.presentation();
    assert_eq!(p.opening.answer(), p.answer);
    assert_eq!(p.opening.person, w.identity.person);
    assert_eq!(p.opening.request, request.attributes());
    let context = request.context(&p.consent_key).digest();
    let told = w.wallet.log().disclosures().next().unwrap();
    assert_eq!((told.context, told.lender, told.approved), (context, request.client_id, p.opening.verdict.approved));
    assert_eq!(w.wallet.consent_key(&context).unwrap().public(), p.consent_key);

    // what was answered is in the file before it can be sent
    let path = w.wallet.path().to_owned();
    drop(w.wallet);
    let wallet = Wallet::open(&path, passphrase()).unwrap();
    assert_eq!(wallet.previous_answer(request), Some(&response));
    assert!(matches!(wallet.review(signed.clone(), NOW), Err(Refusal::AlreadyAnswered { .. })));
}

#[test]
fn a_changed_mind_or_a_failed_proof_leaves_no_trace() {
    let mut w = World::new(2);
    w.collect();
    let signed = w.signed(|_| ());
    let review = w.wallet.review(signed.clone(), NOW).unwrap();
    let failed = w.wallet.respond(review, Consent::given(NOW), |_| {
        Err(CannotProve::OtherCircuit { policy: CircuitId::Eligibility3, loaded: CircuitId::Eligibility1 })
    });
    assert!(matches!(failed, Err(Refusal::CannotProve(_))));
    assert_eq!(w.wallet.log().disclosures().count(), 0);
    let review = w.wallet.review(signed, NOW).unwrap();
    let late = Consent::given(NOW + 2 * HOUR);
    assert!(matches!(w.wallet.respond(review, late, checked), Err(Refusal::Expired { .. })));
}

#[test]
fn few_answers_a_lender_and_window() {
    let mut w = World::new(3);
    w.collect();
    for _ in 0..3 {
        let signed = w.signed(|_| ());
        respond(&mut w.wallet, &signed).unwrap();
    }
    let fourth = w.signed(|_| ());
    assert!(matches!(respond(&mut w.wallet, &fourth), Err(Refusal::LimitReached { answers: 3, limit: 3, .. })));
    w.wallet.set_answers_per_window(4);
    respond(&mut w.wallet, &fourth).unwrap();
}

#[test]
fn the_limit_holds_across_scopes_and_starts_anew_with_the_window() {
    let mut w = World::new(8);
    w.collect();
    for _ in 0..2 {
        let signed = w.signed(|_| ());
        respond(&mut w.wallet, &signed).unwrap();
    }
    // the same lender in another scope, whose windows have other numbers
    w.book.lenders[0].kind = LenderKind::ConsortiumMember;
    w.policy.scope = ScopeKind::Consortium;
    w.book.policies[0].id = w.policy.id();
    w.wallet.accept_book(w.book.clone()).unwrap();
    let consortium = |r: &mut RequestObject| r.window_months = NonZeroU16::new(12).unwrap();
    let third = w.signed(consortium);
    respond(&mut w.wallet, &third).unwrap();
    let fourth = w.signed(consortium);
    assert!(matches!(respond(&mut w.wallet, &fourth), Err(Refusal::LimitReached { answers: 3, limit: 3, .. })));
    let (lender, log) = (fourth.request.client_id, w.wallet.log());
    assert_eq!((log.answers(&lender, MONTH), log.answers(&lender, Month(MONTH.0 + 1))), (3, 0));
}

#[test]
fn openings_and_applicants_leave_with_a_line_in_the_log() {
    let mut w = World::new(9);
    assert_eq!(w.wallet.export_applicant(NOW).unwrap(), None);
    w.collect();
    let signed = w.signed(|_| ());
    let response = respond(&mut w.wallet, &signed).unwrap();
    let context = w.wallet.log().disclosures().next().unwrap().context;
    assert_eq!(w.wallet.export_opening(&Default::default(), NOW).unwrap(), None);
    let opening = w.wallet.export_opening(&context, NOW).unwrap().unwrap();
    assert_eq!(opening.answer(), response.presentation().answer);
    let applicant = w.wallet.export_applicant(NOW).unwrap().unwrap();
    assert!(applicant.is_of("Ada Lovelace") && !applicant.is_of("Ada Byron"));
    assert_eq!(applicant.person, opening.person, "what the lender compares");

    let path = w.wallet.path().to_owned();
    drop(w.wallet);
    let wallet = Wallet::open(&path, passphrase()).unwrap();
    let events: Vec<_> = wallet.log().entries().iter().rev().take(2).map(|e| e.event.clone()).collect();
    assert_eq!(events, [Event::ApplicantExported, Event::OpeningExported { context }]);
}

#[test]
fn each_rule_about_requests_refuses() {
    let mut w = World::new(4);
    let signed = w.signed(|_| ());
    assert!(matches!(w.wallet.review(signed, NOW), Err(Refusal::NoBook)));
    w.collect();
    let refused = |w: &mut World, signed: SignedRequest| w.wallet.review(signed, NOW).err().expect("it must be refused");

    let stranger = SecretKey::generate();
    let signed = w.request().sign(&stranger);
    assert!(matches!(refused(&mut w, signed), Refusal::Request(_)));
    let mut altered = w.signed(|_| ());
    altered.request.purpose = "another".into();
    assert!(matches!(refused(&mut w, altered), Refusal::Request(_)));
    let mut other = w.request();
    other.client_id = probity_ledger::address::Address::of(&stranger.public());
    other.policy.owner = other.client_id.0;
    other.dcql_query.credentials[0].meta.policy_id = other.policy.id();
    assert!(matches!(refused(&mut w, other.sign(&stranger)), Refusal::UnknownLender { .. }));

    type Case = (fn(&mut RequestObject), fn(&Refusal) -> bool);
    let cases: [Case; 10] = [
        (|r| r.chain_id = Default::default(), |e| matches!(e, Refusal::OtherChain { .. })),
        (|r| r.client_id.0 = Default::default(), |e| matches!(e, Refusal::UnknownLender { .. })),
        (|r| r.window_months = NonZeroU16::new(7).unwrap(), |e| matches!(e, Refusal::OtherWindow { expected: 6, found: 7 })),
        (|r| r.expires_unix_ms = NOW, |e| matches!(e, Refusal::Expired { seconds_ago: 0 })),
        (|r| r.expires_unix_ms = NOW + 48 * HOUR, |e| matches!(e, Refusal::LivesTooLong { .. })),
        (|r| r.anchor.height = 7, |e| matches!(e, Refusal::UnknownAnchor { height: 7 })),
        (|r| r.anchor.month.0 -= 1, |e| matches!(e, Refusal::OtherAnchor { .. })),
        (
            |r| {
                r.policy.scope = ScopeKind::Consortium;
                r.window_months = NonZeroU16::new(12).unwrap();
                r.dcql_query.credentials[0].meta.policy_id = r.policy.id();
            },
            |e| matches!(e, Refusal::OtherScope),
        ),
        (|r| r.dcql_query.credentials[0].meta.verifying_key_id = Default::default(), |e| matches!(e, Refusal::OtherKey)),
        (
            |r| {
                r.policy.cut_off += 1_000_000;
                r.dcql_query.credentials[0].meta.policy_id = r.policy.id();
            },
            |e| matches!(e, Refusal::UnknownPolicy { .. }),
        ),
    ];
    for (k, (change, is)) in cases.into_iter().enumerate() {
        let signed = w.signed(change);
        let refusal = refused(&mut w, signed);
        assert!(is(&refusal), "case {k}: {refusal}");
    }
}

#[test]
fn circuits_that_the_chain_does_not_accept_are_refused() {
    let mut w = World::new(6);
    w.collect();
    let (signed, circuit, next) = (w.signed(|_| ()), w.policy.circuit, w.book.height + 1);
    let mut refused = |change: &dyn Fn(&mut Book, usize)| {
        let mut book = w.book.clone();
        let at = book.circuits.iter().position(|c| c.entry.id == circuit).unwrap();
        change(&mut book, at);
        w.wallet.accept_book(book).unwrap();
        w.wallet.review(signed.clone(), NOW).err()
    };
    let is = |refusal: Option<Refusal>, expected: TxError| assert!(matches!(refusal, Some(Refusal::Circuit(e)) if e == expected));
    let stopped = TxError::CircuitStopped { circuit, stopped_height: 9 };
    is(refused(&|b, i| b.circuits[i].entry.stopped_height = Some(9)), stopped);
    let early = TxError::CircuitNotActiveYet { circuit, active_from: next + 1, height: next };
    is(refused(&|b, i| b.circuits[i].entry.active_from_height = next + 1), early);
    let retired = TxError::CircuitRetired { circuit, last_height: next - 1 };
    is(refused(&|b, i| b.circuits[i].entry.last_height = Some(next - 1)), retired);
    assert!(refused(&|b, i| (b.circuits[i].entry.active_from_height, b.circuits[i].entry.last_height) = (next, Some(next))).is_none());
    assert!(matches!(refused(&|b, i| drop(b.circuits.remove(i))), Some(Refusal::OtherKey)));
    assert!(matches!(refused(&|b, i| b.circuits[i].entry.verifying_key_id = Default::default()), Some(Refusal::OtherKey)));
    let development = refused(&|b, _| b.terms.kind = ChainKind::Production);
    assert!(matches!(development, Some(Refusal::DevelopmentKey { circuit: found }) if found == circuit));
    let ceremony = |b: &mut Book, i: usize| (b.terms.kind, b.circuits[i].kind) = (ChainKind::Production, Kind::Ceremony);
    assert!(refused(&ceremony).is_none());
}

/// A node that hides newer blocks, or nothing collected for long: stops, rotations and new anchors since then are not in the book.
#[test]
fn a_frozen_book_is_refused() {
    let mut w = World::new(5);
    w.collect();
    let frozen = w.book.time_unix_ms;
    let at = |w: &mut World, now: u64| {
        let fresh = |r: &mut RequestObject| (r.issued_unix_ms, r.expires_unix_ms) = (now - 1_000, now + 600_000);
        let signed = w.signed(fresh);
        w.wallet.review(signed, now).err()
    };
    assert!(at(&mut w, frozen + 24 * HOUR).is_none(), "as old as the chain's grace");
    let stale =
        |e: Option<Refusal>, expected: u64| assert!(matches!(e, Some(Refusal::StaleBook { minutes, most: 1_440 }) if minutes == expected));
    stale(at(&mut w, frozen + 24 * HOUR + 1), 1_441);
    // the node answers again and again, always with the same block
    w.wallet.accept_book(w.book.clone()).unwrap();
    stale(at(&mut w, frozen + 25 * HOUR), 1_500);
    let mut newer = w.book.clone();
    (newer.height, newer.time_unix_ms) = (newer.height + 1, frozen + 2 * HOUR);
    w.wallet.accept_book(newer.clone()).unwrap();
    assert!(at(&mut w, frozen + 25 * HOUR).is_none());
    // where the grace is short, the newest block of an idle chain is older than that
    newer.terms.grace_ms = 1_000;
    assert_eq!(newer.age_max_ms(), 600_000);
}

/// By a clock that was set back a frozen book is young: blocks ahead of the clock, or the lender's word on the time, show it.
#[test]
fn a_clock_that_was_set_back_is_found_out() {
    let mut w = World::new(5);
    w.collect();
    let (frozen, floor) = (w.book.time_unix_ms, 600_000);
    let signed = w.signed(|r| (r.issued_unix_ms, r.expires_unix_ms) = (frozen, frozen + HOUR));
    assert!(w.wallet.review(signed.clone(), frozen - floor).is_ok(), "clocks differ");
    assert!(matches!(w.wallet.review(signed.clone(), frozen - floor - 1), Err(Refusal::ClockBehind { minutes: 11 })));
    assert!(matches!(w.wallet.review(signed, 0), Err(Refusal::ClockBehind { .. })));

    let mut asked = |at: u64| {
        let signed = w.signed(|r| (r.issued_unix_ms, r.expires_unix_ms) = (at, at + HOUR));
        w.wallet.review(signed, frozen).err()
    };
    assert!(asked(frozen + 24 * HOUR).is_none(), "as old as the chain's grace");
    assert!(matches!(asked(frozen + 24 * HOUR + 1), Some(Refusal::StaleBook { minutes: 1_441, most: 1_440 })));
    // whose word it is comes first
    let mut late = w.request();
    (late.issued_unix_ms, late.expires_unix_ms) = (frozen + 25 * HOUR, frozen + 26 * HOUR);
    let forged = late.sign(&SecretKey::generate());
    assert!(matches!(w.wallet.review(forged, frozen), Err(Refusal::Request(_))));
}

#[test]
fn anchors_out_of_grace_and_inactive_policies_are_refused() {
    let mut w = World::new(5);
    w.collect();
    let signed = w.signed(|_| ());
    let mut book = w.book.clone();
    book.anchors[0].replaced_unix_ms = Some(NOW - 23 * HOUR);
    w.wallet.accept_book(book.clone()).unwrap();
    w.wallet.review(signed.clone(), NOW).unwrap();
    book.anchors[0].replaced_unix_ms = Some(NOW - 25 * HOUR);
    w.wallet.accept_book(book).unwrap();
    assert!(matches!(w.wallet.review(signed.clone(), NOW), Err(Refusal::AnchorOutOfGrace { hours: 25 })));
    let mut book = w.book.clone();
    book.policies[0].retired_at = Some(100);
    w.wallet.accept_book(book.clone()).unwrap();
    assert!(matches!(w.wallet.review(signed.clone(), NOW), Err(Refusal::PolicyNotActive { .. })));
    book.policies.clear();
    w.wallet.accept_book(book.clone()).unwrap();
    assert!(matches!(w.wallet.review(signed.clone(), NOW), Err(Refusal::UnknownPolicy { .. })));
    let mut book = w.book.clone();
    book.schemas.clear();
    w.wallet.accept_book(book).unwrap();
    assert!(matches!(w.wallet.review(signed, NOW), Err(Refusal::UnknownSchema { .. })));
}

#[test]
fn data_for_the_anchor_must_be_here() {
    let mut w = World::new(6);
    let signed = w.signed(|_| ());
    w.wallet.accept_book(w.book.clone()).unwrap();
    assert!(matches!(w.wallet.review(signed.clone(), NOW), Err(Refusal::NoShard { .. })));
    w.wallet.accept_registration(w.registration(), NOW).unwrap();
    let anchor = w.snapshot.anchor.clone();
    assert!(!w.wallet.has_leaf(&anchor.identity_root));
    w.wallet.accept_shard(&w.shard).unwrap();
    assert!(w.wallet.has_leaf(&anchor.identity_root) && !w.wallet.has_anchor(&anchor));
    assert!(matches!(w.wallet.review(signed.clone(), NOW), Err(Refusal::NoSnapshot { .. })));
    w.wallet.accept_snapshot(w.snapshot.clone()).unwrap();
    assert!(w.wallet.has_anchor(&anchor));
    let missing = w.wallet.review(signed.clone(), NOW).err().unwrap();
    assert!(matches!(missing, Refusal::Files(SelectError::MissingFile { domain: Domain::Bank, counted: 2, held: 0, .. })), "{missing}");
}

#[test]
fn leaving_out_a_file_is_refused_by_name() {
    let mut w = World::new(7);
    w.wallet.accept_book(w.book.clone()).unwrap();
    w.wallet.accept_registration(w.registration(), NOW).unwrap();
    w.wallet.accept_snapshot(w.snapshot.clone()).unwrap();
    w.wallet.accept_shard(&w.shard).unwrap();
    for held in &w.held[..2] {
        w.wallet.accept_opening(held.opening.clone(), NOW).unwrap();
    }
    let signed = w.signed(|_| ());
    let expect = |w: &World, outdated: &[u16]| match w.wallet.review(signed.clone(), NOW).err() {
        Some(Refusal::Files(SelectError::MissingFile { domain: Domain::Bank, counted: 2, held: 1, outdated: found, .. })) => {
            assert_eq!(found.iter().map(|s| s.number()).collect::<Vec<_>>(), outdated);
        }
        other => panic!("{other:?}"),
    };
    expect(&w, &[]);
    // last month's opening of the second bank does not help, and is named
    let held = &w.held[2];
    let (file, last_month) = (held.opening.file.clone(), Month(MONTH.0 - 1));
    let old = opening(&w.chain_id, held.slot, held.domain, last_month, &w.schema, w.position, file, &held.key, &mut w.rng);
    w.wallet.accept_opening(old, NOW).unwrap();
    expect(&w, &[77]);
    w.wallet.accept_opening(w.held[2].opening.clone(), NOW).unwrap();
    w.wallet.review(signed.clone(), NOW).unwrap();
}

#[test]
fn without_complete_the_best_choice_is_used() {
    for seed in 10..14 {
        let places = [(1, Domain::Bank), (2, Domain::Employer), (30, Domain::Bank), (31, Domain::Court), (200, Domain::Telecom)];
        let mut w = World::with(seed, CircuitId::Eligibility3, &places);
        w.policy.complete = false;
        w.policy.weights = [100, 90, 80, 0, 60, 50, 40, 30];
        for a in &mut w.policy.attributes {
            a.missing = a.worst();
        }
        let best: i32 = w.policy.attributes.iter().map(probity_credit::policy::Attribute::best).sum();
        w.policy.cut_off = w.policy.base_points + best - 250;
        w.book.policies[0].id = w.policy.id();
        w.collect();
        let signed = w.signed(|_| ());
        let mut review = w.wallet.review(signed.clone(), NOW).unwrap();
        assert!(review.preview.files.len() <= 3);
        let chosen = review.preview.table.own_total.unwrap();
        // no single file alone does better
        let compiled = review.compiled().clone();
        for h in &w.held {
            let path = w.snapshot.tree().unwrap().path(h.slot.number().into()).unwrap();
            let used = probity_credit::statement::UsedFile {
                slot: h.slot.number(),
                domain: h.domain,
                month: MONTH,
                file: h.opening.file.clone(),
                path: h.opening.path.clone(),
                registry_path: path,
            };
            let e = probity_credit::statement::evaluate(&compiled, MONTH, &[used], &signed.request.attributes()).unwrap();
            let alone = i64::from(w.policy.base_points + best) - i64::from(e.total_loss);
            assert!(chosen >= alone, "seed {seed}: {chosen} < {alone}");
        }
        review = w.wallet.review(signed, NOW).unwrap();
        w.wallet.respond(review, Consent::given(NOW), checked).unwrap();
    }
}

#[test]
fn more_files_than_the_circuit_takes_are_named() {
    let places = [(1, Domain::Bank), (2, Domain::Employer), (3, Domain::Bank), (4, Domain::Court)];
    let mut w = World::with(20, CircuitId::Eligibility3, &places);
    w.collect();
    let signed = w.signed(|_| ());
    let refusal = w.wallet.review(signed, NOW).err().unwrap();
    assert!(matches!(refusal, Refusal::Files(SelectError::TooManyFiles { needed: 4, limit: 3 })), "{refusal}");
}
