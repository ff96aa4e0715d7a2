use super::{QUIET, World, beacon};
use crate::attestation::{Attestation, AttestationError};
use crate::contribution::Beacon;
use crate::folder::{CeremonyError, Folder};
use crate::key::Key;
use crate::verify::Report;
use ark_ff::UniformRand;
use probity_credit::field::F;
use probity_ledger::keys::SecretKey;
use probity_params::cache::KeyCache;
use probity_params::gate::gate;
use probity_params::{KeyError, Kind};
use probity_prover::control::Control;
use probity_prover::groth16::Groth16Prover;
use rand::{SeedableRng, rngs::StdRng};
use std::fs::File;

fn names(report: &Report) -> Vec<&str> {
    report.contributors.iter().map(|contributor| contributor.name.as_str()).collect()
}

#[test]
fn a_ceremony_ends_in_a_key_that_proves() {
    let world = World::new();
    let circuit = world.toy.circuit();
    let (folder, _) = world.whole();
    let (key, report) = folder.finish(&circuit, &world.path("powers.ptau"), QUIET).unwrap();
    assert_eq!(names(&report), ["Ann", "Ben"]);
    let applied = report.beacon.unwrap();
    assert_eq!((applied.source.as_str(), applied.value, applied.exponent), ("the public lottery", hex::encode(beacon().value), 10));
    let proving_key = key.finish();
    gate(&proving_key.vk, circuit.inputs()).unwrap();

    let compiled = KeyCache::at(world.path("cache")).store(&circuit, Kind::Ceremony, &proving_key).unwrap();
    let rng = &mut StdRng::seed_from_u64(3);
    let public: Vec<F> = (0..circuit.inputs()).map(|_| F::rand(rng)).collect();
    let assignment = world.toy.assignment(&public, F::rand(rng));
    let (instance, witness) = assignment.split_at(circuit.num_instance);
    // the prover verifies what it proved
    Groth16Prover::new(compiled).prove(instance, witness, &Control::default()).unwrap();
}

#[test]
fn a_ceremony_goes_on_from_its_folder() {
    let world = World::new();
    let (circuit, key) = (world.toy.circuit(), SecretKey::generate());
    world.begin();
    for name in ["Ann", "Ben", "Cid"] {
        let mut folder = Folder::open(&world.path("ceremony")).unwrap();
        // what a contribution leaves that was killed before its transcript was written
        std::fs::write(world.path("ceremony").join(format!("key-{:04}.zkey", folder.transcript().entries.len() + 1)), b"half").unwrap();
        folder.contribute(&circuit, name.parse().unwrap(), &key, b"", QUIET).unwrap();
    }
    let (_, report) = Folder::open(&world.path("ceremony")).unwrap().verify(&circuit, &world.path("powers.ptau"), QUIET).unwrap();
    assert_eq!(names(&report), ["Ann", "Ben", "Cid"]);
    assert!(matches!(
        Folder::init(&world.path("ceremony"), &circuit, &world.path("powers.ptau"), QUIET),
        Err(CeremonyError::Exists { .. })
    ));
}

#[test]
fn contributions_differ_whatever_is_typed() {
    let world = World::new();
    let (circuit, key) = (world.toy.circuit(), SecretKey::generate());
    let mut hashes = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let _ = std::fs::remove_dir_all(world.path("ceremony"));
        let mut folder = world.begin();
        folder.contribute(&circuit, "Ann".parse().unwrap(), &key, b"same", QUIET).unwrap();
        hashes.insert(folder.transcript().entries[0].contribution);
    }
    assert_eq!(hashes.len(), 3);
}

#[test]
fn another_program_s_contribution_is_taken_in() {
    let world = World::new();
    let (circuit, key) = (world.toy.circuit(), SecretKey::generate());
    let mut folder = world.begin();
    folder.contribute(&circuit, "Ann".parse().unwrap(), &key, b"", QUIET).unwrap();
    // the same step in a copy of the ceremony stands for the other program: its file knows nothing of transcripts
    let copy = world.path("copy");
    std::fs::create_dir(&copy).unwrap();
    for name in ["transcript.json", "key-0001.zkey"] {
        std::fs::copy(world.path("ceremony").join(name), copy.join(name)).unwrap();
    }
    Folder::open(&copy).unwrap().contribute(&circuit, "Ben".parse().unwrap(), &SecretKey::generate(), b"", QUIET).unwrap();
    let mut take_in = |file: &str| folder.take_in(&circuit, &copy.join(file), "Ben".parse().unwrap(), &key, QUIET);
    assert!(matches!(take_in("key-0001.zkey"), Err(CeremonyError::NotOneMore { expected: 2, found: 1 })));
    take_in("key-0002.zkey").unwrap();
    assert!(matches!(take_in("key-0002.zkey"), Err(CeremonyError::NotOneMore { expected: 3, found: 2 })));
    let (_, report) = folder.verify(&circuit, &world.path("powers.ptau"), QUIET).unwrap();
    let knew: Vec<bool> = report.contributors.iter().map(|contributor| contributor.signer_knew_the_factor).collect();
    assert_eq!(knew, [true, false]);
}

#[test]
fn steps_keep_out_of_each_other_s_way() {
    let world = World::new();
    let (circuit, key) = (world.toy.circuit(), SecretKey::generate());
    let (mut one, mut other) = (world.begin(), Folder::open(&world.path("ceremony")).unwrap());
    one.contribute(&circuit, "Ann".parse().unwrap(), &key, b"", QUIET).unwrap();
    // what was opened before goes on from what is there now
    other.contribute(&circuit, "Ben".parse().unwrap(), &key, b"", QUIET).unwrap();
    let lock = File::options().append(true).open(world.path("ceremony/.lock")).unwrap();
    lock.try_lock().unwrap();
    assert!(matches!(one.contribute(&circuit, "Cid".parse().unwrap(), &key, b"", QUIET), Err(CeremonyError::Busy { .. })));
    drop(lock);
    // what a step left that was killed goes with the next one
    let left = world.path("ceremony/.writing-abc");
    std::fs::write(&left, b"half").unwrap();
    one.contribute(&circuit, "Cid".parse().unwrap(), &key, b"", QUIET).unwrap();
    assert!(!left.exists());
    assert_eq!(one.transcript().entries.len(), 3);
    let long = one.contribute(&circuit, "\u{1f3b2}".repeat(33).parse().unwrap(), &key, b"", QUIET);
    assert!(matches!(long, Err(CeremonyError::LongName { units: 66 })));
}

#[test]
fn steps_keep_their_order() {
    let world = World::new();
    let (circuit, key) = (world.toy.circuit(), SecretKey::generate());
    let mut folder = world.begin();
    let source = || "somewhere".parse().unwrap();
    let powers = world.path("powers.ptau");
    assert!(matches!(folder.beacon(&circuit, beacon(), source(), &key, QUIET), Err(CeremonyError::NoContribution)));
    for (value, exponent) in [(vec![], 10), (vec![1; 256], 10), (vec![1], 9), (vec![1], 33)] {
        let refused = folder.beacon(&circuit, Beacon { value, exponent }, source(), &key, QUIET);
        assert!(matches!(refused, Err(CeremonyError::Beacon)));
    }
    folder.contribute(&circuit, "Ann".parse().unwrap(), &key, b"", QUIET).unwrap();
    assert!(matches!(folder.finish(&circuit, &powers, QUIET), Err(CeremonyError::NotEnded)));
    folder.beacon(&circuit, beacon(), source(), &key, QUIET).unwrap();
    assert!(matches!(folder.contribute(&circuit, "Ben".parse().unwrap(), &key, b"", QUIET), Err(CeremonyError::Ended)));
    assert!(matches!(folder.beacon(&circuit, beacon(), source(), &key, QUIET), Err(CeremonyError::Ended)));
    folder.finish(&circuit, &powers, QUIET).unwrap();
}

#[test]
fn a_key_before_any_contribution_does_not_pass_the_gate() {
    let world = World::new();
    let circuit = world.toy.circuit();
    let folder = world.begin();
    let key = folder.key(&circuit).unwrap();
    let refused = gate(&key.finish().vk, circuit.inputs());
    assert!(matches!(refused, Err(KeyError::Generator { .. })));
    let read = Key::read(File::open(folder.key_path()).unwrap(), &circuit).unwrap();
    assert!(read == key);
}

#[test]
fn contributors_attest_their_own() {
    let world = World::new();
    let (folder, [ann, ben]) = world.whole();
    let transcript = folder.transcript();
    let mut word = Attestation::sign(transcript, 1, "I rolled dice and burned them.", &ann).unwrap();
    word.check(transcript).unwrap();
    let other = Attestation::sign(transcript, 1, "", &ben);
    assert_eq!(other, Err(AttestationError::OtherSigner { number: 1, signer: ann.public() }));
    assert_eq!(Attestation::sign(transcript, 3, "", &ann), Err(AttestationError::Beacon { number: 3 }));
    for number in [0, 4] {
        assert_eq!(Attestation::sign(transcript, number, "", &ann), Err(AttestationError::NoSuch { number }));
    }
    word.statement.push('!');
    assert_eq!(word.check(transcript), Err(AttestationError::Signature));
    word.number = 2;
    assert_eq!(word.check(transcript), Err(AttestationError::OtherContribution { number: 2 }));
}
