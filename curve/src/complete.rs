//! Complete formulas for curves y² = x³ + b in homogeneous coordinates, which have no special cases (Renes, Costello, Batina, "Complete
//! addition formulas for prime order elliptic curves", EUROCRYPT 2016). `three_b` is 3b.
//!
//! Coordinates come in and out below 3.3p.

use crate::field::Lanes;

/// The sum: algorithm 7.
#[inline(always)]
pub(crate) fn add<L: Lanes>([x1, y1, z1]: [L; 3], [x2, y2, z2]: [L; 3], three_b: L) -> [L; 3] {
    let (xx, yy, zz) = (x1.mul(x2), y1.mul(y2), z1.mul(z2));
    let xy = x1.add(y1).mul(x2.add(y2)).sub(xx.add(yy));
    let yz = y1.add(z1).mul(y2.add(z2)).sub(yy.add(zz));
    let xz = x1.add(z1).mul(x2.add(z2)).sub(xx.add(zz));
    let triple = xx.add(xx).add(xx);
    let bzz = three_b.mul(zz);
    let (plus, minus) = (yy.add(bzz), yy.sub(bzz));
    let bxz = three_b.mul(xz);
    let x3 = xy.mul(minus).sub_reduced(yz.mul(bxz));
    let y3 = minus.mul(plus).add(bxz.mul(triple));
    let z3 = yz.mul(plus).add(triple.mul(xy));
    [x3, y3, z3]
}

/// Twice a point: algorithm 9.
#[inline(always)]
pub(crate) fn double<L: Lanes>([x, y, z]: [L; 3], three_b: L) -> [L; 3] {
    let (yy, yz, xy) = (y.square(), y.mul(z), x.mul(y));
    let bzz = three_b.mul(z.square());
    let yy4 = yy.add(yy).add(yy.add(yy));
    let yy8 = yy4.add(yy4);
    let difference = yy.sub(bzz.add(bzz).add_reduced(bzz));
    let x3 = difference.mul(xy);
    let y3 = difference.mul(yy.add(bzz)).add(bzz.mul(yy8));
    [x3.add(x3), y3, yz.mul(yy8)]
}
