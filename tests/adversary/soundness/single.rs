//! Every private variable set to 0, 1 more, -1 and a random value, one at a time: a row refuses, or the variable is listed as free.

use super::committed::{Lists, category, find};
use super::subjects::subjects;
use super::system::{Point, System, in_parallel, is_violated};
use ark_ff::{AdditiveGroup, Field};
use probity_credit::circuit_id::CircuitId;
use probity_credit::field::F;
use probity_credit::file::random_element;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::BTreeMap;

const SEED: u64 = 0x5e11;

/// What became of the mutations of some variables.
#[derive(Default)]
struct Outcome {
    tried: usize,
    /// The mutation was the honest value.
    skipped: usize,
    /// Witnesses that some mutation left satisfied.
    free: Vec<usize>,
    /// Witnesses of which every mutation tried was refused.
    pinned: Vec<usize>,
    /// Rows that were violated alone.
    alone: Vec<usize>,
}

fn mutate(system: &System, point: &Point, witnesses: std::ops::Range<usize>) -> Outcome {
    let mut rng = StdRng::seed_from_u64(SEED + witnesses.start as u64);
    let mut out = Outcome::default();
    for w in witnesses {
        let honest = point.values[system.column(w)];
        let mut refused = true;
        for value in [F::ZERO, honest + F::ONE, -F::ONE, random_element(&mut rng)] {
            if value == honest {
                out.skipped += 1;
                continue;
            }
            out.tried += 1;
            match violated_by_one(system, point, w, value - honest)[..] {
                [] => refused = false,
                [row] => out.alone.push(row),
                _ => {}
            }
        }
        if refused { &mut out.pinned } else { &mut out.free }.push(w);
    }
    out
}

/// Up to two rows that a change of one witness violates.
fn violated_by_one(system: &System, point: &Point, witness: usize, change: F) -> Vec<usize> {
    let mut violated = vec![];
    let mentions = system.mentions(witness);
    for same_row in mentions.chunk_by(|x, y| x.0 == y.0) {
        let mut products = point.products[same_row[0].0];
        for (_, matrix, k) in same_row {
            products[*matrix] += *k * change;
        }
        if is_violated(products) {
            violated.push(same_row[0].0);
            if violated.len() == 2 {
                break;
            }
        }
    }
    violated
}

/// Runs all mutations of a circuit; gives the rows that were violated alone.
pub(super) fn every_variable(circuit: CircuitId) -> Vec<bool> {
    let system = System::of(circuit);
    let lists = Lists::read();
    let mut pinned_in = vec![0; system.names.len()];
    let mut alone = vec![false; system.shape.num_rows()];
    let (mut tried, mut skipped) = (0, 0);
    let mut free: BTreeMap<String, usize> = BTreeMap::new();
    let subjects = subjects(circuit);
    for subject in &subjects {
        let point = system.honest(&subject.fixture);
        for part in in_parallel(system.names.len(), |part| mutate(system, &point, part)) {
            tried += part.tried;
            skipped += part.skipped;
            part.pinned.iter().for_each(|&w| pinned_in[w] += 1);
            part.alone.iter().for_each(|&row| alone[row] = true);
            for w in part.free {
                let name = &system.names[w];
                assert!(find(&lists.free, name).is_some(), "{circuit}, {}: {name} is free and not listed (seed {SEED})", subject.kind);
                *free.entry(category(name)).or_default() += 1;
            }
        }
    }
    let never: Vec<&str> = (0..pinned_in.len()).filter(|&w| pinned_in[w] == 0).map(|w| system.names[w].as_str()).collect();
    assert!(never.is_empty(), "{circuit}: free in every subject: {never:?}");
    let stale = lists.free.iter().find(|l| !free.keys().any(|c| category(&l.label) == *c));
    assert!(stale.is_none(), "{circuit}: {} is listed as free and never is", stale.map_or("", |l| &l.label));
    println!(
        "{circuit}: {} private variables, {} subjects, {tried} mutations, {skipped} equal to the honest value and skipped",
        system.names.len(),
        subjects.len()
    );
    for (category, times) in free {
        println!("  free {times:6} times, pinned in another subject: {category}");
    }
    alone
}

#[test]
fn every_variable_of_the_smallest_size_is_pinned() {
    every_variable(CircuitId::Eligibility1);
}

#[test]
#[ignore = "make soundness"]
fn every_variable_of_every_size_is_pinned() {
    CircuitId::ALL.into_iter().for_each(|circuit| drop(every_variable(circuit)));
}
