//! Sums of multiples of points (multi-scalar multiplication).
//!
//! `digits` cuts scalars into signed digits; for each place `window` sorts points into buckets and adds; the places are put together
//! here. Places are independent, so all cores have work; sums that run at the same time share them.

mod digits;
#[cfg(target_arch = "x86_64")]
mod ifma;
mod kernel;
mod portable;
mod window;

use crate::field::has_ifma;
use crate::point::{G1Point, G2Point};
use ark_bn254::{Fr, G1Projective, G2Projective};
use ark_ff::AdditiveGroup;
use digits::Window;
use kernel::Kernel;
use rayon::prelude::*;
use window::Scratch;
use zeroize::Zeroize;

/// The sum of `scalars[i] * points[i]`.
///
/// Words of a point that are not canonical, or no point of the curve, make a meaningless result and no panic. Cost: about 20 affine
/// additions a point whose scalar is large, fewer for small scalars, none for zero. Scalars and what follows from them are wiped.
///
/// # Panics
/// If there are not as many points as scalars, or more than 2^31.
pub fn sum_g1(points: &[G1Point], scalars: &[Fr]) -> G1Projective {
    #[cfg(target_arch = "x86_64")]
    if has_ifma() {
        return sum::<ifma::IfmaG1>(points, scalars);
    }
    sum::<portable::PortableG1>(points, scalars)
}

/// The same in G2.
///
/// # Panics
/// As [`sum_g1`].
pub fn sum_g2(points: &[G2Point], scalars: &[Fr]) -> G2Projective {
    #[cfg(target_arch = "x86_64")]
    if has_ifma() {
        return sum::<ifma::IfmaG2>(points, scalars);
    }
    sum::<portable::PortableG2>(points, scalars)
}

fn sum<K: Kernel>(points: &[K::Point], scalars: &[Fr]) -> K::Group {
    assert_eq!(points.len(), scalars.len(), "a scalar for each point");
    assert!(points.len() < kernel::NEGATIVE as usize, "indices have 31 bits");
    let (mut integers, bits_in_all) = digits::integers(scalars);
    for (integer, point) in integers.iter_mut().zip(points) {
        // the identity has no affine coordinates: it counts nothing
        if K::is_identity(point) {
            *integer = [0; 4];
        }
    }
    let bits = digits::best_bits(bits_in_all);
    let mut shifted = digits::shift(&integers, bits);
    integers.zeroize();
    let points = K::prepare(points);
    let places = (0..Window::count(bits)).into_par_iter();
    let windows: Vec<K::Group> =
        places.map_init(Scratch::new, |scratch, place| K::window(&points, &shifted, Window { bits, place }, scratch)).collect();
    shifted.zeroize();
    windows.into_iter().rev().fold(K::Group::ZERO, |mut sum, window| {
        for _ in 0..bits {
            sum.double_in_place();
        }
        sum + window
    })
}

#[cfg(test)]
mod tests;
