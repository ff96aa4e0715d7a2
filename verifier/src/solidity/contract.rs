//! The contracts' source: one template, filled with a key's points.

use ark_bn254::{Fq, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, PrimeField};
use probity_credit::digest::Digest;
use probity_credit::field::F;
use probity_params::Kind;
use std::fmt::Write;

use super::word::{hex, word};
use crate::prepared::{CHANGING, PreparedCircuit, PreparedPolicy};

const TEMPLATE: &str = include_str!("template.sol");

/// What the inputs that change are, in their order.
const NAMES: [&str; CHANGING] = ["identity root", "registry root", "month", "scope", "nullifier", "context", "answer"];

/// The contract for one policy: the policy's inputs are folded into the point where the sum begins, and seven are left to a call.
///
/// `chain` is written down for those who read the contract; what ties a proof to a chain is its context. Cost: none to speak of.
pub fn policy_contract(policy: &PreparedPolicy, chain: Option<&Digest>) -> String {
    let circuit = policy.circuit();
    let mut ids = vec![("POLICY_ID", "Id of the policy.", policy.id()), key_id(circuit)];
    ids.extend(chain.map(|id| ("CHAIN_ID", "Id of the Probity chain that has the policy.", *id)));
    let parts = Parts {
        contract: "PolicyVerifier",
        subject: format!("{}, for one policy", circuit.name()),
        ids: &ids,
        base: ("the policy's inputs are in it", policy.base),
        points: circuit.changing_points(),
        inputs: format!("In this order: {}", NAMES.join(", ")),
    };
    fill(circuit, &parts)
}

/// The contract for every policy of a circuit: all inputs are left to a call. It shows what the other one saves.
pub fn circuit_contract(circuit: &PreparedCircuit) -> String {
    let points = &circuit.vk.gamma_abc_g1;
    let parts = Parts {
        contract: "CircuitVerifier",
        subject: circuit.name().to_owned(),
        ids: &[key_id(circuit)],
        base: ("the key's constant point", points[0]),
        points: &points[1..],
        inputs: format!("In this order: {}, then the policy's", NAMES.join(", ")),
    };
    fill(circuit, &parts)
}

fn key_id(circuit: &PreparedCircuit) -> (&'static str, &'static str, Digest) {
    ("KEY_ID", "Digest of the verifying key, with the circuit and its constraints.", circuit.key().0)
}

/// Wherein the two contracts differ.
struct Parts<'a> {
    contract: &'static str,
    subject: String,
    ids: &'a [(&'static str, &'static str, Digest)],
    /// Where the sum begins, in words and as a point.
    base: (&'static str, G1Affine),
    /// One a public input of the call.
    points: &'a [G1Affine],
    inputs: String,
}

fn fill(circuit: &PreparedCircuit, parts: &Parts<'_>) -> String {
    let warning = match circuit.kind() {
        Kind::Development => "/// @custom:security This is a development key: anybody can forge proofs for it.",
        Kind::Ceremony => "/// @custom:security The key is as good as its ceremony: one honest contributor is enough.",
    };
    let vk = &circuit.vk;
    let key = [
        g1_constants("ALPHA", &-vk.alpha_g1),
        g2_constants("BETA", &vk.beta_g2),
        g2_constants("GAMMA", &-vk.gamma_g2),
        g2_constants("DELTA", &-vk.delta_g2),
    ];
    let points = parts.points.iter().enumerate().map(|(i, point)| g1_constants(&format!("POINT_{i}"), point));
    let mut additions = String::new();
    for i in 0..parts.points.len() {
        let name = NAMES.get(i).unwrap_or(&"policy");
        let line = writeln!(additions, "        if (!accumulate(sum, POINT_{i}_X, POINT_{i}_Y, inputs[{i}])) return false; // {name}");
        line.expect("a text takes everything");
    }
    let ids = parts
        .ids
        .iter()
        .map(|(name, meaning, id)| format!("    /// @notice {meaning}\n    bytes32 public constant {name} = {};\n", hex(&id.0)));
    [
        ("$SUBJECT", parts.subject.clone()),
        ("$WARNING", warning.to_owned()),
        ("$CONTRACT", parts.contract.to_owned()),
        ("$IDS", ids.collect()),
        ("$ORDER", F::MODULUS.to_string()),
        ("$KEY", key.concat()),
        ("$BASE", parts.base.0.to_owned()),
        ("$SUM", g1_constants("SUM", &parts.base.1)),
        ("$POINTS", points.collect()),
        ("$INPUTS", parts.inputs.clone()),
        ("$COUNT", parts.points.len().to_string()),
        ("$ADDITIONS\n", additions),
    ]
    .iter()
    .fold(TEMPLATE.to_owned(), |source, (mark, text)| source.replace(mark, text))
}

fn g1_constants(name: &str, point: &G1Affine) -> String {
    let [x, y] = g1_coordinates(point);
    constant(name, "X", x) + &constant(name, "Y", y)
}

fn g2_constants(name: &str, point: &G2Affine) -> String {
    let names = ["X_IM", "X_RE", "Y_IM", "Y_RE"];
    names.into_iter().zip(g2_coordinates(point)).map(|(coordinate, value)| constant(name, coordinate, value)).collect()
}

fn constant(name: &str, coordinate: &str, value: Fq) -> String {
    format!("    uint256 private constant {name}_{coordinate} = {};\n", hex(&word(value)))
}

/// The precompiles take (0, 0) for the identity.
pub(super) fn g1_coordinates(point: &G1Affine) -> [Fq; 2] {
    point.xy().map_or([Fq::ZERO; 2], |(x, y)| [x, y])
}

/// In the order of EIP-197.
pub(super) fn g2_coordinates(point: &G2Affine) -> [Fq; 4] {
    point.xy().map_or([Fq::ZERO; 4], |(x, y)| [x.c1, x.c0, y.c1, y.c0])
}
