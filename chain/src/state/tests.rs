use super::columns::{META, column};
use super::*;
use crate::testing::*;
use borsh::BorshSerialize;
use probity_credit::digest::Digest;
use probity_ledger::block::{Block, Header, PROTOCOL_VERSION};
use probity_ledger::certificate::Certificate;
use probity_ledger::state_key;
use probity_ledger::state_proof::StateProofError;
use probity_ledger::state_value::Account;
use proptest::prelude::*;
use std::path::Path;

fn chain_id() -> Digest {
    Digest::of("chain", &[])
}

fn bytes<T: BorshSerialize>(value: &T) -> Vec<u8> {
    borsh::to_vec(value).unwrap()
}

fn account(balance: u64) -> Account {
    Account { balance, ..Account::default() }
}

fn genesis_changes() -> Changes {
    [(state_key::account(&address("rich")), bytes(&account(7)))].into()
}

fn open(path: &Path) -> Store {
    Store::open(path, &chain_id(), 1_000, &genesis_changes()).unwrap()
}

/// Commits a block that only writes `changes`.
fn commit(store: &Store, changes: &Changes) -> Tip {
    let tip = store.tip();
    let height = tip.height + 1;
    let tree = store.tree_update(height, changes).unwrap();
    let header = Header {
        protocol_version: PROTOCOL_VERSION,
        chain_id: chain_id(),
        height,
        time_unix_ms: tip.time_unix_ms + 1,
        parent_hash: tip.hash,
        transactions_root: Digest::default(),
        state_root: tree.root,
        receipts_root: Digest::default(),
        next_validators_hash: Digest::default(),
        proposer: address("validator"),
    };
    let block = Block { header, transactions: vec![] };
    let certificate = Certificate { height, round: 0, block_hash: block.hash(), signatures: vec![] };
    store.commit(&BlockWrite { block: &block, certificate: &certificate, receipts: &[], tree: &tree, anchored: false }).unwrap()
}

fn entry(n: u64) -> (probity_ledger::state_key::StateKey, Vec<u8>) {
    (state_key::anchor(n % 40), bytes(&n))
}

#[test]
fn every_height_stays_readable_and_provable() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut roots = vec![store.tip().state_root];
    for height in 1..=30u64 {
        let changes: Changes = (0..5).map(|i| entry(height * 7 + i)).collect();
        roots.push(commit(&store, &changes).state_root);
    }
    roots.push(commit(&store, &Changes::new()).state_root);
    assert_eq!(roots[31], roots[30], "a block without changes keeps the root");
    let key = state_key::account(&address("rich"));
    for (height, root) in (0u64..).zip(&roots) {
        let proof = store.prove(height, &key).unwrap();
        assert_eq!(proof.verify_value::<Account>(root, &key).unwrap(), Some(account(7)));
        let absent = state_key::account(&address("nobody"));
        assert_eq!(store.prove(height, &absent).unwrap().verify(root, &absent), Ok(None));
    }
    let (key, value) = entry(30 * 7 + 4);
    assert_eq!(store.snapshot(30).bytes(&key).unwrap(), Some(value));
    assert_ne!(store.snapshot(5).bytes(&key).unwrap(), store.snapshot(30).bytes(&key).unwrap());
}

#[test]
fn altered_state_proofs_fail() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let changes: Changes = (0..40).map(entry).collect();
    let root = commit(&store, &changes).state_root;
    let (key, _) = entry(3);
    let good = store.prove(1, &key).unwrap();
    good.verify(&root, &key).unwrap();
    let other = state_key::anchor(4);
    assert_eq!(good.verify(&root, &other), Err(StateProofError::WrongKey { expected: other, found: key }));
    assert_eq!(good.verify(&Digest::default(), &key), Err(StateProofError::WrongRoot));
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut json = serde_json::to_value(&good).unwrap();
        change(&mut json);
        serde_json::from_value::<probity_ledger::state_proof::StateProof>(json).unwrap().verify(&root, &key).map(|v| v.map(<[u8]>::to_vec))
    };
    assert_eq!(with(&|j| j["value"] = "AAAA".into()), Err(StateProofError::WrongRoot));
    assert_eq!(with(&|j| j["value"] = serde_json::Value::Null), Err(StateProofError::WrongRoot));
    assert!(matches!(with(&|j| j["path"] = "AAAA".into()), Err(StateProofError::Codec(_))));
    let path = serde_json::to_value(store.prove(1, &other).unwrap()).unwrap()["path"].clone();
    assert_eq!(with(&|j| j["path"] = path.clone()), Err(StateProofError::WrongRoot));
}

#[test]
fn what_was_not_committed_is_gone_and_what_was_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let (tip, changes) = {
        let store = open(dir.path());
        let tip = commit(&store, &(0..10).map(entry).collect());
        let changes: Changes = (10..20).map(entry).collect();
        store.tree_update(tip.height + 1, &changes).unwrap(); // computed, never committed
        (tip, changes)
    };
    let store = open(dir.path());
    assert_eq!(store.tip(), tip);
    for key in changes.keys() {
        assert_eq!(store.snapshot(u64::MAX).bytes(key).unwrap(), None);
    }
    assert!(store.block(tip.height).unwrap().is_some() && store.block(tip.height + 1).unwrap().is_none());
    let next = commit(&store, &changes);
    assert_eq!(next.height, tip.height + 1);
}

#[test]
fn only_the_next_block_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    commit(&store, &Changes::new());
    let block = store.block(1).unwrap().unwrap();
    let tree = store.tree_update(2, &Changes::new()).unwrap();
    let certificate = store.certificate(1).unwrap().unwrap();
    let write = BlockWrite { block: &block, certificate: &certificate, receipts: &[], tree: &tree, anchored: false };
    assert!(matches!(store.commit(&write), Err(StateError::NotNext { tip: 1, found: 1 })));
}

#[test]
fn other_chains_and_formats_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let other = Digest::of("other", &[]);
    let refused = Store::open(dir.path(), &other, 0, &Changes::new()).err().unwrap();
    assert!(matches!(refused, StateError::OtherChain { expected, found } if expected == other && found == chain_id()));
    let store = open(dir.path());
    store.db.put_cf(column(&store.db, META), b"format", bytes(&(FORMAT_VERSION + 1))).unwrap();
    drop(store);
    let refused = Store::open(dir.path(), &chain_id(), 0, &Changes::new()).err().unwrap();
    assert!(matches!(refused, StateError::Format { expected: FORMAT_VERSION, found } if found == FORMAT_VERSION + 1));
}

#[test]
fn undecided_blocks_survive_until_their_height_is_decided() {
    let dir = tempfile::tempdir().unwrap();
    let block = |round: u32, byte: u8| StoredBlock {
        round,
        valid_round: None,
        proposer: key("validator").public(),
        hash: Digest([byte; 32]),
        bytes: vec![byte; 100],
    };
    {
        let store = open(dir.path());
        store.keep_proposal(1, &block(0, 1)).unwrap();
        store.keep_undecided(1, &block(2, 3)).unwrap();
        store.keep_undecided(1, &block(4, 3)).unwrap();
        store.keep_undecided(2, &block(0, 9)).unwrap();
    }
    let store = open(dir.path());
    assert_eq!(store.proposal(1, 0).unwrap(), Some(block(0, 1)));
    assert_eq!(store.proposal(1, 1).unwrap(), None);
    assert_eq!(store.undecided_at(1).unwrap(), [block(0, 1), block(2, 3)], "the first round stays");
    commit(&store, &Changes::new());
    assert_eq!(store.undecided_at(1).unwrap(), []);
    assert_eq!(store.proposal(1, 0).unwrap(), None);
    assert_eq!(store.undecided_at(2).unwrap(), [block(0, 9)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn the_root_depends_on_the_entries_alone(values in prop::collection::btree_map(0u64..60, any::<u64>(), 1..40)) {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let entries: Changes = values.iter().map(|(k, v)| (state_key::anchor(*k), bytes(v))).collect();
        let at_once = open(one.path());
        let by_and_by = open(two.path());
        commit(&at_once, &entries);
        let last = entries.iter().map(|(k, v)| commit(&by_and_by, &[(*k, v.clone())].into())).last().unwrap();
        prop_assert_eq!(at_once.tip().state_root, last.state_root);
    }
}

#[test]
fn cursors_read_as_they_are_written() {
    let cursor = Cursor { height: 12, index: 3 };
    assert_eq!(cursor.to_string().parse(), Ok(cursor));
    for bad in ["", "12", "12-", "+12-3", "012-3", "12-3-4", "a-b"] {
        assert_eq!(bad.parse::<Cursor>(), Err(CursorError), "{bad}");
    }
}
