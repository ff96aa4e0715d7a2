use super::*;
use crate::prepared::PlainError;
use crate::{VerifyError, verify_plain};
use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ec::pairing::Pairing;
use ark_ff::{One, PrimeField, UniformRand, Zero};
use probity_params::KeyError;
use probity_params::gate::{KeyPoint, scale_gamma};
use probity_params::testing::Toy;
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

const INPUTS: usize = 9;

struct World {
    key: VerifyingKey<Bn254>,
    public: Vec<F>,
    proof: Proof<Bn254>,
    files: Files,
}

fn world() -> World {
    let toy = Toy::new(INPUTS - 7);
    let key = toy.stock_key();
    let mut rng = StdRng::seed_from_u64(12);
    let mut public: Vec<F> = (0..INPUTS).map(|_| F::rand(&mut rng)).collect();
    // elements at the edges, and a last input that tools might drop
    (public[0], public[1], public[INPUTS - 1]) = (F::zero(), -F::one(), F::zero());
    let proof = toy.prove(&key, &public, &mut rng);
    let files = Files::new(&key.vk, &public, &proof);
    World { key: key.vk, public, proof, files }
}

#[test]
fn what_is_written_is_read_back() {
    let w = world();
    let key = read_key(w.files.verification_key.as_bytes(), INPUTS).unwrap();
    let public = read_public(w.files.public.as_bytes(), INPUTS).unwrap();
    let proof = read_proof(w.files.proof.as_bytes()).unwrap();
    assert_eq!((&key, &public, &proof), (&w.key, &w.public, &w.proof));
    assert_eq!(Files::new(&key, &public, &proof), w.files);
    assert_eq!(verify_plain(&key, &public, &proof), Ok(()));
}

/// One mutation of a file after another, each refused in the field it is in.
#[test]
fn each_field_is_decoded_strictly() {
    let w = world();
    let modulus = Fq::MODULUS.to_string();
    let number = |field: &str, reason| SnarkjsError::Number { field: field.into(), reason };
    let shape = |field: &str, expected| SnarkjsError::Shape { field: field.into(), expected };
    let count = |field: &str, expected, found| SnarkjsError::Count { field: field.into(), expected, found };
    let point = |field: &str, reason| SnarkjsError::Point { field: field.into(), reason };
    let outside = (1u64..50)
        .filter_map(|x| G2Affine::get_point_from_x_unchecked(Fq2::from(x), true))
        .find(|q| !q.is_in_correct_subgroup_assuming_on_curve())
        .unwrap();
    let outside =
        json!([[outside.x.c0.to_string(), outside.x.c1.to_string()], [outside.y.c0.to_string(), outside.y.c1.to_string()], ["1", "0"]]);
    let unknown = |field: &str, expected, found: &str| SnarkjsError::Unknown { field: field.into(), expected, found: found.into() };

    let table: Vec<(&str, Value, SnarkjsError)> = vec![
        ("/protocol", json!("plonk"), unknown("protocol", "groth16", "plonk")),
        ("/protocol", json!(16), shape("protocol", "a text")),
        ("/curve", json!("bls12381"), unknown("curve", "bn128", "bls12381")),
        ("/nPublic", json!(8), count("nPublic", 9, 8)),
        ("/nPublic", json!("9"), shape("nPublic", "a whole number")),
        ("/IC", json!([]), count("IC", 10, 0)),
        ("/IC", json!({}), shape("IC", "a list")),
        ("/IC/3", json!(["1", "2"]), count("IC[3]", 3, 2)),
        ("/IC/3/0", json!(1), shape("IC[3][0]", "a text")),
        ("/IC/3/0", json!(modulus), number("IC[3][0]", NumberError::NotCanonical)),
        ("/IC/3/0", json!("9".repeat(77)), number("IC[3][0]", NumberError::NotCanonical)),
        ("/IC/3/0", json!("1".repeat(78)), number("IC[3][0]", NumberError::NotDecimal)),
        ("/IC/3/0", json!("-1"), number("IC[3][0]", NumberError::NotDecimal)),
        ("/IC/3/0", json!("0x1"), number("IC[3][0]", NumberError::NotDecimal)),
        ("/IC/3/0", json!(""), number("IC[3][0]", NumberError::NotDecimal)),
        ("/IC/3/0", json!("01"), number("IC[3][0]", NumberError::LeadingZero)),
        ("/IC/3/0", json!("1"), point("IC[3]", PointError::NotOnCurve)),
        ("/IC/3/2", json!("2"), SnarkjsError::NotAffine { field: "IC[3]".into() }),
        ("/IC/3", json!(["0", "1", "0"]), point("IC[3]", PointError::Identity)),
        ("/vk_alpha_1", json!(["0", "1", "0"]), point("vk_alpha_1", PointError::Identity)),
        ("/vk_beta_2/1/1", json!("x"), number("vk_beta_2[1][1]", NumberError::NotDecimal)),
        ("/vk_gamma_2", json!([["0", "0"], ["1", "0"], ["0", "0"]]), point("vk_gamma_2", PointError::Identity)),
        ("/vk_gamma_2/2/1", json!("1"), SnarkjsError::NotAffine { field: "vk_gamma_2".into() }),
        ("/vk_delta_2", outside, point("vk_delta_2", PointError::NotInSubgroup)),
        ("/vk_alphabeta_12/1/2/0", json!("1"), SnarkjsError::AlphaBeta),
        ("/vk_alphabeta_12/1/2", json!(["1"]), count("vk_alphabeta_12[1][2]", 2, 1)),
    ];
    for (place, value, expected) in table {
        let mut key: Value = serde_json::from_str(&w.files.verification_key).unwrap();
        *key.pointer_mut(place).unwrap() = value.clone();
        let refused = read_key(key.to_string().as_bytes(), INPUTS).unwrap_err();
        assert_eq!(refused, expected, "{place} {value}");
    }

    for (place, value, expected) in [
        ("/pi_a", json!(["0", "1", "0"]), point("pi_a", PointError::Identity)),
        ("/pi_b/0", json!("7"), shape("pi_b[0]", "a list")),
        ("/pi_c/1", json!("5"), point("pi_c", PointError::NotOnCurve)),
        ("/protocol", json!("fflonk"), unknown("protocol", "groth16", "fflonk")),
        ("/curve", json!("bls12381"), unknown("curve", "bn128", "bls12381")),
    ] {
        let mut proof: Value = serde_json::from_str(&w.files.proof).unwrap();
        *proof.pointer_mut(place).unwrap() = value.clone();
        assert_eq!(read_proof(proof.to_string().as_bytes()), Err(expected), "{place} {value}");
    }

    let last = F::MODULUS.to_string();
    for (place, value, expected) in [
        ("/4", json!(last), number("public[4]", NumberError::NotCanonical)),
        ("/4", json!(4), shape("public[4]", "a text")),
        ("/4", json!("4 "), number("public[4]", NumberError::NotDecimal)),
    ] {
        let mut public: Value = serde_json::from_str(&w.files.public).unwrap();
        *public.pointer_mut(place).unwrap() = value.clone();
        assert_eq!(read_public(public.to_string().as_bytes(), INPUTS), Err(expected), "{place} {value}");
    }
    // the last zero may not be left out, nor another appended
    for inputs in [INPUTS - 1, INPUTS + 1] {
        assert_eq!(read_public(w.files.public.as_bytes(), inputs), Err(count("public", inputs, INPUTS)));
        assert_eq!(read_key(w.files.verification_key.as_bytes(), inputs).unwrap_err(), count("nPublic", inputs, INPUTS));
    }
}

#[test]
fn fields_are_there_once() {
    let w = world();
    let names = ["protocol", "curve", "nPublic", "vk_alpha_1", "vk_beta_2", "vk_gamma_2", "vk_delta_2", "IC"];
    for name in names {
        let mut key: Value = serde_json::from_str(&w.files.verification_key).unwrap();
        key.as_object_mut().unwrap().remove(name).unwrap();
        let refused = read_key(key.to_string().as_bytes(), INPUTS).unwrap_err().to_string();
        assert!(refused.contains(&format!("missing field `{name}`")), "{refused}");

        let twice = w.files.verification_key.replacen('{', &format!("{{\"{name}\": 0,"), 1);
        let refused = read_key(twice.as_bytes(), INPUTS).unwrap_err().to_string();
        assert!(refused.contains(&format!("duplicate field `{name}`")), "{refused}");
    }
    let mut key: Value = serde_json::from_str(&w.files.verification_key).unwrap();
    key.as_object_mut().unwrap().remove("vk_alphabeta_12").unwrap();
    assert_eq!(read_key(key.to_string().as_bytes(), INPUTS).unwrap(), w.key);
    for name in ["protocol", "curve"] {
        let mut proof: Value = serde_json::from_str(&w.files.proof).unwrap();
        proof.as_object_mut().unwrap().remove(name).unwrap();
        assert_eq!(read_proof(proof.to_string().as_bytes()).unwrap(), w.proof);
    }
}

#[test]
fn length_and_trailing_bytes() {
    let w = world();
    let long = " ".repeat(PROOF_BYTES_MAX + 1 - w.files.proof.len()) + &w.files.proof;
    assert!(matches!(read_proof(long.as_bytes()), Err(SnarkjsError::TooLong { limit: PROOF_BYTES_MAX, .. })));
    assert_eq!(read_proof(&long.as_bytes()[1..]).unwrap(), w.proof);
    let trailing = w.files.public.clone() + "[]";
    assert!(matches!(read_public(trailing.as_bytes(), INPUTS), Err(SnarkjsError::Json { .. })));
    let deep = "[".repeat(PUBLIC_BYTES_MAX);
    assert!(matches!(read_public(deep.as_bytes(), INPUTS), Err(SnarkjsError::Json { .. })));
    assert!(matches!(read_key(b"{}", usize::MAX), Err(SnarkjsError::Count { .. })));
    // the longest key that can be written can be read
    let mut key = w.key;
    key.gamma_abc_g1 = vec![key.gamma_abc_g1[0]; probity_params::verifying::INPUTS_MAX + 1];
    assert!(write_key(&key).len() <= KEY_BYTES_MAX);
}

#[test]
fn gamma_at_the_generator_is_moved() {
    let w = world();
    // e(IC, gamma) with gamma at the generator: as snarkjs leaves it
    let wrong = VerifyingKey { gamma_g2: G2Affine::generator(), ..w.key.clone() };
    let gate = PlainError::Key(KeyError::Generator { point: KeyPoint::Gamma });
    assert_eq!(verify_plain(&wrong, &w.public, &w.proof), Err(gate));
    let moved = scale_gamma(&wrong);
    // this proof is for another gamma: the key now passes the gate, and the equation is what refuses
    assert_eq!(verify_plain(&moved, &w.public, &w.proof), Err(VerifyError::Equation.into()));
    for (new, old) in moved.gamma_abc_g1.iter().zip(&wrong.gamma_abc_g1) {
        assert_eq!(Bn254::pairing(new, moved.gamma_g2), Bn254::pairing(old, wrong.gamma_g2));
    }
    assert_eq!(scale_gamma(&w.key), w.key, "any other key stays");
    // a ceremony without a contribution: delta is still at the generator
    let empty = scale_gamma(&VerifyingKey { delta_g2: G2Affine::generator(), ..wrong });
    let refused = verify_plain(&empty, &w.public, &w.proof);
    assert_eq!(refused, Err(PlainError::Key(KeyError::Generator { point: KeyPoint::Delta })));
    assert_ne!(w.key.alpha_g1, G1Affine::generator());
}
