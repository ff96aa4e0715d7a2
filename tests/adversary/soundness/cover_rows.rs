//! Lies that violate a single row outside the hashes, by what the row is.

use super::anatomy::Anatomy;
use super::cover::{Base, Bases};
use super::cover_ranges::absorbed;
use super::kinds::Liar;
use super::system::{Lies, System};
use ark_ff::{AdditiveGroup, Field, PrimeField};
use probity_credit::field::F;
use probity_credit::file::random_element;
use probity_credit::policy::BINS;
use probity_credit::statement::position;
use rand::SeedableRng;
use rand::rngs::StdRng;

/// Takes lies told from a base and says whether they violate the row alone.
pub(super) type Try<'t> = &'t mut dyn FnMut(&Base, Lies) -> bool;

/// Tries lies until one violates `row` alone.
pub(super) fn strategies(bases: &Bases, row: usize, attempt: Try<'_>) -> bool {
    let label = bases.system.shape.labels[row].as_str();
    let aim = Aim { bases, system: bases.system, label };
    absorbed(bases, label, attempt)
        || aim.bit(attempt)
        || aim.zero_test(attempt)
        || aim.path(attempt)
        || aim.slot(attempt)
        || aim.outcome(attempt)
        || aim.bins(attempt)
        || aim.plain_row(attempt)
        || aim.reasons(attempt)
        || aim.public(attempt)
        || aim.own_hint(row, attempt)
}

struct Aim<'a> {
    bases: &'a Bases,
    system: &'a System,
    label: &'a str,
}

pub(super) fn lies(base: &Base, about: impl FnOnce(&mut Lies)) -> Lies {
    let mut lies = Lies::fitted(base.fitted);
    about(&mut lies);
    lies
}

impl<'a> Aim<'a> {
    fn hint(&self, name: &str) -> usize {
        self.system.witness(name)
    }

    fn value(&self, base: &Base, name: &str) -> F {
        base.point.values[self.system.column(self.hint(name))]
    }

    /// The file's number, of a row in a file's scope.
    fn file(&self) -> Option<usize> {
        let (_, rest) = self.label.split_once("/file[")?;
        rest.split_once(']')?.0.parse().ok()
    }

    /// The index in the last brackets.
    fn index(&self) -> Option<usize> {
        self.label.rsplit_once('[')?.1.split_once(']')?.0.parse().ok()
    }

    fn every_base(&self, attempt: Try<'_>, mut about: impl FnMut(&Base, &mut Lies)) -> bool {
        self.bases.for_row(self.label).into_iter().any(|base| attempt(base, lies(base, |l| about(base, l))))
    }

    /// A number that is no bit, and another bit turned so that the sum stays.
    fn bit(&self, attempt: Try<'_>) -> bool {
        let Some((scope, _)) = self.label.rsplit_once("/bit[") else { return false };
        let (Some(i), Some(bits)) = (self.index(), self.bases.anatomy.ranges.get(scope)) else { return false };
        // the parts of a reason's key are summed apart
        let is_key = scope.contains("reasons/parts[");
        let others: Vec<usize> = (0..bits.len()).rev().filter(|&j| j != i && (!is_key || (j < 5) == (i < 5))).collect();
        let nearest = others.iter().copied().min_by_key(|j| j.abs_diff(i));
        nearest.into_iter().chain(others.iter().copied().take(1)).any(|j| {
            self.every_base(attempt, |base, l| {
                let liar = Liar { system: self.system, anatomy: &self.bases.anatomy, point: &base.point };
                match i < bits.len() {
                    true => liar.no_bits(bits, i, j, l),
                    false => l.tell(bits[j], |h, _| F::ONE - h),
                }
                self.equal_siblings(scope, l);
            })
        })
    }

    /// Where a place in a tree is lied about, all children of each node on the way are the node: any choice finds it.
    fn equal_siblings(&self, scope: &str, lies: &mut Lies) {
        let is_slot = scope.ends_with("/slot");
        if scope != "identity/position" && !is_slot {
            return;
        }
        let concerned = |path: &&String| match scope.strip_suffix("/slot") {
            Some(file) => path.strip_suffix("/registry") == Some(file),
            None => path.ends_with("/path"),
        };
        for path in self.bases.anatomy.paths.iter().filter(concerned) {
            for (level, node) in Anatomy::nodes(self.system, path).into_iter().enumerate() {
                for child in 0..8 {
                    lies.tell(self.hint(&format!("{path}/level[{level}]/child[{child}]")), move |_, before| before[node]);
                }
            }
        }
    }

    /// A number that is not 0 called 0, or the other way round.
    fn zero_test(&self, attempt: Try<'_>) -> bool {
        let Some((scope, part)) = self.label.rsplit_once('/') else { return false };
        let Some(zero) = self.system.find(&format!("{scope}/zero")).filter(|_| ["inverse", "zero"].contains(&part)) else { return false };
        let inverse = self.hint(&format!("{scope}/inverse"));
        self.every_base(attempt, |_, l| {
            if part == "inverse" {
                l.set(zero, F::ZERO);
                l.add(inverse, F::ONE);
            } else {
                l.set(zero, F::ONE);
                l.set(inverse, F::ZERO);
            }
            if scope.ends_with("/live") && self.system.circuit.files() == 1 {
                // weighted sums of a file that no longer counts: a value of 0 keeps them at 0
                let zero = F::from(1u64 << 39);
                (1..10).step_by(2).for_each(|f| l.set(self.hint(&format!("files/file[0]/feature[{f}]")), zero));
            }
            if let (true, Some(file)) = (scope.ends_with("below-16"), self.file()) {
                l.add(self.hint(&format!("files/file[{file}]/month")), -F::from(40u64));
            }
            if let (true, Some(file), Some(feature)) = (scope.contains("/missing["), self.file(), self.index()) {
                l.add(self.hint(&format!("files/file[{file}]/feature[{feature}]")), F::from(5u64));
            }
        })
    }

    /// The child at the position is another than the node below, and selected ones are what they should be from `self.label` on.
    fn path(&self, attempt: Try<'_>) -> bool {
        let Some((at, mux)) = self.label.split_once("/mux/") else { return false };
        let Some((path, level)) = at.rsplit_once("/level[") else { return false };
        let level: usize = level.trim_end_matches(']').parse().expect("an index");
        let depth = mux.strip_prefix("layer[").and_then(|rest| rest.split_once(']')?.0.parse::<usize>().ok());
        self.every_base(attempt, |base, l| {
            let place = match path.strip_suffix("/registry") {
                Some(file) => self.value(base, &format!("{file}/slot")).into_bigint().0[0],
                None => u64::from(base.fixture.witness.position),
            };
            let own = (place >> (3 * level) & 7) as usize;
            match (depth, self.index()) {
                (Some(depth), Some(pair)) if own >> (depth + 1) == pair => {
                    let node = Anatomy::nodes(self.system, path)[level];
                    l.add(self.hint(&format!("{at}/child[{own}]")), F::ONE);
                    l.tell(self.hint(self.label), move |_, before| before[node]);
                }
                (Some(_), _) => l.add(self.hint(self.label), F::ONE),
                (None, _) => l.add(self.hint(&format!("{at}/child[{own}]")), F::ONE),
            }
        })
    }

    /// Whether a slot is used.
    fn slot(&self, attempt: Try<'_>) -> bool {
        let Some(file) = self.file() else { return false };
        let used = self.hint(&format!("files/file[{file}]/used"));
        if self.label.ends_with("/used") {
            let base = &self.bases.first[file];
            return attempt(base, lies(base, |l| l.set(used, F::from(2u64))));
        }
        if self.label.ends_with("/registered") {
            let base = &self.bases.used;
            let mut l = Lies::default();
            l.add(self.hint(&format!("files/file[{file}]/blinding")), F::ONE);
            return attempt(base, l);
        }
        if !self.label.ends_with("/used-first") {
            return false;
        }
        let base = &self.bases.unused;
        let mut l = lies(base, |l| {
            l.set(used, F::ONE);
            l.set(self.hint(&format!("files/file[{file}]/slot")), F::from(7u64));
        });
        l.fitted.registry_root = Some(file);
        attempt(base, l)
    }

    /// Outcomes and signs that are no bits.
    fn outcome(&self, attempt: Try<'_>) -> bool {
        let numbers = [F::from(2u64), -F::ONE];
        if !self.label.ends_with("/positive/bit") && self.label != "verdict/approved" {
            return false;
        }
        numbers.into_iter().any(|x| self.every_base(attempt, |_, l| l.set(self.hint(self.label), x)))
    }

    /// Bins that are no bits but sum up, or bins that do not.
    fn bins(&self, attempt: Try<'_>) -> bool {
        let Some((scope, part)) = self.label.rsplit_once('/') else { return false };
        let bins = |l: &mut Lies, set: &[(usize, F)]| {
            for j in 1..=BINS {
                let value = set.iter().find(|s| s.0 == j).map_or(F::ZERO, |s| s.1);
                l.set(self.hint(&format!("{scope}/bin[{j}]")), value);
            }
        };
        if part == "one-bin" {
            return self.every_base(attempt, |_, l| bins(l, &[]));
        }
        if !part.starts_with("bin[") || scope.ends_with("/bin") {
            return false;
        }
        let own = self.index().expect("bins have numbers");
        // where the attribute is missing two bins cancel; where it is not, one cancels one of two
        let sums = (1..=BINS).flat_map(|j| (j..=BINS).map(move |k| (j, k))).filter(|&(j, k)| j != own && k != own);
        sums.into_iter().any(|(j, k)| {
            self.every_base(attempt, |_, l| match j == k {
                true => bins(l, &[(own, -F::ONE), (j, F::ONE)]),
                false => bins(l, &[(own, -F::ONE), (j, F::ONE), (k, F::ONE)]),
            })
        })
    }

    /// Another of the policy's rows than the distances lead to, or none of them.
    fn plain_row(&self, attempt: Try<'_>) -> bool {
        let Some((scope, part)) = self.label.split_once("]/").filter(|s| s.0.starts_with("attributes/attribute[")) else { return false };
        let number: usize = scope.rsplit_once('[').expect("an index").1.parse().expect("an index");
        let hint = |name: &str| self.hint(&format!("{scope}]/{name}"));
        if part == "row" {
            let first = position::PLAIN + 1 + number.min(15) * (BINS + 1);
            return (0..=BINS).any(|k| self.every_base(attempt, |base, l| l.set(hint("row"), base.point.values[first + k])));
        }
        if !part.starts_with("bin/") {
            return false;
        }
        self.every_base(attempt, |_, l| {
            l.tell(hint("below/bit[0]"), |h, _| F::ONE - h);
            if part.starts_with("bin/product[") {
                l.set(self.hint(self.label), F::ZERO);
            }
        })
    }

    /// Keys of reasons that no attribute has, or that are not the largest.
    fn reasons(&self, attempt: Try<'_>) -> bool {
        let Some(part) = self.label.strip_prefix("verdict/reasons/") else { return false };
        if part == "four" {
            let last = self.hint("verdict/reasons/top[3]");
            return self.every_base(attempt, |base, l| {
                let f = &base.fixture;
                let e = probity_credit::statement::evaluate(&f.compiled, f.public.month, &f.witness.files, &f.witness.request);
                let losses = e.expect("the subject can be scored").losses;
                let mut keys: Vec<u64> = losses.iter().enumerate().map(|(i, loss)| 32 * u64::from(*loss) + 31 - i as u64).collect();
                keys.sort_unstable();
                l.set(last, F::from(keys[keys.len() - 5]));
            });
        }
        let Some((top, row)) = part.split_once("]/").filter(|p| p.0.starts_with("top[")) else { return false };
        let top = self.hint(&format!("verdict/reasons/{top}]"));
        (1..=40u64).flat_map(|k| [F::from(k), -F::from(k)]).any(|change| {
            self.every_base(attempt, |_, l| {
                l.add(top, change);
                if row.starts_with("product[") {
                    l.set(self.hint(self.label), F::ZERO);
                }
            })
        })
    }

    /// Public inputs that are not what the witness leads to.
    fn public(&self, attempt: Try<'_>) -> bool {
        let about = match self.label {
            "identity/root" => "identity/blinding",
            "verdict/answer" => "verdict/salt",
            "nullifier/equal" => "identity/secret",
            _ if self.label.starts_with("completeness/") => {
                let count = self.hint(&format!("identity/count[{}]", self.index().expect("a domain")));
                let base = &self.bases.complete;
                return attempt(base, lies(base, |l| l.add(count, F::ONE)));
            }
            _ => return false,
        };
        let mut l = Lies::default();
        l.add(self.hint(about), F::ONE);
        l.fitted.identity_root = about == "identity/secret";
        attempt(&self.bases.used, l)
    }

    /// Another value of the hint that the row was written for.
    fn own_hint(&self, row: usize, attempt: Try<'_>) -> bool {
        let Some(own) = self.system.find(self.label).or_else(|| self.system.last_witness(row)) else { return false };
        let mut rng = StdRng::seed_from_u64(row as u64);
        let any = random_element(&mut rng);
        let others: [fn(F, F) -> F; 5] = [|h, _| h + F::ONE, |h, _| h - F::ONE, |_, _| F::ZERO, |_, _| F::ONE, |_, any| any];
        others.into_iter().any(|other| self.every_base(attempt, |_, l| l.tell(own, move |h, _| other(h, any))))
    }
}
