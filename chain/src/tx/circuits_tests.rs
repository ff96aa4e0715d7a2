//! A circuit's life by the validators' votes: adopted after a delay, side by side with another, retired, stopped at once.
//!
//! Of the two validators one has seven tenths of the power, the other three.

use crate::testing::*;
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::policy::Policy;
use probity_ledger::certificate::{Validator, ValidatorSet};
use probity_ledger::error::TxError;
use probity_ledger::genesis::{BLOCKS_AHEAD_MAX, GenesisCircuit};
use probity_ledger::receipt::{Event, Outcome};
use probity_ledger::state_key;
use probity_ledger::state_value::{CircuitState, StoppedKey};
use probity_ledger::transaction::*;

const UNTIL: u64 = 1_000;

fn adopt(chain: &Chain, circuit: GenesisCircuit, active_from_height: u64) -> AdoptCircuit {
    let sequence = state(chain, circuit.id).map_or(0, |s| s.sequence);
    AdoptCircuit { circuit, sequence, active_from_height, approved_until_height: UNTIL, approvals: vec![] }
}

fn retire(chain: &Chain, circuit: CircuitId, last_height: u64) -> RetireCircuit {
    let sequence = state(chain, circuit).map_or(0, |s| s.sequence);
    RetireCircuit { circuit, sequence, last_height, approved_until_height: UNTIL, approvals: vec![] }
}

fn stop(chain: &Chain, circuit: CircuitId) -> StopCircuit {
    let verifying_key_id = state(chain, circuit).map(|s| s.verifying_key_id).unwrap_or_default();
    StopCircuit { circuit, verifying_key_id, approved_until_height: UNTIL, approvals: vec![] }
}

fn state(chain: &Chain, circuit: CircuitId) -> Option<CircuitState> {
    chain.view().get(&state_key::circuit(circuit)).unwrap()
}

/// As two thirds approve it.
fn by_most(chain: &Chain, payload: Payload) -> Payload {
    chain.decided(payload, &["validator"])
}

/// The height at which a decision of the next block takes effect at the earliest.
fn soonest(chain: &Chain) -> u64 {
    chain.height + 1 + DELAY
}

fn run_to(chain: &mut Chain, height: u64) {
    while chain.height < height {
        chain.try_block(&[]).unwrap();
    }
}

/// The first circuit's life goes on while the other one is adopted from `soonest` on, with a policy of the lender's.
fn with_other() -> (Chain, u64) {
    let mut chain = Chain::ready();
    let from = soonest(&chain);
    let adoption = by_most(&chain, Payload::AdoptCircuit(adopt(&chain, Keyed::other().circuit(), from)));
    chain.apply_all(&[("rich", adoption)]);
    (chain, from)
}

fn register_other() -> Payload {
    Payload::RegisterPolicy(RegisterPolicy { policy: policy_for("lender", OTHER_CIRCUIT) })
}

fn record_other(chain: &Chain, nonce: u8) -> Payload {
    Payload::RecordProof(chain.record_with("lender", &policy_for("lender", OTHER_CIRCUIT), Keyed::other(), nonce))
}

fn record_first(chain: &Chain, key: &Keyed, nonce: u8) -> Payload {
    Payload::RecordProof(chain.record_with("lender", &policy_of("lender"), key, nonce))
}

#[test]
fn an_adopted_circuit_is_accepted_after_the_delay_beside_the_first() {
    let (mut chain, active_from) = with_other();
    assert_eq!(state(&chain, OTHER_CIRCUIT).unwrap().verifying_key, Some(Keyed::other().circuit().verifying_key));
    let early = TxError::CircuitNotActiveYet { circuit: OTHER_CIRCUIT, active_from, height: chain.height + 1 };
    assert_eq!(chain.refusal("lender", register_other()), early);
    run_to(&mut chain, active_from - 2);
    assert!(matches!(chain.refusal("lender", register_other()), TxError::CircuitNotActiveYet { .. }), "one block before");
    run_to(&mut chain, active_from - 1);
    chain.apply_all(&[("lender", register_other())]);
    chain.run_to_anchor();
    // the overlap: both in one block, each with its own key
    let (one, two) = (record_other(&chain, 1), record_first(&chain, Keyed::first(), 2));
    chain.apply_all(&[("lender", one), ("lender", two)]);
    let wrong_key = Payload::RecordProof(chain.record_with("lender", &policy_for("lender", OTHER_CIRCUIT), Keyed::first(), 3));
    assert_eq!(chain.refusal("lender", wrong_key), TxError::ProofInvalid);
}

#[test]
fn a_retired_circuit_is_accepted_until_its_last_height() {
    let mut chain = Chain::ready();
    let last_height = soonest(&chain);
    let retirement = |last| by_most(&chain, Payload::RetireCircuit(retire(&chain, CIRCUIT, last)));
    assert_eq!(chain.refusal("rich", retirement(last_height - 1)), TxError::CircuitTooSoon { given: last_height - 1, least: last_height });
    let unknown = by_most(&chain, Payload::RetireCircuit(retire(&chain, OTHER_CIRCUIT, last_height)));
    assert_eq!(chain.refusal("rich", unknown), TxError::CircuitUnknown { circuit: OTHER_CIRCUIT });
    let good = retirement(last_height);
    let receipts = chain.block(&[("rich", good)]);
    assert_eq!(receipts[0].events, [Event::CircuitRetired { circuit: CIRCUIT, last_height }]);
    let again = by_most(&chain, Payload::RetireCircuit(retire(&chain, CIRCUIT, last_height + 9)));
    let retired = TxError::CircuitRetired { circuit: CIRCUIT, last_height };
    assert_eq!(chain.refusal("rich", again), retired);
    // while it lasts it keeps its key
    let verifying_key_id = Keyed::first().file.id().0;
    let second = |chain: &Chain| by_most(chain, Payload::AdoptCircuit(adopt(chain, Keyed::second().circuit(), soonest(chain))));
    assert_eq!(chain.refusal("rich", second(&chain)), TxError::CircuitExists { circuit: CIRCUIT, verifying_key_id });
    run_to(&mut chain, last_height - 1);
    let (last, exists) = (record_first(&chain, Keyed::first(), 1), second(&chain));
    assert!(matches!(chain.refusal("rich", exists), TxError::CircuitExists { .. }), "in its last block, too");
    chain.apply_all(&[("lender", last)]);
    assert_eq!(chain.height, last_height);
    assert_eq!(chain.refusal("lender", record_first(&chain, Keyed::first(), 2)), retired);
    let policy = policy_of("other-lender");
    let lender = chain.lender("other-lender", LenderKind::Independent);
    chain.apply_all(&[("rich", lender)]);
    assert_eq!(chain.refusal("other-lender", Payload::RegisterPolicy(RegisterPolicy { policy })), retired);

    // another key for it, and the same policy: what was folded for the first key is not used
    let next = second(&chain);
    let active_from = soonest(&chain);
    chain.apply_all(&[("rich", next)]);
    run_to(&mut chain, active_from - 1);
    assert_eq!(chain.refusal("lender", record_first(&chain, Keyed::first(), 3)), TxError::ProofInvalid);
    let good = record_first(&chain, Keyed::second(), 4);
    chain.apply_all(&[("lender", good)]);
}

#[test]
fn one_third_stops_a_circuit_within_the_block() {
    let mut chain = Chain::ready();
    let before = record_first(&chain, Keyed::first(), 1);
    let after = record_first(&chain, Keyed::first(), 2);
    let policy =
        Payload::RegisterPolicy(RegisterPolicy { policy: Policy { cut_off: policy_of("lender").cut_off + 1, ..policy_of("lender") } });
    let stop_by = |validators: &[&str]| chain.decided(Payload::StopCircuit(stop(&chain, CIRCUIT)), validators);
    // three tenths are not more than a third, seven are
    assert_eq!(chain.refusal("rich", stop_by(&["second"])), TxError::NotEnoughToStop { approved: 3, total: 10 });
    assert_eq!(chain.refusal("rich", stop_by(&[])), TxError::NotEnoughToStop { approved: 0, total: 10 });
    let enough = stop_by(&["validator"]);
    let receipts = chain.block(&[("lender", before), ("rich", enough), ("lender", after), ("lender", policy)]);
    let stopped_height = chain.height;
    let stopped = TxError::CircuitStopped { circuit: CIRCUIT, stopped_height };
    let outcomes: Vec<Outcome> = receipts.iter().map(|r| r.outcome.clone()).collect();
    let failed = Outcome::Failed { error: stopped.clone() };
    assert_eq!(outcomes, [Outcome::Applied, Outcome::Applied, failed.clone(), failed]);
    let verifying_key_id = Keyed::first().file.id().0;
    assert_eq!(receipts[1].events, [Event::CircuitStopped { circuit: CIRCUIT, verifying_key_id }]);
    chain.run_to_anchor();
    assert_eq!(chain.refusal("lender", record_first(&chain, Keyed::first(), 3)), stopped);
    let again = by_most(&chain, Payload::StopCircuit(stop(&chain, CIRCUIT)));
    assert_eq!(chain.refusal("rich", again), stopped);
    let retirement = by_most(&chain, Payload::RetireCircuit(retire(&chain, CIRCUIT, soonest(&chain))));
    assert_eq!(chain.refusal("rich", retirement), stopped);

    // only a new decision brings it back, with another key, and only after the delay
    let active_from = soonest(&chain);
    let back = by_most(&chain, Payload::AdoptCircuit(adopt(&chain, Keyed::second().circuit(), active_from)));
    chain.apply_all(&[("rich", back)]);
    assert!(matches!(chain.refusal("lender", record_first(&chain, Keyed::second(), 3)), TxError::CircuitNotActiveYet { .. }));
    run_to(&mut chain, active_from - 1);
    let good = record_first(&chain, Keyed::second(), 3);
    chain.apply_all(&[("lender", good)]);
}

/// Not at once, not after the circuit had another key, not after that one was stopped, too; other keys' stops change nothing.
#[test]
fn a_key_that_was_stopped_is_never_adopted_again() {
    let mut chain = Chain::ready();
    let stopping = |chain: &Chain| by_most(chain, Payload::StopCircuit(stop(chain, CIRCUIT)));
    let adopting = |chain: &Chain, key: &Keyed| by_most(chain, Payload::AdoptCircuit(adopt(chain, key.circuit(), soonest(chain))));
    let entry = |chain: &Chain, key: &Keyed| chain.view().get::<StoppedKey>(&state_key::stopped_key(&key.file.id().0)).unwrap();
    let never = |key: &Keyed, stopped_height| {
        let verifying_key_id = key.file.id().0;
        TxError::KeyStopped { circuit: CIRCUIT, verifying_key_id, stopped_height }
    };
    let one = stopping(&chain);
    chain.apply_all(&[("rich", one)]);
    let first_stop = chain.height;
    let first = Some(StoppedKey { circuit: CIRCUIT, height: first_stop });
    assert_eq!((entry(&chain, Keyed::first()), entry(&chain, Keyed::second())), (first.clone(), None));
    chain.try_block(&[]).unwrap();
    assert_eq!(chain.refusal("rich", adopting(&chain, Keyed::first())), never(Keyed::first(), first_stop));

    let other = adopting(&chain, Keyed::second());
    chain.apply_all(&[("rich", other)]);
    let last = soonest(&chain);
    let ending = by_most(&chain, Payload::RetireCircuit(retire(&chain, CIRCUIT, last)));
    chain.apply_all(&[("rich", ending)]);
    run_to(&mut chain, last);
    assert_eq!(chain.refusal("rich", adopting(&chain, Keyed::first())), never(Keyed::first(), first_stop), "after another key");
    // one that was only retired comes back
    let again = adopting(&chain, Keyed::second());
    chain.apply_all(&[("rich", again)]);
    let two = stopping(&chain);
    chain.apply_all(&[("rich", two)]);
    let second_stop = chain.height;
    chain.try_block(&[]).unwrap();
    for (key, height) in [(Keyed::first(), first_stop), (Keyed::second(), second_stop)] {
        assert_eq!(chain.refusal("rich", adopting(&chain, key)), never(key, height));
        assert_eq!(entry(&chain, key), Some(StoppedKey { circuit: CIRCUIT, height }));
    }
    let elsewhere = by_most(&chain, Payload::AdoptCircuit(adopt(&chain, Keyed::other().circuit(), soonest(&chain))));
    chain.apply_all(&[("rich", elsewhere)]);
}

/// Three validators with one third each: one alone is exactly a third, two are exactly two thirds.
#[test]
fn exactly_a_third_and_exactly_two_thirds_are_not_enough() {
    let mut chain = Chain::ready();
    let mut thirds: Vec<Validator> = ["one", "two", "three"].map(|n| Validator { public_key: key(n).public(), power: 5 }).to_vec();
    thirds.sort_by_key(|v| v.public_key);
    chain.state.insert(state_key::validators(), borsh::to_vec(&ValidatorSet::new(thirds).unwrap()).unwrap());
    let stop_by = |validators: &[&str]| chain.decided(Payload::StopCircuit(stop(&chain, CIRCUIT)), validators);
    let retire_by = |validators: &[&str]| chain.decided(Payload::RetireCircuit(retire(&chain, CIRCUIT, soonest(&chain))), validators);
    assert_eq!(chain.refusal("rich", stop_by(&["one"])), TxError::NotEnoughToStop { approved: 5, total: 15 });
    assert_eq!(chain.refusal("rich", retire_by(&["one", "two"])), TxError::NotEnoughApproval { approved: 10, total: 15 });
    let (all, two) = (retire_by(&["one", "two", "three"]), stop_by(&["one", "two"]));
    chain.clone().apply_all(&[("rich", all)]);
    chain.apply_all(&[("rich", two)]);
}

#[test]
fn approvals_of_strangers_too_late_or_for_another_chain_do_not_count() {
    let chain = Chain::ready();
    let (from, stranger) = (soonest(&chain), key("bank").public());
    let late = chain.height;
    let adoption = adopt(&chain, Keyed::other().circuit(), from);
    let retirement = retire(&chain, CIRCUIT, from);
    let all = [
        (Payload::AdoptCircuit(adoption.clone()), Payload::AdoptCircuit(AdoptCircuit { approved_until_height: late, ..adoption })),
        (Payload::RetireCircuit(retirement.clone()), Payload::RetireCircuit(RetireCircuit { approved_until_height: late, ..retirement })),
        (
            Payload::StopCircuit(stop(&chain, CIRCUIT)),
            Payload::StopCircuit(StopCircuit { approved_until_height: late, ..stop(&chain, CIRCUIT) }),
        ),
    ];
    for (good, expired) in all {
        let kind = good.kind();
        let by_stranger = chain.decided(good.clone(), &["validator", "bank"]);
        assert_eq!(chain.refusal("rich", by_stranger), TxError::ApprovalByStranger { validator: stranger }, "{kind}");
        let expected = TxError::ApprovalExpired { approved_until_height: late, height: chain.height + 1 };
        assert_eq!(chain.refusal("rich", chain.decided(expired, &["validator"])), expected, "{kind}");
        let elsewhere = Chain { chain_id: Digest::of("other chain", &[]), ..chain.clone() }.decided(good, &["validator"]);
        let transaction = chain.transaction("rich", chain.account("rich").nonce, elsewhere);
        let validator = key("validator").public();
        assert_eq!(transaction.check_structure(), Err(TxError::BadApproval { validator }), "{kind}");
    }
}

#[test]
fn approvals_serve_once() {
    let mut chain = Chain::ready();
    // far ahead, so that the delay alone would let them in again
    let far = soonest(&chain) + 50;
    let adoption = by_most(&chain, Payload::AdoptCircuit(adopt(&chain, Keyed::other().circuit(), far)));
    chain.apply_all(&[("rich", adoption.clone())]);
    let stopping = by_most(&chain, Payload::StopCircuit(stop(&chain, OTHER_CIRCUIT)));
    chain.apply_all(&[("rich", stopping.clone())]);
    assert_eq!(chain.refusal("rich", adoption), TxError::WrongDecision { circuit: OTHER_CIRCUIT, expected: 2, found: 0 });
    let back = by_most(&chain, Payload::AdoptCircuit(adopt(&chain, Keyed::other_second().circuit(), far)));
    chain.apply_all(&[("rich", back)]);
    let [found, expected] = [Keyed::other(), Keyed::other_second()].map(|k| k.file.id().0);
    assert_eq!(chain.refusal("rich", stopping), TxError::CircuitHasOtherKey { circuit: OTHER_CIRCUIT, expected, found });
    let before_it_begins = by_most(&chain, Payload::RetireCircuit(retire(&chain, OTHER_CIRCUIT, far - 1)));
    let not_yet = TxError::CircuitNotActiveYet { circuit: OTHER_CIRCUIT, active_from: far, height: far - 1 };
    assert_eq!(chain.refusal("rich", before_it_begins), not_yet);
    let early = by_most(&chain, Payload::RetireCircuit(RetireCircuit { sequence: 0, ..retire(&chain, OTHER_CIRCUIT, far) }));
    assert_eq!(chain.refusal("rich", early), TxError::WrongDecision { circuit: OTHER_CIRCUIT, expected: 3, found: 0 });
}

#[test]
fn each_rule_of_an_adoption_refuses() {
    let (chain, active_from) = with_other();
    let refusal = |p: AdoptCircuit| chain.refusal("rich", by_most(&chain, Payload::AdoptCircuit(p)));
    let exists = |keyed: &Keyed| TxError::CircuitExists { circuit: keyed.circuit().id, verifying_key_id: keyed.file.id().0 };
    assert_eq!(refusal(adopt(&chain, Keyed::second().circuit(), soonest(&chain))), exists(Keyed::first()), "an accepted one");
    assert_eq!(refusal(adopt(&chain, Keyed::other().circuit(), active_from + 9)), exists(Keyed::other()), "one that is yet to begin");
    let third = GenesisCircuit { id: CircuitId::Eligibility7, ..Keyed::other().circuit() };
    let least = soonest(&chain);
    assert_eq!(refusal(adopt(&chain, third.clone(), least - 1)), TxError::CircuitTooSoon { given: least - 1, least });
    let refused = |circuit: GenesisCircuit, why: &str| match refusal(adopt(&chain, circuit, least)) {
        TxError::CircuitRefused { circuit: CircuitId::Eligibility7, reason } => assert!(reason.contains(why), "{why}: {reason}"),
        other => panic!("{why}: {other}"),
    };
    refused(third.clone(), "eligibility-3");
    let mut good = third;
    let file = probity_params::VerifyingKeyFile { circuit: "eligibility-7".into(), ..Keyed::other().file.clone() };
    (good.verifying_key, good.verifying_key_id) = (file.to_bytes(), file.id().0);
    let with = |change: &dyn Fn(&mut GenesisCircuit), why| {
        let mut circuit = good.clone();
        change(&mut circuit);
        refused(circuit, why);
    };
    with(&|c| c.verifying_key_id = Digest::default(), "is named");
    with(&|c| c.constraints = Digest::default(), "other constraints");
    with(&|c| c.transcript = Some(Digest::default()), "development key");
    with(&|c| c.verifying_key.push(0), "canonical");
    with(&|c| c.verifying_key.clear(), "canonical");
    let ceremony = probity_params::VerifyingKeyFile { kind: probity_params::Kind::Ceremony, ..file };
    with(&|c| (c.verifying_key, c.verifying_key_id) = (ceremony.to_bytes(), ceremony.id().0), "no transcript");
    let mut chain = chain.clone();
    let adoption = by_most(&chain, Payload::AdoptCircuit(adopt(&chain, good, soonest(&chain))));
    chain.apply_all(&[("rich", adoption)]);
}

/// Whoever holds an approved retirement can't hold up an emergency with it.
#[test]
fn a_retirement_that_comes_first_does_not_void_a_stop() {
    let mut chain = Chain::ready();
    let stopping = by_most(&chain, Payload::StopCircuit(stop(&chain, CIRCUIT)));
    let retiring = by_most(&chain, Payload::RetireCircuit(retire(&chain, CIRCUIT, soonest(&chain))));
    chain.apply_all(&[("rich", retiring)]);
    chain.apply_all(&[("rich", stopping.clone())]);
    assert_eq!(state(&chain, CIRCUIT).unwrap().sequence, 2);
    let again = TxError::CircuitStopped { circuit: CIRCUIT, stopped_height: chain.height };
    assert_eq!(chain.refusal("rich", stopping), again, "once only");
}

/// A flaw may be found late: the key is marked, so that nobody adopts it again and audits can say so. What was accepted stays so.
#[test]
fn a_key_is_stopped_after_its_circuit_has_ended_too() {
    let mut chain = Chain::ready();
    let last = soonest(&chain);
    let retiring = by_most(&chain, Payload::RetireCircuit(retire(&chain, CIRCUIT, last)));
    chain.apply_all(&[("rich", retiring)]);
    run_to(&mut chain, last);
    let (first, second) = (Keyed::first().file.id().0, Keyed::second().file.id().0);
    let stopping = by_most(&chain, Payload::StopCircuit(stop(&chain, CIRCUIT)));
    let adopting = |chain: &Chain, key: &Keyed| by_most(chain, Payload::AdoptCircuit(adopt(chain, key.circuit(), soonest(chain))));
    let other = by_most(&chain, Payload::StopCircuit(StopCircuit { verifying_key_id: second, ..stop(&chain, CIRCUIT) }));
    let other_key = TxError::CircuitHasOtherKey { circuit: CIRCUIT, expected: first, found: second };
    assert_eq!(chain.refusal("rich", other), other_key);

    // in one block with another key's adoption, in both orders
    let mut adopted_first = chain.clone();
    let (before, after) = (adopting(&chain, Keyed::second()), stopping.clone());
    let receipts = adopted_first.block(&[("rich", before), ("rich", after)]);
    let other_key = TxError::CircuitHasOtherKey { circuit: CIRCUIT, expected: second, found: first };
    assert_eq!(receipts[1].outcome, Outcome::Failed { error: other_key });
    let again = AdoptCircuit { sequence: 2, ..adopt(&chain, Keyed::first().circuit(), soonest(&chain)) };
    let again = by_most(&chain, Payload::AdoptCircuit(again));
    let receipts = chain.block(&[("rich", stopping), ("rich", again)]);
    let stopped_height = chain.height;
    let never = TxError::KeyStopped { circuit: CIRCUIT, verifying_key_id: first, stopped_height };
    assert_eq!(receipts[0].outcome, Outcome::Applied);
    assert_eq!(receipts[1].outcome, Outcome::Failed { error: never.clone() });

    assert_eq!(chain.refusal("rich", adopting(&chain, Keyed::first())), never);
    let entry = state(&chain, CIRCUIT).unwrap();
    assert_eq!((entry.last_height, entry.stopped_height), (Some(last), Some(stopped_height)));
    assert!(entry.was_accepted_in(last) && !entry.was_accepted_in(last + 1));
    let next = adopting(&chain, Keyed::second());
    chain.apply_all(&[("rich", next)]);
}

/// One block, one key: an audit reads the circuit's entry after the record's block.
#[test]
fn a_circuit_is_not_stopped_and_adopted_in_one_block() {
    let mut chain = Chain::ready();
    let stopping = by_most(&chain, Payload::StopCircuit(stop(&chain, CIRCUIT)));
    let adoption = AdoptCircuit { sequence: 1, ..adopt(&chain, Keyed::second().circuit(), soonest(&chain)) };
    let adoption = by_most(&chain, Payload::AdoptCircuit(adoption));
    let receipts = chain.block(&[("rich", stopping), ("rich", adoption.clone())]);
    let verifying_key_id = Keyed::first().file.id().0;
    assert_eq!(receipts[1].outcome, Outcome::Failed { error: TxError::CircuitExists { circuit: CIRCUIT, verifying_key_id } });
    let later = AdoptCircuit { sequence: 1, ..adopt(&chain, Keyed::second().circuit(), soonest(&chain)) };
    let later = by_most(&chain, Payload::AdoptCircuit(later));
    chain.apply_all(&[("rich", later)]);
}

/// Else two thirds that once erred could not correct it: a circuit that is to begin, or to end, is not decided about anew.
#[test]
fn heights_that_nobody_lives_to_see_are_refused() {
    let mut chain = Chain::ready();
    let (height, most) = (chain.height + 1, soonest(&chain) + BLOCKS_AHEAD_MAX);
    let adopting = |at| by_most(&chain, Payload::AdoptCircuit(adopt(&chain, Keyed::other().circuit(), at)));
    let retiring = |at| by_most(&chain, Payload::RetireCircuit(retire(&chain, CIRCUIT, at)));
    for given in [most + 1, u64::MAX] {
        assert_eq!(chain.refusal("rich", adopting(given)), TxError::CircuitTooLate { given, most });
        assert_eq!(chain.refusal("rich", retiring(given)), TxError::CircuitTooLate { given, most });
    }
    let last = height + BLOCKS_AHEAD_MAX;
    let until = |approved_until_height| -> [Payload; 3] {
        let adoption = adopt(&chain, Keyed::other().circuit(), soonest(&chain));
        [
            Payload::AdoptCircuit(AdoptCircuit { approved_until_height, ..adoption }),
            Payload::RetireCircuit(RetireCircuit { approved_until_height, ..retire(&chain, CIRCUIT, soonest(&chain)) }),
            Payload::StopCircuit(StopCircuit { approved_until_height, ..stop(&chain, CIRCUIT) }),
        ]
        .map(|payload| by_most(&chain, payload))
    };
    for approved_until_height in [last + 1, u64::MAX] {
        for payload in until(approved_until_height) {
            let (kind, refusal) = (payload.kind(), chain.refusal("rich", payload));
            assert_eq!(refusal, TxError::ApprovalTooLong { approved_until_height, most: last }, "{kind}");
        }
    }
    for payload in until(last) {
        chain.clone().apply_all(&[("rich", payload)]);
    }
    let [adoption, retirement] = [adopting(most), retiring(most)];
    chain.apply_all(&[("rich", adoption), ("rich", retirement)]);
}

/// Everything that was approved while a circuit had one key is void once it has another.
#[test]
fn approvals_are_void_after_the_circuit_was_adopted_again() {
    let mut chain = Chain::ready();
    let last = soonest(&chain);
    let retiring = by_most(&chain, Payload::RetireCircuit(retire(&chain, CIRCUIT, last)));
    chain.apply_all(&[("rich", retiring.clone())]);
    run_to(&mut chain, last);
    // far ahead, so that the delay alone would let it in again
    let adoption = adopt(&chain, Keyed::second().circuit(), soonest(&chain) + 50);
    let adopting = by_most(&chain, Payload::AdoptCircuit(adoption));
    chain.apply_all(&[("rich", adopting.clone())]);
    let stopping = by_most(&chain, Payload::StopCircuit(stop(&chain, CIRCUIT)));
    let unused = by_most(&chain, Payload::RetireCircuit(retire(&chain, CIRCUIT, soonest(&chain) + 60)));
    chain.apply_all(&[("rich", stopping.clone())]);
    chain.try_block(&[]).unwrap();
    let third = Keyed::third();
    let again = by_most(&chain, Payload::AdoptCircuit(adopt(&chain, third.circuit(), soonest(&chain))));
    chain.apply_all(&[("rich", again.clone())]);
    assert_eq!(state(&chain, CIRCUIT).unwrap().verifying_key_id, third.file.id().0);
    let [found, expected] = [Keyed::second(), third].map(|k| k.file.id().0);
    assert_eq!(chain.refusal("rich", stopping), TxError::CircuitHasOtherKey { circuit: CIRCUIT, expected, found });
    for (payload, found) in [(retiring, 0), (adopting, 1), (unused, 2), (again, 3)] {
        let kind = payload.kind();
        assert_eq!(chain.refusal("rich", payload), TxError::WrongDecision { circuit: CIRCUIT, expected: 4, found }, "{kind} {found}");
    }
    assert_eq!(state(&chain, CIRCUIT).unwrap().stopped_height, None);
}
