//! Real engines on loopback with an application that keeps real block bytes in memory.

use crate::engine::*;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::codec;
use probity_credit::digest::Digest;
use probity_ledger::certificate::{Certificate, CertificateError, CommitSignature, Equivocation, Validator, ValidatorSet};
use probity_ledger::keys::{PublicKey, SecretKey};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
struct Block {
    height: u64,
    round: u32,
    proposer: PublicKey,
    parent: Digest,
    payload: Vec<u8>,
}

impl Block {
    fn hash(bytes: &[u8]) -> Digest {
        Digest::of("test block", &[bytes])
    }
}

#[derive(Default)]
struct Store {
    chain: Vec<(Vec<u8>, Certificate, Instant)>,
    undecided: BTreeMap<(u64, Digest), Undecided>,
    own: BTreeMap<(u64, u32), Digest>,
    validated: usize,
    fail_commit_at: Option<u64>,
}

/// What a node has on disk: survives a restart of its engine.
struct TestApp {
    key: PublicKey,
    set: ValidatorSet,
    payload_bytes: usize,
    idle: bool,
    /// Its clock is wrong: it finds no new proposal timely.
    clock_is_wrong: bool,
    store: Mutex<Store>,
}

impl TestApp {
    fn block(&self, height: u64) -> (Vec<u8>, Certificate, Instant) {
        self.store.lock().unwrap().chain[height as usize - 1].clone()
    }

    fn hashes(&self, heights: u64) -> Vec<Digest> {
        (1..=heights).map(|h| Block::hash(&self.block(h).0)).collect()
    }
}

impl Application for TestApp {
    fn chain_id(&self) -> Digest {
        Digest::of("test chain", &[])
    }

    fn tip(&self) -> u64 {
        self.store.lock().unwrap().chain.len() as u64
    }

    fn base(&self) -> u64 {
        1
    }

    fn validators(&self, _: u64) -> Result<ValidatorSet, AppError> {
        Ok(self.set.clone())
    }

    fn wants_block(&self) -> bool {
        !self.idle
    }

    fn propose(&self, height: u64, round: u32, _: Duration) -> Result<Proposed, AppError> {
        let mut store = self.store.lock().unwrap();
        let parent = store.chain.last().map(|b| Block::hash(&b.0)).unwrap_or_default();
        let payload = vec![height as u8; self.payload_bytes];
        let bytes = codec::encode(&Block { height, round, proposer: self.key, parent, payload });
        let hash = Block::hash(&bytes);
        assert_eq!(*store.own.entry((height, round)).or_insert(hash), hash, "the same block when asked again");
        let undecided = Undecided { round, valid_round: None, proposer: self.key, hash, bytes: bytes.clone() };
        store.undecided.insert((height, hash), undecided);
        Ok(Proposed { hash, bytes })
    }

    fn validate(&self, c: &Candidate) -> Result<Verdict, AppError> {
        let mut store = self.store.lock().unwrap();
        store.validated += 1;
        let hash = Block::hash(&c.bytes);
        let block: Block = match codec::decode("block", &c.bytes, c.bytes.len()) {
            Ok(block) => block,
            Err(e) => return Ok(Verdict::Malformed { reason: e.to_string() }),
        };
        let parent = store.chain.last().map(|b| Block::hash(&b.0)).unwrap_or_default();
        let due = self.set.proposer(c.height, block.round).public_key;
        if (block.height, block.parent, block.proposer) != (c.height, parent, due) {
            return Ok(Verdict::Invalid { hash, reason: "it does not follow the tip".into() });
        }
        if self.clock_is_wrong && c.origin == Origin::Proposed && c.valid_round.is_none() {
            return Ok(Verdict::Untimely { hash, reason: "it is of another time".into() });
        }
        let undecided = Undecided { round: c.round, valid_round: c.valid_round, proposer: c.proposer, hash, bytes: c.bytes.clone() };
        store.undecided.insert((c.height, hash), undecided);
        Ok(Verdict::Valid(hash))
    }

    fn undecided(&self, height: u64) -> Result<Vec<Undecided>, AppError> {
        let store = self.store.lock().unwrap();
        Ok(store.undecided.iter().filter(|((h, _), _)| *h == height).map(|(_, u)| u.clone()).collect())
    }

    fn commit(&self, certificate: Certificate) -> Result<(), AppError> {
        let mut store = self.store.lock().unwrap();
        if store.fail_commit_at == Some(certificate.height) {
            return Err(AppError::new("commit", "the disk is full"));
        }
        assert_eq!(certificate.height, store.chain.len() as u64 + 1);
        let block = store.undecided.remove(&(certificate.height, certificate.block_hash)).expect("a decided block is stored");
        store.chain.push((block.bytes, certificate, Instant::now()));
        store.undecided.clear();
        Ok(())
    }

    fn misbehaviour(&self, evidence: Vec<Equivocation>) -> Result<(), AppError> {
        panic!("honest nodes equivocated: {evidence:?}")
    }

    fn decided(&self, height: u64) -> Result<Option<(Vec<u8>, Certificate)>, AppError> {
        let store = self.store.lock().unwrap();
        Ok(store.chain.get(height as usize - 1).map(|(b, c, _)| (b.clone(), c.clone())))
    }
}

/// How long no block may come before an engine counts as stuck: many times what a busy machine needs for one.
const STANDSTILL: Duration = Duration::from_secs(60);

type Task = JoinHandle<Result<(), EngineError>>;

/// A validator of a test network; `start` may be called again after `stop`.
struct Node {
    app: Arc<TestApp>,
    config: EngineConfig,
    secrets: [String; 2],
    votes: bool,
    running: Option<(watch::Sender<bool>, Task)>,
    _home: tempfile::TempDir,
}

impl Node {
    fn start(&mut self) {
        let [consensus, network] = self.secrets.each_ref().map(|s| SecretKey::from_hex(s).unwrap());
        let (stop, shutdown) = watch::channel(false);
        let task =
            tokio::spawn(run(self.config.clone(), EngineKeys { consensus: Some(consensus), network }, Arc::clone(&self.app), shutdown));
        self.running = Some((stop, task));
    }

    async fn stop(&mut self) -> Result<(), EngineError> {
        let (stop, task) = self.running.take().unwrap();
        stop.send_replace(true);
        task.await.unwrap()
    }

    /// Waits until this height is decided, for as long as the engine goes on: a busy machine is no failure, an engine that stands still is.
    async fn reach(&mut self, height: u64) {
        let (mut tip, mut since) = (self.app.tip(), Instant::now());
        while tip < height {
            let (_, task) = self.running.as_mut().unwrap();
            if task.is_finished() {
                panic!("{} stopped at height {tip}: {:?}", self.config.moniker, task.await);
            }
            assert!(since.elapsed() < STANDSTILL, "{} is stuck at height {tip}", self.config.moniker);
            tokio::time::sleep(Duration::from_millis(5)).await;
            if self.app.tip() > tip {
                (tip, since) = (self.app.tip(), Instant::now());
            }
        }
    }
}

fn network(name: &str, powers: &[u64], payload_bytes: usize) -> Vec<Node> {
    let secrets: Vec<_> = powers.iter().map(|_| [SecretKey::generate(), SecretKey::generate()]).collect();
    let validators = secrets.iter().zip(powers).map(|([c, _], p)| Validator { public_key: c.public(), power: *p });
    let set = ValidatorSet::new(validators.collect()).unwrap();
    let listeners: Vec<_> = powers.iter().map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let listen: Vec<_> = listeners.iter().map(|l| format!("/ip4/127.0.0.1/tcp/{}", l.local_addr().unwrap().port())).collect();
    let addresses: Vec<_> = listen.iter().zip(&secrets).map(|(l, [_, n])| format!("{l}/p2p/{}", peer_id(n))).collect();
    let node = |(i, [consensus, network]): (usize, &[SecretKey; 2])| {
        let home = tempfile::tempdir().unwrap();
        let peers = addresses.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, a)| a.clone()).collect();
        let config = EngineConfig {
            moniker: format!("{name}-{i}"),
            listen: listen[i].clone(),
            peers,
            home: home.path().to_owned(),
            block_time_ms: 50,
            heartbeat_ms: 400,
            ..EngineConfig::default()
        };
        let app = TestApp {
            key: consensus.public(),
            set: set.clone(),
            payload_bytes,
            idle: false,
            clock_is_wrong: false,
            store: Mutex::default(),
        };
        let secrets = [consensus.to_hex().to_string(), network.to_hex().to_string()];
        Node { app: Arc::new(app), config, secrets, votes: true, running: None, _home: home }
    };
    secrets.iter().enumerate().map(node).collect()
}

fn check_chain(app: &TestApp, heights: u64) {
    let mut parent = Digest::default();
    for height in 1..=heights {
        let (bytes, certificate, _) = app.block(height);
        let block: Block = borsh::from_slice(&bytes).unwrap();
        assert_eq!((block.height, block.parent), (height, parent));
        parent = Block::hash(&bytes);
        certificate.verify(&app.chain_id(), &parent, &app.set).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_validator_decides_and_resumes_after_a_restart() {
    let mut node = network("single", &[7], 100).remove(0);
    node.start();
    node.reach(5).await;
    node.stop().await.unwrap();
    let (tip, begun) = (node.app.tip(), Instant::now());
    node.start();
    node.reach(tip + 10).await;
    node.stop().await.unwrap();
    check_chain(&node.app, tip + 10);
    // counted from before the first height begins to after the last one's decision: a busy machine only adds to it
    let time = node.app.block(tip + 10).2.duration_since(begun);
    assert!(time >= 8 * Duration::from_millis(45), "the block time of 50 ms is a least one, found {time:?} for 10 blocks");
    assert!(metrics_text().contains("single-0"), "the engine's metrics carry its name");
}

/// Else it could not be started again in this process: it would find the log locked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_has_stopped_has_closed_its_log() {
    let mut node = network("closing", &[1], 100).remove(0);
    for _ in 0..5 {
        node.start();
        let next = node.app.tip() + 1;
        node.reach(next).await;
        node.stop().await.unwrap();
        std::fs::File::open(node.config.home.join("consensus.wal")).unwrap().try_lock().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_chain_makes_a_block_per_heartbeat() {
    let mut node = network("idle", &[1], 100).remove(0);
    Arc::get_mut(&mut node.app).unwrap().idle = true;
    node.start();
    node.reach(4).await;
    node.stop().await.unwrap();
    let gap = node.app.block(4).2.duration_since(node.app.block(3).2);
    assert!((Duration::from_millis(340)..Duration::from_millis(1500)).contains(&gap), "heartbeat of 400 ms, found {gap:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_commit_stops_the_engine_with_that_error() {
    let mut node = network("failing", &[1], 100).remove(0);
    node.app.store.lock().unwrap().fail_commit_at = Some(3);
    node.start();
    let (_keep, task) = node.running.take().unwrap();
    let error = tokio::time::timeout(Duration::from_secs(20), task).await.unwrap().unwrap().unwrap_err();
    assert!(matches!(error, EngineError::Application(_)), "{error}");
    assert_eq!(node.app.tip(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_validator_with_a_wrong_clock_stays_with_the_others() {
    let mut nodes = network("clock", &[1, 1, 1, 1], 100);
    Arc::get_mut(&mut nodes[3].app).unwrap().clock_is_wrong = true;
    for node in &mut nodes {
        node.start();
    }
    for node in &mut nodes {
        node.reach(6).await;
    }
    let expected = nodes[0].app.hashes(6);
    for node in &mut nodes {
        node.stop().await.unwrap();
        assert_eq!(node.app.hashes(6), expected);
        check_chain(&node.app, 6);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_validators_agree_go_on_without_one_and_let_it_catch_up() {
    let mut nodes = network("four", &[4, 3, 2, 1], 150_000); // three parts a block
    for node in &mut nodes {
        node.start();
    }
    for node in &mut nodes {
        node.reach(10).await;
    }
    let expected = nodes[0].app.hashes(10);
    for node in &nodes {
        assert_eq!(node.app.hashes(10), expected);
        check_chain(&node.app, 10);
        assert!(node.app.store.lock().unwrap().validated > 0, "blocks of others are checked");
    }

    nodes[3].stop().await.unwrap();
    let tip = nodes[0].app.tip();
    nodes[0].reach(tip + 5).await;
    nodes[3].start();
    nodes[3].reach(tip + 6).await;
    nodes[0].reach(tip + 6).await;
    assert_eq!(nodes[3].app.hashes(tip + 6), nodes[0].app.hashes(tip + 6));
    for node in &mut nodes {
        node.stop().await.unwrap();
    }
    certificates_are_refused_when_altered(&nodes[0].app);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_without_a_consensus_key_follows() {
    let mut nodes = network("follow", &[1, 1], 100);
    let validator = Validator { public_key: nodes[0].app.key, power: 1 };
    for node in &mut nodes {
        Arc::get_mut(&mut node.app).unwrap().set = ValidatorSet::new(vec![validator]).unwrap();
    }
    nodes[1].votes = false;
    nodes[0].start();
    nodes[0].reach(3).await;
    nodes[1].start();
    nodes[1].reach(8).await;
    assert_eq!(nodes[1].app.hashes(8), nodes[0].app.hashes(8));
    check_chain(&nodes[1].app, 8);
    for node in &mut nodes {
        node.stop().await.unwrap();
    }
}

fn certificates_are_refused_when_altered(app: &TestApp) {
    let (bytes, certificate, _) = app.block(10);
    let (chain, hash) = (app.chain_id(), Block::hash(&bytes));
    let verify = |c: &Certificate| c.verify(&chain, &hash, &app.set);
    assert!(verify(&certificate).unwrap() >= 7);

    let mut altered = certificate.clone();
    altered.signatures[0].signature.0[7] ^= 1;
    let validator = certificate.signatures[0].validator;
    assert_eq!(verify(&altered), Err(CertificateError::BadSignature { validator }));

    let mut doubled = certificate.clone();
    doubled.signatures.push(doubled.signatures[0]);
    assert_eq!(verify(&doubled), Err(CertificateError::DuplicateSigner { validator }));

    let mut short = certificate.clone();
    let power = |s: &CommitSignature| app.set.get(&s.validator).unwrap().power;
    short.signatures.sort_by_key(power);
    while short.signatures.iter().map(power).sum::<u64>() > 6 {
        short.signatures.pop();
    }
    let signed = short.signatures.iter().map(power).sum();
    assert_eq!(verify(&short), Err(CertificateError::NotEnoughPower { signed, total: 10 }));
}

#[test]
fn a_peer_id_is_that_of_its_key() {
    let key = SecretKey::from_hex(&"07".repeat(32)).unwrap();
    assert_eq!(peer_id(&key), peer_id(&key));
    assert!(peer_id(&key).starts_with("12D3Koo"));
    assert_ne!(peer_id(&key), peer_id(&SecretKey::generate()));
}
