//! The sum for one digit of all scalars, by buckets (Pippenger, "On the evaluation of powers and monomials", SIAM J. Comput. 9, 1980).
//!
//! Points with the same digit lie beside each other, are added in pairs, the sums in pairs again, until one is left. All additions of a
//! round are independent: they are done in affine coordinates, in lanes, and share one inversion (Montgomery's trick).

use super::digits::{Shifted, Window};
use super::kernel::{Kernel, NEGATIVE, Places};
use crate::complete;
use crate::field::Lanes;
use ark_ec::AdditiveGroup;
use zeroize::Zeroize;

/// Vectors of additions that share an inversion: their products fit the second-level cache.
const VECTORS: usize = 1_024;

/// Memory that windows use one after another. What is in it follows from secrets: it is wiped in the end.
pub(crate) struct Scratch<K: Kernel> {
    digits: Vec<i32>,
    references: Vec<u32>,
    points: Vec<K::Memory>,
    /// First index and number of the points in each bucket.
    buckets: Vec<(u32, u32)>,
    left: Vec<u32>,
    right: Vec<u32>,
    differences: Vec<K::Lanes>,
    products: Vec<K::Lanes>,
}

impl<K: Kernel> Scratch<K> {
    pub(crate) fn new() -> Self {
        let [left, right, references] = [const { Vec::new() }; 3];
        let [differences, products] = [const { Vec::new() }; 2];
        Self { digits: Vec::new(), references, points: Vec::new(), buckets: Vec::new(), left, right, differences, products }
    }
}

/// Empties a vector and makes room for `count` elements, and for what the next window may have more. Not for twice as many: what is
/// reserved is wiped in the end, used or not. What was in it is wiped before it is given back.
fn room<T: Zeroize>(vector: &mut Vec<T>, count: usize) {
    if vector.capacity() < count {
        vector.zeroize();
        *vector = Vec::with_capacity(count + count / 8);
    }
    vector.clear();
}

impl<K: Kernel> Drop for Scratch<K> {
    fn drop(&mut self) {
        self.digits.zeroize();
        self.references.zeroize();
        self.points.zeroize();
        self.buckets.zeroize();
        self.left.zeroize();
        self.right.zeroize();
        for lanes in [&mut self.differences, &mut self.products] {
            // all that was ever in it
            lanes.clear();
            lanes.resize(lanes.capacity(), K::Lanes::zero());
            // as if somebody looked, so that it is not left out
            std::hint::black_box(lanes);
        }
    }
}

/// The sum of `digit * point` over all points.
#[inline(always)]
pub(crate) fn sum<K: Kernel>(points: &[K::Memory], shifted: &[Shifted], window: Window, scratch: &mut Scratch<K>) -> K::Group {
    sort(shifted, window, scratch);
    if scratch.references.is_empty() {
        return K::Group::ZERO;
    }
    room(&mut scratch.points, scratch.references.len());
    scratch.points.resize(scratch.references.len(), K::HOLE);
    first_round::<K>(points, scratch);
    let mut stride = 2;
    while pair(scratch, stride) {
        let holes = add_pairs::<K>(None, scratch);
        finish_round(scratch, 2 * stride, holes);
        stride *= 2;
    }
    weighted::<K>(scratch)
}

/// References to the points, with signs, by bucket.
#[inline(always)]
fn sort<K: Kernel>(shifted: &[Shifted], window: Window, scratch: &mut Scratch<K>) {
    let Scratch { digits, references, buckets, .. } = scratch;
    room(digits, shifted.len());
    buckets.clear();
    buckets.resize(1 << (window.bits - 1), (0, 0));
    for shifted in shifted {
        let digit = window.digit(shifted);
        digits.push(digit);
        if digit != 0 {
            buckets[digit.unsigned_abs() as usize - 1].1 += 1;
        }
    }
    let mut start = 0;
    for bucket in buckets.iter_mut() {
        let count = bucket.1;
        *bucket = (start, 0);
        start += count;
    }
    room(references, start as usize);
    references.resize(start as usize, 0);
    for (index, digit) in digits.iter().enumerate() {
        if *digit != 0 {
            let bucket = &mut buckets[digit.unsigned_abs() as usize - 1];
            references[(bucket.0 + bucket.1) as usize] = index as u32 | if *digit < 0 { NEGATIVE } else { 0 };
            bucket.1 += 1;
        }
    }
}

/// From the key's points into the scratch: pairs are added to the place of their first one, single points copied.
#[inline(always)]
fn first_round<K: Kernel>(points: &[K::Memory], scratch: &mut Scratch<K>) {
    for &(start, count) in &scratch.buckets {
        if count % 2 == 1 {
            let place = (start + count - 1) as usize;
            let reference = scratch.references[place];
            let point = points[(reference & !NEGATIVE) as usize];
            scratch.points[place] = point;
            if reference & NEGATIVE != 0 {
                let (x, y) = K::load(&scratch.points, [place; 8]);
                K::store(&mut scratch.points, [place; 8], x, K::negated(y, u8::MAX));
            }
        }
    }
    let has_pairs = pair(scratch, 1);
    let holes = has_pairs && add_pairs::<K>(Some(points), scratch);
    finish_round(scratch, 2, holes);
}

/// Lists the pairs in all buckets; their points are `stride` places apart. Whether there are any.
#[inline(always)]
fn pair<K: Kernel>(scratch: &mut Scratch<K>, stride: u32) -> bool {
    let Scratch { buckets, left, right, .. } = scratch;
    let pairs: usize = buckets.iter().map(|(_, count)| (count / 2) as usize).sum();
    for list in [&mut *left, &mut *right] {
        room(list, pairs.next_multiple_of(K::Lanes::WIDTH));
    }
    for &(start, count) in buckets.iter() {
        let mut first = start;
        for _ in 0..count / 2 {
            left.push(first);
            right.push(first + stride);
            first += 2 * stride;
        }
    }
    // whole vectors: the last pair fills the last one
    if let (Some(&l), Some(&r)) = (left.last(), right.last()) {
        let whole = left.len().next_multiple_of(K::Lanes::WIDTH);
        left.resize(whole, l);
        right.resize(whole, r);
    }
    !left.is_empty()
}

/// Half as many points in each bucket; holes are closed.
#[inline(always)]
fn finish_round<K: Kernel>(scratch: &mut Scratch<K>, stride: u32, holes: bool) {
    let Scratch { buckets, points, .. } = scratch;
    for (start, count) in buckets.iter_mut() {
        *count = count.div_ceil(2);
        if holes {
            let mut kept = 0;
            for i in 0..*count {
                let point = points[(*start + i * stride) as usize];
                if point != K::HOLE {
                    points[(*start + kept * stride) as usize] = point;
                    kept += 1;
                }
            }
            *count = kept;
        }
    }
}

/// Where the points of a vector of pairs are read, and which are negated.
struct Sources {
    left: (Places, u8),
    right: (Places, u8),
    target: Places,
}

#[inline(always)]
fn sources<K: Kernel>(scratch: &Scratch<K>, from_key: bool, vector: usize) -> Sources {
    let (mut left, mut right) = (([0; 8], 0), ([0; 8], 0));
    let mut target = [0; 8];
    let width = K::Lanes::WIDTH;
    let mut lane = 0;
    while lane < width {
        let (l, r) = (scratch.left[vector * width + lane], scratch.right[vector * width + lane]);
        target[lane] = l as usize;
        if from_key {
            let (l, r) = (scratch.references[l as usize], scratch.references[r as usize]);
            left.0[lane] = (l & !NEGATIVE) as usize;
            right.0[lane] = (r & !NEGATIVE) as usize;
            left.1 |= u8::from(l & NEGATIVE != 0) << lane;
            right.1 |= u8::from(r & NEGATIVE != 0) << lane;
        } else {
            left.0[lane] = l as usize;
            right.0[lane] = r as usize;
        }
        lane += 1;
    }
    Sources { left, right, target }
}

/// Adds all listed pairs, to the place of the left one. Whether the identity came out anywhere.
#[inline(always)]
fn add_pairs<K: Kernel>(key: Option<&[K::Memory]>, scratch: &mut Scratch<K>) -> bool {
    let vectors = scratch.left.len() / K::Lanes::WIDTH;
    let (mut from, mut holes) = (0, false);
    while from < vectors {
        let to = vectors.min(from + VECTORS);
        holes |= add_vectors::<K>(key, scratch, from, to);
        from = to;
    }
    holes
}

/// Additions of a vector that have no chord: points with the same first coordinate. In every key there are some: variables that stand
/// only in one and the same row have the same point.
struct Chordless {
    vector: usize,
    /// Lanes with twice the same point, or with opposite ones.
    lanes: u8,
    /// Of these, lanes with opposite ones.
    opposite: u8,
}

/// The chord through two points, the tangent where they are one: with its slope s, x3 = s² - x1 - x2 and y3 = s (x1 - x3) - y1.
#[inline(always)]
fn add_vectors<K: Kernel>(key: Option<&[K::Memory]>, scratch: &mut Scratch<K>, from: usize, to: usize) -> bool {
    scratch.differences.clear();
    scratch.products.clear();
    let mut chordless: Vec<Chordless> = Vec::new();
    // two chains, so that one product need not wait for the other
    let mut chains = [K::Lanes::one(); 2];
    for vector in from..to {
        let at = sources(scratch, key.is_some(), vector);
        let points = key.unwrap_or(&scratch.points);
        let mut run = K::load_x(points, at.right.0).sub(K::load_x(points, at.left.0));
        if run.perhaps_zero() {
            let lanes = run.zero_lanes();
            let ([_, y1], [_, y2]) = signed_points::<K>(points, &at, key.is_some());
            let twice = y1.add(y2);
            let opposite = twice.zero_lanes() & lanes;
            run = run.replace(lanes, twice).replace(opposite, K::Lanes::one());
            chordless.push(Chordless { vector, lanes, opposite });
        }
        let chain = &mut chains[vector % 2];
        scratch.differences.push(run);
        scratch.products.push(*chain);
        *chain = chain.mul(run);
    }
    let inverse = chains[0].mul(chains[1]).invert();
    let mut inverses = [inverse.mul(chains[1]), inverse.mul(chains[0])];
    let mut holes = false;
    for vector in (from..to).rev() {
        let at = sources(scratch, key.is_some(), vector);
        let ([x1, y1], [x2, y2]) = signed_points::<K>(key.unwrap_or(&scratch.points), &at, key.is_some());
        let inverse = inverses[vector % 2];
        inverses[vector % 2] = inverse.mul(scratch.differences[vector - from]);
        let mut rise = y2.sub(y1);
        let chordless = chordless.pop_if(|c| c.vector == vector);
        if let Some(c) = &chordless {
            let square = x1.square();
            rise = rise.replace(c.lanes, square.add(square).add(square));
        }
        let slope = rise.mul(inverse.mul(scratch.products[vector - from]));
        let x3 = slope.square().sub_reduced(x1.add(x2));
        let y3 = slope.mul(x1.sub(x3)).sub_reduced(y1);
        K::store(&mut scratch.points, at.target, x3, y3);
        for lane in (0..K::Lanes::WIDTH).filter(|lane| chordless.as_ref().is_some_and(|c| c.opposite >> lane & 1 == 1)) {
            scratch.points[at.target[lane]] = K::HOLE;
            holes = true;
        }
    }
    holes
}

/// Both points of each pair of a vector.
#[inline(always)]
fn signed_points<K: Kernel>(points: &[K::Memory], at: &Sources, signed: bool) -> ([K::Lanes; 2], [K::Lanes; 2]) {
    let ((x1, y1), (x2, y2)) = (K::load(points, at.left.0), K::load(points, at.right.0));
    if signed { ([x1, K::negated(y1, at.left.1)], [x2, K::negated(y2, at.right.1)]) } else { ([x1, y1], [x2, y2]) }
}

/// The sum of `(i + 1) * bucket[i]`. Each lane takes a range of buckets and adds its running sums.
#[inline(always)]
fn weighted<K: Kernel>(scratch: &Scratch<K>) -> K::Group {
    let width = K::Lanes::WIDTH;
    let range = scratch.buckets.len() / width;
    let (zero, one, three_b) = (K::Lanes::zero(), K::Lanes::one(), K::three_b());
    let (mut running, mut total) = ([zero, one, zero], [zero, one, zero]);
    for i in (0..range).rev() {
        let (mut at, mut empty) = ([0; 8], 0u8);
        let mut lane = 0;
        while lane < width {
            let (start, count) = scratch.buckets[lane * range + i];
            empty |= u8::from(count == 0) << lane;
            // any place will do where nothing is taken from it
            at[lane] = if count == 0 { 0 } else { start as usize };
            lane += 1;
        }
        let (x, y) = K::load(&scratch.points, at);
        let point = [x.replace(empty, zero), y.replace(empty, one), one.replace(empty, zero)];
        running = complete::add(running, point, three_b);
        total = complete::add(total, running, three_b);
    }
    let (sums, totals) = (K::groups(running[0], running[1], running[2]), K::groups(total[0], total[1], total[2]));
    // lane l began at l * range: its sum counts that often once more
    let (mut above, mut offsets) = (K::Group::ZERO, K::Group::ZERO);
    for sum in sums.iter().skip(1).rev() {
        above += sum;
        offsets += above;
    }
    for _ in 0..range.trailing_zeros() {
        offsets.double_in_place();
    }
    totals.into_iter().fold(offsets, |sum, total| sum + total)
}
