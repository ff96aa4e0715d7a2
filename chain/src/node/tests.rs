use super::*;
use crate::engine::{Application, Candidate, Origin, Verdict as Said};
use crate::state::Listing;
use crate::testing::*;
use probity_credit::hash::label::sha256::{RECEIPTS, TRANSACTIONS_ROOT};
use probity_ledger::block::Block;
use probity_ledger::certificate::{Certificate, CommitSignature, VoteType, vote_sign_bytes};
use probity_ledger::receipt::Outcome;
use probity_ledger::state_value::AnchorEntry;
use probity_ledger::transaction::{AdoptCircuit, Body, Payload, Transfer, Verdict};
use std::time::Duration;

const BUDGET: Duration = Duration::from_secs(20);

fn open(path: &Path, own: &str) -> Node {
    Node::open(path, genesis(), Some(key(own).public()), MempoolLimits::default(), verifier()).unwrap()
}

fn candidate(node: &Node, bytes: Vec<u8>) -> Candidate {
    let (height, proposer) = (node.tip() + 1, key("validator").public());
    Candidate { height, round: 0, valid_round: None, proposer, origin: Origin::Proposed, bytes }
}

fn certificate(node: &Node, hash: Digest) -> Certificate {
    let height = node.tip() + 1;
    let message = vote_sign_bytes(&node.chain_id, height, 0, Some(hash), VoteType::Precommit);
    let validator = key("validator");
    let signature = CommitSignature { validator: validator.public(), signature: validator.sign_bytes(&message) };
    Certificate { height, round: 0, block_hash: hash, signatures: vec![signature] }
}

/// Proposes with the first node, has all check it, and commits it everywhere.
fn decide(nodes: &[&Node]) -> Block {
    let proposed = nodes[0].propose(nodes[0].tip() + 1, 0, BUDGET).unwrap();
    for node in &nodes[1..] {
        assert_eq!(node.validate(&candidate(node, proposed.bytes.clone())).unwrap(), Said::Valid(proposed.hash));
    }
    for node in nodes {
        node.commit(certificate(node, proposed.hash)).unwrap();
    }
    Block::decode(&proposed.bytes).unwrap()
}

fn submit(node: &Node, sender: &str, payload: Payload) -> TxId {
    let nonce = node.next_nonce(&address(sender)).unwrap();
    let chain = Chain::new();
    node.submit(chain.transaction(sender, nonce, payload)).unwrap()
}

fn send(amount: u64) -> Payload {
    Payload::Transfer(Transfer { to: address("bank"), amount })
}

/// The story of [`Chain::ready`] and a record, on nodes.
fn play(nodes: &[&Node]) -> TxId {
    let mut chain = Chain::new();
    let lender = chain.lender("lender", probity_ledger::transaction::LenderKind::Independent);
    submit(nodes[0], "rich", chain.institution("bank", &[probity_credit::domain::Domain::Bank]));
    submit(nodes[0], "rich", lender);
    decide(nodes);
    // blocks carry this machine's time
    chain.time_unix_ms = nodes[0].status().time_unix_ms;
    let schema = Payload::RegisterSchema(probity_ledger::transaction::RegisterSchema { schema: schema() });
    submit(nodes[0], "bank", schema);
    submit(nodes[0], "bank", chain.publication(0, 0));
    submit(nodes[0], "lender", Payload::RegisterPolicy(probity_ledger::transaction::RegisterPolicy { policy: policy_of("lender") }));
    decide(nodes);
    let cover = probity_ledger::transaction::Cover { slot: slot(0), month: chain.month(), sequence: 0 };
    submit(nodes[0], "authority", chain.update(vec![cover]));
    decide(nodes);
    let anchor = loop {
        decide(nodes);
        if let Some(anchor) = nodes[0].newest_anchor().unwrap() {
            break anchor;
        }
    };
    submit(nodes[0], "lender", Payload::RecordProof(record(nodes[0], &anchor, 1, Verdict::Granted)))
}

fn record(node: &Node, anchor: &AnchorEntry, nonce: u8, verdict: Verdict) -> probity_ledger::transaction::RecordProof {
    at(node, anchor).record("lender", 1, nonce, verdict)
}

/// A chain in memory that knows time and anchor of the node's.
fn at(node: &Node, anchor: &AnchorEntry) -> Chain {
    let mut chain = Chain::new();
    chain.time_unix_ms = node.status().time_unix_ms;
    let height = anchor.anchor.height;
    chain.state.insert(state_key::anchor(height), borsh::to_vec(anchor).unwrap());
    let anchors = probity_ledger::state_value::AnchorState { newest: Some(height) };
    chain.state.insert(state_key::anchors(), borsh::to_vec(&anchors).unwrap());
    chain
}

#[test]
fn nodes_agree_and_prove_what_they_hold() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (one, two) = (open(dirs[0].path(), "validator"), open(dirs[1].path(), "second"));
    let id = play(&[&one, &two]);
    assert!(one.wants_block() && one.is_waiting(&id));
    let block = decide(&[&one, &two]);
    assert!(!one.wants_block());
    assert_eq!(one.status().block_hash, two.status().block_hash);

    let included = two.transaction(&id).unwrap().unwrap();
    assert_eq!(included.receipt.outcome, Outcome::Applied);
    let header = &block.header;
    included.transaction_proof.verify(TRANSACTIONS_ROOT, &included.transaction.encode(), &header.transactions_root).unwrap();
    included.receipt_proof.verify(RECEIPTS, &included.receipt.encode(), &header.receipts_root).unwrap();

    let page = two.records(None, 10).unwrap();
    assert_eq!(page.entries.len(), 1);
    let proof = two.prove(&state_key::record(&page.entries[0].context)).unwrap();
    let proved: Option<probity_ledger::state_value::Record> =
        proof.verify_value(&header.state_root, &state_key::record(&page.entries[0].context)).unwrap();
    assert_eq!(proved.as_ref(), Some(&page.entries[0]));
    let (at, found) = two.header(header.height).unwrap().unwrap();
    found.verify(&two.chain_id, &at.hash(), &two.validators_of(header.height).unwrap().unwrap()).unwrap();

    assert_eq!(two.institutions(None, 10).unwrap().entries.len(), 1);
    assert_eq!(two.lenders(None, 10).unwrap().entries.len(), 1);
    assert_eq!(two.policies(None, 10).unwrap().entries.len(), 1);
    assert_eq!(two.schemas(None, 10).unwrap().entries.len(), 1);
    assert_eq!(two.commitments(None, 10).unwrap().entries.len(), 1);
    assert_eq!(two.identity_updates(None, 10).unwrap().entries.len(), 1);
    assert!(two.prove_at(header.height + 1, &state_key::registry()).unwrap().is_none());
}

#[test]
fn an_adopted_circuit_outlives_a_restart() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let fresh = || {
        let verifier = std::sync::Arc::new(probity_verifier::Verifier::from_genesis(&genesis()).unwrap());
        Node::open(dirs[0].path(), genesis(), Some(key("validator").public()), MempoolLimits::default(), verifier).unwrap()
    };
    let other = open(dirs[1].path(), "second");
    let policy = policy_for("lender", OTHER_CIRCUIT);
    let adopted = {
        let node = fresh();
        play(&[&node, &other]);
        let active_from_height = node.tip() + 1 + DELAY;
        let circuit = Keyed::other().circuit();
        let adoption = AdoptCircuit { circuit, sequence: 0, active_from_height, approved_until_height: 1_000, approvals: vec![] };
        submit(&node, "rich", Chain::new().decided(Payload::AdoptCircuit(adoption), &["validator"]));
        while node.tip() + 1 < active_from_height {
            decide(&[&node, &other]);
        }
        submit(&node, "lender", Payload::RegisterPolicy(probity_ledger::transaction::RegisterPolicy { policy: policy.clone() }));
        while node.newest_anchor().unwrap().unwrap().anchor.height < active_from_height {
            decide(&[&node, &other]);
        }
        node.circuits().unwrap()
    };
    let node = fresh();
    assert_eq!(adopted.iter().map(|c| c.id).collect::<Vec<_>>(), [CIRCUIT, OTHER_CIRCUIT]);
    assert_eq!(node.circuits().unwrap(), adopted);
    let anchor = node.newest_anchor().unwrap().unwrap();
    let record = at(&node, &anchor).record_with("lender", &policy, Keyed::other(), 9);
    let id = submit(&node, "lender", Payload::RecordProof(record));
    decide(&[&node, &other]);
    assert_eq!(node.status().block_hash, other.status().block_hash);
    assert_eq!(other.transaction(&id).unwrap().unwrap().receipt.outcome, Outcome::Applied);
}

#[test]
fn pages_follow_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(dir.path(), "validator");
    for _ in 0..5 * INTERVAL {
        decide(&[&node]);
    }
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = node.anchors(before, 2).unwrap();
        seen.extend(page.entries.iter().map(|e| e.anchor.height));
        match page.next {
            Some(next) => before = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, [20, 16, 12, 8, 4]);
    let forward = node.store.list_after(Listing::Anchors, Some("8-0".parse().unwrap()), 2).unwrap();
    assert_eq!(forward.iter().map(|(c, _)| c.height).collect::<Vec<_>>(), [12, 16]);
    let anchors = node.anchors(None, 10).unwrap().entries;
    assert!(anchors[1..].iter().zip(&anchors).all(|(old, new)| old.replaced_unix_ms == Some(new.time_unix_ms)));
    assert_eq!(anchors[0].replaced_unix_ms, None);
}

#[test]
fn a_repeated_round_gets_the_same_bytes_even_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let first = {
        let node = open(dir.path(), "validator");
        submit(&node, "rich", send(1));
        node.propose(1, 0, BUDGET).unwrap()
    };
    let node = open(dir.path(), "validator");
    assert_eq!(node.propose(1, 0, BUDGET).unwrap(), first);
    let stored = node.undecided(1).unwrap();
    assert_eq!((stored.len(), stored[0].hash, &stored[0].bytes), (1, first.hash, &first.bytes));
    // decided after the crash: executed anew from what was stored
    node.commit(certificate(&node, first.hash)).unwrap();
    assert_eq!((node.tip(), node.account(&address("bank")).unwrap().balance), (1, FUNDS + 1));
    assert_eq!(node.decided(1).unwrap().unwrap().0, first.bytes);
    assert!(node.undecided(1).unwrap().is_empty());
}

#[test]
fn a_block_that_nobody_stored_is_not_committed() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(dir.path(), "validator");
    assert!(node.commit(certificate(&node, Digest([1; 32]))).is_err());
    assert_eq!(node.tip(), 0);
}

#[test]
fn each_rule_of_a_block_refuses() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (one, two) = (open(dirs[0].path(), "validator"), open(dirs[1].path(), "second"));
    decide(&[&one, &two]);
    submit(&one, "rich", send(1));
    let good = Block::decode(&one.propose(2, 0, BUDGET).unwrap().bytes).unwrap();
    let refused = |what: &str, change: &dyn Fn(&mut Block)| {
        let mut block = good.clone();
        change(&mut block);
        block.header.transactions_root = probity_ledger::block::transactions_root(&block.transactions);
        match two.validate(&candidate(&two, block.encode())).unwrap() {
            Said::Invalid { hash, reason } => {
                assert_eq!(hash, block.hash());
                assert!(reason.contains(what), "{what}: {reason}");
            }
            other => panic!("{what}: {other:?}"),
        }
    };
    refused("protocol version", &|b| b.header.protocol_version += 1);
    refused("of chain", &|b| b.header.chain_id = Digest::default());
    refused("height", &|b| b.header.height += 1);
    refused("parent", &|b| b.header.parent_hash = Digest::default());
    let parent = two.status().time_unix_ms;
    refused("not after its parent's", &|b| b.header.time_unix_ms = parent);
    refused("not a validator", &|b| b.header.proposer = address("bank"));
    refused("state root", &|b| b.header.state_root = Digest::default());
    refused("receipts root", &|b| b.header.receipts_root = Digest::default());
    refused("validators' hash", &|b| b.header.next_validators_hash = Digest::default());
    refused("malformed", &|b| b.transactions[0].signature.0[0] ^= 1);
    refused("next nonce", &|b| b.transactions = vec![b.transactions[0].clone(), b.transactions[0].clone()]);
    refused("101 transactions", &|b| b.transactions = vec![b.transactions[0].clone(); 101]);
    refused("receipts root", &|b| b.transactions.clear());
    let rich = Chain::new().transaction("rich", 0, send(2));
    refused("receipts root", &|b| b.transactions = vec![rich.clone()]);

    let malformed = |bytes: Vec<u8>| matches!(two.validate(&candidate(&two, bytes)).unwrap(), Said::Malformed { .. });
    let mut trailing = good.encode();
    trailing.push(0);
    assert!(malformed(trailing) && malformed(vec![]));
    let other = Block { transactions: vec![], ..good.clone() };
    assert!(malformed(other.encode()), "the hash does not commit to these transactions");
    assert_eq!(two.validate(&candidate(&two, good.encode())).unwrap(), Said::Valid(good.hash()));
}

#[test]
fn times_far_from_the_clock_get_no_vote_unless_two_thirds_found_them_timely() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [one, two, three] = dirs.each_ref().map(|d| open(d.path(), "validator"));
    let mut block = Block::decode(&one.propose(1, 0, BUDGET).unwrap().bytes).unwrap();
    let untimely = |node: &Node, c: &Candidate, what: &str| match node.validate(c).unwrap() {
        Said::Untimely { reason, .. } => assert!(reason.contains(what), "{reason}"),
        other => panic!("{other:?}"),
    };
    // held back since the genesis, days ago
    block.header.time_unix_ms = START_MS + 1;
    let held_back = candidate(&two, block.encode());
    untimely(&two, &held_back, "behind this node's clock");
    let again = Candidate { round: 1, valid_round: Some(0), ..held_back.clone() };
    assert_eq!(two.validate(&again).unwrap(), Said::Valid(block.hash()), "the first look does not stick");
    assert_eq!(two.validate(&held_back).unwrap(), Said::Valid(block.hash()), "it is stored now");
    let decided = Candidate { origin: Origin::Decided, ..held_back };
    assert_eq!(three.validate(&decided).unwrap(), Said::Valid(block.hash()));

    block.header.time_unix_ms = one.workshop().genesis.time_unix_ms.max(super::now_unix_ms()) + 60_000;
    let ahead = candidate(&two, block.encode());
    untimely(&two, &ahead, "ahead of this node's clock");
    untimely(&two, &Candidate { round: 1, valid_round: Some(0), ..ahead.clone() }, "ahead of this node's clock");
    assert_eq!(two.validate(&Candidate { origin: Origin::Decided, ..ahead }).unwrap(), Said::Valid(block.hash()));
}

#[test]
fn intake_refuses_what_no_block_could_include() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(dir.path(), "validator");
    let chain = Chain::new();
    let good = chain.transaction("rich", 0, send(1));
    assert!(matches!(node.submit_bytes(&[1, 2, 3]), Err(IntakeError::Malformed(_))));
    let mut forged = good.clone();
    forged.body.fee += 1;
    assert!(matches!(node.submit(forged), Err(IntakeError::Refused(SubmitError::Refused(probity_ledger::error::TxError::BadSignature)))));
    let poor = Body { sender: address("x"), key: key("x").public(), ..good.body.clone() }.sign(&key("x"));
    let fee = good.body.fee;
    let refused = SubmitError::Refused(probity_ledger::error::TxError::FeeNotCovered { balance: 0, fee });
    assert!(matches!(node.submit(poor), Err(IntakeError::Refused(e)) if e == refused));
    let id = node.submit_bytes(&good.encode()).unwrap();
    assert_eq!(id, good.id());
}

#[tokio::test]
async fn waiting_ends_with_the_block_or_the_timeout() {
    let dir = tempfile::tempdir().unwrap();
    let node = std::sync::Arc::new(open(dir.path(), "validator"));
    let id = submit(&node, "rich", send(1));
    assert!(node.wait_for(&id, Duration::from_millis(20)).await.unwrap().is_none());
    let waiting = tokio::spawn({
        let node = node.clone();
        async move { node.wait_for(&id, BUDGET).await.unwrap() }
    });
    tokio::task::yield_now().await;
    decide(&[&node]);
    assert_eq!(waiting.await.unwrap().unwrap().height, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engine_drives_a_node_and_what_was_final_stays_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let network = probity_ledger::keys::SecretKey::generate().to_hex();
    let config = crate::engine::EngineConfig {
        listen: format!("/ip4/127.0.0.1/tcp/{port}"),
        home: dir.path().join("engine"),
        block_time_ms: 50,
        heartbeat_ms: 200,
        ..crate::engine::EngineConfig::default()
    };
    std::fs::create_dir(&config.home).unwrap();
    let mut finals: Vec<(u64, Digest, Vec<probity_ledger::receipt::Receipt>)> = Vec::new();
    for run in 0..2 {
        let node = std::sync::Arc::new(open(&dir.path().join("state"), "validator"));
        for (height, hash, receipts) in &finals {
            assert_eq!(node.block(*height).unwrap().unwrap().hash(), *hash);
            assert_eq!(node.receipts(*height).unwrap().unwrap(), *receipts);
        }
        let keys = crate::engine::EngineKeys {
            consensus: Some(key("validator")),
            network: probity_ledger::keys::SecretKey::from_hex(&network).unwrap(),
        };
        let (stop, shutdown) = tokio::sync::watch::channel(false);
        let engine = tokio::spawn(crate::engine::run(config.clone(), keys, node.clone(), shutdown));
        for amount in 1..=3 {
            let id = submit(&node, "rich", send(amount));
            let included = node.wait_for(&id, BUDGET).await.unwrap().expect("a block within twenty seconds");
            assert_eq!(included.receipt.outcome, Outcome::Applied);
            let hash = node.block(included.height).unwrap().unwrap().hash();
            finals.push((included.height, hash, node.receipts(included.height).unwrap().unwrap()));
        }
        let (header, certificate) = node.header(finals[0].0).unwrap().unwrap();
        certificate.verify(&node.chain_id, &header.hash(), &node.genesis().validators).unwrap();
        assert_eq!(node.account(&address("rich")).unwrap().nonce, 3 * (run + 1));
        stop.send(true).unwrap();
        tokio::time::timeout(BUDGET, engine).await.unwrap().unwrap().unwrap();
    }
}
