//! Ceremonies of ours in which snarkjs takes part, and which snarkjs verifies.

use super::circuit::{assignment, export, export_values, shape};
use super::tool::Snarkjs;
use probity_ceremony::accumulator::write_rehearsal;
use probity_ceremony::contribution::Beacon;
use probity_ceremony::{Folder, Key, Progress, Stage};
use probity_circuits::eligibility::{self, Statement};
use probity_circuits::export::write_r1cs;
use probity_circuits::gadgets::Shape;
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::statement::position;
use probity_credit::statement::testing::Fixture;
use probity_ledger::keys::SecretKey;
use probity_params::cache::KeyCache;
use probity_params::gate::scale_gamma;
use probity_params::setup::Circuit;
use probity_params::{KeyId, Kind, Matrix};
use probity_prover::groth16::Groth16Prover;
use probity_prover::{Control, Prover};
use probity_tests::nodes::tools;
use probity_verifier::PreparedCircuit;
use probity_verifier::prepared::verify_all_inputs;
use probity_verifier::proof;
use probity_verifier::snarkjs::{Files, read_key, read_proof, read_public};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sha2::{Digest as _, Sha256};

const VERIFY: [&str; 5] = ["groth16", "verify", "verification_key.json", "public.json", "proof.json"];

fn quiet(_: Stage, _: usize, _: usize) {}
const QUIET: Progress<'static> = &quiet;

struct Rows {
    digest: Digest,
    matrices: [Matrix; 3],
    num_instance: usize,
    num_witness: usize,
}

impl Rows {
    fn of(shape: Shape) -> Self {
        let digest = shape.digest();
        Self { digest, num_instance: shape.num_instance, num_witness: shape.num_witness, matrices: [shape.a, shape.b, shape.c] }
    }

    fn circuit(&self) -> Circuit<'_> {
        let Self { digest, matrices, num_instance, num_witness } = self;
        Circuit { id: "interop-1", constraints: digest, matrices, num_instance: *num_instance, num_witness: *num_witness }
    }
}

/// snarkjs' own step on the last key of a ceremony.
fn contribute_in_snarkjs(snarkjs: &Snarkjs, key: &str) {
    snarkjs.accepts(&["zkey", "contribute", key, "cid.zkey", "--name=Cid", "-e=what somebody types"]);
}

#[test]
fn a_ceremony_of_three_with_snarkjs_as_one() {
    let (snarkjs, shape, assignment) = (Snarkjs::new(), shape(), assignment());
    export(&snarkjs, &shape, &assignment);
    let rows = Rows::of(shape);
    let circuit = rows.circuit();
    let power = (circuit.matrices[0].len() + circuit.num_instance).next_power_of_two().ilog2() + 1;
    let mut powers = vec![];
    write_rehearsal(&mut powers, power, &mut StdRng::seed_from_u64(72), QUIET).expect("memory takes everything");
    snarkjs.write("powers.ptau", powers);

    let [ann, ben] = [(); 2].map(|()| SecretKey::generate());
    let mut ceremony = Folder::init(&snarkjs.path("ceremony"), &circuit, &snarkjs.path("powers.ptau"), QUIET).expect("it begins");
    ceremony.contribute(&circuit, "Ann".parse().unwrap(), &ann, b"dice", QUIET).expect("Ann contributes");
    contribute_in_snarkjs(&snarkjs, "ceremony/key-0001.zkey");
    ceremony.take_in(&circuit, &snarkjs.path("cid.zkey"), "Cid".parse().unwrap(), &ann, QUIET).expect("snarkjs' contribution holds");
    ceremony.contribute(&circuit, "Ben".parse().unwrap(), &ben, b"", QUIET).expect("Ben contributes");
    let beacon = Beacon { value: b"a public value".to_vec(), exponent: 10 };
    ceremony.beacon(&circuit, beacon, "somewhere".parse().unwrap(), &ann, QUIET).expect("it ends");
    let (key, report) = ceremony.finish(&circuit, &snarkjs.path("powers.ptau"), QUIET).expect("it holds");
    let names: Vec<&str> = report.contributors.iter().map(|contributor| contributor.name.as_str()).collect();
    assert_eq!(names, ["Ann", "Cid", "Ben"]);

    let said = snarkjs.accepts(&["zkey", "verify", "circuit.r1cs", "powers.ptau", "ceremony/key-0004.zkey"]);
    assert!(said.contains("ZKey Ok!"), "{said}");
    for name in ["Ann", "Ben", "Cid", "somewhere", "Beacon iterations Exp: 10"] {
        assert!(said.contains(name), "{name}: {said}");
    }
    // initial key and beacon are functions of what everybody sees: snarkjs comes to the same
    let read = |name: &str| Key::read(std::io::Cursor::new(snarkjs.read(name)), &circuit).expect("snarkjs writes good keys");
    snarkjs.accepts(&["groth16", "setup", "circuit.r1cs", "powers.ptau", "initial.zkey"]);
    assert!(read("initial.zkey") == read("ceremony/key-0000.zkey"));
    let value = hex::encode(b"a public value");
    snarkjs.accepts(&["zkey", "beacon", "ceremony/key-0003.zkey", "beacon.zkey", &value, "10", "--name=somewhere"]);
    assert!(read("beacon.zkey") == key);

    // each proves with the key, and both verify
    let cache = KeyCache::at(snarkjs.path("cache"));
    let compiled = cache.store(&circuit, Kind::Ceremony, &key.finish()).expect("the key passes the gate");
    let prover = Groth16Prover::new(compiled);
    let bytes = prover.prove(&assignment.instance, &assignment.witness, &Control::default()).expect("the statement holds");
    snarkjs.accepts(&["zkey", "export", "verificationkey", "ceremony/key-0004.zkey", "verification_key.json"]);
    let public = &assignment.instance[1..];
    let exported = read_key(&snarkjs.read("verification_key.json"), public.len()).expect("snarkjs writes good keys");
    assert_eq!(scale_gamma(&exported), *prover.circuit().verifying_key());
    for (name, text) in Files::new(&exported, public, &proof::parse(&bytes).expect("canonical")).named() {
        snarkjs.write(name, text);
    }
    assert!(snarkjs.accepts(&VERIFY).contains("OK!"));
    snarkjs.accepts(&["groth16", "prove", "ceremony/key-0004.zkey", "witness.wtns", "proof.json", "public.json"]);
    let theirs = read_proof(&snarkjs.read("proof.json")).expect("snarkjs writes good proofs");
    let prepared = PreparedCircuit::new(prover.circuit().verifying_key_file(), public.len()).expect("it passes the gate");
    let decoded = proof::decode(&proof::encode(&theirs)).expect("canonical");
    assert_eq!(verify_all_inputs(&prepared, public, &decoded), Ok(()));
}

/// With the program, on a circuit of the product: snarkjs contributes, verifies the whole, proves, and verifies our proof.
#[test]
fn a_ceremony_for_eligibility_1() {
    if !Snarkjs::is_long() {
        return;
    }
    let snarkjs = Snarkjs::new();
    let path = |name: &str| snarkjs.path(name).to_string_lossy().into_owned();
    let tools = tools("http://127.0.0.1:1").with("PROBITY_CACHE_DIR", path("cache"));
    let probity = |arguments: &[&str]| tools.probity(arguments).unwrap_or_else(|e| panic!("{}: {e}", arguments.join(" ")));
    let (folder, powers, key) = (path("ceremony"), path("powers.ptau"), path("ann.key"));
    probity(&["keys", "new", &key]);
    probity(&["ceremony", "rehearsal-powers", &powers, "--power", "15"]);
    probity(&["ceremony", "init", "eligibility-1", &folder, "--powers", &powers, "--unpublished-powers"]);
    probity(&["ceremony", "contribute", &folder, "--name", "Ann", "--key", &key]);
    contribute_in_snarkjs(&snarkjs, "ceremony/key-0001.zkey");
    probity(&["ceremony", "contribute", &folder, "--name", "Cid", "--key", &key, "--from", &path("cid.zkey")]);
    probity(&["ceremony", "beacon", &folder, "--value", "00ff", "--source", "somewhere", "--key", &key]);
    probity(&["ceremony", "attest", &folder, "--key", &key, "--out", &path("ann.json")]);
    let finalize = ["ceremony", "finalize", &folder, "--powers", &powers, "--attestation", &path("ann.json"), "--out", &path("out")];
    tools.refused(&finalize).expect("powers that one machine made are not taken without a word");
    let finalized = probity(&[&finalize[..], &["--unpublished-powers"]].concat());
    let names: Vec<_> = finalized["contributors"].as_array().expect("a list").iter().map(|c| c["name"].as_str()).collect();
    assert_eq!(names, [Some("Ann"), Some("Cid")]);
    let transcript = Digest(Sha256::digest(snarkjs.read("out/eligibility-1.transcript.json")).into());
    assert_eq!(finalized["transcript"], transcript.to_string());

    let shape = eligibility::shape(CircuitId::Eligibility1);
    let mut r1cs = vec![];
    write_r1cs(&shape, &mut r1cs).expect("memory takes everything");
    snarkjs.write("circuit.r1cs", r1cs);
    let said = snarkjs.accepts(&["zkey", "verify", "circuit.r1cs", "powers.ptau", "out/eligibility-1.zkey"]);
    assert!(said.contains("ZKey Ok!"), "{said}");

    let f = Fixture::sample(CircuitId::Eligibility1, &mut StdRng::seed_from_u64(73));
    let key_id: KeyId = finalized["manifest"]["verifying_key"].as_str().and_then(|id| id.parse().ok()).expect("a key id");
    let prover = Prover::ceremony(CircuitId::Eligibility1, &KeyCache::at(path("cache")), key_id).expect("finalize installs it");
    let bytes = prover.prove(&f.compiled, &f.policy.schema, &f.public, &f.witness).expect("the fixture is true");
    let (inputs, proof) = (f.public.all(&f.compiled), proof::parse(&bytes).expect("canonical"));
    let verifying = prover.verifying_key_file().verifying_key(position::COUNT).expect("it passes the gate");
    for (name, text) in Files::new(&verifying, &inputs, &proof).named() {
        snarkjs.write(name, text);
    }
    assert!(snarkjs.accepts(&VERIFY).contains("OK!"));

    let statement = Statement { policy: &f.compiled, public: &f.public, witness: &f.witness };
    export_values(&snarkjs, &eligibility::assignment(statement).expect("the fixture is true"));
    snarkjs.accepts(&["groth16", "prove", "out/eligibility-1.zkey", "witness.wtns", "proof.json", "public.json"]);
    assert_eq!(read_public(&snarkjs.read("public.json"), position::COUNT).expect("good numbers"), inputs);
    let theirs = proof::decode(&proof::encode(&read_proof(&snarkjs.read("proof.json")).expect("a good proof"))).expect("canonical");
    let prepared = PreparedCircuit::new(&prover.verifying_key_file(), position::COUNT).expect("it passes the gate");
    assert_eq!(verify_all_inputs(&prepared, &inputs, &theirs), Ok(()));

    // installed from the files alone, with another cache
    let other = tools.with("PROBITY_CACHE_DIR", path("other"));
    let install = |transcript: &str, zkey: &str| {
        ["params", "install", "eligibility-1", "--transcript", transcript, "--zkey", zkey].map(str::to_owned)
    };
    let words = install(&path("out/eligibility-1.transcript.json"), &path("out/eligibility-1.zkey"));
    let installed = other.probity(&words.each_ref().map(String::as_str)).expect("it is installed");
    assert_eq!(installed["verifying_key"], finalized["manifest"]["verifying_key"]);
    let words = install(&path("out/eligibility-1.transcript.json"), &path("ceremony/key-0002.zkey"));
    other.refused(&words.each_ref().map(String::as_str)).expect("an earlier key is refused");
}
