//! Whoever keeps a ceremony's folder may change all of it, and sign what they change with keys of their own.

use super::{QUIET, World};
use crate::container::ContainerError;
use crate::contribution::ContributionError;
use crate::draw::Draw;
use crate::folder::{CeremonyError, Folder};
use crate::key::{CheckError, Key, KeyFileError};
use crate::transcript::{Entry, Origin, Transcript, TranscriptError};
use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::UniformRand;
use probity_credit::digest::Digest;
use probity_ledger::keys::SecretKey;
use rand::{SeedableRng, rngs::StdRng};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::path::Path;

struct Tampered {
    world: World,
    keys: [SecretKey; 2],
}

impl Tampered {
    fn new() -> Self {
        let world = World::new();
        let (_, keys) = world.whole();
        Self { world, keys }
    }

    fn verify(&self) -> CeremonyError {
        let folder = match Folder::open(&self.world.path("ceremony")) {
            Ok(folder) => folder,
            Err(refused) => return refused,
        };
        let verified = folder.verify(&self.world.toy.circuit(), &self.world.path("powers.ptau"), QUIET);
        verified.err().expect("a ceremony that was tampered with is refused")
    }

    fn json(&self, change: impl FnOnce(&mut Value)) -> CeremonyError {
        let path = self.world.path("ceremony/transcript.json");
        let mut json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        change(&mut json);
        rewrite(&path, &json);
        self.verify()
    }

    fn transcript(&self) -> Transcript {
        Folder::open(&self.world.path("ceremony")).unwrap().transcript().clone()
    }

    /// Changes the transcript; the last entry is signed anew.
    fn resigned(&self, change: impl FnOnce(&mut Transcript)) -> CeremonyError {
        let mut transcript = self.transcript();
        change(&mut transcript);
        let Entry { name, origin, contribution, key, .. } = transcript.entries.pop().unwrap();
        transcript.append(name, origin, contribution, key, &self.keys[0]);
        std::fs::write(self.world.path("ceremony/transcript.json"), transcript.to_json()).unwrap();
        self.verify()
    }

    /// Changes the bytes of the last key's file, and the transcript with them.
    fn bytes(&self, change: impl FnOnce(&mut Vec<u8>)) -> CeremonyError {
        let path = self.world.path("ceremony/key-0003.zkey");
        let mut bytes = std::fs::read(&path).unwrap();
        change(&mut bytes);
        std::fs::write(&path, &bytes).unwrap();
        self.resigned(|transcript| transcript.entries[2].key = Digest(Sha256::digest(&bytes).into()))
    }

    /// Changes the last key, and the transcript with it: digest of the file and hash of the last contribution.
    fn key(&self, change: impl FnOnce(&mut Key)) -> CeremonyError {
        let (path, circuit) = (self.world.path("ceremony/key-0003.zkey"), self.world.toy.circuit());
        let mut key = Folder::open(&self.world.path("ceremony")).unwrap().key(&circuit).unwrap();
        change(&mut key);
        let digest = key.write(&circuit, std::fs::File::create(path).unwrap()).unwrap();
        self.resigned(|transcript| {
            let last = transcript.entries.last_mut().unwrap();
            last.key = digest;
            last.contribution = key.contributions.last().unwrap().hash();
        })
    }
}

/// Writes JSON as this program writes transcripts, whatever it says.
fn rewrite(path: &Path, json: &Value) {
    let text = match serde_json::from_value::<Transcript>(json.clone()) {
        Ok(transcript) => transcript.to_json(),
        Err(_) => json.to_string(),
    };
    std::fs::write(path, text).unwrap();
}

fn point() -> G1Affine {
    G1Affine::rand(&mut StdRng::seed_from_u64(5))
}

fn twist_point() -> G2Affine {
    G2Affine::rand(&mut StdRng::seed_from_u64(5))
}

#[test]
fn entries_keep_their_chain_and_signatures() {
    let entries = |json: &mut Value, change: &dyn Fn(&mut Vec<Value>)| change(json["entries"].as_array_mut().unwrap());
    let refused = |change: &dyn Fn(&mut Vec<Value>)| match Tampered::new().json(|json| entries(json, change)) {
        CeremonyError::Transcript(refused) => refused,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&|all| drop(all.remove(0))), TranscriptError::Chain { number: 1 }, "the first dropped");
    assert_eq!(refused(&|all| drop(all.remove(1))), TranscriptError::Chain { number: 2 }, "one in the middle dropped");
    assert_eq!(refused(&|all| all.swap(0, 1)), TranscriptError::Chain { number: 1 }, "two swapped");
    assert_eq!(refused(&|all| all.insert(1, all[0].clone())), TranscriptError::Chain { number: 2 }, "one replayed");
    assert_eq!(refused(&|all| all[1]["name"] = "Eve".into()), TranscriptError::Signature { number: 2 }, "another name");
    let signature = |all: &[Value], i: usize| all[i]["signature"].clone();
    assert_eq!(refused(&|all| all[1]["signature"] = signature(all, 0)), TranscriptError::Signature { number: 2 });
    let head = Tampered::new().json(|json| json["powers_of_tau"]["power"] = 9.into());
    assert!(matches!(head, CeremonyError::Transcript(TranscriptError::Chain { number: 1 })), "the head changed");
}

#[test]
fn the_file_is_read_strictly() {
    let malformed =
        |change: &dyn Fn(&mut Value)| matches!(Tampered::new().json(change), CeremonyError::Transcript(TranscriptError::Malformed { .. }));
    assert!(malformed(&|json| json["surprise"] = 1.into()));
    assert!(malformed(&|json| json["entries"][0]["origin"]["knowledge"]["response"] = "00".into()));
    let format = Tampered::new().json(|json| json["format"] = "another".into());
    assert!(matches!(format, CeremonyError::Transcript(TranscriptError::Format { .. })));
    let tampered = Tampered::new();
    let path = tampered.world.path("ceremony/transcript.json");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    assert!(matches!(tampered.verify(), CeremonyError::Transcript(TranscriptError::Malformed { .. })), "cut off");
    std::fs::write(&path, [&bytes[..], b" "].concat()).unwrap();
    assert!(matches!(tampered.verify(), CeremonyError::Transcript(TranscriptError::Malformed { .. })), "written otherwise");
    std::fs::write(&path, vec![b' '; crate::transcript::TRANSCRIPT_BYTES_MAX + 1]).unwrap();
    assert!(matches!(tampered.verify(), CeremonyError::Transcript(TranscriptError::TooLong { .. })));
}

#[test]
fn nothing_comes_after_the_beacon() {
    let tampered = Tampered::new();
    let mut transcript = tampered.transcript();
    let last = transcript.entries.last().unwrap().clone();
    transcript.append(last.name, Origin::Other, last.contribution, last.key, &tampered.keys[1]);
    std::fs::write(tampered.world.path("ceremony/transcript.json"), transcript.to_json()).unwrap();
    assert!(matches!(tampered.verify(), CeremonyError::Transcript(TranscriptError::AfterBeacon { number: 4 })));
}

#[test]
fn transcript_and_key_name_the_same() {
    let file = Tampered::new();
    std::fs::copy(file.world.path("ceremony/key-0002.zkey"), file.world.path("ceremony/key-0003.zkey")).unwrap();
    assert!(matches!(file.verify(), CeremonyError::KeyDigest { .. }), "another file");
    let fewer = Tampered::new().key(|key| drop(key.contributions.remove(1)));
    assert!(matches!(fewer, CeremonyError::Count { key: 2, transcript: 3 }));
    let swapped = Tampered::new().key(|key| key.contributions.swap(0, 1));
    assert!(matches!(swapped, CeremonyError::OtherContribution { number: 1 }));
    let hash = Tampered::new().key(|key| key.circuit_hash[0] ^= 1);
    assert!(matches!(hash, CeremonyError::Check(CheckError::CircuitHash)));
    let name = Tampered::new().resigned(|transcript| transcript.entries[2].name = "another lottery".parse().unwrap());
    assert!(matches!(name, CeremonyError::OtherName { number: 3 }));
    let kind = Tampered::new().resigned(|transcript| transcript.entries[2].origin = Origin::Other);
    assert!(matches!(kind, CeremonyError::Kind { number: 3 }));
}

#[test]
fn a_signer_must_have_known_the_factor() {
    // Eve takes Ben's contribution for hers, with a proof of knowledge that she copies
    let tampered = Tampered::new();
    let mut transcript = tampered.transcript();
    let entries: Vec<Entry> = transcript.entries.drain(1..).collect();
    for Entry { name, origin, contribution, key, .. } in entries {
        transcript.append(name, origin, contribution, key, &SecretKey::generate());
    }
    std::fs::write(tampered.world.path("ceremony/transcript.json"), transcript.to_json()).unwrap();
    assert!(matches!(tampered.verify(), CeremonyError::Knowledge { number: 2 }));
}

#[test]
fn a_ceremony_is_for_one_circuit_and_one_file_of_powers() {
    let mut tampered = Tampered::new();
    tampered.world.write_powers("powers.ptau", 2);
    assert!(matches!(tampered.verify(), CeremonyError::OtherPowers { .. }));
    tampered.world.write_powers("powers.ptau", 1);
    tampered.world.toy = probity_params::testing::Toy::with_rows(2, 41);
    assert!(matches!(tampered.verify(), CeremonyError::OtherCircuit { .. }));

    // a ceremony that began from an initial key of the coordinator's own making
    let world = World::new();
    let (circuit, key) = (world.toy.circuit(), SecretKey::generate());
    let other = world.write_powers("other.ptau", 2);
    let folder = Folder::init(&world.path("ceremony"), &circuit, &other, QUIET).unwrap();
    let mut json: Value = serde_json::from_slice(&std::fs::read(folder.transcript_path()).unwrap()).unwrap();
    let honest = Folder::init(&world.path("honest"), &circuit, &world.path("powers.ptau"), QUIET).unwrap();
    let honest: Value = serde_json::from_slice(&std::fs::read(honest.transcript_path()).unwrap()).unwrap();
    json["powers_of_tau"] = honest["powers_of_tau"].clone();
    rewrite(&folder.transcript_path(), &json);
    let mut folder = Folder::open(&world.path("ceremony")).unwrap();
    folder.contribute(&circuit, "Ann".parse().unwrap(), &key, b"", QUIET).unwrap();
    let refused = folder.verify(&circuit, &world.path("powers.ptau"), QUIET).err();
    assert!(matches!(refused, Some(CeremonyError::InitialKey { .. })));
}

#[test]
fn files_of_keys_are_read_strictly() {
    let file = |tampered: CeremonyError| match tampered {
        CeremonyError::KeyFile { reason, .. } => reason,
        other => panic!("{other:?}"),
    };
    let cut = file(Tampered::new().bytes(|bytes| {
        bytes.pop();
    }));
    assert!(matches!(cut, KeyFileError::Container(ContainerError::Truncated { section: 10 })));
    // protocol, then the head: its counts stand behind two moduli
    let counts = 12 + 12 + 4 + 12 + 72;
    assert!(matches!(file(Tampered::new().bytes(|bytes| bytes[counts] ^= 1)), KeyFileError::OtherCircuit { what: "counts" }));
    assert!(matches!(file(Tampered::new().bytes(|bytes| bytes[24] = 2)), KeyFileError::Header));
    let head_points = counts + 12;
    let gamma = head_points + 64 + 64 + 128;
    let doubled = (G2Affine::generator() + G2Affine::generator()).into_affine();
    let put = |bytes: &mut Vec<u8>, at: usize, point: &[u8]| bytes[at..at + point.len()].copy_from_slice(point);
    let moved = file(Tampered::new().bytes(|bytes| put(bytes, gamma, &crate::points::encode(&[doubled]))));
    assert!(matches!(moved, KeyFileError::Header), "gamma moved");
    let delta = gamma + 128;
    let zero = file(Tampered::new().bytes(|bytes| put(bytes, delta, &[0; 64])));
    assert!(matches!(zero, KeyFileError::HeaderPoint { point: "delta in G1" }));
    let zero = file(Tampered::new().bytes(|bytes| put(bytes, delta + 64, &[0; 128])));
    assert!(matches!(zero, KeyFileError::HeaderPoint { point: "delta in G2" }));
    let outside = (1u64..)
        .filter_map(|x| G2Affine::get_ys_from_x_unchecked(x.into()).map(|(y, _)| G2Affine::new_unchecked(x.into(), y)))
        .find(|point| !point.is_in_correct_subgroup_assuming_on_curve())
        .unwrap();
    let outside = crate::points::encode(&[outside]);
    let subgroup = file(Tampered::new().bytes(|bytes| put(bytes, delta + 64, &outside)));
    assert!(matches!(subgroup, KeyFileError::HeaderPoint { point: "delta in G2" }));
    let coefficients = file(Tampered::new().bytes(|bytes| {
        // behind the head's last point: the inputs' section, then the coefficients'
        let begin = delta + 64 + 128 + 12 + 10 * 64 + 12;
        bytes[begin + 4 + 12] ^= 1;
    }));
    assert!(matches!(coefficients, KeyFileError::OtherCircuit { what: "coefficients" }));
    let off_curve = file(Tampered::new().bytes(|bytes| {
        let begin = delta + 64 + 128 + 12;
        bytes[begin] ^= 1;
    }));
    assert!(matches!(off_curve, KeyFileError::Point { section: "input points", index: 0 }));
    let identity = file(Tampered::new().bytes(|bytes| {
        // the beacon's: points of 64, 64, 64 and 128 bytes before 64 + 4 + 4 and its parameters at the end
        let parameters = 2 + "the public lottery".len() + 2 + 2 + super::beacon().value.len();
        let begin = bytes.len() - parameters - 72 - 128;
        put(bytes, begin, &[0; 128]);
    }));
    assert!(matches!(identity, KeyFileError::Contribution { number: 3 }));
}

#[test]
fn contributions_prove_what_they_did() {
    let refused = |change: &dyn Fn(&mut Key)| match Tampered::new().key(change) {
        CeremonyError::Check(CheckError::Contribution { number: 3, reason }) => reason,
        other => panic!("{other:?}"),
    };
    fn last(key: &mut Key) -> &mut crate::contribution::Contribution {
        key.contributions.last_mut().unwrap()
    }
    assert_eq!(refused(&|key| last(key).curve = point()), ContributionError::Transcript);
    assert_eq!(refused(&|key| last(key).transcript[0] ^= 1), ContributionError::Transcript);
    assert_eq!(refused(&|key| last(key).twist_times = twist_point()), ContributionError::Ratio);
    assert_eq!(refused(&|key| last(key).delta_after = point()), ContributionError::Step);
    assert_eq!(refused(&|key| last(key).beacon.as_mut().unwrap().value[0] ^= 1), ContributionError::Beacon);
    assert_eq!(refused(&|key| last(key).beacon.as_mut().unwrap().exponent += 1), ContributionError::Beacon);
    // a contribution of Ann's replayed in the place of the beacon
    let replayed = refused(&|key| {
        let (beacon, name) = (last(key).beacon.clone(), last(key).name.clone());
        *last(key) = crate::contribution::Contribution { beacon, name, ..key.contributions[0].clone() };
    });
    assert_eq!(replayed, ContributionError::Transcript);
    // a beacon's factor that somebody chose
    let chosen = refused(&|key| {
        let (beacon, name) = (last(key).beacon.clone(), last(key).name.clone());
        key.contributions.pop();
        let (forged, _) = crate::contribution::Contribution::draw(&mut Draw::from_hash(&[1; 64]), &key.history(), name, beacon);
        key.contributions.push(forged);
    });
    assert_eq!(chosen, ContributionError::Beacon);
}

#[test]
fn only_what_is_over_delta_changes_and_by_delta() {
    let refused = |change: &dyn Fn(&mut Key)| match Tampered::new().key(change) {
        CeremonyError::Check(refused) => refused,
        other => panic!("{other:?}"),
    };
    let changed = |part| CheckError::Changed { part };
    assert_eq!(refused(&|key| key.alpha_g1 = point()), changed("alpha"));
    assert_eq!(refused(&|key| key.beta_g1 = point()), changed("beta in G1"));
    assert_eq!(refused(&|key| key.beta_g2 = twist_point()), changed("beta in G2"));
    assert_eq!(refused(&|key| key.inputs[1] = point()), changed("list of input points"));
    assert_eq!(refused(&|key| key.a[3] = point()), changed("list of points A"));
    assert_eq!(refused(&|key| key.b_g1[3] = point()), changed("list of points B in G1"));
    assert_eq!(refused(&|key| key.b_g2[3] = twist_point()), changed("list of points B in G2"));
    assert_eq!(refused(&|key| key.delta_g1 = point()), CheckError::Delta);
    assert_eq!(refused(&|key| key.delta_g2 = twist_point()), CheckError::DeltaTwist);
    assert_eq!(refused(&|key| key.l[0] = point()), CheckError::Witnesses);
    let undivided = |points: &mut Vec<G1Affine>| points.iter_mut().for_each(|p| *p = (*p * Fr::from(2u64)).into_affine());
    assert_eq!(refused(&|key| undivided(&mut key.l)), CheckError::Witnesses);
    assert_eq!(refused(&|key| key.l.swap(0, 1)), CheckError::Witnesses);
    assert_eq!(refused(&|key| key.h[9] = point()), CheckError::Quotient);
    assert_eq!(refused(&|key| undivided(&mut key.h)), CheckError::Quotient);
}
