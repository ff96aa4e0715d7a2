//! Each delivery round-trips, and each rule refuses its own mutation.

use super::*;
use crate::keys::SecretKey;
use crate::transaction::Slot;
use probity_credit::commitment::Anchor;
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::field::{F, FieldBytes};
use probity_credit::file::testing::file;
use probity_credit::identity::person;
use probity_credit::tree::{Empties, TREE_DEPTH, Tree};
use rand::SeedableRng;
use rand::rngs::StdRng;

const POSITION: u32 = 5 * SHARD_LEAVES as u32 + 77;

fn chain_id() -> Digest {
    Digest::of("test", &[b"chain"])
}

fn round_trip<T: Delivery + PartialEq + std::fmt::Debug + serde::Serialize + DeserializeOwned>(value: &T) {
    assert_eq!(&T::decode(&value.encode()).unwrap(), value);
    assert_eq!(&T::from_json(&serde_json::to_vec(value).unwrap()).unwrap(), value);
    assert!(value.encode().len() <= T::BYTES_MAX);
    let mut longer = value.encode();
    longer.push(0);
    assert!(matches!(T::decode(&longer), Err(DeliveryError::Codec(_))));
}

fn opening() -> (FileOpening, MembershipList, SecretKey) {
    let mut rng = StdRng::seed_from_u64(3);
    let key = SecretKey::generate();
    let file = file(&[(0, 12), (13, -4)], &mut rng);
    let empties = [9; 32];
    let leaves = vec![(POSITION, file.leaf()), (POSITION + 1, F::from(8u64)), (1, F::from(7u64))];
    let tree = Tree::build(TREE_DEPTH, Empties::Seeded(empties), leaves).unwrap();
    let (slot, month) = (Slot::new(4).unwrap(), Month(24_000));
    let terms = ReceiptTerms {
        chain_id: chain_id(),
        slot,
        domain: Domain::Bank,
        month,
        sequence: 0,
        schema: Digest::of("test", &[b"schema"]),
        root: tree.root().into(),
        position: POSITION,
        leaf: file.leaf().into(),
        institution: key.public(),
    };
    let members = tree.leaves().iter().map(|&(position, leaf)| Member { position, leaf: leaf.into() }).collect();
    let list = MembershipTerms {
        chain_id: chain_id(),
        slot,
        month,
        sequence: 0,
        root: tree.root().into(),
        empties,
        members,
        institution: key.public(),
    };
    (FileOpening { file, path: tree.path(POSITION).unwrap(), receipt: terms.sign(&key) }, list.sign(&key), key)
}

fn shard() -> (IdentityShard, F) {
    let leaves = vec![(1u32, F::from(1u64)), (POSITION, F::from(2u64)), (POSITION + 3, F::from(3u64)), (1 << 26, F::from(4u64))];
    let tree = Tree::build(TREE_DEPTH, Empties::Zero, leaves).unwrap();
    let first = POSITION / SHARD_LEAVES as u32 * SHARD_LEAVES as u32;
    let leaf = |i: usize| tree.leaf(first + i as u32).map_or(FieldBytes::ZERO, FieldBytes::from);
    let shard = IdentityShard {
        sequence: 2,
        index: IdentityShard::index_of(POSITION),
        leaves: (0..SHARD_LEAVES).map(leaf).collect(),
        upper: probity_credit::tree::MerklePath { levels: tree.path(POSITION).unwrap().levels[SHARD_DEPTH..].to_vec() },
        openings: vec![SealedOpening { offset: 77, ciphertext: vec![1; 300] }, SealedOpening { offset: 80, ciphertext: vec![2; 300] }],
    };
    (shard, tree.root())
}

#[test]
fn enrolments_and_registrations() {
    let enrolment = Enrolment { commitment: F::from(5u64).into(), recipient: format!("age1{}", "q".repeat(58)) };
    round_trip(&enrolment);
    for bad in ["", "age1", &format!("age1{}", "Q".repeat(58)), &format!("age2{}", "q".repeat(58))] {
        let bad = Enrolment { recipient: bad.into(), ..enrolment.clone() };
        assert_eq!(bad.check(), Err(DeliveryError::Recipient));
    }
    let key = SecretKey::generate();
    let terms = RegistrationTerms {
        chain_id: chain_id(),
        position: POSITION,
        person: person("Ada", &[1; 16]),
        salt: [1; 16],
        commitment: enrolment.commitment,
        authority: key.public(),
    };
    let registration = terms.sign(&key);
    round_trip(&registration);
    assert!(registration.is_of("Ada") && !registration.is_of("Bob"));
    let mut other = registration.clone();
    other.terms.position += 1;
    assert!(matches!(other.check(), Err(DeliveryError::Signature { .. })));
    other.terms.position = 1 << 27;
    assert_eq!(other.check(), Err(DeliveryError::Position { position: 1 << 27 }));
}

#[test]
fn file_openings() {
    let (good, _, key) = opening();
    round_trip(&good);
    round_trip(&good.receipt);
    let refused = |f: &dyn Fn(&mut FileOpening)| {
        let mut o = good.clone();
        f(&mut o);
        o.receipt = o.receipt.terms.clone().sign(&key);
        o.check().unwrap_err()
    };
    assert_eq!(refused(&|o| o.file.records_digest.0[0] ^= 1), DeliveryError::FileLeaf);
    assert_eq!(refused(&|o| o.receipt.terms.position ^= 1), DeliveryError::FilePath);
    assert_eq!(refused(&|o| o.path.levels[3][0] = FieldBytes::ZERO), DeliveryError::FilePath);
    assert_eq!(refused(&|o| o.path.levels.truncate(8)), DeliveryError::PathLength(8));
    let mut unsigned = good.clone();
    unsigned.receipt.terms.sequence = 1;
    assert!(matches!(unsigned.check(), Err(DeliveryError::Signature { what: "an inclusion receipt", .. })));
    let mut elsewhere = good;
    elsewhere.receipt.terms.chain_id = Digest::default();
    assert!(matches!(elsewhere.check(), Err(DeliveryError::Signature { .. })));
}

#[test]
fn membership_lists() {
    let (_, good, key) = opening();
    round_trip(&good);
    good.check_root().unwrap();
    let with = |f: &dyn Fn(&mut MembershipTerms)| {
        let mut terms = good.terms.clone();
        f(&mut terms);
        terms.sign(&key)
    };
    assert_eq!(with(&|t| t.members.reverse()).check(), Err(DeliveryError::Members));
    assert_eq!(with(&|t| t.members[1] = t.members[0]).check(), Err(DeliveryError::Members));
    assert_eq!(with(&|t| t.members[0].leaf = FieldBytes::ZERO).check(), Err(DeliveryError::Members));
    assert_eq!(with(&|t| t.members[2].position = 1 << 27).check(), Err(DeliveryError::Position { position: 1 << 27 }));
    let invented = with(&|t| t.members.insert(1, Member { position: 2, leaf: F::from(1u64).into() }));
    assert_eq!((invented.check(), invented.check_root()), (Ok(()), Err(DeliveryError::Root { what: "members" })));
    let mut unsigned = good.clone();
    unsigned.terms.month = Month(24_001);
    assert!(matches!(unsigned.check(), Err(DeliveryError::Signature { .. })));
}

#[test]
fn shards_lead_to_the_identity_root() {
    let (good, root) = shard();
    round_trip(&good);
    assert_eq!(good.root().unwrap(), root);
    assert_eq!(good.path(POSITION).unwrap().root(POSITION, F::from(2u64)), root);
    assert_eq!(good.path(POSITION + 5).unwrap().root(POSITION + 5, F::from(0u64)), root, "an empty place has a path too");
    assert_eq!(good.leaf(POSITION).unwrap(), Some(F::from(2u64).into()));
    assert_eq!(good.sealed(POSITION + 3).unwrap(), Some(&[2u8; 300][..]));
    assert_eq!(good.sealed(POSITION + 4).unwrap(), None);
    assert_eq!(good.path(1), Err(DeliveryError::Position { position: 1 }));
    let file = LeafFile { chain_id: chain_id(), sequence: 2, root: root.into(), shards: vec![good.digest(); 6] };
    round_trip(&file);
    assert!(file.lists(&good));
    assert!(!LeafFile { sequence: 3, ..file.clone() }.lists(&good));
    assert_eq!(LeafFile { shards: vec![], ..file.clone() }.check(), Err(DeliveryError::ShardCount(0)));
    let refused = |f: &dyn Fn(&mut IdentityShard)| {
        let mut s = good.clone();
        f(&mut s);
        assert!(!file.lists(&s));
        s.check().unwrap_err()
    };
    assert_eq!(refused(&|s| s.leaves.truncate(SHARD_LEAVES - 1)), DeliveryError::ShardShape);
    assert_eq!(refused(&|s| s.upper.levels.truncate(4)), DeliveryError::ShardShape);
    assert_eq!(refused(&|s| s.index = SHARDS_MAX), DeliveryError::ShardShape);
    assert_eq!(refused(&|s| drop(s.openings.pop())), DeliveryError::SealedOpenings { shard: 5 });
    assert_eq!(refused(&|s| s.openings.swap(0, 1)), DeliveryError::SealedOpenings { shard: 5 });
    assert_eq!(refused(&|s| s.openings[0].ciphertext = vec![0; SEALED_BYTES_MAX + 1]), DeliveryError::SealedOpenings { shard: 5 });
    assert_eq!([shards_for(0), shards_for(1), shards_for(4096), shards_for(4097), shards_for(1 << 27)], [1, 1, 1, 2, SHARDS_MAX]);
}

#[test]
fn registry_snapshots() {
    let live = |slot: u16, month: u16| LiveSlot {
        slot: Slot::new(slot).unwrap(),
        domain: Domain::Landlord,
        month: Month(month),
        sequence: 0,
        schema: Digest::default(),
        root: F::from(u64::from(slot)).into(),
    };
    let anchor = Anchor { height: 9, identity_root: FieldBytes::ZERO, registry_root: FieldBytes::ZERO, month: Month(100) };
    let mut good = RegistrySnapshot { anchor, slots: vec![live(2, 100), live(70, 98), live(511, 99)] };
    good.anchor.registry_root = good.tree().unwrap().root().into();
    round_trip(&good);
    assert_eq!(good.live(Slot::new(70).unwrap()), Some(&good.slots[1]));
    assert_eq!(good.live(Slot::new(71).unwrap()), None);
    let refused = |f: &dyn Fn(&mut RegistrySnapshot)| {
        let mut s = good.clone();
        f(&mut s);
        s.check().unwrap_err()
    };
    assert_eq!(refused(&|s| s.slots.swap(0, 1)), DeliveryError::SlotOrder);
    assert_eq!(refused(&|s| s.slots[1] = live(70, 101)), DeliveryError::LaterMonth { slot: 70, month: Month(101) });
    assert_eq!(refused(&|s| s.slots.truncate(2)), DeliveryError::Root { what: "slots" });
    assert_eq!(refused(&|s| s.slots[0].domain = Domain::Bank), DeliveryError::Root { what: "slots" });
}
