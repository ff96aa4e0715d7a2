//! The kinds of lies that a dishonest prover could tell about hints.

use super::anatomy::Anatomy;
use super::system::{Lies, Point, System};
use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField};
use probity_credit::circuit_id::CircuitId;
use probity_credit::field::F;
use probity_credit::file::random_element;
use probity_credit::policy::BINS;
use probity_credit::statement::position;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

/// A kind of lie. Everything after the hints lied about is computed from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A bit is the other one.
    Bit,
    /// The bits of `x + p` instead of those of `x`.
    XPlusP,
    /// Numbers that are no bits but have the right sum.
    NoBits,
    /// Inverse and answer of a zero test.
    ZeroTest,
    /// A distance is one more or less, or another row is claimed.
    Distance,
    /// Two bins at once.
    OneHotTwice,
    /// No bin, or no domain.
    OneHotNever,
    /// A slot that is used a little, or unused and counted.
    HalfUsed,
    /// Another place in a tree.
    Index,
    /// The other answer to a comparison.
    Comparison,
    /// Other inputs, in range: nothing need be wrong with them.
    Input,
    /// One more.
    OneMore,
    /// 0 or -1.
    Extreme,
    /// Anything.
    Random,
    /// Two or three of the others at once.
    Several,
    /// Rows that are violated are solved for one of their hints, again and again.
    Repaired,
}

impl Kind {
    pub(super) const ALL: [Self; 16] = [
        Self::Bit,
        Self::XPlusP,
        Self::NoBits,
        Self::ZeroTest,
        Self::Distance,
        Self::OneHotTwice,
        Self::OneHotNever,
        Self::HalfUsed,
        Self::Index,
        Self::Comparison,
        Self::Input,
        Self::OneMore,
        Self::Extreme,
        Self::Random,
        Self::Several,
        Self::Repaired,
    ];
}

/// What a liar knows.
pub(super) struct Liar<'s> {
    pub system: &'s System,
    pub anatomy: &'s Anatomy,
    /// The run that the lies start from.
    pub point: &'s Point,
}

fn two_to(k: i64) -> F {
    let power = F::from(2u64).pow([k.unsigned_abs()]);
    if k < 0 { power.inverse().expect("powers of two are not zero") } else { power }
}

impl Liar<'_> {
    fn value(&self, witness: usize) -> F {
        self.point.values[self.system.column(witness)]
    }

    /// Tells lies of a kind.
    pub(super) fn tell(&self, kind: Kind, lies: &mut Lies, rng: &mut StdRng) {
        match kind {
            Kind::Bit => lies.tell(*self.range(rng).1.choose(rng).expect("ranges have bits"), |h, _| F::ONE - h),
            Kind::XPlusP => self.x_plus_p(lies, rng),
            Kind::NoBits => {
                let bits = self.range(rng).1;
                let (i, j) = (rng.gen_range(0..bits.len()), rng.gen_range(0..bits.len()));
                self.no_bits(bits, i, if i == j { (j + 1) % bits.len() } else { j }, lies);
            }
            Kind::ZeroTest => self.zero_test(lies, rng),
            Kind::Distance => self.distance(lies, rng),
            Kind::OneHotTwice => {
                let bins = self.anatomy.bins.choose(rng).expect("four attributes");
                bins.choose_multiple(rng, 2).for_each(|&bin| lies.set(bin, F::ONE));
            }
            Kind::OneHotNever => self.one_hot_never(lies, rng),
            Kind::HalfUsed => self.half_used(lies, rng),
            Kind::Index => self.index(lies, rng),
            Kind::Comparison => self.comparison(lies, rng),
            Kind::Input => (0..rng.gen_range(1..=3)).for_each(|_| self.input(lies, rng)),
            Kind::OneMore => lies.add(self.any(rng), F::ONE),
            Kind::Extreme => lies.set(self.any(rng), if rng.r#gen() { F::ZERO } else { -F::ONE }),
            Kind::Random => self.random(self.any(rng), lies, rng),
            Kind::Repaired => self.tell(*[Kind::Input, Kind::Comparison, Kind::OneMore].choose(rng).expect("three"), lies, rng),
            Kind::Several => {
                for _ in 0..rng.gen_range(2..=3) {
                    let kind = *Kind::ALL[..Kind::ALL.len() - 2].choose(rng).expect("there are kinds");
                    self.tell(kind, lies, rng);
                }
            }
        }
    }

    /// Any hint, each category equally likely.
    fn any(&self, rng: &mut StdRng) -> usize {
        let at = rng.gen_range(0..self.anatomy.categories.len());
        let (_, hints) = self.anatomy.categories.iter().nth(at).expect("in range");
        *hints.choose(rng).expect("categories are not empty")
    }

    pub(super) fn random(&self, witness: usize, lies: &mut Lies, rng: &mut StdRng) {
        // a digest has 248 bits; longer ones have no native counterpart
        let digest = self.system.names[witness].ends_with("records-digest");
        lies.set(witness, if digest { F::from(rng.r#gen::<u128>()) } else { random_element(rng) });
    }

    fn range(&self, rng: &mut StdRng) -> (&str, &[usize]) {
        let at = rng.gen_range(0..self.anatomy.ranges.len());
        let (scope, bits) = self.anatomy.ranges.iter().nth(at).expect("in range");
        (scope, bits)
    }

    fn x_plus_p(&self, lies: &mut Lies, rng: &mut StdRng) {
        let (_, bits) = self.range(rng);
        let mut sum = F::MODULUS;
        let x: F = bits.iter().enumerate().map(|(i, w)| self.value(*w) * two_to(i as i64)).sum();
        sum.add_with_carry(&x.into_bigint());
        for (i, w) in bits.iter().enumerate() {
            lies.set(*w, F::from(sum.get_bit(i)));
        }
    }

    /// Bit `j` is turned and number `i` makes up for it: the sum stays.
    pub(super) fn no_bits(&self, bits: &[usize], i: usize, j: usize, lies: &mut Lies) {
        if i == j {
            return;
        }
        let turned = F::ONE - self.value(bits[j]);
        let made_up = (self.value(bits[j]) - turned) * two_to(j as i64 - i as i64);
        lies.set(bits[j], turned);
        lies.set(bits[i], self.value(bits[i]) + made_up);
    }

    fn zero_test(&self, lies: &mut Lies, rng: &mut StdRng) {
        let scope = self.anatomy.zero_tests.choose(rng).expect("there are zero tests");
        let [inverse, zero] = ["inverse", "zero"].map(|part| self.system.witness(&format!("{scope}/{part}")));
        match rng.gen_range(0..4) {
            0 => lies.set(inverse, random_element(rng)),
            1 => lies.tell(zero, |h, _| F::ONE - h),
            2 => {
                lies.set(inverse, F::ZERO);
                lies.tell(zero, |h, _| F::ONE - h);
            }
            _ => {
                let half = two_to(-1);
                lies.tell(inverse, move |h, _| h * half);
                lies.set(zero, half);
            }
        }
    }

    fn distance(&self, lies: &mut Lies, rng: &mut StdRng) {
        let distances: Vec<_> = ["/below", "/above", "/loss", "/margin", "slot-gap", "/magnitude", "falls["].into();
        let fits = |scope: &str| distances.iter().any(|d| scope.contains(d));
        let scopes: Vec<_> = self.anatomy.ranges.iter().filter(|(scope, _)| fits(scope)).collect();
        let (scope, bits) = scopes.choose(rng).expect("there are distances");
        let value: u128 = bits.iter().enumerate().map(|(i, w)| u128::from(self.value(*w) == F::ONE) << i).sum();
        let shifted = if rng.r#gen() { value.wrapping_add(1) } else { value.wrapping_sub(1) };
        for (i, w) in bits.iter().enumerate() {
            lies.set(*w, F::from(shifted >> i & 1 == 1));
        }
        // with another of the policy's rows where there is one
        let attribute = scope.rsplit_once('/').map_or("", |s| s.0);
        if let (Some(row), true) = (self.system.find(&format!("{attribute}/row")), rng.r#gen()) {
            let number = attribute.rsplit_once('[').and_then(|s| s.1.strip_suffix(']')?.parse().ok()).expect("attributes have numbers");
            let rows = position::PLAIN + 1 + usize::min(number, 15) * (BINS + 1);
            lies.set(row, self.point.values[rows + rng.gen_range(0..=BINS)]);
        }
    }

    fn one_hot_never(&self, lies: &mut Lies, rng: &mut StdRng) {
        if rng.r#gen() {
            let bins = self.anatomy.bins.choose(rng).expect("four attributes");
            bins.iter().for_each(|&bin| lies.set(bin, F::ZERO));
        } else {
            let file = rng.gen_range(0..self.system.circuit.files());
            (0..8).for_each(|d| lies.set(self.system.witness(&format!("weights/file[{file}]/domain-is[{d}]")), F::ZERO));
        }
    }

    fn half_used(&self, lies: &mut Lies, rng: &mut StdRng) {
        let file = rng.gen_range(0..self.system.circuit.files());
        let witness = |name: &str| self.system.witness(&name.replace('#', &file.to_string()));
        let used = witness("files/file[#]/used");
        match rng.gen_range(0..6) {
            0 => lies.tell(used, |h, _| F::ONE - h),
            1 => lies.set(used, two_to(-1)),
            2 => lies.set(used, *[F::from(2u64), -F::ONE].choose(rng).expect("two")),
            3 => lies.set(witness("weights/file[#]/weight"), F::from(rng.gen_range(1..10_000u64))),
            4 => lies.tell(witness("weights/file[#]/live/zero"), |h, _| F::ONE - h),
            _ => {
                // an unused slot may hold anything, as long as nothing counts
                let feature = rng.gen_range(0..20);
                lies.set(witness(&format!("files/file[#]/feature[{feature}]")), F::from(rng.gen_range(0..1u64 << 40)));
                if rng.r#gen() {
                    lies.set(used, F::ONE);
                }
            }
        }
    }

    fn index(&self, lies: &mut Lies, rng: &mut StdRng) {
        let path = self.anatomy.paths.choose(rng).expect("there are paths").clone();
        match rng.gen_range(0..3) {
            0 => {
                let other = F::from(rng.gen_range(0..1u64 << 27));
                lies.set(self.system.witness("identity/position"), other);
            }
            1 if path.ends_with("/registry") => {
                let slot = path.replace("/registry", "/slot");
                lies.set(self.system.witness(&slot), F::from(rng.gen_range(0..512u64)));
            }
            _ => {
                let level = rng.gen_range(0..if path.ends_with("/registry") { 3 } else { 9 });
                let child = |i: usize| self.system.witness(&format!("{path}/level[{level}]/child[{i}]"));
                let (i, j) = (rng.gen_range(0..8), rng.gen_range(0..8));
                lies.set(child(i), self.value(child(j)));
                lies.set(child(j), self.value(child(i)));
            }
        }
    }

    /// Another input that native code could have, and sometimes the other outcome.
    fn input(&self, lies: &mut Lies, rng: &mut StdRng) {
        let file = rng.gen_range(0..self.system.circuit.files());
        let witness = |name: &str| self.system.witness(&name.replace('#', &file.to_string()));
        let shift = F::from(1u64 << rng.gen_range(0..39));
        match rng.gen_range(0..9) {
            0 => lies.add(witness(&format!("files/file[#]/feature[{}]", rng.gen_range(0..20))), shift),
            1 => lies.set(witness(&format!("files/file[#]/feature[{}]", rng.gen_range(0..20))), F::ZERO),
            2 => lies.add(witness("files/file[#]/month"), -F::from(rng.gen_range(0..30u64))),
            3 => lies.set(witness("files/file[#]/domain"), F::from(rng.gen_range(0..8u64))),
            4 => lies.add(witness(&format!("attributes/request[{}]", rng.gen_range(0..4))), shift),
            5 => lies.set(witness(&format!("identity/count[{}]", rng.gen_range(0..8))), F::from(rng.gen_range(0..64u64))),
            6 => {
                let free = ["identity/secret", "identity/person", "identity/blinding", "verdict/salt", "files/file[#]/blinding"];
                lies.set(witness(free.choose(rng).expect("five")), random_element(rng));
            }
            7 => lies.set(witness("files/file[#]/slot"), F::from(rng.gen_range(0..512u64))),
            _ => lies.set(self.system.witness("identity/position"), F::from(rng.gen_range(0..1u64 << 27))),
        }
        if rng.gen_bool(0.3) {
            lies.tell(self.system.witness("verdict/approved"), |h, _| F::ONE - h);
        }
    }

    fn comparison(&self, lies: &mut Lies, rng: &mut StdRng) {
        let witness = *self.anatomy.comparisons.choose(rng).expect("there are comparisons");
        let name = &self.system.names[witness];
        if name.ends_with("/max") {
            // the smaller of the two, whichever that is
            let (scope, j) = name.rsplit_once("/larger[").expect("max is in a scope");
            let j: usize = j.trim_end_matches("]/max").parse().expect("an index");
            let candidate = self.system.witness(&format!("{scope}/candidate[{j}]"));
            let before = match j {
                1 => self.system.witness(&format!("{scope}/candidate[0]")),
                j => self.system.witness(&format!("{scope}/larger[{}]/max", j - 1)),
            };
            lies.tell(witness, move |h, known| known[candidate] + known[before] - h);
        } else if name.contains("/top[") {
            let tops = [0, 1, 2, 3].map(|k| self.system.witness(&format!("verdict/reasons/top[{k}]")));
            let (i, j) = (rng.gen_range(0..4), rng.gen_range(0..4));
            lies.set(tops[i], self.value(tops[j]));
            lies.set(tops[j], self.value(tops[i]));
        } else {
            lies.tell(witness, |h, _| F::ONE - h);
        }
    }
}

/// The share of lies that each size gets, in thousandths.
pub(super) const SHARES: [(CircuitId, usize); 3] =
    [(CircuitId::Eligibility1, 600), (CircuitId::Eligibility3, 300), (CircuitId::Eligibility7, 100)];
