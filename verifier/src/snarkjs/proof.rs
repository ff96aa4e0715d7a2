//! proof.json and public.json.

use super::json::{self, Place};
use super::key::{CURVE, PROTOCOL};
use super::point::{G1Text, G2Text, g1_text, g2_text, read_g1, read_g2};
use super::{PROOF_BYTES_MAX, PUBLIC_BYTES_MAX, SnarkjsError, number};
use ark_bn254::Bn254;
use ark_groth16::Proof;
use probity_credit::field::F;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize)]
struct Written {
    pi_a: G1Text,
    pi_b: G2Text,
    pi_c: G1Text,
    protocol: &'static str,
    curve: &'static str,
}

/// Some provers leave protocol or curve out.
#[derive(Deserialize)]
struct Read {
    pi_a: Value,
    pi_b: Value,
    pi_c: Value,
    protocol: Option<Value>,
    curve: Option<Value>,
}

/// A proof as proof.json.
pub fn write_proof(proof: &Proof<Bn254>) -> String {
    let (pi_a, pi_b, pi_c) = (g1_text(&proof.a), g2_text(&proof.b), g1_text(&proof.c));
    json::write(&Written { pi_a, pi_b, pi_c, protocol: PROTOCOL, curve: CURVE })
}

/// Reads proof.json.
///
/// # Errors
/// [`SnarkjsError`].
pub fn read_proof(json: &[u8]) -> Result<Proof<Bn254>, SnarkjsError> {
    let read: Read = json::parse("proof.json", json, PROOF_BYTES_MAX)?;
    for (name, value, expected) in [("protocol", &read.protocol, PROTOCOL), ("curve", &read.curve, CURVE)] {
        if let Some(value) = value {
            Place::new(name, value).must_be(expected)?;
        }
    }
    Ok(Proof {
        a: read_g1(&Place::new("pi_a", &read.pi_a))?,
        b: read_g2(&Place::new("pi_b", &read.pi_b))?,
        c: read_g1(&Place::new("pi_c", &read.pi_c))?,
    })
}

/// Public inputs as public.json.
pub fn write_public(inputs: &[F]) -> String {
    json::write(&inputs.iter().map(|x| number::write(*x)).collect::<Vec<_>>())
}

/// Reads public.json of exactly `inputs` public inputs.
///
/// # Errors
/// [`SnarkjsError`].
pub fn read_public(json: &[u8], inputs: usize) -> Result<Vec<F>, SnarkjsError> {
    let list: Value = json::parse("public.json", json, PUBLIC_BYTES_MAX)?;
    Place::new("public", &list).list(inputs)?.map(|place| place.element()).collect()
}
