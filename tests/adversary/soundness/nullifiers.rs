//! One nullifier a scope: the same key gives the same one from any anchor, files and proof, and another in another scope.

use super::subjects::{approved, declined, old, spotless};
use super::system::System;
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::field::{F, FieldBytes};
use probity_credit::file::random_element;
use probity_credit::identity::Secret;
use probity_credit::month::Month;
use probity_credit::nullifier::{Scope, ScopeKind, nullifier};
use probity_credit::statement::testing::Fixture;
use probity_credit::tree::{Empties, TREE_DEPTH, Tree};
use probity_tests::proving::{prepared_policy, prove};
use probity_verifier::proof;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::BTreeSet;
use std::num::NonZeroU16;

/// The subject's files and policy in the hands of the key, under an identity root with new blindings and neighbours.
fn in_hands_of(mut f: Fixture, secret: &Secret, scope: F, rng: &mut StdRng) -> Fixture {
    f.witness.secret = secret.clone();
    f.witness.identity.commitment = secret.commitment();
    f.witness.identity.blinding = random_element(rng).into();
    let position = f.witness.position;
    let leaves = vec![(position, f.witness.identity.leaf()), (position ^ 5, random_element(rng))];
    let tree = Tree::build(TREE_DEPTH, Empties::Zero, leaves).expect("in the tree");
    f.witness.identity_path = tree.path(position).expect("in the tree");
    f.public.identity_root = tree.root().into();
    f.public.scope = scope.into();
    f.public.nullifier = nullifier(secret, scope);
    assert_eq!(f.check(), Ok(()));
    f
}

fn scopes() -> Vec<F> {
    let chain = Digest::of("test", &[b"chain"]);
    let lenders = [&b"a lender"[..], b"another lender"].map(|l| Digest::of("test", &[l]));
    let window = NonZeroU16::new(6).expect("not zero");
    let scope = |kind, lender, month| Scope::new(&chain, kind, lender, window, Month(month)).element();
    vec![
        scope(ScopeKind::Lender, &lenders[0], 24_322),
        scope(ScopeKind::Lender, &lenders[1], 24_322),
        scope(ScopeKind::Lender, &lenders[0], 24_328),
        scope(ScopeKind::Consortium, &lenders[0], 24_322),
    ]
}

#[test]
fn anchors_files_and_policies_do_not_change_a_nullifier_and_scopes_do() {
    let mut rng = StdRng::seed_from_u64(0x9f);
    let circuit = CircuitId::Eligibility3;
    let system = System::of(circuit);
    let (secret, other) = (Secret::random(&mut rng), Secret::random(&mut rng));
    let mut seen: BTreeSet<FieldBytes> = BTreeSet::new();
    for scope in scopes() {
        for secret in [&secret, &other] {
            let anew = [declined(circuit), approved(circuit, 0), approved(circuit, 3), old(circuit), spotless(circuit)];
            let nullifiers: BTreeSet<FieldBytes> = anew
                .into_iter()
                .map(|f| {
                    let mut f = in_hands_of(f, secret, scope, &mut rng);
                    system.honest(&f);
                    let honest = f.public.nullifier;
                    // the rows take this one and no other
                    f.public.nullifier = random_element(&mut rng).into();
                    let point = system.point(system.run(&f, &super::system::Lies::default()));
                    assert_eq!(system.labels(&point.violated), ["nullifier/equal"]);
                    honest
                })
                .collect();
            assert_eq!(nullifiers.len(), 1, "one nullifier for five anchors");
            assert!(seen.is_disjoint(&nullifiers), "another scope or key has another nullifier");
            seen.extend(nullifiers);
        }
    }
    assert_eq!(seen.len(), 8);
}

#[test]
fn proofs_from_different_anchors_verify_with_one_nullifier_alone() {
    let mut rng = StdRng::seed_from_u64(0xa0);
    let secret = Secret::random(&mut rng);
    let [first, second] = [scopes()[0], scopes()[1]];
    let circuit = CircuitId::Eligibility3;
    let subjects = [approved(circuit, 3), approved(circuit, 1)].map(|f| in_hands_of(f, &secret, first, &mut rng));
    for f in &subjects {
        let policy = prepared_policy(f);
        let bytes = [prove(f), prove(f)];
        assert_ne!(bytes[0], bytes[1], "proofs are blinded anew");
        for proof in bytes.map(|b| proof::parse(&b).expect("canonical")) {
            policy.verify(&f.public.changing(), &proof).expect("a true statement");
            let mut public = f.public.clone();
            public.nullifier = nullifier(&secret, second);
            policy.verify(&public.changing(), &proof).expect_err("the other scope's nullifier");
        }
    }
    assert_eq!(subjects[0].public.nullifier, subjects[1].public.nullifier);
    assert_ne!(subjects[0].public.identity_root, subjects[1].public.identity_root);
}
