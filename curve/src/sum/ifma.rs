//! Kernels in eight lanes.
//!
//! # Safety
//! As in [`crate::field::ifma`]: these kernels are chosen only after [`crate::field::has_ifma`].

#![expect(unsafe_code, reason = "entering code that is compiled for the CPU's vector instructions")]

use super::digits::{Shifted, Window};
use super::kernel::{Kernel, Places};
use super::window::{self, Scratch};
use crate::field::Lanes;
use crate::field::extension::Extension;
use crate::field::ifma::{Fp8, gather, load_narrow, scatter, store_narrow, transpose};
use crate::field::modulus::Base;
use crate::point::{G1Point, G2Point};
use ark_bn254::{Fq2, G1Projective, G2Projective, g1, g2};
use ark_ec::short_weierstrass::SWCurveConfig;
use ark_ff::AdditiveGroup;

type Fq8 = Fp8<Base>;

/// G1: one row of eight words, x and y.
pub(crate) struct IfmaG1;
/// G2: two rows, x and y.
pub(crate) struct IfmaG2;

/// A point's row in memory form.
#[inline(always)]
fn halves(row: [std::arch::x86_64::__m512i; 8]) -> (Fq8, Fq8) {
    let [a, b, c, d, e, f, g, h] = row;
    (Fq8::from_wide([a, b, c, d]), Fq8::from_wide([e, f, g, h]))
}

#[inline(always)]
fn joined(low: Fq8, high: Fq8) -> [std::arch::x86_64::__m512i; 8] {
    let ([a, b, c, d], [e, f, g, h]) = (low.to_wide(), high.to_wide());
    [a, b, c, d, e, f, g, h]
}

/// Numbers in the library's form to memory form.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
unsafe fn import(numbers: &mut [[u64; 4]; 8]) {
    let ours = Fq8::from_wide(load_narrow(numbers)).imported();
    store_narrow(ours.to_wide(), numbers);
}

fn whole_row(halves: &[[u64; 4]; 2]) -> [u64; 8] {
    std::array::from_fn(|i| halves[i / 4][i % 4])
}

impl Kernel for IfmaG1 {
    type Lanes = Fq8;
    type Point = G1Point;
    type Memory = [[u64; 8]; 1];
    type Group = G1Projective;
    const HOLE: Self::Memory = [[0; 8]];

    fn is_identity(point: &G1Point) -> bool {
        *point == (G1Point { x: [0; 4], y: [0; 4] })
    }
    fn prepare(points: &[G1Point]) -> Vec<Self::Memory> {
        let mut memory = Vec::with_capacity(points.len());
        for points in points.chunks(4) {
            let mut numbers = [[0; 4]; 8];
            for (numbers, point) in numbers.as_chunks_mut().0.iter_mut().zip(points) {
                *numbers = [point.x, point.y];
            }
            // SAFETY: chosen after has_ifma
            unsafe { import(&mut numbers) };
            memory.extend(numbers.as_chunks::<2>().0[..points.len()].iter().map(|xy| [whole_row(xy)]));
        }
        memory
    }
    #[inline(always)]
    fn load(points: &[Self::Memory], at: Places) -> (Fq8, Fq8) {
        halves(transpose(gather(points, 0, at)))
    }
    #[inline(always)]
    fn load_x(points: &[Self::Memory], at: Places) -> Fq8 {
        Self::load(points, at).0
    }
    #[inline(always)]
    fn store(points: &mut [Self::Memory], at: Places, x: Fq8, y: Fq8) {
        scatter(transpose(joined(x, y)), points, 0, at);
    }
    #[inline(always)]
    fn negated(y: Fq8, lanes: u8) -> Fq8 {
        y.negated(lanes)
    }
    #[inline(always)]
    fn three_b() -> Fq8 {
        let b = g1::Config::COEFF_B;
        Fq8::from_elements(&[b + b + b; 8])
    }
    fn groups(x: Fq8, y: Fq8, z: Fq8) -> Vec<G1Projective> {
        let (x, y, z) = (x.elements(), y.elements(), z.elements());
        (0..8).map(|i| G1Projective::new_unchecked(x[i] * z[i], y[i] * z[i].square(), z[i])).collect()
    }
    fn window(points: &[Self::Memory], shifted: &[Shifted], window: Window, scratch: &mut Scratch<Self>) -> G1Projective {
        #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
        unsafe fn enter(
            points: &[<IfmaG1 as Kernel>::Memory],
            shifted: &[Shifted],
            window: Window,
            scratch: &mut Scratch<IfmaG1>,
        ) -> G1Projective {
            window::sum(points, shifted, window, scratch)
        }
        // SAFETY: chosen after has_ifma
        unsafe { enter(points, shifted, window, scratch) }
    }
}

impl Kernel for IfmaG2 {
    type Lanes = Extension<Fq8>;
    type Point = G2Point;
    type Memory = [[u64; 8]; 2];
    type Group = G2Projective;
    const HOLE: Self::Memory = [[0; 8]; 2];

    fn is_identity(point: &G2Point) -> bool {
        *point == (G2Point { x: [[0; 4]; 2], y: [[0; 4]; 2] })
    }
    fn prepare(points: &[G2Point]) -> Vec<Self::Memory> {
        let mut memory = Vec::with_capacity(points.len());
        for points in points.chunks(2) {
            let mut numbers = [[[[0; 4]; 2]; 2]; 2];
            for (numbers, point) in numbers.iter_mut().zip(points) {
                *numbers = [point.x, point.y];
            }
            // SAFETY: chosen after has_ifma
            unsafe { import(numbers.as_flattened_mut().as_flattened_mut().try_into().expect("twice four numbers")) };
            memory.extend(numbers[..points.len()].iter().map(|xy| xy.each_ref().map(whole_row)));
        }
        memory
    }
    #[inline(always)]
    fn load(points: &[Self::Memory], at: Places) -> (Extension<Fq8>, Extension<Fq8>) {
        let (y0, y1) = halves(transpose(gather(points, 1, at)));
        (Self::load_x(points, at), Extension(y0, y1))
    }
    #[inline(always)]
    fn load_x(points: &[Self::Memory], at: Places) -> Extension<Fq8> {
        let (x0, x1) = halves(transpose(gather(points, 0, at)));
        Extension(x0, x1)
    }
    #[inline(always)]
    fn store(points: &mut [Self::Memory], at: Places, x: Extension<Fq8>, y: Extension<Fq8>) {
        scatter(transpose(joined(x.0, x.1)), points, 0, at);
        scatter(transpose(joined(y.0, y.1)), points, 1, at);
    }
    #[inline(always)]
    fn negated(y: Extension<Fq8>, lanes: u8) -> Extension<Fq8> {
        Extension(y.0.negated(lanes), y.1.negated(lanes))
    }
    #[inline(always)]
    fn three_b() -> Extension<Fq8> {
        let b = g2::Config::COEFF_B;
        let b = b + b + b;
        Extension(Fq8::from_elements(&[b.c0; 8]), Fq8::from_elements(&[b.c1; 8]))
    }
    fn groups(x: Extension<Fq8>, y: Extension<Fq8>, z: Extension<Fq8>) -> Vec<G2Projective> {
        let elements = |e: Extension<Fq8>| {
            let (c0, c1) = (e.0.elements(), e.1.elements());
            (0..8).map(|i| Fq2::new(c0[i], c1[i])).collect::<Vec<_>>()
        };
        let (x, y, z) = (elements(x), elements(y), elements(z));
        let point = |i: usize| {
            if z[i] == Fq2::ZERO {
                return G2Projective::ZERO;
            }
            G2Projective::new_unchecked(x[i] * z[i], y[i] * z[i].square(), z[i])
        };
        (0..8).map(point).collect()
    }
    fn window(points: &[Self::Memory], shifted: &[Shifted], window: Window, scratch: &mut Scratch<Self>) -> G2Projective {
        #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
        unsafe fn enter(
            points: &[<IfmaG2 as Kernel>::Memory],
            shifted: &[Shifted],
            window: Window,
            scratch: &mut Scratch<IfmaG2>,
        ) -> G2Projective {
            window::sum(points, shifted, window, scratch)
        }
        // SAFETY: chosen after has_ifma
        unsafe { enter(points, shifted, window, scratch) }
    }
}
