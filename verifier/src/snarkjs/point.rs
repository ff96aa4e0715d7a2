//! Points as three coordinates, the third of which is one.

use super::SnarkjsError;
use super::json::Place;
use super::number;
use ark_bn254::{Fq, Fq2, Fq6, Fq12, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ff::{AdditiveGroup, Field, Zero};
use probity_params::point::PointError;

pub(super) type G1Text = [String; 3];
pub(super) type G2Text = [[String; 2]; 3];
pub(super) type GtText = [[[String; 2]; 3]; 2];

pub(super) fn read_g1(place: &Place<'_>) -> Result<G1Affine, SnarkjsError> {
    read(place, |place| place.element())
}

pub(super) fn read_g2(place: &Place<'_>) -> Result<G2Affine, SnarkjsError> {
    read(place, read_fq2)
}

fn read<C: SWCurveConfig>(
    place: &Place<'_>,
    coordinate: impl Fn(&Place<'_>) -> Result<C::BaseField, SnarkjsError>,
) -> Result<Affine<C>, SnarkjsError> {
    let [x, y, z] = place.items()?;
    let (x, y, z) = (coordinate(&x)?, coordinate(&y)?, coordinate(&z)?);
    let refused = |reason| Err(SnarkjsError::Point { field: place.name(), reason });
    if z.is_zero() {
        return refused(PointError::Identity);
    }
    if z != C::BaseField::ONE {
        return Err(SnarkjsError::NotAffine { field: place.name() });
    }
    let point = Affine::<C>::new_unchecked(x, y);
    if !point.is_on_curve() {
        return refused(PointError::NotOnCurve);
    }
    if !point.is_in_correct_subgroup_assuming_on_curve() {
        return refused(PointError::NotInSubgroup);
    }
    Ok(point)
}

fn read_fq2(place: &Place<'_>) -> Result<Fq2, SnarkjsError> {
    let [c0, c1] = place.items()?;
    Ok(Fq2::new(c0.element()?, c1.element()?))
}

/// An element of the target group: two of three of two.
pub(super) fn read_gt(place: &Place<'_>) -> Result<Fq12, SnarkjsError> {
    let fq6 = |place: &Place<'_>| -> Result<Fq6, SnarkjsError> {
        let [c0, c1, c2] = place.items()?;
        Ok(Fq6::new(read_fq2(&c0)?, read_fq2(&c1)?, read_fq2(&c2)?))
    };
    let [c0, c1] = place.items()?;
    Ok(Fq12::new(fq6(&c0)?, fq6(&c1)?))
}

pub(super) fn g1_text(point: &G1Affine) -> G1Text {
    projective(point).map(number::write)
}

pub(super) fn g2_text(point: &G2Affine) -> G2Text {
    projective(point).map(fq2_text)
}

pub(super) fn gt_text(x: &Fq12) -> GtText {
    [x.c0, x.c1].map(|x: Fq6| [x.c0, x.c1, x.c2].map(fq2_text))
}

fn fq2_text(x: Fq2) -> [String; 2] {
    [x.c0, x.c1].map(|c: Fq| number::write(c))
}

/// snarkjs writes the identity as (0, 1, 0).
fn projective<A: AffineRepr>(point: &A) -> [A::BaseField; 3] {
    let (zero, one) = (A::BaseField::ZERO, A::BaseField::ONE);
    point.xy().map_or([zero, one, zero], |(x, y)| [x, y, one])
}
