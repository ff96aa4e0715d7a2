//! One world in which a proof was recorded, and two tables of named mutations: what a dishonest node can alter in a bundle, and what a
//! chain whose validators collude can write.

use super::*;
use crate::VerifyError;
use crate::light::{LightError, SignedHeader};
use crate::proof::encode as encode_proof;
use crate::registry::RegistryError;
use crate::snarkjs;
use crate::testing::{CIRCUIT, genesis, genesis_circuit, secret, sign_header, toy, validators};
use jmt::storage::{LeafNode, Node, NodeKey, TreeReader, TreeUpdateBatch};
use jmt::{JellyfishMerkleIterator, KeyHash, OwnedValue, Sha256Jmt, Version};
use probity_credit::codec::encode;
use probity_credit::commitment::Anchor;
use probity_credit::field::{F, FieldBytes};
use probity_credit::month::Month;
use probity_credit::statement::{Opening, Verdict as Outcome, position};
use probity_ledger::address::Address;
use probity_ledger::error::TxError;
use probity_ledger::genesis::Genesis;
use probity_ledger::merkle::{self, MerkleError};
use probity_ledger::state_proof::StateProofError;
use probity_ledger::transaction::{Body, LenderKind, ProofBytes, Transaction, Transfer};
use probity_params::testing::Toy;
use rand::{SeedableRng, rngs::StdRng};
use std::sync::OnceLock;

const LENDER: u8 = 60;
const HEIGHT: u64 = 5;
const TIME: u64 = 4_000;

#[derive(Default)]
struct Tree(TreeUpdateBatch);

/// The library's error type, which it does not export under a name of its own.
trait Fallible {
    type Error;
}
impl<T, E> Fallible for Result<T, E> {
    type Error = E;
}
type TreeError = <<JellyfishMerkleIterator<Tree> as Iterator>::Item as Fallible>::Error;

impl TreeReader for Tree {
    fn get_node_option(&self, key: &NodeKey) -> Result<Option<Node>, TreeError> {
        Ok(self.0.node_batch.nodes().get(key).cloned())
    }

    fn get_value_option(&self, version: Version, key: KeyHash) -> Result<Option<OwnedValue>, TreeError> {
        Ok(self.0.node_batch.values().get(&(version, key)).cloned().flatten())
    }

    fn get_rightmost_leaf(&self) -> Result<Option<(NodeKey, LeafNode)>, TreeError> {
        Ok(None)
    }
}

/// What the chain wrote.
#[derive(Clone)]
struct World {
    genesis: Genesis,
    record: Record,
    policy: PolicyEntry,
    schema: SchemaEntry,
    anchor: AnchorEntry,
    lender: Lender,
    nullifier: NullifierEntry,
    circuit: CircuitState,
    payload: RecordProof,
    opening: Opening,
}

impl World {
    fn new() -> Self {
        static WORLD: OnceLock<World> = OnceLock::new();
        WORLD.get_or_init(|| Self::of(genesis())).clone()
    }

    fn of(genesis: Genesis) -> Self {
        let chain_id = genesis.chain_id();
        let address = Address::of(&secret(LENDER).public());
        let schema = probity_credit::schema::testing::schema();
        let policy = Policy { owner: address.0, ..probity_credit::policy::testing::policy(CIRCUIT) };
        let element = |n: u64| FieldBytes::from(F::from(n));
        let anchor = Anchor { height: 3, identity_root: element(31), registry_root: element(32), month: Month(675) };
        let verdict = Outcome { approved: true, reasons: [0; 4] };
        let opening = Opening { verdict, person: element(5), request: [1, 2, 0, 0], salt: element(99) };
        let mut payload = RecordProof {
            verdict: Verdict::Granted,
            policy: policy.id(),
            anchor_height: anchor.height,
            nonce: [7; 32],
            expires_unix_ms: TIME + 1_000,
            response_uri: Digest([8; 32]),
            consent_key: secret(61).public().0,
            nullifier: element(77),
            answer: opening.answer(),
            proof: ProofBytes([0; 128]),
        };
        let context = payload.context(&chain_id, &address, CIRCUIT);
        let window = NonZeroU16::new(2).unwrap();
        let scope = Scope::new(&chain_id, policy.scope, &address.0, window, anchor.month).element().into();
        let inputs = PublicInputs {
            identity_root: anchor.identity_root,
            registry_root: anchor.registry_root,
            month: anchor.month,
            scope,
            nullifier: payload.nullifier,
            context: context.element().into(),
            answer: payload.answer,
        };
        let all = inputs.all(&policy.compile(&schema).unwrap());
        payload.proof = encode_proof(&toy().prove(&toy().stock_key(), &all, &mut StdRng::seed_from_u64(11)));
        let record = Record {
            lender: address,
            policy: policy.id(),
            circuit: CIRCUIT,
            anchor: anchor.clone(),
            context: context.digest(),
            nonce: payload.nonce,
            expires_unix_ms: payload.expires_unix_ms,
            response_uri: payload.response_uri,
            consent_key: payload.consent_key,
            scope,
            nullifier: payload.nullifier,
            answer: payload.answer,
            proof: payload.proof.clone(),
            verdict: payload.verdict,
            height: HEIGHT,
            time_unix_ms: TIME,
            transaction: Digest::default(),
        };
        Self {
            policy: PolicyEntry { policy, active_from: 2, retired_at: None },
            schema: SchemaEntry { schema, owner: address, height: 1 },
            anchor: AnchorEntry {
                anchor,
                leaf_file: Digest::default(),
                shards: 1,
                time_unix_ms: 3_000,
                replaced_unix_ms: Some(3_500),
                previous: None,
            },
            lender: Lender {
                name: "Lender".parse().unwrap(),
                address,
                public_key: secret(LENDER).public(),
                window_months: 2,
                kind: LenderKind::Independent,
                admitted_height: 1,
            },
            nullifier: NullifierEntry { record: record.context, height: HEIGHT },
            circuit: CircuitState::of_genesis(&genesis.circuits[0]),
            genesis,
            record,
            payload,
            opening,
        }
    }

    fn transaction(&self) -> Transaction {
        let key = secret(LENDER);
        Body {
            chain_id: self.genesis.chain_id(),
            sender: self.record.lender,
            key: key.public(),
            nonce: 0,
            fee: 1,
            valid_until_height: None,
            payload: Payload::RecordProof(self.payload.clone()),
        }
        .sign(&key)
    }

    /// Writes state, block and headers, and wraps them up as a node would. The validators change after height 2.
    fn seal(mut self) -> AuditBundle {
        let transaction = self.transaction();
        self.record.transaction = transaction.id();
        self.seal_with(transaction)
    }

    fn seal_with(self, transaction: Transaction) -> AuditBundle {
        let record = &self.record;
        let entries = [
            (state_key::record(&record.context), encode(record)),
            (state_key::policy(&record.policy), encode(&self.policy)),
            (state_key::schema(&self.policy.policy.schema), encode(&self.schema)),
            (state_key::anchor(record.anchor.height), encode(&self.anchor)),
            (state_key::lender(&record.lender), encode(&self.lender)),
            (state_key::nullifier(&record.scope, &record.nullifier), encode(&self.nullifier)),
            (state_key::circuit(record.circuit), encode(&self.circuit)),
        ];
        let empty = Tree::default();
        let values = entries.iter().map(|(key, value)| (KeyHash(key.0.0), Some(value.clone())));
        let (root, batch) = Sha256Jmt::new(&empty).put_value_set(values, 0).unwrap();
        let tree = Tree(batch);
        let proof = |i: usize| {
            let (value, path) = Sha256Jmt::new(&tree).get_with_proof(KeyHash(entries[i].0.0.0), 0).unwrap();
            StateProof::new(HEIGHT, entries[i].0, value, &path)
        };
        let leaves = [b"another transaction".to_vec(), transaction.encode(), b"a third".to_vec()];
        let (first, second) = (self.genesis.validators.clone(), validators(&[5, 6, 7]));
        let header = |height, time_unix_ms, next: &probity_ledger::certificate::ValidatorSet| Header {
            protocol_version: probity_ledger::block::PROTOCOL_VERSION,
            chain_id: self.genesis.chain_id(),
            height,
            time_unix_ms,
            parent_hash: self.genesis.chain_id(),
            transactions_root: merkle::root(label::TRANSACTIONS_ROOT, &leaves),
            state_root: Digest(root.0),
            receipts_root: Digest::default(),
            next_validators_hash: next.hash(),
            proposer: Address::of(&secret(1).public()),
        };
        AuditBundle {
            headers: vec![
                sign_header(header(1, 1_500, &first), &[1, 2, 3], None),
                sign_header(header(3, 3_000, &second), &[1, 2, 4], Some(second.clone())),
                sign_header(header(HEIGHT, TIME, &second), &[5, 6, 7], None),
            ],
            record: proof(0),
            policy: proof(1),
            schema: proof(2),
            anchor: proof(3),
            lender: proof(4),
            nullifier: Some(proof(5)),
            circuit: proof(6),
            inclusion: merkle::prove(label::TRANSACTIONS_ROOT, &leaves, 1).unwrap(),
            transaction,
            genesis: self.genesis,
        }
    }
}

fn trusted() -> Digest {
    World::new().genesis.chain_id()
}

#[test]
fn a_record_stands_and_every_step_is_named() {
    let world = World::new();
    let audited = check(&world.clone().seal(), &trusted()).unwrap();
    assert_eq!(audited.steps.iter().map(|s| s.check).collect::<Vec<_>>(), Check::ALL);
    assert!(audited.steps.iter().all(|s| !s.detail.is_empty()));
    assert_eq!(audited.record.context, world.record.context);
    assert_eq!(audited.verdict(&world.opening), Ok(world.opening.verdict));
    let mut other = world.opening.clone();
    other.request[0] += 1;
    assert_eq!(audited.verdict(&other), Err(AuditError::OtherOpening));
    other.verdict.reasons = [1, 1, 0, 0];
    assert!(matches!(audited.verdict(&other), Err(AuditError::Opening(_))));
}

#[test]
fn a_record_is_written_for_other_verifiers() {
    let bundle = World::new().seal();
    let audited = check(&bundle, &trusted()).unwrap();
    let files = audited.snarkjs(&bundle).unwrap();
    let key = snarkjs::read_key(files.verification_key.as_bytes(), position::COUNT).unwrap();
    let public = snarkjs::read_public(files.public.as_bytes(), position::COUNT).unwrap();
    let proof = snarkjs::read_proof(files.proof.as_bytes()).unwrap();
    assert_eq!(crate::verify_plain(&key, &public, &proof), Ok(()));
    assert_eq!(public[position::NULLIFIER], audited.record.nullifier.element());

    let files = audited.solidity(&bundle).unwrap();
    for id in [trusted(), audited.policy.id()] {
        assert!(files.contract.contains(&id.to_string()));
    }
    assert!(files.calldata.contains(&audited.record.nullifier.to_string()));

    let mut other = bundle;
    other.genesis.circuits.clear();
    assert_eq!(audited.snarkjs(&other), Err(AuditError::NoCircuit));
    assert_eq!(audited.solidity(&other), Err(AuditError::NoCircuit));
}

#[test]
fn a_record_that_was_not_granted_needs_no_nullifier() {
    let mut world = World::new();
    (world.record.verdict, world.payload.verdict) = (Verdict::NotGranted, Verdict::NotGranted);
    check(&AuditBundle { nullifier: None, ..world.seal() }, &trusted()).unwrap();
}

#[test]
fn the_file_is_strict() {
    let bundle = World::new().seal();
    let bytes = bundle.to_bytes();
    assert_eq!(AuditBundle::from_bytes(&bytes).unwrap(), bundle);
    assert_eq!(AuditBundle::from_bytes(b"something else"), Err(BundleError::Magic));
    assert_eq!(AuditBundle::from_bytes(&bytes[..MAGIC.len() + 1]), Err(BundleError::Magic));
    let mut version = bytes.clone();
    version[MAGIC.len()] = 3;
    assert_eq!(AuditBundle::from_bytes(&version), Err(BundleError::Version { found: 3 }));
    for bad in [&bytes[..bytes.len() - 1], &[bytes.as_slice(), &[0]].concat()] {
        assert!(matches!(AuditBundle::from_bytes(bad), Err(BundleError::Codec(_))));
    }
}

/// What a dishonest node can do to an honest chain's bundle.
#[test]
fn each_alteration_of_a_bundle_fails_at_its_step() {
    let good = World::new().seal();
    let fails = |check_name: Check, mutate: &dyn Fn(&mut AuditBundle)| -> AuditError {
        let mut bad = good.clone();
        mutate(&mut bad);
        let refused = check(&bad, &trusted()).unwrap_err();
        assert_eq!(refused.failed, check_name, "{refused}");
        let before: Vec<Check> = Check::ALL.into_iter().take_while(|c| *c != check_name).collect();
        assert_eq!(refused.steps.iter().map(|s| s.check).collect::<Vec<_>>(), before);
        refused.error
    };
    assert!(matches!(fails(Check::Genesis, &|b| b.genesis.time_unix_ms += 1), AuditError::OtherChain { .. }));
    assert!(matches!(fails(Check::Headers, &|b| drop(b.headers.remove(1))), AuditError::Header(LightError::Certificate { .. })));
    assert!(matches!(fails(Check::Headers, &|b| b.headers.swap(0, 1)), AuditError::Header(LightError::Height { .. })));
    assert!(matches!(
        fails(Check::Headers, &|b| b.headers[1].next_validators = None),
        AuditError::Header(LightError::NextValidators { .. })
    ));
    assert!(matches!(
        fails(Check::Headers, &|b| b.headers[2].header.state_root = Digest([1; 32])),
        AuditError::Header(LightError::Certificate { .. })
    ));
    let forged = |b: &mut AuditBundle| {
        let header = b.headers[2].header.clone();
        b.headers[2] = sign_header(header, &[1, 2, 3, 4], None);
    };
    assert!(matches!(fails(Check::Headers, &forged), AuditError::Header(LightError::Certificate { .. })));
    assert_eq!(fails(Check::Entries, &|b| drop(b.headers.pop())), AuditError::NoHeader { height: HEIGHT, entry: Entry::Record });
    let wrong_root = |entry| AuditError::StateProof { entry, reason: StateProofError::WrongRoot };
    assert_eq!(fails(Check::Entries, &|b| b.record.value.as_mut().unwrap()[40] ^= 1), wrong_root(Entry::Record));
    assert_eq!(fails(Check::Entries, &|b| b.policy.value = None), wrong_root(Entry::Policy));
    let wrong_key = fails(Check::Entries, &|b| b.policy = b.schema.clone());
    assert!(matches!(wrong_key, AuditError::StateProof { entry: Entry::Policy, reason: StateProofError::WrongKey { .. } }));
    assert_eq!(fails(Check::Entries, &|b| b.nullifier = None), AuditError::NoNullifier);
    // the test chain's state is the same at every height, so the proof itself holds
    let early = AuditError::TooEarly { entry: Entry::Anchor, height: 3, record_height: HEIGHT };
    assert_eq!(fails(Check::Entries, &|b| b.anchor.height = 3), early);
    let other_height = AuditError::OtherHeight { height: 3, record_height: HEIGHT };
    assert_eq!(fails(Check::Entries, &|b| b.circuit.height = 3), other_height);
    assert_eq!(fails(Check::Transaction, &|b| b.transaction.body.fee += 1), AuditError::Transaction(TxError::BadSignature));
    let resigned = |b: &mut AuditBundle| {
        let mut body = b.transaction.body.clone();
        body.fee += 1;
        b.transaction = body.sign(&secret(LENDER));
    };
    assert_eq!(fails(Check::Transaction, &resigned), AuditError::OtherTransaction { field: "id" });
    assert_eq!(
        fails(Check::Transaction, &|b| b.inclusion.index = 0),
        AuditError::NotIncluded { height: HEIGHT, reason: MerkleError::WrongRoot }
    );
}

/// What a chain can write whose validators collude: every signature and state proof holds.
#[test]
fn each_broken_rule_of_a_colluding_chain_is_found() {
    let fails = |check_name: Check, mutate: &dyn Fn(&mut World)| -> AuditError {
        let mut world = World::new();
        mutate(&mut world);
        let refused = check(&world.seal(), &trusted()).unwrap_err();
        assert_eq!(refused.failed, check_name, "{refused}");
        refused.error
    };
    let contradiction = |mutate: &dyn Fn(&mut World)| match fails(Check::Rules, mutate) {
        AuditError::Contradiction { field, .. } => field,
        other => panic!("{other}"),
    };
    assert_eq!(contradiction(&|w| w.policy.policy.cut_off += 1), "policy id");
    assert_eq!(contradiction(&|w| w.record.circuit = probity_credit::circuit_id::CircuitId::Eligibility7), "circuit");
    assert_eq!(contradiction(&|w| w.circuit.id = probity_credit::circuit_id::CircuitId::Eligibility7), "circuit");
    assert_eq!(contradiction(&|w| w.schema.schema.version += 1), "schema");
    assert_eq!(contradiction(&|w| w.anchor.anchor.identity_root = FieldBytes::ZERO), "anchor");
    assert_eq!(contradiction(&|w| w.record.time_unix_ms += 1), "time");
    assert_eq!(contradiction(&|w| w.lender.address = Address(Digest([1; 32]))), "lender");
    let anchor_height = 3;
    assert_eq!(fails(Check::Rules, &|w| w.policy.active_from = 4), AuditError::PolicyNotActive { anchor_height });
    assert_eq!(fails(Check::Rules, &|w| w.policy.retired_at = Some(3)), AuditError::PolicyNotActive { anchor_height });
    let stale = |w: &mut World| {
        w.genesis.anchors.grace_ms = 5_000;
        w.anchor.replaced_unix_ms = Some(0);
        w.record.time_unix_ms = TIME;
    };
    // replaced at 0, grace 5,000: still in time at 4,000
    let mut world = World::new();
    stale(&mut world);
    check(&world.seal(), &trusted()).unwrap();
    assert_eq!(fails(Check::Rules, &|w| w.record.expires_unix_ms = TIME - 1), AuditError::RequestExpired);
    let other = AuditError::NullifierOfOther { found: Digest([1; 32]) };
    assert_eq!(fails(Check::Entries, &|w| w.nullifier.record = Digest([1; 32])), other);
    let content = AuditError::OtherTransaction { field: "content" };
    assert_eq!(fails(Check::Transaction, &|w| w.record.answer = FieldBytes::ZERO), content);
    // transaction and record agree, but not with the context the record is named by
    assert_eq!(
        fails(Check::PublicInputs, &|w| {
            w.record.nonce[0] ^= 1;
            w.payload.nonce[0] ^= 1;
        }),
        AuditError::Context
    );
    assert_eq!(fails(Check::PublicInputs, &|w| w.record.scope = FieldBytes::ZERO), AuditError::Scope);
    assert_eq!(fails(Check::PublicInputs, &|w| w.lender.window_months = 0), AuditError::Scope);
    let both = |w: &mut World, mutate: &dyn Fn(&mut ProofBytes)| {
        mutate(&mut w.record.proof);
        mutate(&mut w.payload.proof);
    };
    assert!(matches!(fails(Check::Pairing, &|w| both(w, &|p| p.0[31] = 0xff)), AuditError::Proof(VerifyError::Proof(_))));
    let answer = |w: &mut World| {
        w.record.answer = FieldBytes::ZERO;
        w.payload.answer = FieldBytes::ZERO;
    };
    assert_eq!(fails(Check::Pairing, &answer), AuditError::Proof(VerifyError::Equation));
}

#[test]
fn a_record_under_an_adopted_circuit_stands_with_that_key_alone() {
    let mut genesis = genesis();
    let proved = genesis.circuits[0].clone();
    // the genesis has another key for the circuit, and the validators adopted the one that the proof is for
    let other = Toy::with_rows(position::COUNT - position::POLICY, 9).named("eligibility-3");
    genesis.circuits[0] = genesis_circuit(&other.verifying_key_file());
    let world = World::of(genesis);
    let chain_id = world.genesis.chain_id();
    let with = |circuit: CircuitState| check(&World { circuit, ..world.clone() }.seal(), &chain_id).map_err(|refused| refused.error);

    let adopted = CircuitState::adopted(proved.clone(), 4, 2);
    let audited = with(adopted.clone()).unwrap();
    let said = &audited.steps.iter().find(|s| s.check == Check::VerifyingKey).unwrap().detail;
    assert!(said.contains("adopted by the validators, accepted from height 4 on"), "{said}");
    for counted in [
        CircuitState { active_from_height: HEIGHT, ..adopted.clone() },
        CircuitState { last_height: Some(HEIGHT), ..adopted.clone() },
        CircuitState { stopped_height: Some(HEIGHT), ..adopted.clone() },
    ] {
        with(counted).unwrap();
    }
    let refused = Err(AuditError::CircuitNotAccepted { circuit: CIRCUIT, height: HEIGHT });
    for wrong in [
        CircuitState { active_from_height: HEIGHT + 1, ..adopted.clone() },
        CircuitState { last_height: Some(HEIGHT - 1), ..adopted.clone() },
        CircuitState { stopped_height: Some(HEIGHT - 1), ..adopted.clone() },
    ] {
        assert_eq!(with(wrong).map(|_| ()), refused);
    }
    let genesis_key = CircuitState::of_genesis(&world.genesis.circuits[0]);
    assert_eq!(with(genesis_key).map(|_| ()), Err(AuditError::Proof(VerifyError::Equation)));
    let unnamed = CircuitState { transcript: Some(Digest([1; 32])), ..adopted };
    assert_eq!(with(unnamed).map(|_| ()), Err(AuditError::Key(RegistryError::TranscriptOfDevelopmentKey { circuit: CIRCUIT })));
}

#[test]
fn an_anchor_out_of_its_grace_is_found() {
    let mut world = World::new();
    world.genesis.anchors.grace_ms = 1_000;
    world.anchor.replaced_unix_ms = Some(TIME - 1_001);
    let chain_id = world.genesis.chain_id();
    let refused = check(&world.seal(), &chain_id).unwrap_err();
    assert_eq!(refused.error, AuditError::AnchorOutOfGrace { anchor_height: 3 });
}

#[test]
fn another_kind_of_transaction_is_refused() {
    let mut world = World::new();
    let mut body = world.transaction().body;
    body.payload = Payload::Transfer(Transfer { to: world.record.lender, amount: 1 });
    let transaction = body.sign(&secret(LENDER));
    world.record.transaction = transaction.id();
    let refused = check(&world.seal_with(transaction), &trusted()).unwrap_err();
    assert_eq!(refused.error, AuditError::OtherTransaction { field: "kind" });
}

#[test]
fn a_genesis_with_a_bad_key_is_refused_even_if_trusted() {
    let mut world = World::new();
    world.genesis.circuits[0].constraints = Digest([4; 32]);
    world.circuit = CircuitState::of_genesis(&world.genesis.circuits[0]);
    let chain_id = world.genesis.chain_id();
    let refused = check(&world.seal(), &chain_id).unwrap_err();
    assert_eq!((refused.failed, refused.error), (Check::VerifyingKey, AuditError::Key(RegistryError::Constraints { circuit: CIRCUIT })));
    let mut world = World::new();
    world.genesis.circuits[0].id = probity_credit::circuit_id::CircuitId::Eligibility1;
    let chain_id = world.genesis.chain_id();
    assert_eq!(check(&world.seal(), &chain_id).unwrap_err().error, AuditError::NoCircuit);
}

#[test]
fn a_bundle_of_headers_without_end_is_refused() {
    let mut bundle = World::new().seal();
    let one: SignedHeader = bundle.headers[0].clone();
    bundle.headers = vec![one; HEADERS_MAX + 1];
    let refused = check(&bundle, &trusted()).unwrap_err();
    assert!(matches!(refused.error, AuditError::TooManyHeaders { .. }));
}
