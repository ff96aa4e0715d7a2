//! Lies that put a number out of range into one of its bits, so that a wrong bin, outcome or order would pass without that bit's row.

use super::cover::{Base, Bases};
use super::cover_rows::{Try, lies};
use super::system::{Lies, System};
use ark_ff::{AdditiveGroup, Field};
use probity_credit::field::{F, from_signed};
use probity_credit::policy::PlainRow;
use probity_credit::statement::evaluate;

/// Tries the lies of this kind that there are for a row.
pub(super) fn absorbed(bases: &Bases, label: &str, attempt: Try<'_>) -> bool {
    let Some((scope, bit)) = label.rsplit_once("/bit[") else { return false };
    let Some(bits) = bases.anatomy.ranges.get(scope) else { return false };
    let bit: usize = bit.trim_end_matches(']').parse().expect("an index");
    let system = bases.system;
    let target = Target { system, scope, bits, bit };
    if scope == "verdict/margin" {
        return bases.brinks.iter().any(|base| attempt(base, lies(base, |l| target.margin(base, l))));
    }
    if let Some(k) = scope.strip_prefix("verdict/reasons/falls[").and_then(|k| k.trim_end_matches(']').parse().ok()) {
        return attempt(&bases.complete, lies(&bases.complete, |l| target.order(&bases.complete, k, l)));
    }
    match scope.strip_prefix("attributes/attribute[").and_then(|rest| rest.split_once("]/")) {
        Some((number, part @ ("below" | "above"))) => {
            let number: usize = number.parse().expect("an index");
            (number < 15 || number == 19) && bases.brinks.iter().any(|base| target.plain(base, number, part, attempt))
        }
        _ => false,
    }
}

struct Target<'a> {
    system: &'a System,
    scope: &'a str,
    bits: &'a [usize],
    bit: usize,
}

fn bits_of(x: i128, bits: &[usize], l: &mut Lies) {
    for (i, &hint) in bits.iter().enumerate() {
        l.set(hint, F::from(x >> i & 1 == 1));
    }
}

impl Target<'_> {
    /// All bits are 0 but one, which is whatever makes the sum `x`. The top bit of a range is no hint: it is then what remains.
    fn absorb(&self, x: F, l: &mut Lies) {
        self.bits.iter().for_each(|&hint| l.set(hint, F::ZERO));
        if let Some(&hint) = self.bits.get(self.bit) {
            let scale = F::from(2u64).pow([self.bit as u64]).inverse().expect("powers of two are not zero");
            l.set(hint, x * scale);
        }
    }

    /// The other outcome.
    fn margin(&self, base: &Base, l: &mut Lies) {
        let f = &base.fixture;
        let e = evaluate(&f.compiled, f.public.month, &f.witness.files, &f.witness.request).expect("the subject can be scored");
        let margin = i128::from(f.compiled.allowance) - i128::from(e.total_loss);
        l.set(self.system.witness("verdict/approved"), F::from(margin < 0));
        self.absorb(from_signed(if margin < 0 { margin } else { -margin - 1 }), l);
    }

    /// Two reasons in the wrong order.
    fn order(&self, base: &Base, k: usize, l: &mut Lies) {
        let hints = [k - 1, k].map(|k| self.system.witness(&format!("verdict/reasons/top[{k}]")));
        let [larger, smaller] = hints.map(|hint| base.point.values[self.system.column(hint)]);
        l.set(hints[0], smaller);
        l.set(hints[1], larger);
        self.absorb(smaller - larger - F::ONE, l);
    }

    /// Another row of the policy, in which the number does not lie.
    fn plain(&self, base: &Base, number: usize, part: &str, attempt: Try<'_>) -> bool {
        let f = &base.fixture;
        let e = evaluate(&f.compiled, f.public.month, &f.witness.files, &f.witness.request).expect("the subject can be scored");
        let (x, own) = e.plain[number.min(15)];
        let rows = &f.compiled.plain[number.min(15)];
        let attribute = self.scope.strip_suffix(part).expect("the part ends the scope");
        let hints = |part: &str| (0..).map_while(|i| self.system.find(&format!("{attribute}{part}/bit[{i}]"))).collect::<Vec<_>>();
        let other = if part == "below" { "above" } else { "below" };
        let distance = |row: &PlainRow, part: &str| if part == "below" { x - row.lo } else { row.hi - 1 - x };
        let wrong = rows.iter().filter(|r| r.loss != rows[own].loss && distance(r, part) < 0 && distance(r, other) >= 0);
        wrong.into_iter().any(|row| {
            let told = lies(base, |l| {
                self.absorb(from_signed(distance(row, part)), l);
                bits_of(distance(row, other), &hints(other), l);
                bits_of(row.loss.into(), &hints("loss"), l);
            });
            attempt(base, told)
        })
    }
}
