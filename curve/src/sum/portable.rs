//! Kernels in the library's arithmetic.

use super::digits::{Shifted, Window};
use super::kernel::{Kernel, Places};
use super::window::{self, Scratch};
use crate::field::Lanes;
use crate::point::{G1Point, G2Point};
use ark_bn254::{Fq, Fq2, G1Affine, G1Projective, G2Affine, G2Projective, g1, g2};
use ark_ec::short_weierstrass::SWCurveConfig;
use ark_ff::BigInt;

/// G1.
pub(crate) struct PortableG1;
/// G2.
pub(crate) struct PortableG2;

fn element(words: [u64; 4]) -> Fq {
    Fq::new_unchecked(BigInt(words))
}

fn pair(words: [[u64; 4]; 2]) -> Fq2 {
    Fq2::new(element(words[0]), element(words[1]))
}

macro_rules! portable {
    ($name:ident, $point:ty, $field:ty, $affine:ty, $group:ty, $config:ty, $load:ident, $hole:expr) => {
        impl Kernel for $name {
            type Lanes = $field;
            type Point = $point;
            type Memory = $point;
            type Group = $group;
            const HOLE: $point = $hole;

            fn is_identity(point: &$point) -> bool {
                *point == Self::HOLE
            }
            fn prepare(points: &[$point]) -> Vec<$point> {
                points.to_vec()
            }
            #[inline(always)]
            fn load(points: &[$point], at: Places) -> ($field, $field) {
                let point = &points[at[0]];
                ($load(point.x), $load(point.y))
            }
            #[inline(always)]
            fn load_x(points: &[$point], at: Places) -> $field {
                $load(points[at[0]].x)
            }
            #[inline(always)]
            fn store(points: &mut [$point], at: Places, x: $field, y: $field) {
                points[at[0]] = <$point>::from(<$affine>::new_unchecked(x, y));
            }
            #[inline(always)]
            fn negated(y: $field, lanes: u8) -> $field {
                y.replace(lanes, -y)
            }
            #[inline(always)]
            fn three_b() -> $field {
                <$config>::COEFF_B + <$config>::COEFF_B + <$config>::COEFF_B
            }
            fn groups(x: $field, y: $field, z: $field) -> Vec<$group> {
                vec![<$group>::new_unchecked(x * z, y * z * z, z)]
            }
            fn window(points: &[$point], shifted: &[Shifted], window: Window, scratch: &mut Scratch<Self>) -> $group {
                window::sum(points, shifted, window, scratch)
            }
        }
    };
}
portable!(PortableG1, G1Point, Fq, G1Affine, G1Projective, g1::Config, element, G1Point { x: [0; 4], y: [0; 4] });
portable!(PortableG2, G2Point, Fq2, G2Affine, G2Projective, g2::Config, pair, G2Point { x: [[0; 4]; 2], y: [[0; 4]; 2] });
