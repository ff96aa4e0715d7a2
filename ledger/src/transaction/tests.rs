//! One valid transaction of each kind, and named mutations that break one rule each.

use super::*;
use crate::genesis::GenesisCircuit;
use crate::name::Name;
use probity_credit::circuit_id::CircuitId;
use probity_credit::domain::Domain;
use probity_credit::field::FieldBytes;
use probity_credit::month::Month;
use proptest::prelude::*;

fn key(name: &str) -> SecretKey {
    SecretKey::from_hex(&Digest::of("test key", &[name.as_bytes()]).to_string()).unwrap()
}

fn address(name: &str) -> Address {
    Address::of(&key(name).public())
}

fn chain() -> Digest {
    Digest::of("chain", &[])
}

fn sign(payload: Payload) -> Transaction {
    let body = Body {
        chain_id: chain(),
        sender: address("rich"),
        key: key("rich").public(),
        nonce: 3,
        fee: 100,
        valid_until_height: Some(9),
        payload,
    };
    body.sign(&key("rich"))
}

fn approvals(digest: &Digest) -> Vec<Approval> {
    let mut approvals = vec![Approval::sign(digest, &key("v1")), Approval::sign(digest, &key("v2"))];
    approvals.sort_by_key(|a| a.validator);
    approvals
}

fn institution(change: impl Fn(&mut RegisterInstitution)) -> RegisterInstitution {
    let mut p = RegisterInstitution {
        name: Name::new("Bank").unwrap(),
        public_key: key("bank").public(),
        domains: vec![Domain::Bank, Domain::Court],
        approved_until_height: 5,
        approvals: vec![],
    };
    change(&mut p);
    p.approvals = approvals(&p.admission_digest(&chain()));
    p
}

fn lender(change: impl Fn(&mut RegisterLender)) -> RegisterLender {
    let mut p = RegisterLender {
        name: Name::new("Lender").unwrap(),
        public_key: key("lender").public(),
        window_months: 3,
        kind: LenderKind::Independent,
        approved_until_height: 5,
        approvals: vec![],
    };
    change(&mut p);
    p.approvals = approvals(&p.admission_digest(&chain()));
    p
}

fn update() -> UpdateIdentities {
    let cover = |slot| Cover { slot: Slot::new(slot).unwrap(), month: Month(24_000), sequence: 0 };
    UpdateIdentities {
        previous_root: FieldBytes::ZERO,
        root: FieldBytes::ZERO,
        leaf_file: Digest::default(),
        shards: 1,
        positions_used: 2,
        rotations: 0,
        covers: vec![cover(0), cover(7)],
    }
}

fn publication() -> PublishCommitment {
    PublishCommitment {
        slot: Slot::new(1).unwrap(),
        month: Month(24_000),
        sequence: 0,
        schema: Digest::default(),
        root: FieldBytes::ZERO,
        files: 10,
        membership: None,
    }
}

fn record() -> RecordProof {
    RecordProof {
        verdict: Verdict::Granted,
        policy: Digest::default(),
        anchor_height: 4,
        nonce: [1; 32],
        expires_unix_ms: 5,
        response_uri: Digest::default(),
        consent_key: [2; 32],
        nullifier: FieldBytes::ZERO,
        answer: FieldBytes::ZERO,
        proof: ProofBytes([7; PROOF_BYTES]),
    }
}

fn decided(mut payload: Payload) -> Payload {
    let (digest, signed) = payload.decision(&chain()).unwrap();
    *signed = approvals(&digest);
    payload
}

fn adoption() -> AdoptCircuit {
    let (id, zero) = (CircuitId::Eligibility7, Digest::default());
    let circuit = GenesisCircuit { id, constraints: zero, verifying_key_id: zero, verifying_key: vec![1; 16_000], transcript: Some(zero) };
    AdoptCircuit { circuit, sequence: 0, active_from_height: 8, approved_until_height: 5, approvals: vec![] }
}

fn retirement() -> RetireCircuit {
    RetireCircuit { circuit: CircuitId::Eligibility7, sequence: 1, last_height: 8, approved_until_height: 5, approvals: vec![] }
}

fn stop() -> StopCircuit {
    StopCircuit { circuit: CircuitId::Eligibility7, verifying_key_id: Digest::default(), approved_until_height: 5, approvals: vec![] }
}

fn all() -> Vec<Payload> {
    let policy = Policy { owner: address("rich").0, ..probity_credit::policy::testing::policy(CircuitId::Eligibility3) };
    vec![
        Payload::Transfer(Transfer { to: address("bank"), amount: 1 }),
        Payload::RegisterInstitution(institution(|_| ())),
        Payload::RegisterLender(lender(|_| ())),
        Payload::RotateKey(RotateKey::new(&chain(), &address("rich"), &key("next"))),
        Payload::UpdateIdentities(update()),
        Payload::RegisterSchema(RegisterSchema { schema: probity_credit::schema::testing::schema() }),
        Payload::PublishCommitment(publication()),
        Payload::RegisterPolicy(RegisterPolicy { policy }),
        Payload::RetirePolicy(RetirePolicy { policy: Digest::default() }),
        Payload::RecordProof(record()),
        decided(Payload::AdoptCircuit(adoption())),
        decided(Payload::RetireCircuit(retirement())),
        decided(Payload::StopCircuit(stop())),
    ]
}

use probity_credit::policy::Policy;

#[test]
fn every_kind_is_valid_and_has_one_encoding() {
    for payload in all() {
        let transaction = sign(payload);
        let kind = transaction.body.payload.kind();
        transaction.check_structure().unwrap_or_else(|e| panic!("{kind}: {e}"));
        assert_eq!(Transaction::decode(&transaction.encode()).unwrap(), transaction, "{kind}");
        let json = serde_json::to_value(&transaction).unwrap();
        assert_eq!(json["body"]["payload"]["type"], kind);
        assert_eq!(serde_json::from_value::<Transaction>(json).unwrap(), transaction, "{kind}");
        let mut longer = transaction.encode();
        longer.push(0);
        assert!(Transaction::decode(&longer).is_err(), "{kind}");
    }
}

#[test]
fn structure_is_checked_rule_by_rule() {
    let refusal = |payload| sign(payload).check_structure().unwrap_err();
    assert_eq!(refusal(Payload::Transfer(Transfer { to: address("bank"), amount: 0 })), TxError::ZeroAmount);
    let register = |change: fn(&mut RegisterInstitution)| refusal(Payload::RegisterInstitution(institution(change)));
    assert_eq!(register(|p| p.domains.clear()), TxError::DomainList);
    assert_eq!(register(|p| p.domains = vec![Domain::Court, Domain::Bank]), TxError::DomainList);
    assert_eq!(register(|p| p.domains = vec![Domain::Bank, Domain::Bank]), TxError::DomainList);
    assert_eq!(register(|p| p.public_key = PublicKey([0; 32])), TxError::WeakKey { key: PublicKey([0; 32]) });
    let limit = APPROVALS_MAX as u64;
    let approved = |change: fn(&mut Vec<Approval>)| {
        let mut p = institution(|_| ());
        change(&mut p.approvals);
        refusal(Payload::RegisterInstitution(p))
    };
    assert_eq!(approved(|a| a.reverse()), TxError::ApprovalList { limit });
    assert_eq!(approved(|a| a[1] = a[0].clone()), TxError::ApprovalList { limit });
    let validator = institution(|_| ()).approvals[0].validator;
    assert_eq!(approved(|a| a[0].signature.0[1] ^= 1), TxError::BadApproval { validator });
    for months in [0, WINDOW_MONTHS_MAX + 1] {
        let expected = TxError::WindowMonths { months, limit: WINDOW_MONTHS_MAX };
        assert_eq!(refusal(Payload::RegisterLender(lender(|p| p.window_months = months))), expected);
    }
    let stolen = RotateKey::new(&chain(), &address("other"), &key("next"));
    assert_eq!(refusal(Payload::RotateKey(stolen)), TxError::BadPossession);
    let mut covers = update();
    covers.covers.reverse();
    assert_eq!(refusal(Payload::UpdateIdentities(covers)), TxError::CoverList { limit: COVERS_MAX as u64 });
    let many = PublishCommitment { files: 1 << 27 | 1, ..publication() };
    assert_eq!(refusal(Payload::PublishCommitment(many)), TxError::TooManyFiles { files: 1 << 27 | 1, limit: 1 << 27 });
    let mut schema = probity_credit::schema::testing::schema();
    schema.features.pop();
    assert!(matches!(refusal(Payload::RegisterSchema(RegisterSchema { schema })), TxError::SchemaRefused { .. }));
    let policy = probity_credit::policy::testing::policy(CircuitId::Eligibility3);
    let owner = Address(policy.owner);
    assert_eq!(refusal(Payload::RegisterPolicy(RegisterPolicy { policy })), TxError::NotPolicyOwner { owner });
}

#[test]
fn an_approval_is_for_one_admission_on_one_chain() {
    let p = institution(|_| ());
    let elsewhere = Digest::of("other chain", &[]);
    assert!(p.check_structure(&chain()).is_ok());
    assert!(matches!(p.check_structure(&elsewhere), Err(TxError::BadApproval { .. })));
    let as_other = RegisterInstitution { name: Name::new("Other").unwrap(), ..p.clone() };
    assert!(matches!(as_other.check_structure(&chain()), Err(TxError::BadApproval { .. })));
    let same = lender(|l| l.public_key = p.public_key);
    assert_ne!(same.admission_digest(&chain()), p.admission_digest(&chain()));
}

#[test]
fn an_approval_is_for_one_decision_about_a_circuit_on_one_chain() {
    let digests: Vec<Digest> = [
        Payload::AdoptCircuit(adoption()),
        Payload::AdoptCircuit(AdoptCircuit { active_from_height: 9, ..adoption() }),
        Payload::AdoptCircuit(AdoptCircuit { sequence: 2, ..adoption() }),
        Payload::AdoptCircuit(AdoptCircuit { circuit: GenesisCircuit { transcript: None, ..adoption().circuit }, ..adoption() }),
        Payload::RetireCircuit(retirement()),
        Payload::RetireCircuit(RetireCircuit { last_height: 9, ..retirement() }),
        Payload::RetireCircuit(RetireCircuit { circuit: CircuitId::Eligibility3, ..retirement() }),
        Payload::StopCircuit(stop()),
        Payload::StopCircuit(StopCircuit { verifying_key_id: Digest([1; 32]), ..stop() }),
        Payload::StopCircuit(StopCircuit { approved_until_height: 6, ..stop() }),
    ]
    .into_iter()
    .flat_map(|mut p| [chain(), Digest::of("other chain", &[])].map(|chain| p.decision(&chain).unwrap().0))
    .collect();
    let distinct: std::collections::BTreeSet<&Digest> = digests.iter().collect();
    assert_eq!(distinct.len(), digests.len());
    for payload in all() {
        let Some((_, signed)) = payload.clone().decision(&chain()).map(|(digest, signed)| (digest, signed.clone())) else { continue };
        let (kind, validator) = (payload.kind(), signed[0].validator);
        let mut altered = payload;
        altered.decision(&chain()).unwrap().1[0].signature.0[1] ^= 1;
        assert_eq!(sign(altered).check_structure().unwrap_err(), TxError::BadApproval { validator }, "{kind}");
    }
}

#[test]
fn long_transactions_are_refused_before_they_are_decoded() {
    let bytes = vec![0; TRANSACTION_BYTES_MAX + 1];
    assert!(matches!(Transaction::decode(&bytes), Err(CodecError::TooLong { .. })));
    assert!(matches!(Slot::new(512), Err(SlotError(512))));
    assert!(serde_json::from_str::<Slot>("512").is_err());
    assert!(borsh::from_slice::<Slot>(&512u16.to_le_bytes()).is_err());
}

proptest! {
    #[test]
    fn no_flipped_bit_goes_unnoticed(kind in 0usize..13, bit in any::<prop::sample::Index>()) {
        let transaction = sign(all().swap_remove(kind));
        let mut bytes = transaction.encode();
        let bit = bit.index(8 * bytes.len());
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(altered) = Transaction::decode(&bytes) {
            prop_assert_ne!(altered.id(), transaction.id());
            prop_assert!(altered.check_structure().is_err());
        }
    }
}
