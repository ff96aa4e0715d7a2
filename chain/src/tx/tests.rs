//! One chain, and for each rule a transaction in which only that rule is broken.

use crate::testing::*;
use crate::transition::TransitionError;
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::field::FieldBytes;
use probity_credit::month::Month;
use probity_credit::nullifier::ScopeKind;
use probity_credit::schema::Schema;
use probity_ledger::error::TxError;
use probity_ledger::receipt::{Event, Outcome};
use probity_ledger::state_key;
use probity_ledger::state_value::{IdentityState, Institution, Lender, Record, RegistryState};
use probity_ledger::transaction::*;

fn not_included(chain: &Chain, transaction: Transaction) -> TxError {
    match chain.clone().try_block(&[transaction]) {
        Err(TransitionError::NotIncludable { index: 0, error }) => error,
        other => panic!("{other:?}"),
    }
}

fn send(to: &str, amount: u64) -> Payload {
    Payload::Transfer(Transfer { to: address(to), amount })
}

#[test]
fn what_no_block_may_include() {
    let chain = Chain::ready();
    let nonce = chain.account("rich").nonce;
    let good = chain.body("rich", nonce, send("bank", 5));
    let with = |change: &dyn Fn(&mut Body)| {
        let mut body = good.clone();
        change(&mut body);
        not_included(&chain, body.sign(&key("rich")))
    };
    let other = Digest::of("other", &[]);
    assert_eq!(with(&|b| b.chain_id = other), TxError::WrongChain { expected: chain.chain_id, found: other });
    assert_eq!(with(&|b| b.nonce += 1), TxError::WrongNonce { expected: nonce, found: nonce + 1 });
    assert_eq!(with(&|b| b.nonce -= 1), TxError::WrongNonce { expected: nonce, found: nonce - 1 });
    assert_eq!(with(&|b| b.fee = 9), TxError::FeeTooLow { minimum: 10, offered: 9 });
    let height = chain.height + 1;
    assert_eq!(with(&|b| b.valid_until_height = Some(height - 1)), TxError::Expired { valid_until_height: height - 1, height });
    let stolen = Body { key: key("bank").public(), ..good.clone() }.sign(&key("bank"));
    assert_eq!(not_included(&chain, stolen), TxError::KeyNotCurrent { account: address("rich") });
    let poor = chain.transaction("nobody", 0, send("bank", 5));
    assert_eq!(not_included(&chain, poor), TxError::FeeNotCovered { balance: 0, fee: FEE });
    let mut at_limit = chain.clone();
    at_limit.try_block(&[Body { valid_until_height: Some(height), ..good }.sign(&key("rich"))]).unwrap();
}

#[test]
fn transfers_and_fees_move_money() {
    let mut chain = Chain::ready();
    let (rich, validator) = (chain.account("rich").balance, chain.account("validator").balance);
    chain.apply_all(&[("rich", send("new", 5)), ("rich", send("rich", 7))]);
    assert_eq!(chain.account("new").balance, 5);
    assert_eq!(chain.account("rich").balance, rich - 5 - 2 * FEE);
    assert_eq!(chain.account("validator").balance, validator + 2 * FEE);
    let balance = rich - 5 - 3 * FEE;
    assert_eq!(chain.refusal("rich", send("new", balance + 1)), TxError::InsufficientBalance { balance, needed: balance + 1 });
}

#[test]
fn admissions_need_two_thirds() {
    let chain = Chain::ready();
    let base = match chain.institution("court", &[Domain::Court, Domain::Register]) {
        Payload::RegisterInstitution(p) => p,
        _ => unreachable!(),
    };
    let with = |change: &dyn Fn(&mut RegisterInstitution), validators: &[&str]| {
        let mut p = base.clone();
        change(&mut p);
        p.approvals = chain.approve(&p.admission_digest(&chain.chain_id), validators);
        Payload::RegisterInstitution(p)
    };
    let approved = |validators: &[&str]| with(&|_| (), validators);
    assert_eq!(chain.refusal("rich", approved(&["second"])), TxError::NotEnoughApproval { approved: 3, total: 10 });
    assert_eq!(chain.refusal("rich", approved(&[])), TxError::NotEnoughApproval { approved: 0, total: 10 });
    let stranger = key("bank").public();
    assert_eq!(chain.refusal("rich", approved(&["validator", "bank"])), TxError::ApprovalByStranger { validator: stranger });
    let late = with(&|p| p.approved_until_height = 2, &["validator"]);
    assert_eq!(chain.refusal("rich", late), TxError::ApprovalExpired { approved_until_height: 2, height: chain.height + 1 });
    let bank = chain.institution("bank", &[Domain::Bank]);
    assert_eq!(chain.refusal("rich", bank), TxError::InstitutionExists { institution: address("bank") });
    let lender = chain.lender("lender", LenderKind::Independent);
    assert_eq!(chain.refusal("rich", lender), TxError::LenderExists { lender: address("lender") });

    let good = approved(&["validator", "second"]);
    let mut chain = chain.clone();
    chain.apply_all(&[("rich", good)]);
    let court: Institution = chain.view().get(&state_key::institution(&address("court"))).unwrap().unwrap();
    assert_eq!(court.slots.iter().map(|s| s.slot.number()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(chain.slot_state(2).domain, Domain::Register);
}

#[test]
fn the_registry_can_be_full() {
    let mut chain = Chain::ready();
    let state: RegistryState = chain.view().get(&state_key::registry()).unwrap().unwrap();
    let full = RegistryState { slots_used: Slot::COUNT - 1, ..state };
    chain.state.insert(state_key::registry(), borsh::to_vec(&full).unwrap());
    let two = chain.institution("court", &[Domain::Court, Domain::Register]);
    assert_eq!(chain.refusal("rich", two), TxError::RegistryFull { needed: 2, free: 1 });
}

#[test]
fn a_rotated_key_acts_and_the_old_one_does_not() {
    let mut chain = Chain::ready();
    let rotate = |to: &str| Payload::RotateKey(RotateKey::new(&chain.chain_id, &address("lender"), &key(to)));
    assert_eq!(chain.refusal("lender", rotate("lender")), TxError::KeyUnchanged);
    let (there, back) = (rotate("lender-2"), rotate("lender"));
    chain.apply_all(&[("lender", there)]);
    let lender: Lender = chain.view().get(&state_key::lender(&address("lender"))).unwrap().unwrap();
    assert_eq!(lender.public_key, key("lender-2").public());
    let nonce = chain.account("lender").nonce;
    let old = chain.transaction("lender", nonce, send("rich", 1));
    assert_eq!(not_included(&chain, old), TxError::KeyNotCurrent { account: address("lender") });
    let body = Body { key: key("lender-2").public(), ..chain.body("lender", nonce, back) };
    chain.try_block(&[body.sign(&key("lender-2"))]).unwrap();
    chain.apply_all(&[("lender", send("rich", 1))]);
}

#[test]
fn identity_updates_follow_the_newest_root() {
    let chain = Chain::ready();
    let state: IdentityState = chain.view().get(&state_key::identities()).unwrap().unwrap();
    let with = |change: &dyn Fn(&mut UpdateIdentities)| match chain.update(vec![]) {
        Payload::UpdateIdentities(mut p) => {
            change(&mut p);
            Payload::UpdateIdentities(p)
        }
        _ => unreachable!(),
    };
    assert_eq!(chain.refusal("bank", with(&|_| ())), TxError::NotAuthority { authority: address("authority") });
    let found = FieldBytes::ZERO;
    assert_eq!(
        chain.refusal("authority", with(&|p| p.previous_root = found)),
        TxError::StaleIdentityRoot { expected: state.live.root, found }
    );
    assert_eq!(chain.refusal("authority", with(&|p| p.positions_used = 0)), TxError::PositionsFell { before: 1, after: 0 });
    let cover = |number, sequence| Cover { slot: slot(number), month: chain.month(), sequence };
    assert_eq!(chain.refusal("authority", chain.update(vec![cover(0, 1)])), TxError::CoverUnknown { slot: slot(0) });
    assert_eq!(chain.refusal("authority", chain.update(vec![cover(9, 0)])), TxError::CoverUnknown { slot: slot(9) });

    let mut waiting = chain.clone();
    waiting.apply_all(&[("bank", chain.publication(0, 1))]);
    let mismatch = TxError::CoverMismatch { slot: slot(0), month: chain.month(), sequence: 1 };
    assert_eq!(waiting.refusal("authority", waiting.update(vec![cover(0, 0)])), mismatch);
}

#[test]
fn keys_are_rotated_in_the_first_anchor_of_a_month_only() {
    let mut chain = Chain::ready();
    let rotating = |chain: &Chain| match chain.update(vec![]) {
        Payload::UpdateIdentities(p) => Payload::UpdateIdentities(UpdateIdentities { rotations: 1, ..p }),
        _ => unreachable!(),
    };
    let month = chain.month();
    assert_eq!(chain.refusal("authority", rotating(&chain)), TxError::RotationNotYet { month });
    chain.time_unix_ms += 31 * 86_400_000;
    let update = rotating(&chain);
    chain.apply_all(&[("authority", update)]);
    chain.run_to_anchor();
    assert_eq!(chain.refusal("authority", rotating(&chain)), TxError::RotationNotYet { month: Month(month.0 + 1) });
}

#[test]
fn publications_rise_and_belong_to_their_institution() {
    let mut chain = Chain::ready();
    let court = chain.institution("court", &[Domain::Court]);
    chain.apply_all(&[("rich", court)]);
    let with = |change: &dyn Fn(&mut PublishCommitment)| match chain.publication(0, 1) {
        Payload::PublishCommitment(mut p) => {
            change(&mut p);
            Payload::PublishCommitment(p)
        }
        _ => unreachable!(),
    };
    let (now, other) = (chain.month(), Digest::of("other", &[]));
    assert_eq!(chain.refusal("rich", with(&|_| ())), TxError::NotAnInstitution { sender: address("rich") });
    assert_eq!(chain.refusal("court", with(&|_| ())), TxError::SlotNotOwned { slot: slot(0) });
    assert_eq!(chain.refusal("bank", with(&|p| p.slot = slot(7))), TxError::SlotNotOwned { slot: slot(7) });
    assert_eq!(chain.refusal("bank", with(&|p| p.schema = other)), TxError::SchemaUnknown { schema: other });
    let later = Month(now.0 + 1);
    assert_eq!(chain.refusal("bank", with(&|p| p.month = later)), TxError::MonthInFuture { month: later, now });
    let earlier = Month(now.0 - 1);
    assert_eq!(chain.refusal("bank", with(&|p| p.month = earlier)), TxError::MonthTooOld { month: earlier, newest: now });
    assert_eq!(chain.refusal("bank", with(&|p| p.sequence = 0)), TxError::WrongSequence { expected: 1, found: 0 });
    assert_eq!(chain.refusal("bank", with(&|p| p.sequence = 2)), TxError::WrongSequence { expected: 1, found: 2 });
    let first = with(&|p| (p.slot, p.sequence, p.membership) = (slot(1), 0, None));
    assert_eq!(chain.refusal("court", first), TxError::MembershipMissing { slot: slot(1) });
}

#[test]
fn publications_go_live_with_the_update_that_covers_them_or_by_themselves() {
    let mut chain = Chain::ready();
    let root_before = chain.newest_anchor().anchor.registry_root;
    chain.apply_all(&[("bank", chain.clone().publication(0, 1))]);
    chain.run_to_anchor();
    assert_eq!(chain.newest_anchor().anchor.registry_root, root_before, "nobody counted the changes yet");
    let cover = Cover { slot: slot(0), month: chain.month(), sequence: 1 };
    let update = chain.update(vec![cover]);
    chain.apply_all(&[("authority", update)]);
    assert_eq!(chain.slot_state(0).live.unwrap().sequence, 0);
    let identities_before = chain.newest_anchor().anchor.identity_root;
    chain.run_to_anchor();
    let anchor = chain.newest_anchor().anchor;
    assert_ne!(anchor.registry_root, root_before);
    assert_ne!(anchor.identity_root, identities_before, "both in one anchor");
    assert_eq!(chain.slot_state(0).live.unwrap().sequence, 1);

    let by_itself = match chain.publication(0, 2) {
        Payload::PublishCommitment(p) => Payload::PublishCommitment(PublishCommitment { membership: None, ..p }),
        _ => unreachable!(),
    };
    chain.apply_all(&[("bank", by_itself)]);
    chain.run_to_anchor();
    assert_eq!(chain.slot_state(0).live.unwrap().sequence, 2);
    let leaf = probity_credit::commitment::root_leaf(Domain::Bank, chain.month(), &schema().id(), element(2).element());
    let tree = probity_credit::tree::Tree::build(3, probity_credit::tree::Empties::Zero, vec![(0, leaf)]).unwrap();
    assert_eq!(chain.newest_anchor().anchor.registry_root, tree.root().into());
}

#[test]
fn a_correction_in_between_stalls_no_update() {
    let mut chain = Chain::ready();
    let court = chain.institution("court", &[Domain::Court]);
    chain.apply_all(&[("rich", court)]);
    let [bank, court] = [chain.publication(0, 1), chain.publication(1, 0)];
    chain.apply_all(&[("bank", bank), ("court", court)]);
    // the authority counts what waits; before its update arrives the bank corrects itself twice
    let cover = |number, sequence| Cover { slot: slot(number), month: chain.month(), sequence };
    let counted = chain.update(vec![cover(0, 1), cover(1, 0)]);
    let root = match &counted {
        Payload::UpdateIdentities(p) => p.root,
        _ => unreachable!(),
    };
    let (two, three) = (chain.publication(0, 2), chain.publication(0, 3));
    let later = cover(0, 3);
    let skipped = cover(0, 2);
    chain.apply_all(&[("bank", two), ("bank", three), ("authority", counted)]);
    chain.run_to_anchor();
    // what was counted is live in the anchor of the counts, what was not goes on waiting
    assert_eq!(chain.newest_anchor().anchor.identity_root, root);
    let state = chain.slot_state(0);
    assert_eq!(state.live.unwrap().sequence, 1);
    assert_eq!(state.waiting.iter().map(|p| p.sequence).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(chain.slot_state(1).live.unwrap().sequence, 0);

    let update = chain.update(vec![later]);
    chain.apply_all(&[("authority", update)]);
    assert_eq!(chain.refusal("authority", chain.update(vec![skipped])), TxError::CoverUnknown { slot: slot(0) });
    chain.run_to_anchor();
    let state = chain.slot_state(0);
    assert_eq!((state.live.unwrap().sequence, state.waiting), (3, vec![]));
}

#[test]
fn members_are_named_where_they_may_have_changed() {
    let mut chain = Chain::ready();
    let publish = |chain: &Chain, sequence, files, listed: bool| match chain.publication(0, sequence) {
        Payload::PublishCommitment(p) => {
            let membership = p.membership.filter(|_| listed);
            Payload::PublishCommitment(PublishCommitment { files, membership, ..p })
        }
        _ => unreachable!(),
    };
    let changed = |files| TxError::MembershipChanged { slot: slot(0), counted: 3, files };
    assert_eq!(chain.refusal("bank", publish(&chain, 1, 4, false)), changed(4));
    assert_eq!(chain.refusal("bank", publish(&chain, 1, 2, false)), changed(2));
    let same = publish(&chain, 1, 3, false);
    chain.apply_all(&[("bank", same)]);
    assert_eq!(chain.refusal("bank", publish(&chain, 2, 0, false)), changed(0), "staged counts as live");

    let waits = publish(&chain, 2, 5, true);
    chain.apply_all(&[("bank", waits)]);
    assert_eq!(chain.refusal("bank", publish(&chain, 3, 3, false)), TxError::MembershipWaits { slot: slot(0) });
    for sequence in 3..18 {
        let more = publish(&chain, sequence, 5, true);
        chain.apply_all(&[("bank", more)]);
    }
    let full = TxError::WaitingFull { slot: slot(0), limit: 16 };
    assert_eq!(chain.refusal("bank", publish(&chain, 18, 5, true)), full);
    // only the institution itself has to wait: the update of what it published first still counts
    let update = chain.update(vec![Cover { slot: slot(0), month: chain.month(), sequence: 2 }]);
    chain.apply_all(&[("authority", update)]);
    let more = publish(&chain, 18, 5, true);
    chain.apply_all(&[("bank", more)]);
}

#[test]
fn schemas_only_grow_and_keep_their_owner() {
    let mut chain = Chain::ready();
    let court = chain.institution("court", &[Domain::Court]);
    chain.apply_all(&[("rich", court)]);
    let register = |schema: Schema| Payload::RegisterSchema(RegisterSchema { schema });
    assert_eq!(chain.refusal("lender", register(schema())), TxError::NotAnInstitution { sender: address("lender") });
    assert_eq!(chain.refusal("bank", register(schema())), TxError::SchemaExists { schema: schema().id() });
    let next = Schema { version: 2, ..schema() };
    assert_eq!(chain.refusal("court", register(next.clone())), TxError::SchemaNameTaken { owner: address("bank") });
    let mut changed = next.clone();
    changed.features[3] = None;
    assert!(matches!(chain.refusal("bank", register(changed)), TxError::SchemaNotGrown { .. }));
    chain.apply_all(&[("bank", register(next))]);
}

#[test]
fn policies_follow_the_rules_of_schema_lender_and_chain() {
    let mut chain = Chain::ready();
    let member = chain.lender("other-lender", LenderKind::ConsortiumMember);
    chain.apply_all(&[("rich", member)]);
    let register = |policy| Payload::RegisterPolicy(RegisterPolicy { policy });
    let good = policy_of("lender");
    assert_eq!(chain.refusal("bank", register(policy_of("bank"))), TxError::NotALender { sender: address("bank") });
    assert_eq!(chain.refusal("lender", register(good.clone())), TxError::PolicyExists { policy: good.id() });
    let unknown = Digest::of("unknown", &[]);
    let mut policy = good.clone();
    policy.schema = unknown;
    assert_eq!(chain.refusal("lender", register(policy)), TxError::SchemaUnknown { schema: unknown });
    let mut policy = good.clone();
    policy.weights[0] = 101;
    assert!(matches!(chain.refusal("lender", register(policy)), TxError::PolicyRefused { .. }));
    let mut policy = good.clone();
    policy.circuit = probity_credit::circuit_id::CircuitId::Eligibility7;
    assert_eq!(chain.refusal("lender", register(policy.clone())), TxError::CircuitUnknown { circuit: policy.circuit });
    let mut policy = good.clone();
    policy.scope = ScopeKind::Consortium;
    assert_eq!(chain.refusal("lender", register(policy)), TxError::ScopeNotAllowed);
    assert_eq!(chain.refusal("other-lender", register(policy_of("other-lender"))), TxError::ScopeNotAllowed);

    let retire = |policy| Payload::RetirePolicy(RetirePolicy { policy });
    assert_eq!(chain.refusal("lender", retire(unknown)), TxError::PolicyUnknown { policy: unknown });
    assert_eq!(chain.refusal("other-lender", retire(good.id())), TxError::NotPolicyOwner { owner: address("lender") });
    chain.apply_all(&[("lender", retire(good.id()))]);
    assert_eq!(chain.refusal("lender", retire(good.id())), TxError::PolicyRetired { policy: good.id(), height: chain.height });
}

fn recorded(p: RecordProof) -> Payload {
    Payload::RecordProof(p)
}

#[test]
fn a_record_holds_what_was_proved() {
    let mut chain = Chain::ready();
    let p = chain.record("lender", 1, 1, Verdict::Granted);
    let context = p.context(&chain.chain_id, &address("lender"), CIRCUIT).digest();
    let receipts = chain.block(&[("lender", recorded(p.clone()))]);
    let event = Event::ProofRecorded { context, lender: address("lender"), policy: p.policy, verdict: Verdict::Granted };
    assert_eq!((receipts[0].outcome.clone(), receipts[0].events.clone()), (Outcome::Applied, vec![event]));
    let record: Record = chain.view().get(&state_key::record(&context)).unwrap().unwrap();
    assert_eq!((record.nullifier, record.answer, record.transaction), (p.nullifier, p.answer, receipts[0].transaction));
}

#[test]
fn each_rule_of_a_record_refuses_before_the_pairing() {
    let chain = Chain::ready();
    let good = chain.record("lender", 1, 1, Verdict::Granted);
    let with = |change: &dyn Fn(&mut RecordProof)| {
        let mut p = good.clone();
        change(&mut p);
        p.proof = chain.prove_record("lender", &p);
        chain.refusal("lender", recorded(p))
    };
    let now_unix_ms = chain.time_unix_ms + BLOCK_MS;
    assert_eq!(chain.refusal("bank", recorded(good.clone())), TxError::NotALender { sender: address("bank") });
    let unknown = Digest::of("unknown", &[]);
    assert_eq!(with(&|p| p.policy = unknown), TxError::PolicyUnknown { policy: unknown });
    let expires_unix_ms = now_unix_ms - 1;
    assert_eq!(with(&|p| p.expires_unix_ms = expires_unix_ms), TxError::RequestExpired { expires_unix_ms, now_unix_ms });
    let (limit_unix_ms, expires_unix_ms) = (now_unix_ms + GRACE_MS, now_unix_ms + GRACE_MS + 1);
    assert_eq!(with(&|p| p.expires_unix_ms = expires_unix_ms), TxError::RequestTooLong { expires_unix_ms, limit_unix_ms });
    assert_eq!(with(&|p| p.anchor_height += 1), TxError::AnchorUnknown { height: good.anchor_height + 1 });

    let mut other = chain.clone();
    let lender = chain.lender("other-lender", LenderKind::Independent);
    other.apply_all(&[("rich", lender)]);
    assert_eq!(other.refusal("other-lender", recorded(good)), TxError::NotPolicyOwner { owner: address("lender") });
}

#[test]
fn anchors_count_until_the_grace_after_their_replacement_is_over() {
    let mut chain = Chain::ready();
    let old = chain.newest_anchor().anchor.height;
    chain.run_to_anchor();
    let replaced_unix_ms = chain.time_unix_ms;
    let against_old = |chain: &Chain, nonce| {
        let mut p = chain.record("lender", u64::from(nonce), nonce, Verdict::Granted);
        p.anchor_height = old;
        p.proof = chain.prove_record("lender", &p);
        recorded(p)
    };
    chain.time_unix_ms = replaced_unix_ms + GRACE_MS - BLOCK_MS;
    let p = against_old(&chain, 1);
    chain.apply_all(&[("lender", p)]);
    let now_unix_ms = chain.time_unix_ms + BLOCK_MS;
    assert_eq!(chain.refusal("lender", against_old(&chain, 2)), TxError::AnchorOutOfGrace { height: old, replaced_unix_ms, now_unix_ms });
}

#[test]
fn policies_count_at_anchors_between_registration_and_retirement() {
    let mut chain = Chain::ready();
    let before = chain.newest_anchor().anchor.height;
    let other = chain.lender("other-lender", LenderKind::Independent);
    chain.apply_all(&[("rich", other)]);
    let policy = policy_of("other-lender");
    chain.apply_all(&[("other-lender", Payload::RegisterPolicy(RegisterPolicy { policy: policy.clone() }))]);
    let early = chain.record("other-lender", 1, 1, Verdict::Granted);
    let expected = TxError::PolicyNotActive { policy: policy.id(), active_from: chain.height, anchor_height: before };
    assert_eq!(chain.refusal("other-lender", recorded(early)), expected);

    chain.run_to_anchor();
    let in_flight = chain.record("other-lender", 1, 1, Verdict::Granted);
    chain.apply_all(&[("other-lender", Payload::RetirePolicy(RetirePolicy { policy: policy.id() }))]);
    let height = chain.height;
    chain.apply_all(&[("other-lender", recorded(in_flight))]);
    chain.run_to_anchor();
    let late = chain.record("other-lender", 2, 2, Verdict::Granted);
    assert_eq!(chain.refusal("other-lender", recorded(late)), TxError::PolicyRetired { policy: policy.id(), height });
}

#[test]
fn a_proof_that_does_not_hold_is_included_as_failed_and_spends_nothing() {
    let mut chain = Chain::ready();
    let good = chain.record("lender", 1, 1, Verdict::Granted);
    let other = chain.record("lender", 2, 2, Verdict::Granted);
    for wrong in [
        RecordProof { proof: other.proof.clone(), ..good.clone() },
        RecordProof { proof: ProofBytes([0xff; PROOF_BYTES]), ..good.clone() },
        RecordProof { answer: element(5), ..good.clone() },
        RecordProof { nonce: [8; 32], ..good.clone() },
        RecordProof { nullifier: element(8), ..good.clone() },
        RecordProof { consent_key: [8; 32], ..good.clone() },
        RecordProof { response_uri: Digest::of("elsewhere", &[]), ..good.clone() },
    ] {
        assert_eq!(chain.refusal("lender", recorded(wrong)), TxError::ProofInvalid);
    }
    let wrong = RecordProof { proof: other.proof.clone(), ..good.clone() };
    let receipts = chain.block(&[("lender", recorded(wrong)), ("lender", recorded(good)), ("lender", recorded(other))]);
    let failed: Vec<bool> = receipts.iter().map(|r| r.outcome != Outcome::Applied).collect();
    assert_eq!(failed, [true, false, false], "the batch is searched for the wrong one");
}

#[test]
fn nullifiers_are_spent_by_grants_alone_and_in_order() {
    let mut chain = Chain::ready();
    let not_granted = chain.record("lender", 1, 1, Verdict::NotGranted);
    let granted = chain.record("lender", 1, 2, Verdict::Granted);
    let again = chain.record("lender", 1, 3, Verdict::Granted);
    let spender = granted.context(&chain.chain_id, &address("lender"), CIRCUIT).digest();
    let receipts =
        chain.block(&[("lender", recorded(not_granted.clone())), ("lender", recorded(granted)), ("lender", recorded(again.clone()))]);
    let spent = TxError::NullifierSpent { record: spender };
    let outcomes: Vec<Outcome> = receipts.into_iter().map(|r| r.outcome).collect();
    assert_eq!(outcomes, [Outcome::Applied, Outcome::Applied, Outcome::Failed { error: spent.clone() }]);
    assert_eq!(chain.refusal("lender", recorded(again)), spent);
    let context = not_granted.context(&chain.chain_id, &address("lender"), CIRCUIT).digest();
    assert_eq!(chain.refusal("lender", recorded(not_granted)), TxError::RecordExists { context });
}

#[test]
fn a_rewritten_proof_makes_no_second_record() {
    let mut chain = Chain::ready();
    for (nonce, verdict) in [(1, Verdict::Granted), (2, Verdict::NotGranted)] {
        let original = chain.record("lender", nonce.into(), nonce, verdict);
        let context = original.context(&chain.chain_id, &address("lender"), CIRCUIT).digest();
        // e(-A, -B) = e(A, B): anybody can do this much, and with the key any re-randomisation
        let mut proof = probity_verifier::proof::decode(&original.proof).unwrap();
        (proof.a, proof.b) = (-proof.a, -proof.b);
        let copy = RecordProof { proof: probity_verifier::proof::encode(&proof), ..original.clone() };
        assert_ne!(copy.proof, original.proof);
        assert_eq!(chain.clone().block(&[("lender", recorded(copy.clone()))])[0].outcome, Outcome::Applied, "the copy holds, too");
        let receipts = chain.block(&[("lender", recorded(original)), ("lender", recorded(copy.clone()))]);
        let outcomes: Vec<Outcome> = receipts.into_iter().map(|r| r.outcome).collect();
        assert_eq!(outcomes, [Outcome::Applied, Outcome::Failed { error: TxError::RecordExists { context } }], "in the same block");
        assert_eq!(chain.refusal("lender", recorded(copy)), TxError::RecordExists { context }, "and later");
    }
}

#[test]
fn a_record_that_its_own_block_makes_possible_is_verified_alone() {
    let chain = Chain::ready();
    let good = chain.record("lender", 1, 1, Verdict::Granted);
    let wrong = RecordProof { answer: element(5), ..good.clone() };
    // before the block the new key may not act, so neither record is in the batch
    let to = Payload::RotateKey(RotateKey::new(&chain.chain_id, &address("lender"), &key("lender-2")));
    let nonce = chain.account("lender").nonce;
    let rotate = chain.transaction("lender", nonce, to);
    for (p, expected) in [(good, Outcome::Applied), (wrong, Outcome::Failed { error: TxError::ProofInvalid })] {
        let body = Body { key: key("lender-2").public(), ..chain.body("lender", nonce + 1, recorded(p)) };
        let transition = chain.clone().try_block(&[rotate.clone(), body.sign(&key("lender-2"))]).unwrap();
        assert_eq!(transition.receipts[1].outcome, expected);
    }
}
