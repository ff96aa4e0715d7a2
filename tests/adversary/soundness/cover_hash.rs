//! Lies that violate a single row of a hash: everything after the lie follows from it.

use super::system::{Lies, Point, System};
use ark_ff::Field;
use probity_credit::field::F;
use probity_credit::hash::poseidon::{FULL_ROUNDS, PARTIAL_ROUNDS, Sboxes, parameters, quintic, tag_element, walk};

/// The S-box inputs of a hash whose S-box at `round` and `lane` gives one more than the fifth power.
struct Wrong {
    round: usize,
    lane: usize,
    /// Round, lane and input of each S-box; partial rounds have no lane.
    inputs: Vec<(usize, Option<usize>, F)>,
}

impl Sboxes for Wrong {
    fn full(&mut self, round: usize, state: &mut [F]) {
        for (lane, x) in state.iter_mut().enumerate() {
            self.inputs.push((round, Some(lane), *x));
            *x = quintic(*x) + F::from(u64::from((round, lane) == (self.round, self.lane)));
        }
    }

    fn partial(&mut self, round: usize, x: F) -> F {
        self.inputs.push((round, None, x));
        quintic(x) + F::from(u64::from((round, 0) == (self.round, self.lane)))
    }
}

/// A row of a hash by its label: scope of the hash, round, lane and power.
struct SboxRow<'l> {
    scope: &'l str,
    round: usize,
    lane: Option<usize>,
    power: &'l str,
}

impl<'l> SboxRow<'l> {
    fn parse(label: &'l str) -> Option<Self> {
        let (rest, power) = label.rsplit_once('/')?;
        let index = |text: &str| text.trim_end_matches(']').parse().ok();
        if let Some((scope, round)) = rest.split_once("/partial[") {
            return Some(Self { scope, round: index(round)?, lane: None, power });
        }
        let (scope, place) = rest.split_once("/full[")?;
        let (round, lane) = place.split_once("]/lane[")?;
        Some(Self { scope, round: index(round)?, lane: Some(index(lane)?), power })
    }

    fn hint(&self, system: &System, name: &str) -> usize {
        let place = self.lane.map_or_else(|| format!("partial[{}]", self.round), |lane| format!("full[{}]/lane[{lane}]", self.round));
        system.witness(&format!("{}/{place}/{name}", self.scope))
    }
}

pub(super) fn is_hash_row(label: &str) -> bool {
    SboxRow::parse(label).is_some()
}

/// Tells the lies that violate the row alone, as far as the hash is concerned.
pub(super) fn tell(system: &System, point: &Point, label: &str, lies: &mut Lies) {
    let row = SboxRow::parse(label).expect("a row of a hash");
    if row.power != "x5" {
        return lies.add(row.hint(system, row.power), F::ONE);
    }
    let t = 1 + (1..).take_while(|lane| system.find(&format!("{}/full[0]/lane[{lane}]/x2", row.scope)).is_some()).count();
    let last = FULL_ROUNDS + PARTIAL_ROUNDS[t - 2] - 1;
    match (row.round == last, row.lane) {
        (true, Some(0)) => return lies.add(system.witness(&format!("{}/out", row.scope)), F::ONE),
        (true, _) => return lies.add(row.hint(system, "y"), F::ONE),
        _ => {}
    }
    let input = |lane: usize| {
        let x = point.products[system.row(&format!("{}/full[0]/lane[{lane}]/x2", row.scope))][0];
        x - parameters(t).constants(0)[lane]
    };
    let inputs: Vec<F> = (1..t).map(input).collect();
    let tag = row.scope.rsplit('/').next().expect("a hash is in the scope of its tag");
    let mut wrong = Wrong { round: row.round, lane: row.lane.unwrap_or(0), inputs: vec![] };
    walk(tag_element(tag), &inputs, &mut wrong);
    for (round, lane, x) in wrong.inputs.into_iter().filter(|i| i.0 > row.round) {
        let place = lane.map_or_else(|| format!("partial[{round}]"), |lane| format!("full[{round}]/lane[{lane}]"));
        // lane 0 of round 1 is no hint: it follows from the other lanes
        if let Some(hint) = system.find(&format!("{}/{place}/x", row.scope)) {
            lies.set(hint, x);
        }
    }
}
