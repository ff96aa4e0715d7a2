//! The optimal ate loop for many pairs with one accumulator (Vercauteren, "Optimal pairings", eprint 2008/096), points of the twist in
//! homogeneous coordinates (Costello, Lange and Naehrig, "Faster pairing computations on curves with high-degree twists", eprint
//! 2009/615; Aranha et al., "The realm of the pairings", eprint 2013/722).
//!
//! Points of G1 stay in homogeneous coordinates, too, and lines are scaled by the last one: it lies in the base field, and the final
//! exponentiation sends it to one. So nothing is inverted, and the identity of G1 needs no case of its own.

use super::multiple::multiples;
use super::tower::{Line, Tower, Twelve, Two};
use super::{BaseLanes, Term};
use crate::field::Lanes;
use crate::field::extension::Extension;
use ark_bn254::{Config, Fq, Fq2, G2Affine, g2};
use ark_ec::bn::BnConfig;
use ark_ec::short_weierstrass::SWCurveConfig;
use ark_ff::AdditiveGroup;

/// A point of the twist in affine coordinates.
#[derive(Clone, Copy)]
struct Affine<L> {
    x: Two<L>,
    y: Two<L>,
}

/// A vector of pairs on its way through the loop.
pub(super) struct Pairs<L> {
    /// x, -y and z of the points of G1.
    x: L,
    minus_y: L,
    z: L,
    q: Affine<L>,
    /// The images of q under Frobenius, and minus those under its square.
    once: Affine<L>,
    minus_twice: Affine<L>,
    /// The multiple of q that the loop has come to.
    multiple: [Two<L>; 3],
}

/// What is added to the multiple.
#[derive(Clone, Copy)]
enum Addend {
    Q,
    MinusQ,
    Once,
    MinusTwice,
}

/// The points in lanes. Beyond the last, lanes repeat it.
#[inline(always)]
fn affine<L: BaseLanes>(points: &[G2Affine]) -> Affine<L> {
    let lanes = |part: fn(&G2Affine) -> Fq| L::from_fn(|lane| part(&points[lane.min(points.len() - 1)]));
    let x = Extension(lanes(|p| p.x.c0), lanes(|p| p.x.c1));
    Affine { x, y: Extension(lanes(|p| p.y.c0), lanes(|p| p.y.c1)) }
}

fn frobenius(point: &G2Affine) -> G2Affine {
    let conjugate = |x: Fq2| Fq2::new(x.c0, -x.c1);
    G2Affine::new_unchecked(conjugate(point.x) * Config::TWIST_MUL_BY_Q_X, conjugate(point.y) * Config::TWIST_MUL_BY_Q_Y)
}

impl<L: BaseLanes> Pairs<L> {
    /// From one term for each lane; if there are fewer, the other lanes are the identity's.
    #[inline(always)]
    pub(super) fn new(terms: &[Term]) -> Self {
        let [x, y, z] = multiples::<L>(terms);
        let q: Vec<G2Affine> = terms.iter().map(|term| term.b).collect();
        let once: Vec<G2Affine> = q.iter().map(frobenius).collect();
        let minus_twice: Vec<G2Affine> = once.iter().map(|point| -frobenius(point)).collect();
        let q = affine(&q);
        Self {
            x,
            minus_y: L::zero().sub_reduced(y),
            z,
            q,
            once: affine(&once),
            minus_twice: affine(&minus_twice),
            multiple: [q.x, q.y, Two::one()],
        }
    }

    /// The line `c0 y + c3 x w + c4 v w` at the points of G1, for minus c0.
    #[inline(always)]
    fn line(&self, minus_c0: Two<L>, c3: Two<L>, c4: Two<L>) -> Line<L> {
        Line { c0: minus_c0.scaled(self.minus_y), c3: c3.scaled(self.x), c4: c4.scaled(self.z) }
    }

    /// Doubles the multiple. The tangent at it, evaluated.
    #[inline(always)]
    fn double(&mut self, three_b: Two<L>) -> Line<L> {
        let [x, y, z] = self.multiple;
        let (xy, yz, zz) = (x.mul(y), y.mul(z), z.square());
        let b = y.square();
        let e = three_b.mul(zz);
        let f = e.add(e).add_reduced(e);
        let (xx, sum) = (x.square(), b.add_reduced(f));
        let yz2 = yz.add(yz);
        let twelve_ee = e.add(e).mul(f.add(f));
        self.multiple = [xy.add(xy).mul(b.sub_reduced(f)), sum.square().sub_reduced(twelve_ee), b.add(b).mul(yz2.add(yz2))];
        self.line(yz2, xx.add(xx).add(xx), e.sub_reduced(b))
    }

    /// Adds to the multiple. The chord through both, evaluated.
    #[inline(always)]
    fn add(&mut self, addend: Addend) -> Line<L> {
        let Affine { x: qx, y: qy } = match addend {
            Addend::Q => self.q,
            Addend::MinusQ => Affine { x: self.q.x, y: Two::zero().sub_reduced(self.q.y) },
            Addend::Once => self.once,
            Addend::MinusTwice => self.minus_twice,
        };
        let [x, y, z] = self.multiple;
        let (theta, lambda) = (y.sub_reduced(qy.mul(z)), x.sub_reduced(qx.mul(z)));
        let (c, d) = (theta.square(), lambda.square());
        let (e, f, g) = (lambda.mul(d), z.mul(c), x.mul(d));
        let h = e.add(f).sub_reduced(g.add(g));
        self.multiple = [lambda.mul(h), theta.mul(g.sub_reduced(h)).sub_reduced(e.mul(y)), z.mul(e)];
        self.line(lambda, theta, lambda.mul(qy).sub_reduced(theta.mul(qx)))
    }
}

/// The product of the pairs' loops, lane by lane.
#[inline(always)]
pub(super) fn accumulate<L: BaseLanes>(mut pairs: Vec<Pairs<L>>) -> Twelve<L> {
    let tower = Tower::<L>::new();
    let three_b = Two::<L>::constant(g2::Config::COEFF_B + g2::Config::COEFF_B.double());
    let mut f = Twelve::one();
    for step in steps() {
        if step.is_none() {
            f = tower.square(f);
        }
        for pair in &mut pairs {
            let line = match step {
                None => pair.double(three_b),
                Some(addend) => pair.add(addend),
            };
            f = tower.mul_line(f, &line);
        }
    }
    f
}

/// Doublings and additions in their order.
fn steps() -> Vec<Option<Addend>> {
    let mut steps = Vec::new();
    // the highest digit is where the multiple begins
    for digit in Config::ATE_LOOP_COUNT.iter().rev().skip(1) {
        steps.push(None);
        match digit {
            1 => steps.push(Some(Addend::Q)),
            -1 => steps.push(Some(Addend::MinusQ)),
            _ => {}
        }
    }
    steps.extend([Some(Addend::Once), Some(Addend::MinusTwice)]);
    steps
}
