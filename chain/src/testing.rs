//! One small chain for this crate's tests: real keys, real signatures, real proofs of a toy circuit under a real circuit's name.

use crate::genesis::genesis_state;
use crate::state::{Changes, View};
use crate::transition::{Transition, TransitionError, apply};
use crate::tx::BlockContext;
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::field::{F, FieldBytes};
use probity_credit::month::Month;
use probity_credit::nullifier::Scope;
use probity_credit::policy::Policy;
use probity_credit::schema::Schema;
use probity_credit::statement::{PublicInputs, position};
use probity_ledger::address::Address;
use probity_ledger::block::PROTOCOL_VERSION;
use probity_ledger::certificate::{Validator, ValidatorSet};
use probity_ledger::error::TxError;
use probity_ledger::genesis::{AnchorRules, ChainKind, Fees, Genesis, GenesisAccount, GenesisCircuit, Limits};
use probity_ledger::keys::SecretKey;
use probity_ledger::name::Name;
use probity_ledger::receipt::{Outcome, Receipt};
use probity_ledger::state_key;
use probity_ledger::state_value::{Account, AnchorEntry, AnchorState, SlotState};
use probity_ledger::transaction::*;
use probity_params::VerifyingKeyFile;
use probity_params::testing::Toy;
use probity_verifier::Verifier;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::num::NonZeroU16;
use std::sync::{Arc, OnceLock};

pub(crate) const CIRCUIT: CircuitId = CircuitId::Eligibility1;
pub(crate) const OTHER_CIRCUIT: CircuitId = CircuitId::Eligibility3;
/// Blocks between a decision about a circuit and its effect.
pub(crate) const DELAY: u64 = 3;
/// 15 November 2026.
pub(crate) const START_MS: u64 = 1_794_700_800_000;
pub(crate) const FEE: u64 = 10_000;
pub(crate) const FUNDS: u64 = 1_000_000_000;
pub(crate) const INTERVAL: u64 = 4;
pub(crate) const GRACE_MS: u64 = 60_000;
pub(crate) const BLOCK_MS: u64 = 1_000;

/// A key by name, always the same.
pub(crate) fn key(name: &str) -> SecretKey {
    SecretKey::from_hex(&Digest::of("test key", &[name.as_bytes()]).to_string()).unwrap()
}

pub(crate) fn address(name: &str) -> Address {
    Address::of(&key(name).public())
}

/// Proves any public inputs, with a seed.
type Prove = dyn Fn(&[F], u64) -> ProofBytes + Send + Sync;

/// A toy circuit under a real one's name, with its key: made once for all tests.
pub(crate) struct Keyed {
    prove: Box<Prove>,
    pub(crate) file: VerifyingKeyFile,
}

impl Keyed {
    fn new(circuit: CircuitId, rows: usize) -> Self {
        let toy = Toy::with_rows(position::COUNT - position::POLICY, rows).named(circuit.name());
        let (proving_key, file) = (toy.stock_key(), toy.verifying_key_file());
        let prove = move |inputs: &[F], seed| {
            let proof = toy.prove(&proving_key, inputs, &mut StdRng::seed_from_u64(seed));
            probity_verifier::proof::encode(&proof)
        };
        Self { prove: Box::new(prove), file }
    }

    /// The genesis's.
    pub(crate) fn first() -> &'static Self {
        static KEYED: OnceLock<Keyed> = OnceLock::new();
        KEYED.get_or_init(|| Self::new(CIRCUIT, 4))
    }

    /// Another key for the same circuit.
    pub(crate) fn second() -> &'static Self {
        static KEYED: OnceLock<Keyed> = OnceLock::new();
        KEYED.get_or_init(|| Self::new(CIRCUIT, 9))
    }

    /// And one more.
    pub(crate) fn third() -> &'static Self {
        static KEYED: OnceLock<Keyed> = OnceLock::new();
        KEYED.get_or_init(|| Self::new(CIRCUIT, 10))
    }

    /// Of a circuit that the genesis does not have.
    pub(crate) fn other() -> &'static Self {
        static KEYED: OnceLock<Keyed> = OnceLock::new();
        KEYED.get_or_init(|| Self::new(OTHER_CIRCUIT, 4))
    }

    /// Another key for that one.
    pub(crate) fn other_second() -> &'static Self {
        static KEYED: OnceLock<Keyed> = OnceLock::new();
        KEYED.get_or_init(|| Self::new(OTHER_CIRCUIT, 9))
    }

    /// As a chain takes it.
    pub(crate) fn circuit(&self) -> GenesisCircuit {
        let (constraints, verifying_key_id, verifying_key) = (self.file.constraints, self.file.id().0, self.file.to_bytes());
        GenesisCircuit { id: self.file.circuit.parse().unwrap(), constraints, verifying_key_id, verifying_key, transcript: None }
    }
}

pub(crate) const FUNDED: [&str; 6] = ["authority", "bank", "court", "lender", "other-lender", "rich"];

pub(crate) fn genesis() -> Genesis {
    static GENESIS: OnceLock<Genesis> = OnceLock::new();
    GENESIS
        .get_or_init(|| {
            let mut accounts: Vec<GenesisAccount> = FUNDED.iter().map(|n| GenesisAccount { address: address(n), balance: FUNDS }).collect();
            accounts.sort_by_key(|a| a.address);
            let validators = [("validator", 7), ("second", 3)].map(|(n, power)| Validator { public_key: key(n).public(), power });
            Genesis {
                protocol_version: PROTOCOL_VERSION,
                chain_name: Name::new("test").unwrap(),
                kind: ChainKind::Development,
                time_unix_ms: START_MS,
                validators: ValidatorSet::new(validators.to_vec()).unwrap(),
                identity_authority: key("authority").public(),
                accounts,
                faucet: Some(address("rich")),
                circuits: vec![Keyed::first().circuit()],
                circuit_delay_blocks: DELAY,
                anchors: AnchorRules { interval_blocks: INTERVAL, grace_ms: GRACE_MS },
                consortium_window_months: NonZeroU16::new(3).unwrap(),
                fees: Fees { base: 10, per_byte: 0, per_proof: 100 },
                limits: Limits { block_bytes: 1 << 20, block_transactions: 100, block_proofs: 10, clock_drift_ms: 5_000 },
            }
        })
        .clone()
}

pub(crate) fn verifier() -> Arc<Verifier> {
    static VERIFIER: OnceLock<Arc<Verifier>> = OnceLock::new();
    VERIFIER.get_or_init(|| Arc::new(Verifier::from_genesis(&genesis()).unwrap())).clone()
}

pub(crate) fn schema() -> Schema {
    probity_credit::schema::testing::schema()
}

/// The test policy of a lender.
pub(crate) fn policy_of(lender: &str) -> Policy {
    policy_for(lender, CIRCUIT)
}

/// The same for another circuit.
pub(crate) fn policy_for(lender: &str, circuit: CircuitId) -> Policy {
    Policy { owner: address(lender).0, ..probity_credit::policy::testing::policy(circuit) }
}

/// A chain in memory: state, height and time, and blocks applied by the pure transition.
#[derive(Clone)]
pub(crate) struct Chain {
    pub(crate) genesis: Genesis,
    pub(crate) chain_id: Digest,
    pub(crate) state: Changes,
    pub(crate) height: u64,
    pub(crate) time_unix_ms: u64,
}

impl Chain {
    pub(crate) fn new() -> Self {
        Self::of(genesis())
    }

    pub(crate) fn of(genesis: Genesis) -> Self {
        genesis.check().unwrap();
        Self { chain_id: genesis.chain_id(), state: genesis_state(&genesis), height: 0, time_unix_ms: genesis.time_unix_ms, genesis }
    }

    /// With institution, lender, schema, publication, identities, policy and the first anchor.
    pub(crate) fn ready() -> Self {
        static READY: OnceLock<Chain> = OnceLock::new();
        READY
            .get_or_init(|| {
                let mut chain = Self::new();
                let institution = chain.institution("bank", &[Domain::Bank]);
                let lender = chain.lender("lender", LenderKind::Independent);
                chain.apply_all(&[("rich", institution), ("rich", lender)]);
                let publication = chain.publication(0, 0);
                let policy = Payload::RegisterPolicy(RegisterPolicy { policy: policy_of("lender") });
                let schema = Payload::RegisterSchema(RegisterSchema { schema: schema() });
                chain.apply_all(&[("bank", schema), ("bank", publication), ("lender", policy)]);
                let update = chain.update(vec![Cover { slot: slot(0), month: chain.month(), sequence: 0 }]);
                chain.apply_all(&[("authority", update)]);
                chain.run_to_anchor();
                chain
            })
            .clone()
    }

    pub(crate) fn month(&self) -> Month {
        Month::of_unix_ms(self.time_unix_ms)
    }

    pub(crate) fn view(&self) -> View<'_> {
        View::new(&self.state)
    }

    pub(crate) fn account(&self, name: &str) -> Account {
        self.view().get(&state_key::account(&address(name))).unwrap().unwrap_or_default()
    }

    pub(crate) fn slot_state(&self, number: u16) -> SlotState {
        self.view().get(&state_key::slot(slot(number))).unwrap().unwrap()
    }

    pub(crate) fn newest_anchor(&self) -> AnchorEntry {
        let anchors: AnchorState = self.view().get(&state_key::anchors()).unwrap().unwrap();
        self.view().get(&state_key::anchor(anchors.newest.unwrap())).unwrap().unwrap()
    }

    pub(crate) fn context(&self) -> BlockContext<'_> {
        BlockContext {
            genesis: &self.genesis,
            chain_id: self.chain_id,
            height: self.height + 1,
            time_unix_ms: self.time_unix_ms + BLOCK_MS,
            proposer: address("validator"),
        }
    }

    pub(crate) fn body(&self, sender: &str, nonce: u64, payload: Payload) -> Body {
        let key = key(sender).public();
        Body { chain_id: self.chain_id, sender: Address::of(&key), key, nonce, fee: FEE, valid_until_height: None, payload }
    }

    pub(crate) fn transaction(&self, sender: &str, nonce: u64, payload: Payload) -> Transaction {
        self.body(sender, nonce, payload).sign(&key(sender))
    }

    /// Applies a block; on success the chain goes on from it.
    pub(crate) fn try_block(&mut self, transactions: &[Transaction]) -> Result<Transition, TransitionError> {
        let ctx = self.context();
        let transition = apply(&self.state, transactions, &ctx, verifier().as_ref())?;
        (self.height, self.time_unix_ms) = (ctx.height, ctx.time_unix_ms);
        self.state.extend(transition.changes.clone());
        Ok(transition)
    }

    /// A block with these payloads, each sender's nonces counted up.
    pub(crate) fn block(&mut self, payloads: &[(&str, Payload)]) -> Vec<Receipt> {
        let mut nonces = std::collections::BTreeMap::new();
        let transactions: Vec<Transaction> = payloads
            .iter()
            .map(|(sender, payload)| {
                let nonce = nonces.entry(*sender).or_insert_with(|| self.account(sender).nonce);
                *nonce += 1;
                let transaction = self.transaction(sender, *nonce - 1, payload.clone());
                transaction.check_structure().unwrap();
                transaction
            })
            .collect();
        self.try_block(&transactions).unwrap().receipts
    }

    pub(crate) fn apply_all(&mut self, payloads: &[(&str, Payload)]) {
        for receipt in self.block(payloads) {
            assert_eq!(receipt.outcome, Outcome::Applied);
        }
    }

    /// Runs one payload on a copy of the chain and gives the rule that refuses it.
    pub(crate) fn refusal(&self, sender: &str, payload: Payload) -> TxError {
        let mut copy = self.clone();
        let receipts = copy.block(&[(sender, payload)]);
        assert!(receipts[0].events.is_empty());
        assert_eq!(copy.account(sender).balance, self.account(sender).balance - FEE, "a failed transaction pays");
        match &receipts[0].outcome {
            Outcome::Failed { error } => error.clone(),
            Outcome::Applied => panic!("the transaction was applied"),
        }
    }

    /// Empty blocks until an anchor is written.
    pub(crate) fn run_to_anchor(&mut self) {
        while !self.try_block(&[]).unwrap().anchored {}
    }

    pub(crate) fn approve(&self, digest: &Digest, validators: &[&str]) -> Vec<Approval> {
        let mut approvals: Vec<Approval> = validators.iter().map(|v| Approval::sign(digest, &key(v))).collect();
        approvals.sort_by_key(|a| a.validator);
        approvals
    }

    pub(crate) fn institution(&self, name: &str, domains: &[Domain]) -> Payload {
        let mut p = RegisterInstitution {
            name: Name::new(name).unwrap(),
            public_key: key(name).public(),
            domains: domains.to_vec(),
            approved_until_height: 1_000,
            approvals: vec![],
        };
        p.approvals = self.approve(&p.admission_digest(&self.chain_id), &["validator"]);
        Payload::RegisterInstitution(p)
    }

    pub(crate) fn lender(&self, name: &str, kind: LenderKind) -> Payload {
        let mut p = RegisterLender {
            name: Name::new(name).unwrap(),
            public_key: key(name).public(),
            window_months: 1,
            kind,
            approved_until_height: 1_000,
            approvals: vec![],
        };
        p.approvals = self.approve(&p.admission_digest(&self.chain_id), &["validator"]);
        Payload::RegisterLender(p)
    }

    /// A decision about a circuit, or an admission, approved by these.
    pub(crate) fn decided(&self, mut payload: Payload, validators: &[&str]) -> Payload {
        let (digest, approvals) = payload.decision(&self.chain_id).unwrap();
        *approvals = self.approve(&digest, validators);
        payload
    }

    /// A publication of this month with membership changes.
    pub(crate) fn publication(&self, number: u16, sequence: u32) -> Payload {
        Payload::PublishCommitment(PublishCommitment {
            slot: slot(number),
            month: self.month(),
            sequence,
            schema: schema().id(),
            root: element(sequence.into()),
            files: 3,
            membership: Some(Digest::of("membership", &[&sequence.to_le_bytes()])),
        })
    }

    pub(crate) fn update(&self, covers: Vec<Cover>) -> Payload {
        let state: probity_ledger::state_value::IdentityState = self.view().get(&state_key::identities()).unwrap().unwrap();
        Payload::UpdateIdentities(UpdateIdentities {
            previous_root: state.newest().root,
            root: element(self.height + 1_000),
            leaf_file: Digest::of("leaves", &[&self.height.to_le_bytes()]),
            shards: 1,
            positions_used: state.positions_used + 1,
            rotations: 0,
            covers,
        })
    }

    /// A record of `lender` against the newest anchor, with a proof that holds; `person` stands for the subject's secret.
    pub(crate) fn record(&self, lender: &str, person: u64, nonce: u8, verdict: Verdict) -> RecordProof {
        let mut p = self.unproved(&policy_of(lender), person, nonce, verdict);
        p.proof = self.prove_record(lender, &p);
        p
    }

    /// A record of the lender under any of its policies, proved with any key.
    pub(crate) fn record_with(&self, lender: &str, policy: &Policy, key: &Keyed, nonce: u8) -> RecordProof {
        let mut p = self.unproved(policy, nonce.into(), nonce, Verdict::NotGranted);
        p.proof = self.prove_with(lender, policy, key, &p);
        p
    }

    fn unproved(&self, policy: &Policy, person: u64, nonce: u8, verdict: Verdict) -> RecordProof {
        let anchor = self.newest_anchor().anchor;
        RecordProof {
            verdict,
            policy: policy.id(),
            anchor_height: anchor.height,
            nonce: [nonce; 32],
            expires_unix_ms: self.time_unix_ms + 30_000,
            response_uri: Digest::of("uri", &[]),
            consent_key: [9; 32],
            nullifier: element(person),
            answer: element(u64::from(nonce) + 70),
            proof: ProofBytes([0; PROOF_BYTES]),
        }
    }

    /// A proof for whatever the record says.
    pub(crate) fn prove_record(&self, lender: &str, p: &RecordProof) -> ProofBytes {
        self.prove_with(lender, &policy_of(lender), Keyed::first(), p)
    }

    fn prove_with(&self, lender: &str, policy: &Policy, key: &Keyed, p: &RecordProof) -> ProofBytes {
        let entry: AnchorEntry = self.view().get(&state_key::anchor(p.anchor_height)).unwrap().unwrap_or_else(|| self.newest_anchor());
        let owner = address(lender);
        let window = NonZeroU16::new(1).unwrap();
        let scope = Scope::new(&self.chain_id, policy.scope, &owner.0, window, entry.anchor.month).element().into();
        let inputs = PublicInputs {
            identity_root: entry.anchor.identity_root,
            registry_root: entry.anchor.registry_root,
            month: entry.anchor.month,
            scope,
            nullifier: p.nullifier,
            context: p.context(&self.chain_id, &owner, policy.circuit).element().into(),
            answer: p.answer,
        };
        (key.prove)(&inputs.all(&policy.compile(&schema()).unwrap()), u64::from(p.nonce[0]))
    }
}

pub(crate) fn slot(number: u16) -> Slot {
    Slot::new(number).unwrap()
}

pub(crate) fn element(x: u64) -> FieldBytes {
    FieldBytes::from(F::from(x))
}
