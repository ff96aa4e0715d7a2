//! What a wallet takes in, and what it refuses.

mod world;

use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::identity::Counts;
use probity_ledger::delivery::RegistrationTerms;
use probity_ledger::keys::SecretKey;
use probity_wallet::book::Provenance;
use probity_wallet::collect::{CollectError, Collected};
use probity_wallet::holdings::Standing;
use probity_wallet::{Wallet, vault};
use world::{HEIGHT, NOW, World, opening, passphrase, shard, slot};

#[test]
fn everything_fits_and_survives_reopening() {
    let mut w = World::new(1);
    w.collect();
    assert_eq!(w.wallet.accept_shard(&w.shard).unwrap(), Collected::Known);
    assert_eq!(w.wallet.accept_snapshot(w.snapshot.clone()).unwrap(), Collected::Known);
    assert_eq!(w.wallet.accept_opening(w.held[0].opening.clone(), NOW).unwrap(), Collected::Known);
    assert_eq!(w.wallet.accept_registration(w.registration(), NOW).unwrap(), Collected::Known);
    w.wallet.save().unwrap();
    let before = w.wallet.holdings();
    let path = w.wallet.path().to_owned();
    drop(w.wallet);
    let wallet = Wallet::open(&path, passphrase()).unwrap();
    assert_eq!(wallet.holdings(), before);
    assert_eq!(before.position, Some(w.position));
    assert_eq!(before.ready_at_anchor, Some(HEIGHT));
    assert_eq!(before.files.len(), 3);
    assert!(before.files.iter().all(|f| f.standing == Standing::Live && f.institution.starts_with("Institution ")));
    let feature = &before.files[0].features[0];
    assert_eq!((feature.name.as_str(), feature.value.as_str()), ("feature_0", "0 units"));
    let counted: Vec<(u8, usize)> = before.counts.iter().map(|c| (c.counted, c.held)).collect();
    assert_eq!(counted, [(2, 2), (1, 1)]);
    assert_eq!(wallet.log().entries().len(), 1 + 1 + 3);
    assert!(!std::fs::read(&path).unwrap().windows(9).any(|b| b == b"feature_0"));
    drop(wallet);
    assert!(matches!(
        Wallet::open(&path, "four other words".to_owned().into()),
        Err(probity_wallet::WalletError::Vault(vault::VaultError::WrongPassphrase { .. }))
    ));
}

#[test]
fn registrations_of_others_are_refused() {
    let mut w = World::new(2);
    let good = w.registration();
    assert!(matches!(w.wallet.accept_registration(good.clone(), NOW), Err(CollectError::NoBook)));
    w.wallet.accept_book(w.book.clone()).unwrap();
    let stranger = SecretKey::generate();
    let with = |change: &dyn Fn(&mut RegistrationTerms), key: &SecretKey| {
        let mut terms = good.terms.clone();
        change(&mut terms);
        terms.sign(key)
    };
    let mut forged = good.clone();
    forged.terms.position += 1;
    assert!(matches!(w.wallet.accept_registration(forged, NOW), Err(CollectError::Delivery(_))));
    let other = with(&|t| t.commitment = FieldBytes::ZERO, &w.authority);
    assert!(matches!(w.wallet.accept_registration(other, NOW), Err(CollectError::OtherKey)));
    let other = with(&|t| t.authority = stranger.public(), &stranger);
    assert!(matches!(w.wallet.accept_registration(other, NOW), Err(CollectError::OtherAuthority)));
    let other = with(&|t| t.chain_id = Digest::default(), &w.authority);
    assert!(matches!(w.wallet.accept_registration(other, NOW), Err(CollectError::OtherChain { .. })));
    w.wallet.accept_registration(good.clone(), NOW).unwrap();
    let moved = with(&|t| t.position += 1, &w.authority);
    assert!(matches!(w.wallet.accept_registration(moved, NOW), Err(CollectError::OtherPosition { .. })));
    let mut other_chain = w.book.clone();
    other_chain.terms.chain_id = Digest::default();
    assert!(matches!(w.wallet.accept_book(other_chain), Err(CollectError::OtherChain { .. })));
    let mut older = w.book.clone();
    older.height -= 1;
    assert!(matches!(w.wallet.accept_book(older), Err(CollectError::OldBook { .. })));
}

#[test]
fn books_without_proofs_neither_enter_nor_bind() {
    let mut w = World::new(6);
    let mut unproved = w.book.clone();
    (unproved.provenance, unproved.height) = (Provenance::Imported, u64::MAX);
    assert!(matches!(w.wallet.accept_book(unproved.clone()), Err(CollectError::Unproved)));
    assert!(w.wallet.book().is_none());
    w.wallet.accept_book(w.book.clone()).unwrap();
    unproved.lenders.clear();
    assert!(matches!(w.wallet.accept_book(unproved), Err(CollectError::Unproved)));
    assert_eq!(w.wallet.book(), Some(&w.book));
    w.wallet.accept_book(w.book.clone()).unwrap();
    assert_eq!(w.wallet.chain_id(), Some(w.chain_id));
}

#[test]
fn shards_that_do_not_fit_are_refused() {
    let mut w = World::new(3);
    assert!(matches!(w.wallet.accept_shard(&w.shard), Err(CollectError::NotRegistered)));
    w.wallet.accept_book(w.book.clone()).unwrap();
    w.wallet.accept_registration(w.registration(), NOW).unwrap();

    let mut other = w.shard.clone();
    other.index += 1;
    assert!(matches!(w.wallet.accept_shard(&other), Err(CollectError::OtherShard { expected: 5, found: 6 })));

    let mut other = w.shard.clone();
    other.leaves[w.position as usize % 4_096] = FieldBytes::from_be_bytes([1; 32]).unwrap();
    assert!(matches!(w.wallet.accept_shard(&other), Err(CollectError::UnknownRoot)));

    let own = w.shard.openings.iter().position(|o| usize::from(o.offset) == w.position as usize % 4_096).unwrap();
    let mut swapped = w.shard.clone();
    let neighbour = swapped.openings.iter().position(|o| usize::from(o.offset) != w.position as usize % 4_096).unwrap();
    swapped.openings[own].ciphertext = swapped.openings[neighbour].ciphertext.clone();
    assert!(matches!(w.wallet.accept_shard(&swapped), Err(CollectError::SealedForm(_))));

    let mut altered = w.shard.clone();
    *altered.openings[own].ciphertext.last_mut().unwrap() ^= 1;
    assert!(matches!(w.wallet.accept_shard(&altered), Err(CollectError::Sealed)));

    let mut lie = w.identity.clone();
    lie.counts = Counts::default();
    let mut lying = w.shard.clone();
    let recipient: age::x25519::Recipient = w.wallet.enrolment().recipient.parse().unwrap();
    lying.openings[own].ciphertext = age::encrypt(&recipient, &probity_credit::codec::encode(&lie)).unwrap();
    assert!(matches!(w.wallet.accept_shard(&lying), Err(CollectError::OpeningLeaf)));

    for (change, is) in [
        ((|i| i.commitment = FieldBytes::ZERO) as fn(&mut probity_credit::identity::IdentityOpening), "key"),
        (|i| i.person = FieldBytes::ZERO, "person"),
    ] {
        let mut identity = w.identity.clone();
        change(&mut identity);
        let other = shard(&identity, w.position, &w.wallet.enrolment().recipient, &mut w.rng);
        let mut book = w.book.clone();
        book.anchors[0].anchor.identity_root = other.root().unwrap().into();
        w.wallet.accept_book(book).unwrap();
        match (w.wallet.accept_shard(&other), is) {
            (Err(CollectError::LeafKey), "key") | (Err(CollectError::LeafPerson), "person") => {}
            (other, is) => panic!("{is}: {other:?}"),
        }
    }
    w.wallet.accept_book(w.book.clone()).unwrap();
    assert_eq!(w.wallet.accept_shard(&w.shard).unwrap(), Collected::Identity { anchors: vec![HEIGHT] });
}

#[test]
fn snapshots_that_do_not_fit_are_refused() {
    let mut w = World::new(4);
    w.wallet.accept_book(w.book.clone()).unwrap();
    let mut other = w.snapshot.clone();
    other.slots.pop();
    assert!(matches!(w.wallet.accept_snapshot(other), Err(CollectError::Delivery(_))));
    let mut other = w.snapshot.clone();
    other.slots.pop();
    other.anchor.registry_root = other.tree().unwrap().root().into();
    assert!(matches!(w.wallet.accept_snapshot(other), Err(CollectError::UnknownAnchor { height: HEIGHT })));
}

#[test]
fn openings_of_others_are_refused_and_contradictions_kept() {
    let mut w = World::new(5);
    w.wallet.accept_book(w.book.clone()).unwrap();
    w.wallet.accept_registration(w.registration(), NOW).unwrap();
    let held = &w.held[0];
    let (position, file) = (w.position, held.opening.file.clone());
    let make = |slot, position, key: &SecretKey, rng: &mut _| {
        opening(&w.chain_id, slot, held.domain, world::MONTH, &w.schema, position, file.clone(), key, rng)
    };
    let stranger = SecretKey::generate();
    let foreign = make(held.slot, position, &stranger, &mut w.rng);
    assert!(matches!(w.wallet.accept_opening(foreign, NOW), Err(CollectError::OtherSigner { .. })));
    let moved = make(held.slot, position ^ 2, &held.key, &mut w.rng);
    assert!(matches!(w.wallet.accept_opening(moved, NOW), Err(CollectError::OtherPosition { .. })));
    let nobody = make(slot(400), position, &held.key, &mut w.rng);
    assert!(matches!(w.wallet.accept_opening(nobody, NOW), Err(CollectError::UnknownSlot { .. })));
    let employer = make(w.held[1].slot, position, &w.held[1].key, &mut w.rng);
    assert!(matches!(w.wallet.accept_opening(employer, NOW), Err(CollectError::OtherDomain { .. })));
    let mut swapped = held.opening.clone();
    swapped.file = w.held[1].opening.file.clone();
    assert!(matches!(w.wallet.accept_opening(swapped, NOW), Err(CollectError::Delivery(_))));

    assert_eq!(w.wallet.accept_opening(held.opening.clone(), NOW).unwrap(), Collected::File { slot: held.slot, contradicts: false });
    // the same institution, slot, month and sequence number with another root
    let second = make(held.slot, position, &held.key, &mut w.rng);
    assert_eq!(w.wallet.accept_opening(second, NOW).unwrap(), Collected::File { slot: held.slot, contradicts: true });
    let [a, b] = w.wallet.evidence() else { panic!("two receipts") };
    assert_eq!((a.terms.slot, a.terms.month, a.terms.sequence), (b.terms.slot, b.terms.month, b.terms.sequence));
    assert_ne!(a.terms.root, b.terms.root);
}
