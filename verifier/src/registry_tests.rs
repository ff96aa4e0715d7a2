use super::*;
use crate::batch::Claim;
use crate::proof::encode;
use crate::testing::{CIRCUIT, genesis, genesis_circuit, toy};
use probity_credit::field::F;
use probity_credit::policy::testing::policy;
use probity_credit::schema::testing::schema;
use probity_params::testing::Toy;
use rand::{SeedableRng, rngs::StdRng};

/// What the state has for the genesis's circuit.
fn entry() -> CircuitState {
    CircuitState::of_genesis(&genesis().circuits[0])
}

/// Another key for the same circuit, adopted later.
fn other_toy() -> Toy {
    Toy::with_rows(position::COUNT - position::POLICY, 9).named("eligibility-3")
}

#[test]
fn a_policy_is_folded_once_and_its_proofs_hold() {
    let toy = toy();
    let verifier = Verifier::from_genesis(&genesis()).unwrap();
    let (policy, schema) = (policy(CIRCUIT), schema());
    let prepared = verifier.policy(&entry(), &policy, &schema).unwrap();
    assert!(Arc::ptr_eq(&prepared, &verifier.policy(&entry(), &policy, &schema).unwrap()));
    assert_eq!(prepared.id(), policy.id());
    let changing = [1u64, 2, 3, 4, 5, 6, 7].map(F::from);
    let mut inputs = changing.to_vec();
    inputs.extend(policy.compile(&schema).unwrap().inputs());
    let proof = encode(&toy.prove(&toy.stock_key(), &inputs, &mut StdRng::seed_from_u64(5)));
    let claim = Claim { policy: prepared, changing, proof };
    assert_eq!(claim.verify(), Ok(()));
    let mut other = policy.clone();
    other.cut_off += 1;
    let claim = Claim { policy: verifier.policy(&entry(), &other, &schema).unwrap(), ..claim };
    assert_eq!(claim.verify(), Err(VerifyError::Equation));
}

#[test]
fn what_does_not_fit_is_refused() {
    let verifier = Verifier::from_genesis(&genesis()).unwrap();
    let unknown = CircuitId::Eligibility7;
    assert_eq!(verifier.policy(&entry(), &policy(unknown), &schema()).unwrap_err(), VerifyError::UnknownCircuit { circuit: unknown });
    let nowhere = CircuitState { verifying_key_id: Digest::default(), ..entry() };
    assert_eq!(verifier.circuit(&nowhere).unwrap_err(), RegistryError::NoKey { circuit: CIRCUIT });
    let renamed = CircuitState { id: unknown, ..entry() };
    assert_eq!(verifier.circuit(&renamed).unwrap_err(), RegistryError::NoKey { circuit: unknown });
    let mut falling = policy(CIRCUIT);
    falling.attributes[0].edges.reverse();
    assert!(matches!(verifier.policy(&entry(), &falling, &schema()), Err(VerifyError::Policy(_))));
}

#[test]
fn an_adopted_key_is_prepared_when_asked_for_and_no_fold_of_the_old_one_is_used() {
    let verifier = Verifier::from_genesis(&genesis()).unwrap();
    let (policy, schema, toy) = (policy(CIRCUIT), schema(), other_toy());
    let adopted = CircuitState::adopted(genesis_circuit(&toy.verifying_key_file()), 9, 2);
    let (old, new) = (verifier.policy(&entry(), &policy, &schema).unwrap(), verifier.policy(&adopted, &policy, &schema).unwrap());
    assert_eq!((old.id(), old.circuit().key()), (new.id(), KeyId(entry().verifying_key_id)));
    assert_eq!(new.circuit().key(), toy.verifying_key_file().id());
    let changing = [3u64; 7].map(F::from);
    let inputs = [&changing[..], &policy.compile(&schema).unwrap().inputs()].concat();
    let proof = encode(&toy.prove(&toy.stock_key(), &inputs, &mut StdRng::seed_from_u64(6)));
    let claim = |policy: &Arc<PreparedPolicy>| Claim { policy: Arc::clone(policy), changing, proof: proof.clone() };
    assert_eq!(claim(&new).verify(), Ok(()));
    assert_eq!(claim(&old).verify(), Err(VerifyError::Equation));
    // another program that starts now gets the same from the same state
    let restarted = Verifier::from_genesis(&genesis()).unwrap();
    assert_eq!(claim(&restarted.policy(&adopted, &policy, &schema).unwrap()).verify(), Ok(()));
    let mut altered = adopted;
    altered.verifying_key_id.0[0] ^= 1;
    assert!(matches!(restarted.policy(&altered, &policy, &schema), Err(VerifyError::Key(RegistryError::KeyId { .. }))));
}

#[test]
fn each_rule_about_a_circuits_key_refuses() {
    let file = toy().verifying_key_file();
    let good = genesis_circuit(&file);
    prepare(&good, ChainKind::Development).unwrap();
    assert_eq!(prepare(&good, ChainKind::Production).unwrap_err(), RegistryError::Development { circuit: CIRCUIT });
    let transcript = Some(Digest::of("test", &[b"transcript"]));
    let claimed = GenesisCircuit { transcript, ..good.clone() };
    assert_eq!(prepare(&claimed, ChainKind::Production).unwrap_err(), RegistryError::Development { circuit: CIRCUIT });
    assert_eq!(prepare(&claimed, ChainKind::Development).unwrap_err(), RegistryError::TranscriptOfDevelopmentKey { circuit: CIRCUIT });
    let relabelled = genesis_circuit(&VerifyingKeyFile { kind: Kind::Ceremony, ..file.clone() });
    let named = GenesisCircuit { transcript, ..relabelled };
    let refused = RegistryError::Key { circuit: CIRCUIT, reason: KeyError::DevelopmentKeyRelabelled };
    assert_eq!(prepare(&named, ChainKind::Production).unwrap_err(), refused);
    let ceremony = genesis_circuit(&toy().ceremony_key_file());
    for chain in [ChainKind::Development, ChainKind::Production] {
        assert_eq!(prepare(&ceremony, chain).unwrap_err(), RegistryError::NoTranscript { circuit: CIRCUIT });
        let named = GenesisCircuit { transcript, ..ceremony.clone() };
        assert_eq!(prepare(&named, chain).unwrap().kind(), Kind::Ceremony);
    }
    let refused = |circuit: GenesisCircuit| prepare(&circuit, ChainKind::Development).unwrap_err();
    let zero = Digest::default();
    assert!(matches!(refused(GenesisCircuit { verifying_key_id: zero, ..good.clone() }), RegistryError::KeyId { .. }));
    assert!(matches!(refused(GenesisCircuit { constraints: zero, ..good.clone() }), RegistryError::Constraints { .. }));
    assert!(matches!(refused(GenesisCircuit { id: CircuitId::Eligibility1, ..good.clone() }), RegistryError::Circuit { .. }));
    let mut trailing = good.clone();
    trailing.verifying_key.push(0);
    assert!(matches!(refused(trailing), RegistryError::Key { reason: KeyError::File(_), .. }));
    let shorter = Toy::new(3).named("eligibility-3").verifying_key_file();
    assert!(matches!(refused(genesis_circuit(&shorter)), RegistryError::Key { reason: KeyError::Length { .. }, .. }));
    let mut degenerate = file.clone();
    degenerate.key.copy_within(32 + 128..32 + 192, 32 + 64);
    assert!(matches!(refused(genesis_circuit(&degenerate)), RegistryError::Key { reason: KeyError::GammaIsDelta, .. }));
}

#[test]
fn the_store_is_bounded() {
    let toy = Toy::new(0);
    let circuit = Arc::new(PreparedCircuit::new(&toy.verifying_key_file(), toy.inputs()).unwrap());
    let mut store = PolicyStore::default();
    let id = |i: usize| (Digest::of("test", &[&i.to_le_bytes()]), toy.verifying_key_file().id());
    for i in 0..POLICIES_KEPT + 10 {
        store.insert(id(i), Arc::new(PreparedPolicy::new(Arc::clone(&circuit), id(i).0, &[]).unwrap()));
    }
    assert_eq!((store.by_id.len(), store.order.len()), (POLICIES_KEPT, POLICIES_KEPT));
    assert!(store.get(&id(9)).is_none());
    assert!(store.get(&id(10)).is_some());
}
