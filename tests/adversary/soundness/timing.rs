//! Whether the time to prove tells the outcome or the number of files: by counted work, and by medians over interleaved rounds.

use super::subjects::{approved, declined, subjects};
use ark_ff::{BigInteger, PrimeField};
use probity_circuits::eligibility::{Statement, assignment};
use probity_credit::circuit_id::CircuitId;
use probity_credit::statement::testing::Fixture;
use probity_tests::proving::prove;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use std::time::Instant;

const ROUNDS: usize = 200;
const PRINT_EVERY: usize = 50;
const RESAMPLES: usize = 2_000;
const RATIO_MAX: f64 = 1.02;

/// Bits of a window of the sums: what a proof spends most of its time on grows with the windows that its witness fills.
const WINDOW_BITS: u32 = 13;

fn windows(f: &Fixture) -> u32 {
    let statement = Statement { policy: &f.compiled, public: &f.public, witness: &f.witness };
    let assignment = assignment(statement).expect("subjects are true");
    assignment.witness.iter().map(|x| x.into_bigint().num_bits().div_ceil(WINDOW_BITS)).sum()
}

/// Unlike times, this can be asserted.
#[test]
fn the_work_to_prove_tells_nothing() {
    for circuit in CircuitId::ALL {
        let whole = windows(&approved(circuit, circuit.files()));
        let fewer = (0..circuit.files()).map(|files| ("fewer files", approved(circuit, files)));
        for (kind, fixture) in subjects(circuit).into_iter().map(|s| (s.kind, s.fixture)).chain(fewer) {
            let ratio = f64::from(windows(&fixture)) / f64::from(whole);
            println!("{circuit}, {kind}, {} files: {ratio:.4} of the windows", fixture.witness.files.len());
            assert!((ratio - 1.0).abs() < 0.02, "{circuit}, {kind}, {} files: {ratio:.4}", fixture.witness.files.len());
        }
    }
}

fn median(times: impl Iterator<Item = f64>) -> f64 {
    let mut times: Vec<f64> = times.collect();
    times.sort_by(f64::total_cmp);
    let middle = times.len() / 2;
    if times.len().is_multiple_of(2) { (times[middle - 1] + times[middle]) / 2.0 } else { times[middle] }
}

/// Ratio of the medians and the 95 % interval that resampling the rounds gives.
fn ratio(first: &[f64], second: &[f64], rng: &mut StdRng) -> (f64, [f64; 2]) {
    let of = |rounds: &[usize]| median(rounds.iter().map(|&i| second[i])) / median(rounds.iter().map(|&i| first[i]));
    let rounds = first.len();
    let all: Vec<usize> = (0..rounds).collect();
    let mut samples: Vec<f64> = (0..RESAMPLES).map(|_| of(&all.iter().map(|_| rng.gen_range(0..rounds)).collect::<Vec<_>>())).collect();
    samples.sort_by(f64::total_cmp);
    (of(&all), [samples[RESAMPLES / 40], samples[RESAMPLES - RESAMPLES / 40 - 1]])
}

#[test]
#[ignore = "make soundness"]
fn proving_time_tells_nothing() {
    let circuit = CircuitId::Eligibility3;
    let mut rng = StdRng::seed_from_u64(0x71);
    // the first is what the others are compared with; the last says what two equal ones look like on this machine
    let subjects = [
        ("3 files, approved", approved(circuit, 3)),
        ("3 files, declined", declined(circuit)),
        ("2 files, approved", approved(circuit, 2)),
        ("1 file, approved", approved(circuit, 1)),
        ("no file, declined", approved(circuit, 0)),
        ("3 files, again", approved(circuit, 3)),
    ];
    let mut times = vec![vec![]; subjects.len()];
    prove(&subjects[0].1);
    println!("{circuit}: median in milliseconds, ratio to the first, 95 % of it by bootstrap");
    for round in 1..=ROUNDS {
        // in each round every subject once, in another order, so that what else the machine does meets all alike
        let mut order: Vec<usize> = (0..subjects.len()).collect();
        order.shuffle(&mut rng);
        for i in order {
            let start = Instant::now();
            prove(&subjects[i].1);
            times[i].push(start.elapsed().as_secs_f64() * 1_000.0);
        }
        if round.is_multiple_of(PRINT_EVERY) {
            println!("after {round} rounds:");
            print(&subjects.each_ref().map(|s| s.0), &times, &mut rng);
        }
    }
    assert!(times.iter().all(|t| t.len() == ROUNDS));
}

fn print(names: &[&str], times: &[Vec<f64>], rng: &mut StdRng) {
    for (what, of_subject) in names.iter().zip(times) {
        let (ratio, [low, high]) = ratio(&times[0], of_subject, rng);
        let verdict = match (low > 1.0 / RATIO_MAX && high < RATIO_MAX, (ratio - 1.0).abs() < RATIO_MAX - 1.0) {
            (true, _) => "below 2 %",
            (false, true) => "WARNING: below 2 %, but the interval is wider: measure on an idle machine",
            (false, false) => "WARNING: not below 2 %",
        };
        println!("  {what:18} {:8.1}  {ratio:.4} [{low:.4}, {high:.4}]  {verdict}", median(of_subject.iter().copied()));
    }
}
