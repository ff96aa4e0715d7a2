//! One answer with a real proof, and one where the prover refuses.

mod world;

use probity_credit::circuit_id::CircuitId;
use probity_credit::domain::Domain;
use probity_params::cache::KeyCache;
use probity_prover::{CannotProve, Prover};
use probity_wallet::{Consent, Refusal};
use world::{NOW, World};

#[test]
fn a_proof_leaves_the_wallet_and_another_circuit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let prover = Prover::development(CircuitId::Eligibility1, &KeyCache::at(folder.path()), None, &|_, _, _| ()).unwrap();
    let mut w = World::with(30, CircuitId::Eligibility1, &[(9, Domain::Bank)]);
    w.collect();
    let signed = w.signed(|_| ());
    let review = w.wallet.review(signed.clone(), NOW).unwrap();
    let prove = |d: &probity_wallet::Draft| prover.prove(&d.compiled, &d.schema, &d.public, &d.witness);
    // the prover has verified the proof from its bytes, against inputs that bind request, nullifier and answer
    let response = w.wallet.respond(review, Consent::given(NOW), prove).unwrap();
    assert_eq!(response.presentation().proof.0.len(), 128);
    response.verify_consent(&signed.request).unwrap();

    let mut other = World::new(31);
    other.collect();
    let signed = other.signed(|_| ());
    let review = other.wallet.review(signed, NOW).unwrap();
    let refused = other.wallet.respond(review, Consent::given(NOW), prove);
    assert!(matches!(refused, Err(Refusal::CannotProve(CannotProve::OtherCircuit { .. }))));
}
