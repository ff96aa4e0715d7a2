use super::{POWER, QUIET, World};
use crate::accumulator::{Accumulator, AccumulatorError, file_digest, published};
use crate::container::ContainerError;
use crate::points::Point;
use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::Field;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use std::io::Cursor;

/// The size for which the files are read.
const SIZE: u32 = 6;

/// Where each section begins, in the order of the file.
fn sections(file: &[u8]) -> Vec<(u32, usize, usize)> {
    let mut at = 12;
    let mut all = vec![];
    while at < file.len() {
        let kind = u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
        let bytes = u64::from_le_bytes(file[at + 4..at + 12].try_into().unwrap()) as usize;
        all.push((kind, at + 12, bytes));
        at += 12 + bytes;
    }
    all
}

fn read(file: &[u8]) -> Result<Accumulator, AccumulatorError> {
    Accumulator::read(Cursor::new(file), SIZE, QUIET)
}

fn file() -> Vec<u8> {
    std::fs::read(World::new().path("powers.ptau")).unwrap()
}

/// The file with point `i` of a section exchanged.
fn with<P: crate::points::Point>(section: u32, i: usize, point: P) -> Vec<u8> {
    let mut file = file();
    let (_, begin, _) = sections(&file).into_iter().find(|(kind, ..)| *kind == section).unwrap();
    file[begin + i * P::BYTES..][..P::BYTES].copy_from_slice(&crate::points::encode(&[point]));
    file
}

fn some_point() -> G1Affine {
    (G1Affine::generator() * Fr::from(77u64)).into_affine()
}

fn some_twist_point() -> G2Affine {
    (G2Affine::generator() * Fr::from(77u64)).into_affine()
}

#[test]
fn what_is_no_successive_powers_is_refused() {
    let not_powers = |section: u32, i: usize| match read(&with(section, i, some_point())) {
        Err(AccumulatorError::NotPowers { section }) => section,
        other => panic!("{:?}", other.err()),
    };
    assert_eq!(not_powers(2, 0), "powers of tau in G1");
    assert_eq!(not_powers(2, 5), "powers of tau in G1");
    assert_eq!(not_powers(2, 2 * (1 << SIZE) - 1), "powers of tau in G1");
    assert_eq!(not_powers(4, 3), "alpha times powers of tau");
    assert_eq!(not_powers(5, (1 << SIZE) - 1), "beta times powers of tau");
    for i in [0, 1, 9] {
        let refused = read(&with(3, i, some_twist_point()));
        assert!(matches!(refused, Err(AccumulatorError::NotPowers { section: "powers of tau in G2" })), "{i}");
    }
    assert!(matches!(read(&with(6, 0, some_twist_point())), Err(AccumulatorError::Beta)));
    // points behind those that the circuit needs are nobody's concern
    read(&with(4, 1 << SIZE, some_point())).unwrap();
}

#[test]
fn untouched_powers_are_refused() {
    for section in [4, 5] {
        let refused = read(&with(section, 0, G1Affine::generator()));
        assert!(matches!(refused, Err(AccumulatorError::Untouched { .. })));
    }
    assert!(matches!(read(&with(2, 1, G1Affine::generator())), Err(AccumulatorError::Untouched { .. })));
}

#[test]
fn points_of_no_group_are_refused() {
    let mut off_curve = file();
    let (_, begin, _) = sections(&off_curve)[1];
    off_curve[begin + 7 * 64] ^= 1;
    assert!(matches!(read(&off_curve), Err(AccumulatorError::Point { section: "powers of tau in G1", index: 7 })));
    assert!(matches!(read(&with(4, 2, G1Affine::identity())), Err(AccumulatorError::Point { index: 2, .. })));
    let outside = (1u64..)
        .filter_map(|x| G2Affine::get_ys_from_x_unchecked(x.into()).map(|(y, _)| G2Affine::new_unchecked(x.into(), y)))
        .find(|point| !point.is_in_correct_subgroup_assuming_on_curve())
        .unwrap();
    assert!(matches!(read(&with(6, 0, outside)), Err(AccumulatorError::Point { section: "beta in G2", .. })));
}

#[test]
fn lagrange_bases_that_are_not_those_of_the_powers_are_refused() {
    let first_of_size = (1 << SIZE) - 1;
    for (section, name) in [(12, "Lagrange basis of tau in G1"), (14, "Lagrange basis of alpha tau"), (15, "Lagrange basis of beta tau")] {
        for i in [first_of_size, 2 * first_of_size] {
            let Err(AccumulatorError::Lagrange { section }) = read(&with(section, i, some_point())) else { panic!("{name} {i}") };
            assert_eq!(section, name);
        }
    }
    assert!(matches!(read(&with(12, 2 * first_of_size + 2, some_point())), Err(AccumulatorError::Lagrange { .. })), "of the double size");
    assert!(matches!(read(&with(13, first_of_size, some_twist_point())), Err(AccumulatorError::Lagrange { .. })));
}

/// Points that cancel for every honest quotient, but not for whoever looks for them in the key: snarkjs does not notice these.
#[test]
fn nothing_hides_in_the_last_power() {
    let mut file = file();
    let n = 2usize << SIZE;
    let (_, begin, _) = sections(&file).into_iter().find(|(kind, ..)| *kind == 12).unwrap();
    let domain = Radix2EvaluationDomain::<Fr>::new(n).unwrap();
    for k in 0..n {
        let at = begin + (n - 1 + k) * G1Affine::BYTES;
        let found = G1Affine::decode(&file[at..][..G1Affine::BYTES]).unwrap();
        let hidden = (found + some_point() * domain.element(k).pow([n as u64 - 1]).inverse().unwrap()).into_affine();
        file[at..][..G1Affine::BYTES].copy_from_slice(&crate::points::encode(&[hidden]));
    }
    assert!(matches!(read(&file), Err(AccumulatorError::Lagrange { section: "Lagrange basis of tau in G1" })));
}

#[test]
fn without_lagrange_bases_they_are_computed() {
    let file = file();
    let whole = read(&file).unwrap();
    let end = sections(&file).iter().find(|(kind, ..)| *kind == 12).unwrap().1 - 12;
    let mut short = file[..end].to_vec();
    short[8..12].copy_from_slice(&7u32.to_le_bytes());
    let computed = read(&short).unwrap();
    assert_eq!(whole.lagrange.odd_g1, computed.lagrange.odd_g1);
    assert_eq!(whole.lagrange.tau_g2, computed.lagrange.tau_g2);
    assert_eq!(whole.lagrange.beta_tau, computed.lagrange.beta_tau);
}

#[test]
fn a_file_must_be_large_enough_and_whole() {
    let file = file();
    // a file of the domain's own size does not say what its doubled basis has of the last power
    let too_small = Accumulator::read(Cursor::new(&file), POWER, QUIET).err();
    assert!(matches!(too_small, Some(AccumulatorError::TooSmall { needed: 8, found: 7 })));
    let cut = read(&file[..file.len() - 1]).err();
    assert!(matches!(cut, Some(AccumulatorError::Container(ContainerError::Truncated { section: 15 }))));
    let mut other_curve = file.clone();
    other_curve[12 + 12 + 4] ^= 1;
    assert!(matches!(read(&other_curve), Err(AccumulatorError::Header)));
    assert_eq!(published(&file_digest(&file[..]).unwrap()), None);
}
