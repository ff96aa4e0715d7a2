//! A small world around one person: chain, authority, institutions, lender, all real data with real signatures.

#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used, reason = "shared by test binaries, each using its own part")]

use probity_credit::circuit_id::CircuitId;
use probity_credit::commitment::Anchor;
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::field::{F, FieldBytes};
use probity_credit::file::{CreditFile, random_element, testing::file};
use probity_credit::identity::{Counts, IdentityOpening, person};
use probity_credit::month::Month;
use probity_credit::policy::{Policy, testing::policy};
use probity_credit::schema::{Schema, testing::schema};
use probity_credit::tree::{Empties, TREE_DEPTH, Tree};
use probity_ledger::address::Address;
use probity_ledger::delivery::{
    FileOpening, IdentityShard, LiveSlot, ReceiptTerms, Registration, RegistrationTerms, RegistrySnapshot, SHARD_DEPTH, SHARD_LEAVES,
    SealedOpening,
};
use probity_ledger::genesis::{ChainKind, GenesisCircuit};
use probity_ledger::keys::SecretKey;
use probity_ledger::name::Name;
use probity_ledger::request::{CREDENTIAL, CredentialMeta, CredentialQuery, DcqlQuery, FORMAT, RequestObject, SignedRequest};
use probity_ledger::state_value::{AnchorEntry, CircuitState, DomainSlot, Institution, Lender};
use probity_ledger::transaction::{LenderKind, Slot};
use probity_params::Kind;
use probity_wallet::book::{Book, ChainTerms, KnownCircuit, KnownPolicy, Provenance};
use probity_wallet::{SecretString, Wallet};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::num::NonZeroU16;

pub const NOW: u64 = 1_795_219_200_000;
pub const HOUR: u64 = 3_600_000;
pub const MONTH: Month = Month(24_322);
pub const HEIGHT: u64 = 100;

/// A slot of an institution with the person's file.
pub struct Held {
    pub slot: Slot,
    pub domain: Domain,
    pub opening: FileOpening,
    pub key: SecretKey,
}

pub struct World {
    pub rng: StdRng,
    pub folder: tempfile::TempDir,
    pub chain_id: Digest,
    pub authority: SecretKey,
    pub lender: SecretKey,
    pub schema: Schema,
    pub policy: Policy,
    pub position: u32,
    pub salt: [u8; 16],
    pub held: Vec<Held>,
    pub wallet: Wallet,
    pub identity: IdentityOpening,
    pub shard: IdentityShard,
    pub snapshot: RegistrySnapshot,
    pub book: Book,
}

pub fn slot(number: u16) -> Slot {
    Slot::new(number).unwrap()
}

pub fn passphrase() -> SecretString {
    SecretString::from("four unrelated words".to_owned())
}

impl World {
    /// Two banks and an employer hold files of the person; the wallet is new and knows nothing.
    pub fn new(seed: u64) -> Self {
        Self::with(seed, CircuitId::Eligibility3, &[(3, Domain::Bank), (10, Domain::Employer), (77, Domain::Bank)])
    }

    pub fn with(seed: u64, circuit: CircuitId, places: &[(u16, Domain)]) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let folder = tempfile::tempdir().unwrap();
        let wallet = Wallet::create_cheap_for_tests(&folder.path().join("wallet.age"), passphrase(), NOW).unwrap();
        let chain_id = Digest::of("test", &[b"chain", &seed.to_le_bytes()]);
        let (authority, lender) = (SecretKey::generate(), SecretKey::generate());
        let (position, salt) = (5 * SHARD_LEAVES as u32 + rng.gen_range(0..4_000), rng.r#gen());
        let schema = schema();
        let mut policy = policy(circuit);
        policy.owner = Address::of(&lender.public()).0;
        let values = |k: usize| (0..20).filter(|s| (s + k) % 5 != 4).map(|s| (s, 300 * (s as i64 % 3) + 7 * k as i64)).collect::<Vec<_>>();
        let held: Vec<Held> = (0..places.len())
            .map(|k| {
                let (number, domain) = places[k];
                let key = SecretKey::generate();
                let file = file(&values(k), &mut rng);
                let opening = opening(&chain_id, slot(number), domain, MONTH, &schema, position, file, &key, &mut rng);
                Held { slot: slot(number), domain, opening, key }
            })
            .collect();
        let mut counts = Counts::default();
        held.iter().for_each(|h| counts.change(h.domain, 1).unwrap());
        let identity = IdentityOpening {
            commitment: wallet.enrolment().commitment,
            person: person("Ada Lovelace", &salt),
            counts,
            blinding: random_element(&mut rng).into(),
        };
        let shard = shard(&identity, position, &wallet.enrolment().recipient, &mut rng);
        let snapshot = snapshot(&held, shard.root().unwrap().into());
        let book = book(&chain_id, &authority, &lender, &held, &schema, &policy, &snapshot.anchor);
        Self { rng, folder, chain_id, authority, lender, schema, policy, position, salt, held, wallet, identity, shard, snapshot, book }
    }

    /// The wallet takes everything in.
    pub fn collect(&mut self) {
        self.wallet.accept_book(self.book.clone()).unwrap();
        self.wallet.accept_registration(self.registration(), NOW).unwrap();
        self.wallet.accept_snapshot(self.snapshot.clone()).unwrap();
        self.wallet.accept_shard(&self.shard).unwrap();
        for held in &self.held {
            self.wallet.accept_opening(held.opening.clone(), NOW).unwrap();
        }
    }

    pub fn registration(&self) -> Registration {
        RegistrationTerms {
            chain_id: self.chain_id,
            position: self.position,
            person: self.identity.person,
            salt: self.salt,
            commitment: self.identity.commitment,
            authority: self.authority.public(),
        }
        .sign(&self.authority)
    }

    /// A request that the wallet answers.
    pub fn request(&mut self) -> RequestObject {
        RequestObject {
            client_id: Address(self.policy.owner),
            response_type: "vp_token".into(),
            response_mode: "direct_post".into(),
            response_uri: "https://lender.example/response".into(),
            nonce: self.rng.r#gen(),
            state: "state-1".into(),
            issued_unix_ms: NOW - 1_000,
            expires_unix_ms: NOW + 600_000,
            chain_id: self.chain_id,
            dcql_query: DcqlQuery {
                credentials: [CredentialQuery {
                    id: CREDENTIAL.into(),
                    format: FORMAT.into(),
                    meta: CredentialMeta {
                        circuit_id: self.policy.circuit,
                        policy_id: self.policy.id(),
                        verifying_key_id: key_id(self.policy.circuit),
                    },
                }],
            },
            policy: self.policy.clone(),
            anchor: self.snapshot.anchor.clone(),
            window_months: NonZeroU16::new(6).unwrap(),
            request_attributes: [Some(250), Some(20), None, None],
            purpose: "a loan of 5,000".into(),
        }
    }

    /// The request after `change`, signed by the lender.
    pub fn signed(&mut self, change: impl FnOnce(&mut RequestObject)) -> SignedRequest {
        let mut request = self.request();
        change(&mut request);
        request.sign(&self.lender)
    }
}

pub fn key_id(circuit: CircuitId) -> Digest {
    Digest::of("test", &[b"verifying key", circuit.name().as_bytes()])
}

/// A file in a tree with neighbours, and its signed receipt.
#[expect(clippy::too_many_arguments, reason = "one call builds the whole delivery")]
pub fn opening(
    chain_id: &Digest,
    slot: Slot,
    domain: Domain,
    month: Month,
    schema: &Schema,
    position: u32,
    file: CreditFile,
    key: &SecretKey,
    rng: &mut StdRng,
) -> FileOpening {
    let leaves = vec![(position ^ 1, F::from(rng.r#gen::<u64>())), (position, file.leaf()), (position ^ 4_096, F::from(1u64))];
    let tree = Tree::build(TREE_DEPTH, Empties::Seeded(rng.r#gen()), leaves).unwrap();
    let receipt = ReceiptTerms {
        chain_id: *chain_id,
        slot,
        domain,
        month,
        sequence: 0,
        schema: schema.id(),
        root: tree.root().into(),
        position,
        leaf: file.leaf().into(),
        institution: key.public(),
    }
    .sign(key);
    FileOpening { path: tree.path(position).unwrap(), file, receipt }
}

/// The shard of the person's position, with neighbours inside and outside.
pub fn shard(identity: &IdentityOpening, position: u32, recipient: &str, rng: &mut StdRng) -> IdentityShard {
    let first = position - position % SHARD_LEAVES as u32;
    let near = if position.is_multiple_of(2) { position + 1 } else { position - 1 };
    let neighbours = [near, 17, first ^ 4_096];
    let mut leaves: Vec<(u32, F)> = neighbours.iter().map(|p| (*p, F::from(rng.r#gen::<u64>()))).collect();
    leaves.push((position, identity.leaf()));
    let tree = Tree::build(TREE_DEPTH, Empties::Zero, leaves).unwrap();
    let recipient: age::x25519::Recipient = recipient.parse().unwrap();
    let mut shard = IdentityShard {
        sequence: 1,
        index: position / SHARD_LEAVES as u32,
        leaves: vec![FieldBytes::ZERO; SHARD_LEAVES],
        upper: tree.path(position).unwrap(),
        openings: vec![],
    };
    shard.upper.levels.drain(..SHARD_DEPTH);
    let index = shard.index;
    for (p, leaf) in tree.leaves().iter().filter(|(p, _)| IdentityShard::index_of(*p) == index) {
        let offset = *p as usize % SHARD_LEAVES;
        shard.leaves[offset] = (*leaf).into();
        let plain = if *p == position { probity_credit::codec::encode(identity) } else { vec![1, 2, 3] };
        let ciphertext = age::encrypt(&recipient, &plain).unwrap();
        shard.openings.push(SealedOpening { offset: offset as u16, ciphertext });
    }
    shard
}

pub fn snapshot(held: &[Held], identity_root: FieldBytes) -> RegistrySnapshot {
    let live = |h: &Held| {
        let t = h.opening.terms();
        LiveSlot { slot: t.slot, domain: t.domain, month: t.month, sequence: t.sequence, schema: t.schema, root: t.root }
    };
    let mut slots: Vec<LiveSlot> = held.iter().map(live).collect();
    slots.sort_by_key(|s| s.slot);
    let anchor = Anchor { height: HEIGHT, identity_root, registry_root: FieldBytes::ZERO, month: MONTH };
    let mut snapshot = RegistrySnapshot { anchor, slots };
    snapshot.anchor.registry_root = snapshot.tree().unwrap().root().into();
    snapshot
}

fn book(
    chain_id: &Digest,
    authority: &SecretKey,
    lender: &SecretKey,
    held: &[Held],
    schema: &Schema,
    policy: &Policy,
    anchor: &Anchor,
) -> Book {
    let institution = |h: &Held| Institution {
        name: Name::new(format!("Institution {}", h.slot)).unwrap(),
        address: Address::of(&h.key.public()),
        public_key: h.key.public(),
        slots: vec![DomainSlot { domain: h.domain, slot: h.slot }],
        admitted_height: 1,
    };
    let circuit = |id: &CircuitId| {
        let (constraints, verifying_key_id, verifying_key) = (Digest::default(), key_id(*id), vec![]);
        let circuit = GenesisCircuit { id: *id, constraints, verifying_key_id, verifying_key, transcript: None };
        KnownCircuit { entry: CircuitState::of_genesis(&circuit), kind: Kind::Development }
    };
    Book {
        terms: ChainTerms {
            chain_id: *chain_id,
            name: Name::new("Test chain").unwrap(),
            kind: ChainKind::Development,
            grace_ms: 24 * HOUR,
            consortium_window_months: NonZeroU16::new(12).unwrap(),
            authority: Address::of(&authority.public()),
        },
        provenance: Provenance::Proved,
        height: HEIGHT + 3,
        time_unix_ms: NOW - 5_000,
        authority_key: authority.public(),
        institutions: held.iter().map(institution).collect(),
        lenders: vec![Lender {
            name: Name::new("Fair Loans").unwrap(),
            address: Address::of(&lender.public()),
            public_key: lender.public(),
            window_months: 6,
            kind: LenderKind::Independent,
            admitted_height: 1,
        }],
        circuits: CircuitId::ALL.iter().map(circuit).collect(),
        schemas: vec![schema.clone()],
        policies: vec![KnownPolicy { id: policy.id(), active_from: 50, retired_at: None }],
        anchors: vec![AnchorEntry {
            anchor: anchor.clone(),
            leaf_file: Digest::default(),
            shards: 6,
            time_unix_ms: NOW - HOUR,
            replaced_unix_ms: None,
            previous: None,
        }],
    }
}
