//! Local uniqueness: at an honest witness the rows' Jacobian in all that is no input has full column rank, so that nothing can move alone.

use super::committed::{Lists, category, find};
use super::subjects::{approved, declined, old};
use super::system::System;
use ark_ff::{AdditiveGroup, Field, PrimeField};
use probity_credit::circuit_id::CircuitId;
use probity_credit::field::F;
use probity_credit::statement::testing::Fixture;
use std::collections::{BTreeMap, BTreeSet};

/// Rows reduced so far, by the last column that they hold; that coefficient is 1.
struct Echelon {
    pivots: Vec<Option<Vec<(usize, F)>>>,
    dense: Vec<F>,
    columns: BTreeSet<usize>,
}

impl Echelon {
    fn new(columns: usize) -> Self {
        Self { pivots: vec![None; columns], dense: vec![F::ZERO; columns], columns: BTreeSet::new() }
    }

    /// Adds a row: whether it is independent of those before.
    fn add(&mut self, row: &[(usize, F)]) -> bool {
        for &(column, k) in row {
            self.dense[column] += k;
            self.columns.insert(column);
        }
        // witnesses come in the order in which they are computed, so the last column is mostly the one that the row defines
        while let Some(column) = self.columns.pop_last() {
            let k = std::mem::replace(&mut self.dense[column], F::ZERO);
            if k == F::ZERO {
                continue;
            }
            let Some(pivot) = &self.pivots[column] else {
                let scale = k.inverse().expect("not zero");
                let rest = std::mem::take(&mut self.columns).into_iter().rev();
                let scaled = rest.map(|c| (c, std::mem::replace(&mut self.dense[c], F::ZERO) * scale)).filter(|t| t.1 != F::ZERO);
                self.pivots[column] = Some(scaled.collect());
                return true;
            };
            for (c, p) in pivot {
                self.dense[*c] -= k * p;
                self.columns.insert(*c);
            }
        }
        false
    }
}

/// Which witnesses are inputs of this run: listed as such; of eight children only the seven beside the node; inverses of 0 alone.
fn inputs(system: &System, f: &Fixture, values: &[F], lists: &Lists) -> Vec<bool> {
    let value = |name: &str| values[system.column(system.witness(name))];
    let is_own_child = |name: &str| {
        let (scope, level_and_child) = name.split_once("/level[").expect("children are on a level");
        let (level, child) = level_and_child.split_once("]/child[").expect("children are on a level");
        let child: u64 = child.trim_end_matches(']').parse().expect("an index");
        let level: u32 = level.parse().expect("an index");
        let place = match scope.strip_suffix("/registry") {
            Some(file) => value(&format!("{file}/slot")).into_bigint().0[0],
            None => f.witness.position.into(),
        };
        place >> (3 * level) & 7 == child
    };
    let is_input = |w: usize| {
        let name = &system.names[w];
        match name {
            _ if name.contains("/child[") => !is_own_child(name),
            _ if name.ends_with("/inverse") => values[system.column(w)] == F::ZERO,
            _ => find(&lists.input, name).is_some(),
        }
    };
    (0..system.names.len()).map(is_input).collect()
}

fn assert_locally_unique(circuit: CircuitId, kind: &str, f: &Fixture) {
    let system = System::of(circuit);
    let lists = Lists::read();
    let point = system.honest(f);
    let is_input = inputs(system, f, &point.values, &lists);
    let mut echelon = Echelon::new(system.names.len());
    let mut dependent_rows: BTreeMap<String, usize> = BTreeMap::new();
    for row in 0..system.shape.num_rows() {
        let [a, b, _] = point.products[row];
        let mut terms: Vec<(usize, F)> = vec![];
        for (factor, part) in [b, a, -F::ONE].into_iter().zip(system.terms(row)) {
            let own = part.iter().filter_map(|(k, c)| Some((c.checked_sub(system.shape.num_instance)?, *k * factor)));
            terms.extend(own.filter(|t| !is_input[t.0]));
        }
        if !echelon.add(&terms) {
            *dependent_rows.entry(category(&system.shape.labels[row])).or_default() += 1;
        }
    }
    let free: Vec<&str> =
        (0..is_input.len()).filter(|&w| !is_input[w] && echelon.pivots[w].is_none()).map(|w| system.names[w].as_str()).collect();
    let count = is_input.iter().filter(|x| **x).count();
    println!(
        "{circuit}, {kind}: {} private variables = {count} inputs + {} that follow; rank {}, {} rows add nothing to it",
        is_input.len(),
        is_input.len() - count,
        echelon.pivots.iter().flatten().count(),
        dependent_rows.values().sum::<usize>(),
    );
    dependent_rows.into_iter().for_each(|(category, n)| println!("  adds nothing {n:4} {category}"));
    let mut by_category: BTreeMap<String, usize> = BTreeMap::new();
    is_input.iter().zip(&system.names).filter(|x| *x.0).for_each(|(_, name)| *by_category.entry(category(name)).or_default() += 1);
    by_category.into_iter().for_each(|(category, n)| println!("  input {n:4} {category}"));
    assert!(free.is_empty(), "{circuit}, {kind}: {} variables can move although no input does: {free:?}", free.len());
}

#[test]
fn what_is_no_input_cannot_move() {
    let circuit = CircuitId::Eligibility1;
    assert_locally_unique(circuit, "declined", &declined(circuit));
}

#[test]
#[ignore = "make soundness"]
fn what_is_no_input_cannot_move_at_any_size() {
    for circuit in CircuitId::ALL {
        for (kind, f) in [("declined", declined(circuit)), ("no file", approved(circuit, 0)), ("old files", old(circuit))] {
            assert_locally_unique(circuit, kind, &f);
        }
    }
}
