//! Proofs: the product's, and the same statement by ark-groth16's own ways.

use crate::Effort;
use crate::measure::{Failure, median, median_ms, peak_rss_mb, time_ms};
use ark_bn254::{Bn254, Fr};
use ark_groth16::{Groth16, prepare_verifying_key};
use ark_std::UniformRand;
use probity_circuits::eligibility::{self, Statement};
use probity_circuits::gadgets::ShapeCircuit;
use probity_credit::circuit_id::CircuitId;
use probity_credit::statement::position;
use probity_credit::statement::testing::Fixture;
use probity_params::Kind;
use probity_params::cache::{KeyCache, Wanted};
use probity_params::setup::{Circuit, development_for_stock_prover};
use probity_prover::Prover;
use rand::SeedableRng;
use rand::rngs::{OsRng, StdRng};
use serde::{Deserialize, Serialize};

/// Proofs of a process after its first.
const LATER: usize = 3;

/// One circuit with one number of threads.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Prove {
    pub(crate) id: CircuitId,
    pub(crate) threads: usize,
    /// Mapping the compiled circuit from the cache, with the checks of each start.
    pub(crate) key_load_ms: f64,
    /// All that a wallet does before its first proof: that, and what the check of proofs computes once.
    pub(crate) start_ms: f64,
    /// The product with all that loaded: native check, assignment, proof, check of the proof.
    pub(crate) warm_ms: f64,
    /// ark-groth16 as its documentation uses it: rows synthesised for every proof. The values are given.
    pub(crate) stock_ark_ms: f64,
    /// ark-groth16 over the rows kept as matrices. The values are given.
    pub(crate) cached_ark_ms: f64,
    /// Highest memory after loading and one proof of the product, and nothing else.
    pub(crate) peak_rss_mb: f64,
}

/// The same with what processes of their own measured.
#[derive(Debug, Serialize)]
pub(crate) struct Proving {
    #[serde(flatten)]
    pub(crate) prove: Prove,
    /// The first proof of a new process, with what comes before it: what `probity` takes from the unlocked wallet to the proof.
    pub(crate) cold_cli_ms: f64,
    /// That to the proofs which follow in the same process, so that a busy moment of the machine hits both.
    pub(crate) cold_to_warm: f64,
}

impl Proving {
    pub(crate) fn new(prove: Prove, cold: &[Cold]) -> Self {
        let [cold_cli_ms, cold_to_warm] =
            [|c: &Cold| c.first_ms, |c: &Cold| c.first_ms / c.later_ms].map(|f| median(cold.iter().map(f).collect()));
        Self { prove, cold_cli_ms, cold_to_warm }
    }
}

/// What a process of its own measured.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Cold {
    /// One load and one proof, before anything else.
    first_ms: f64,
    /// The median of the proofs after it.
    later_ms: f64,
}

/// Proofs in a process that has done nothing before.
pub(crate) fn measure_cold(id: CircuitId, keys: &KeyCache) -> Result<Cold, Failure> {
    let Fixture { policy, compiled, public, witness, .. } = Fixture::sample(id, &mut StdRng::seed_from_u64(1));
    let prove = |prover: &Prover| prover.prove(&compiled, &policy.schema, &public, &witness).map_err(Failure::from);
    let mut kept = None;
    let first_ms = time_ms(|| {
        let prover = kept.insert(Prover::development(id, keys, None, &|_, _, _| ())?);
        prove(prover)
    })?;
    let prover = kept.ok_or("the first proof was made without a prover")?;
    Ok(Cold { first_ms, later_ms: median_ms(LATER, 1, || prove(&prover))? })
}

pub(crate) fn measure(id: CircuitId, keys: &KeyCache, effort: Effort) -> Result<Prove, Failure> {
    let fixture = Fixture::sample(id, &mut StdRng::seed_from_u64(1));
    let Fixture { policy, compiled, public, witness, .. } = &fixture;
    let load = || Prover::development(id, keys, None, &|_, _, _| ());
    let prover = load()?;
    let product = || prover.prove(compiled, &policy.schema, public, witness);
    product()?;
    let peak_rss_mb = peak_rss_mb()?;

    let runs = effort.runs();
    let start_ms = median_ms(runs, 1, load)?;
    let constraints = prover.manifest().constraints;
    let expected = Some(prover.manifest().verifying_key);
    let wanted =
        Wanted { circuit: id.name(), kind: Kind::Development, constraints: &constraints, inputs: position::COUNT, verifying_key: expected };
    let key_load_ms = median_ms(runs, 1, || keys.load(&wanted))?;

    let shape = eligibility::shape(id);
    let matrices = [&shape.a, &shape.b, &shape.c].map(Clone::clone);
    let (num_instance, num_witness) = (shape.num_instance, shape.num_witness);
    let circuit = Circuit { id: id.name(), constraints: &constraints, matrices: &matrices, num_instance, num_witness };
    // the peers' quotient is given in their own way, by coefficients; all else in their key is the product's
    let key = development_for_stock_prover(&circuit)?;
    let values = eligibility::assignment(Statement { policy: compiled, public, witness })?;
    let stock = || Groth16::<Bn254>::create_random_proof_with_reduction(ShapeCircuit::with_assignment(&shape, &values), &key, &mut OsRng);
    let joined = [values.instance.as_slice(), &values.witness].concat();
    let cached = || {
        let (r, s) = (Fr::rand(&mut OsRng), Fr::rand(&mut OsRng));
        let rows = shape.num_rows();
        Groth16::<Bn254>::create_proof_with_reduction_and_matrices(&key, r, s, &matrices, num_instance, rows, &joined)
    };
    // the peers are only peers if their proofs hold, for the product's key
    let prepared = prepare_verifying_key(&prover.verifying_key_file().verifying_key(position::COUNT)?);
    for proof in [stock()?, cached()?] {
        if !Groth16::<Bn254>::verify_proof(&prepared, &proof, &values.instance[1..])? {
            return Err(format!("{id}: a proof of ark-groth16 does not hold").into());
        }
    }
    // in turns, so that a busy moment of the machine hits all three
    let mut samples = [const { Vec::new() }; 3];
    for _ in 0..runs {
        samples[0].push(time_ms(product)?);
        samples[1].push(time_ms(stock)?);
        samples[2].push(time_ms(cached)?);
    }
    let [warm_ms, stock_ark_ms, cached_ark_ms] = samples.map(median);
    let threads = rayon::current_num_threads();
    Ok(Prove { id, threads, key_load_ms, start_ms, warm_ms, stock_ark_ms, cached_ark_ms, peak_rss_mb })
}
