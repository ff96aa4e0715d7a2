use super::*;
use crate::batch::Claim;
use crate::proof::encode;
use crate::testing::{CIRCUIT, genesis, genesis_circuit, toy};
use probity_credit::field::F;
use probity_credit::policy::testing::policy;
use probity_credit::schema::testing::schema;
use probity_params::testing::Toy;
use rand::{SeedableRng, rngs::StdRng};

#[test]
fn a_policy_is_folded_once_and_its_proofs_hold() {
    let toy = toy();
    let verifier = Verifier::from_genesis(&genesis()).unwrap();
    let (policy, schema) = (policy(CIRCUIT), schema());
    let prepared = verifier.policy(&policy, &schema).unwrap();
    assert!(Arc::ptr_eq(&prepared, &verifier.policy(&policy, &schema).unwrap()));
    assert_eq!(prepared.id(), policy.id());
    let changing = [1u64, 2, 3, 4, 5, 6, 7].map(F::from);
    let mut inputs = changing.to_vec();
    inputs.extend(policy.compile(&schema).unwrap().inputs());
    let proof = encode(&toy.prove(&toy.stock_key(), &inputs, &mut StdRng::seed_from_u64(5)));
    let claim = Claim { policy: prepared, changing, proof };
    assert_eq!(claim.verify(), Ok(()));
    let mut other = policy.clone();
    other.cut_off += 1;
    let claim = Claim { policy: verifier.policy(&other, &schema).unwrap(), ..claim };
    assert_eq!(claim.verify(), Err(VerifyError::Equation));
}

#[test]
fn what_does_not_fit_is_refused() {
    let verifier = Verifier::from_genesis(&genesis()).unwrap();
    let unknown = CircuitId::Eligibility7;
    assert_eq!(verifier.policy(&policy(unknown), &schema()).unwrap_err(), VerifyError::UnknownCircuit { circuit: unknown });
    let mut falling = policy(CIRCUIT);
    falling.attributes[0].edges.reverse();
    assert!(matches!(verifier.policy(&falling, &schema()), Err(VerifyError::Policy(_))));
}

#[test]
fn each_rule_about_a_genesis_key_refuses() {
    let file = toy().verifying_key_file();
    let good = genesis_circuit(&file);
    prepare(&good, ChainKind::Development).unwrap();
    assert_eq!(prepare(&good, ChainKind::Production).unwrap_err(), RegistryError::Development { circuit: CIRCUIT });
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
    let id = |i: usize| Digest::of("test", &[&i.to_le_bytes()]);
    for i in 0..POLICIES_KEPT + 10 {
        store.insert(id(i), Arc::new(PreparedPolicy::new(Arc::clone(&circuit), id(i), &[]).unwrap()));
    }
    assert_eq!((store.by_id.len(), store.order.len()), (POLICIES_KEPT, POLICIES_KEPT));
    assert!(store.get(&id(9)).is_none());
    assert!(store.get(&id(10)).is_some());
}
