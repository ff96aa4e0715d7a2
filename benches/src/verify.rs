//! Verification: alone, with a prepared policy, in batches, and by ark-groth16.

use crate::Effort;
use crate::measure::{Failure, cpu_s, median, median_ms, time_ms};
use ark_bn254::{Bn254, G1Affine, G1Projective};
use ark_groth16::{Groth16, Proof, VerifyingKey, prepare_verifying_key};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use probity_credit::circuit_id::CircuitId;
use probity_credit::field::F;
use probity_credit::statement::position;
use probity_credit::statement::testing::Fixture;
use probity_params::VerifyingKeyFile;
use probity_params::cache::KeyCache;
use probity_prover::Prover;
use probity_verifier::prepared::verify_all_inputs;
use probity_verifier::proof::{encode, parse};
use probity_verifier::{CHANGING, Claim, PreparedCircuit, PreparedPolicy, verify_batch};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Instant;

/// The circuit of the proofs. The cost hardly depends on it: all have the same number of public inputs.
const CIRCUIT: CircuitId = CircuitId::Eligibility3;

/// Times of one proof are taken of so many.
const TIMES: usize = 20;

/// With one number of threads.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Verify {
    pub(crate) threads: usize,
    /// Decoding 128 bytes, folding all public inputs, the equation.
    pub(crate) single_ms: f64,
    /// The same by ark-groth16, with its prepared key.
    pub(crate) stock_ark_ms: f64,
    /// The same with the policy folded before.
    pub(crate) prepared_ms: f64,
    /// The same as the first for a circuit that has the inputs that change and no policy: what folding a policy could save at best.
    pub(crate) plain_seven_inputs_ms: f64,
    /// Folding a policy.
    pub(crate) prepare_ms: f64,
    pub(crate) batch: Vec<Batch>,
}

/// Batches of one size.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Batch {
    pub(crate) n: usize,
    pub(crate) threads: usize,
    pub(crate) cpu_ms_per_proof: f64,
    /// Part of it that decodes the 128 bytes, with all checks.
    pub(crate) decode_cpu_ms_per_proof: f64,
    pub(crate) wall_ms_per_proof: f64,
}

pub(crate) fn measure(keys: &KeyCache, effort: Effort) -> Result<Verify, Failure> {
    let mut rng = StdRng::seed_from_u64(1);
    let fixture = Fixture::sample(CIRCUIT, &mut rng);
    let prover = Prover::development(CIRCUIT, keys, None, &|_, _, _| ())?;
    let bytes = prover.prove(&fixture.compiled, &fixture.policy.schema, &fixture.public, &fixture.witness)?;
    let file = prover.verifying_key_file();
    drop(prover);

    let circuit = Arc::new(PreparedCircuit::new(&file, position::COUNT)?);
    let (all, changing) = (fixture.public.all(&fixture.compiled), fixture.public.changing());
    let fold = || PreparedPolicy::new(Arc::clone(&circuit), fixture.policy.id(), &fixture.compiled.inputs());
    let policy = Arc::new(fold()?);
    let proof = parse(&bytes)?;

    let vk = file.verifying_key(position::COUNT)?;
    let stock_key = prepare_verifying_key(&vk);
    let mut stock_bytes = Vec::new();
    proof.serialize_compressed(&mut stock_bytes)?;
    let stock = || {
        let proof = Proof::<Bn254>::deserialize_compressed(stock_bytes.as_slice())?;
        match Groth16::<Bn254>::verify_proof(&stock_key, &proof, &all)? {
            true => Ok(()),
            false => Err(Failure::from("ark-groth16 refuses the proof")),
        }
    };
    let plain_circuit = without_policy(&file, &vk, &fixture.compiled.inputs())?;
    let single = || verify_all_inputs(&circuit, &all, &parse(&bytes)?).map_err(Failure::from);
    let prepared = || policy.verify(&changing, &parse(&bytes)?).map_err(Failure::from);
    let plain = || verify_all_inputs(&plain_circuit, &changing, &parse(&bytes)?).map_err(Failure::from);
    // in turns, one proof each, so that a busy moment of the machine hits all of them; each after each other, since what ran before decides
    // what the caches hold
    let ways: [&dyn Fn() -> Result<(), Failure>; 4] = [&single, &stock, &prepared, &plain];
    let mut samples = [const { Vec::new() }; 4];
    let runs = effort.runs();
    let mut order = [0, 1, 2, 3];
    for _ in 0..runs {
        let mut took_ms = [const { Vec::new() }; 4];
        for _ in 0..TIMES {
            order.shuffle(&mut rng);
            for way in order {
                took_ms[way].push(time_ms(ways[way])?);
            }
        }
        for (samples, took_ms) in samples.iter_mut().zip(took_ms) {
            samples.push(median(took_ms));
        }
    }
    let [single_ms, stock_ark_ms, prepared_ms, plain_seven_inputs_ms] = samples.map(median);
    let prepare_ms = median_ms(runs, TIMES, fold)?;

    // distinct proofs of one statement: how a verifier works does not depend on the values of the inputs
    let claims: Vec<Claim> = (0..effort.batch_max())
        .map(|_| {
            let proof = encode(&Groth16::<Bn254>::rerandomize_proof(&vk, &proof, &mut rng));
            Claim { policy: Arc::clone(&policy), changing, proof }
        })
        .collect();
    let sizes = [1, 16, 64, 256, 1_024].into_iter().filter(|n| *n <= claims.len());
    let batch = sizes.map(|n| measure_batch(&claims[..n], effort)).collect::<Result<_, _>>()?;
    let threads = rayon::current_num_threads();
    Ok(Verify { threads, single_ms, stock_ark_ms, prepared_ms, plain_seven_inputs_ms, prepare_ms, batch })
}

/// A circuit whose public inputs are those that change. The policy's are in the constant's point of its key, so that the same proofs hold.
fn without_policy(file: &VerifyingKeyFile, vk: &VerifyingKey<Bn254>, policy: &[F]) -> Result<PreparedCircuit, Failure> {
    let (kept, folded) = vk.gamma_abc_g1.split_at(1 + CHANGING);
    let constant = policy.iter().zip(folded).map(|(input, point)| *point * input).sum::<G1Projective>() + kept[0];
    let mut vk = VerifyingKey { gamma_abc_g1: kept.to_vec(), ..vk.clone() };
    vk.gamma_abc_g1[0] = G1Affine::from(constant);
    Ok(PreparedCircuit::new(&VerifyingKeyFile::new(&file.circuit, file.kind, file.constraints, &vk)?, CHANGING)?)
}

fn measure_batch(claims: &[Claim], effort: Effort) -> Result<Batch, Failure> {
    let n = claims.len();
    let (cpu_ms_per_proof, wall_ms_per_proof) =
        measure_times(n, effort, || verify_batch(claims).into_iter().try_for_each(|result| result.map_err(Failure::from)))?;
    let decode = || claims.par_iter().try_for_each(|claim| probity_verifier::proof::decode(&claim.proof).map(drop));
    let (decode_cpu_ms_per_proof, _) = measure_times(n, effort, || decode().map_err(Failure::from))?;
    Ok(Batch { n, threads: rayon::current_num_threads(), cpu_ms_per_proof, decode_cpu_ms_per_proof, wall_ms_per_proof })
}

/// CPU time and time of `run` by proof. It is repeated until the CPU clock, which ticks slowly, has moved enough; the median of some such
/// samples.
fn measure_times(proofs: usize, effort: Effort, mut run: impl FnMut() -> Result<(), Failure>) -> Result<(f64, f64), Failure> {
    let (mut cpu, mut wall) = (Vec::new(), Vec::new());
    for _ in 0..effort.runs().min(5) {
        let (cpu_begun, begun, mut done) = (cpu_s()?, Instant::now(), 0);
        let used_s = loop {
            run()?;
            done += proofs;
            let used_s = cpu_s()? - cpu_begun;
            if used_s >= effort.cpu_s_min() {
                break used_s;
            }
        };
        cpu.push(used_s * 1e3 / done as f64);
        wall.push(begun.elapsed().as_secs_f64() * 1e3 / done as f64);
    }
    Ok((median(cpu), median(wall)))
}
