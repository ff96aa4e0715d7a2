//! verification_key.json.

use super::json::{self, Place};
use super::point::{G1Text, G2Text, GtText, g1_text, g2_text, gt_text, read_g1, read_g2, read_gt};
use super::{KEY_BYTES_MAX, SnarkjsError};
use ark_bn254::Bn254;
use ark_ec::pairing::Pairing;
use ark_groth16::VerifyingKey;
use probity_params::verifying::INPUTS_MAX;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const PROTOCOL: &str = "groth16";
/// What circom's tools call BN254.
pub(super) const CURVE: &str = "bn128";

#[derive(Serialize)]
struct Written {
    protocol: &'static str,
    curve: &'static str,
    #[serde(rename = "nPublic")]
    n_public: usize,
    vk_alpha_1: G1Text,
    vk_beta_2: G2Text,
    vk_gamma_2: G2Text,
    vk_delta_2: G2Text,
    vk_alphabeta_12: GtText,
    #[serde(rename = "IC")]
    ic: Vec<G1Text>,
}

/// A field that is there twice is refused; fields that are not ours are left alone.
#[derive(Deserialize)]
struct Read {
    protocol: Value,
    curve: Value,
    #[serde(rename = "nPublic")]
    n_public: Value,
    vk_alpha_1: Value,
    vk_beta_2: Value,
    vk_gamma_2: Value,
    vk_delta_2: Value,
    vk_alphabeta_12: Option<Value>,
    #[serde(rename = "IC")]
    ic: Value,
}

/// A verifying key as verification_key.json. Cost: a pairing, for the field `vk_alphabeta_12` that older tools read.
pub fn write_key(vk: &VerifyingKey<Bn254>) -> String {
    json::write(&Written {
        protocol: PROTOCOL,
        curve: CURVE,
        n_public: vk.gamma_abc_g1.len().saturating_sub(1),
        vk_alpha_1: g1_text(&vk.alpha_g1),
        vk_beta_2: g2_text(&vk.beta_g2),
        vk_gamma_2: g2_text(&vk.gamma_g2),
        vk_delta_2: g2_text(&vk.delta_g2),
        vk_alphabeta_12: gt_text(&Bn254::pairing(vk.alpha_g1, vk.beta_g2).0),
        ic: vk.gamma_abc_g1.iter().map(g1_text).collect(),
    })
}

/// Reads verification_key.json for exactly `inputs` public inputs. The key has not passed the gate yet.
///
/// # Errors
/// [`SnarkjsError`].
pub fn read_key(json: &[u8], inputs: usize) -> Result<VerifyingKey<Bn254>, SnarkjsError> {
    if inputs > INPUTS_MAX {
        return Err(SnarkjsError::Count { field: "nPublic".into(), expected: INPUTS_MAX, found: inputs });
    }
    let read: Read = json::parse("verification_key.json", json, KEY_BYTES_MAX)?;
    Place::new("protocol", &read.protocol).must_be(PROTOCOL)?;
    Place::new("curve", &read.curve).must_be(CURVE)?;
    Place::new("nPublic", &read.n_public).must_count(inputs)?;
    let vk = VerifyingKey {
        alpha_g1: read_g1(&Place::new("vk_alpha_1", &read.vk_alpha_1))?,
        beta_g2: read_g2(&Place::new("vk_beta_2", &read.vk_beta_2))?,
        gamma_g2: read_g2(&Place::new("vk_gamma_2", &read.vk_gamma_2))?,
        delta_g2: read_g2(&Place::new("vk_delta_2", &read.vk_delta_2))?,
        gamma_abc_g1: Place::new("IC", &read.ic).list(inputs + 1)?.map(|place| read_g1(&place)).collect::<Result<_, _>>()?,
    };
    match &read.vk_alphabeta_12 {
        Some(value) if read_gt(&Place::new("vk_alphabeta_12", value))? != Bn254::pairing(vk.alpha_g1, vk.beta_g2).0 => {
            Err(SnarkjsError::AlphaBeta)
        }
        _ => Ok(vk),
    }
}
