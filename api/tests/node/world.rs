//! A running node with two lenders, one policy each, and everything a wallet needs to answer.

use crate::client::Client;
use clap::Parser as _;
use probity_api::auth::keys::{self, NewKey, Role};
use probity_api::command::{self, Args};
use probity_api::config::Config;
use probity_api::home::Home;
use probity_api::{files, run};
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::field::{F, FieldBytes};
use probity_credit::policy::Policy;
use probity_credit::statement::{Opening, PublicInputs, Verdict, position};
use probity_ledger::address::Address;
use probity_ledger::genesis::Genesis;
use probity_ledger::keys::{PublicKey, SecretKey, Signature};
use probity_ledger::name::Name;
use probity_ledger::request::{Presentation, RequestObject, ResponseObject, SignedRequest, VpToken};
use probity_ledger::state_value::Account;
use probity_ledger::transaction::{
    Approval, Body, LenderKind, Payload, ProofBytes, RegisterInstitution, RegisterLender, RegisterPolicy, RegisterSchema, Transaction,
};
use probity_params::testing::Toy;
use rand::rngs::OsRng;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::OnceLock;
use tokio::sync::oneshot;

pub(crate) const CIRCUIT: CircuitId = CircuitId::Eligibility3;

pub(crate) fn toy() -> Toy {
    Toy::new(position::COUNT - position::POLICY).named(CIRCUIT.name())
}

/// Another key for the same circuit, to be adopted when the first was stopped.
pub(crate) fn next_toy() -> Toy {
    Toy::with_rows(position::COUNT - position::POLICY, 9).named(CIRCUIT.name())
}

type Prove = Box<dyn Fn(&[F]) -> ProofBytes + Send + Sync>;

fn prover(toy: Toy) -> Prove {
    let key = toy.stock_key();
    Box::new(move |inputs| probity_verifier::proof::encode(&toy.prove(&key, inputs, &mut OsRng)))
}

/// Proves any public inputs: the toy's statement is true for all of them, its key is not.
pub(crate) fn prove(inputs: &[F]) -> ProofBytes {
    static PROVE: OnceLock<Prove> = OnceLock::new();
    PROVE.get_or_init(|| prover(toy()))(inputs)
}

/// As [`prove`], for the next key.
pub(crate) fn prove_next(inputs: &[F]) -> ProofBytes {
    static PROVE: OnceLock<Prove> = OnceLock::new();
    PROVE.get_or_init(|| prover(next_toy()))(inputs)
}

/// A node that runs in threads of its own.
pub(crate) struct Running {
    pub(crate) client: Client,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(home: &Home) -> Self {
        let (started, address) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let home = home.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let node = run::open(&home).await.unwrap();
                started.send(node.address().unwrap()).unwrap();
                node.run(async { drop(stopped.await) }).await.unwrap();
            });
        });
        let client = Client::new(address.recv().unwrap());
        while client.get("/readyz").status != 200 {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        Self { client, stop: Some(stop), thread: Some(thread) }
    }

    /// Stops as on SIGTERM and waits for the end.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

/// A lender with policy and API key.
pub(crate) struct TestLender {
    pub(crate) name: &'static str,
    pub(crate) address: Address,
    pub(crate) policy: Policy,
    pub(crate) api_key: String,
}

pub(crate) struct World {
    pub(crate) home: Home,
    pub(crate) node: Running,
    pub(crate) genesis: Genesis,
    pub(crate) chain_id: Digest,
    pub(crate) lenders: Vec<TestLender>,
    pub(crate) auditor: String,
    pub(crate) authority: String,
    _folder: tempfile::TempDir,
}

/// One node for all tests that do not stop it.
pub(crate) fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| World::new(|config| config.limits.header_read_seconds = 2))
}

impl World {
    pub(crate) fn new(configure: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys_folder = folder.path().join("parameters");
        std::fs::create_dir(&keys_folder).unwrap();
        std::fs::write(keys_folder.join(format!("{}.vk", CIRCUIT.name())), toy().verifying_key_file().to_bytes()).unwrap();
        let path: PathBuf = folder.path().join("home");
        let text = |path: &PathBuf| path.to_str().unwrap().to_owned();
        let arguments = ["probityd", "init", "--dev", "--listen", "127.0.0.1:0", "--engine-listen", "/ip4/127.0.0.1/tcp/0"];
        let mut arguments: Vec<String> = arguments.map(String::from).to_vec();
        arguments.extend(["--home".into(), text(&path), "--verifying-keys".into(), text(&keys_folder)]);
        let more = [
            "--anchor-interval",
            "2",
            "--grace-seconds",
            "600",
            "--block-time-ms",
            "20",
            "--heartbeat-ms",
            "400",
            "--circuit-delay-blocks",
            "2",
        ];
        arguments.extend(more.map(String::from));
        arguments.extend(["--lender", "First Lender", "--lender", "Second Lender"].map(String::from));
        command::run(Args::parse_from(arguments)).unwrap();

        let home = Home::new(path);
        let mut config = Config::load(&home.config()).unwrap();
        configure(&mut config);
        files::replace(&home.config(), config.to_toml().as_bytes()).unwrap();
        let new_key = |role, lender| {
            let key = NewKey::draw(role, lender, "a test".into(), 1).unwrap();
            keys::add(&home.api_keys(), key.entry).unwrap();
            key.text.to_string()
        };
        let lender_keys: Vec<SecretKey> = config.lenders.iter().map(|l| files::read_key(&home.resolve(&l.key)).unwrap()).collect();
        let lenders = lender_keys.iter().zip(["First Lender", "Second Lender"]).map(|(key, name)| {
            let address = Address::of(&key.public());
            let policy = Policy { owner: address.0, ..probity_credit::policy::testing::policy(CIRCUIT) };
            TestLender { name, address, policy, api_key: new_key(Role::Lender, Some(address)) }
        });
        let lenders: Vec<TestLender> = lenders.collect();
        let (auditor, authority) = (new_key(Role::Auditor, None), new_key(Role::Authority, None));
        let genesis = Genesis::from_json(&std::fs::read(home.genesis()).unwrap()).unwrap();
        let node = Running::start(&home);
        let world = Self { chain_id: genesis.chain_id(), genesis, home, node, lenders, auditor, authority, _folder: folder };
        world.prepare(&lender_keys);
        world
    }

    pub(crate) fn client(&self) -> &Client {
        &self.node.client
    }

    pub(crate) fn validator(&self) -> SecretKey {
        files::read_key(&self.home.keys().join("validator.key")).unwrap()
    }

    /// Admits the lenders and registers schema and policies.
    fn prepare(&self, keys: &[SecretKey]) {
        let validator = self.validator();
        for (lender, key) in self.lenders.iter().zip(keys) {
            let gift = json!({"address": lender.address, "amount": 50_000_000});
            let answer = self.client().post("/v1/faucet?wait_seconds=20", &gift).ok();
            assert_eq!(answer["receipt"]["outcome"]["status"], "applied");
            let mut admission = RegisterLender {
                name: Name::new(lender.name).unwrap(),
                public_key: key.public(),
                window_months: 1,
                kind: LenderKind::Independent,
                approved_until_height: 1_000_000,
                approvals: vec![],
            };
            admission.approvals = vec![Approval::sign(&admission.admission_digest(&self.chain_id), &validator)];
            self.apply(&validator, Payload::RegisterLender(admission));
        }
        // schemas come from institutions: here the validator's
        let mut admission = RegisterInstitution {
            name: Name::new("First Institution").unwrap(),
            public_key: validator.public(),
            domains: vec![Domain::Bank],
            approved_until_height: 1_000_000,
            approvals: vec![],
        };
        admission.approvals = vec![Approval::sign(&admission.admission_digest(&self.chain_id), &validator)];
        self.apply(&validator, Payload::RegisterInstitution(admission));
        let schema = probity_credit::schema::testing::schema();
        self.apply(&validator, Payload::RegisterSchema(RegisterSchema { schema }));
        for (lender, key) in self.lenders.iter().zip(keys) {
            self.apply(key, Payload::RegisterPolicy(RegisterPolicy { policy: lender.policy.clone() }));
        }
        self.next_anchor();
    }

    /// Waits for an anchor above the tip.
    pub(crate) fn next_anchor(&self) {
        let tip = self.client().get("/v1/chain").ok()["tip"]["height"].as_u64().unwrap();
        while self.client().get("/v1/chain").ok()["newest_anchor"]["height"].as_u64().is_none_or(|h| h <= tip) {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    pub(crate) fn transaction(&self, key: &SecretKey, payload: Payload) -> Transaction {
        let sender = Address::of(&key.public());
        let account: Account = serde_json::from_value(self.client().get(&format!("/v1/accounts/{sender}")).ok()["value"].clone()).unwrap();
        let (chain_id, nonce) = (self.chain_id, account.nonce);
        Body { chain_id, sender, key: key.public(), nonce, fee: 1_000_000, valid_until_height: None, payload }.sign(key)
    }

    /// Sends a transaction and waits until it is applied.
    pub(crate) fn apply(&self, key: &SecretKey, payload: Payload) -> Value {
        let transaction = self.transaction(key, payload);
        let answer = self.client().post("/v1/transactions?wait_seconds=20", &json!({ "transaction": transaction })).ok();
        assert_eq!(answer["receipt"]["outcome"]["status"], "applied", "{answer}");
        answer
    }

    pub(crate) fn ask(&self, lender: &TestLender, more: &Value) -> Value {
        let mut wanted = json!({
            "policy": lender.policy.id(), "purpose": "a car", "attributes": {"attribute_6": 250, "attribute_7": 20}, "expires_in_seconds": 120,
        });
        wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.client().with_key(&lender.api_key).post("/v1/requests", &wanted).ok()
    }

    pub(crate) fn verdict(&self, lender: &TestLender, id: &str, wait: u32) -> Value {
        self.client().with_key(&lender.api_key).get(&format!("/v1/requests/{id}/verdict?wait_seconds={wait}")).ok()
    }
}

/// A person as the toy knows one: a number that stands for the secret.
pub(crate) fn nullifier(person: u64) -> FieldBytes {
    F::from(person).into()
}

pub(crate) const APPROVED: Verdict = Verdict { approved: true, reasons: [0; 4] };

/// What a wallet would make of a request, for a person and a verdict.
pub(crate) struct Wallet {
    pub(crate) consent: SecretKey,
    pub(crate) request: RequestObject,
    pub(crate) presentation: Presentation,
}

impl Wallet {
    pub(crate) fn answer(signed: &SignedRequest, lender: &PublicKey, person: u64, verdict: Verdict) -> Self {
        signed.verify(lender).unwrap();
        let request = signed.request.clone();
        let consent = SecretKey::generate();
        let opening = Opening { verdict, person: F::from(person + 1).into(), request: request.attributes(), salt: F::from(99u64).into() };
        let presentation = Presentation {
            proof: ProofBytes([0; 128]),
            nullifier: nullifier(person),
            answer: opening.answer(),
            opening,
            consent_key: consent.public(),
            consent: Signature([0; 64]),
        };
        let mut wallet = Self { consent, request, presentation };
        wallet.prove();
        wallet
    }

    /// The public inputs as request and presentation say.
    pub(crate) fn inputs(&self) -> PublicInputs {
        let (request, given) = (&self.request, &self.presentation);
        PublicInputs {
            identity_root: request.anchor.identity_root,
            registry_root: request.anchor.registry_root,
            month: request.anchor.month,
            scope: request.scope().element().into(),
            nullifier: given.nullifier,
            context: request.context(&given.consent_key).element().into(),
            answer: given.answer,
        }
    }

    /// Proves and signs anew, after something was changed.
    pub(crate) fn prove(&mut self) {
        self.prove_by(prove);
    }

    pub(crate) fn prove_by(&mut self, prove: fn(&[F]) -> ProofBytes) {
        let compiled = self.request.policy.compile(&probity_credit::schema::testing::schema()).unwrap();
        self.presentation.proof = prove(&self.inputs().all(&compiled));
        self.sign();
    }

    pub(crate) fn sign(&mut self) {
        let context = self.request.context(&self.presentation.consent_key);
        let digest = Presentation::consent_digest(&context, &self.presentation.nullifier, &self.presentation.answer);
        self.presentation.consent = self.consent.sign(&digest);
    }

    pub(crate) fn response(&self) -> ResponseObject {
        let vp_token = VpToken { eligibility: [self.presentation.clone()] };
        ResponseObject { state: self.request.state.clone(), vp_token }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::to_value(self.response()).unwrap()
    }
}
