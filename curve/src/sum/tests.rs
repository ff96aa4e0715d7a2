use super::*;
use ark_bn254::{G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{Field, UniformRand};
use ark_std::rand::Rng;
use ark_std::rand::SeedableRng;
use ark_std::rand::rngs::StdRng;

fn points<A: AffineRepr>(count: usize, rng: &mut StdRng) -> Vec<A> {
    let points: Vec<A::Group> = (0..count).map(|_| A::Group::rand(rng)).collect();
    A::Group::normalize_batch(&points)
}

/// Of all sizes that a proof has: none, bits, small, large, the largest.
fn scalars(count: usize, rng: &mut StdRng) -> Vec<Fr> {
    let one = |_| match rng.gen_range(0..6) {
        0 => Fr::ZERO,
        1 => Fr::ONE,
        2 => -Fr::ONE,
        3 => Fr::from(rng.r#gen::<u32>()),
        _ => Fr::rand(rng),
    };
    (0..count).map(one).collect()
}

fn check_g1(points: &[G1Affine], scalars: &[Fr]) {
    let expected = G1Projective::msm(points, scalars).unwrap();
    let raw: Vec<G1Point> = points.iter().map(|p| (*p).into()).collect();
    assert_eq!(sum_g1(&raw, scalars), expected, "{} points", points.len());
    assert_eq!(sum::<portable::PortableG1>(&raw, scalars), expected, "{} points, portable", points.len());
}

fn check_g2(points: &[G2Affine], scalars: &[Fr]) {
    let expected = G2Projective::msm(points, scalars).unwrap();
    let raw: Vec<G2Point> = points.iter().map(|p| (*p).into()).collect();
    assert_eq!(sum_g2(&raw, scalars), expected, "{} points", points.len());
    assert_eq!(sum::<portable::PortableG2>(&raw, scalars), expected, "{} points, portable", points.len());
}

#[test]
fn sums_are_the_librarys() {
    let rng = &mut StdRng::seed_from_u64(1);
    for count in [0, 1, 2, 3, 7, 8, 9, 31, 100, 1_000, 5_000] {
        check_g1(&points(count, rng), &scalars(count, rng));
        check_g2(&points(count.min(1_000), rng), &scalars(count.min(1_000), rng));
    }
}

#[test]
fn the_identity_counts_nothing() {
    let rng = &mut StdRng::seed_from_u64(6);
    let (mut g1, mut g2): (Vec<G1Affine>, Vec<G2Affine>) = (points(50, rng), points(50, rng));
    for at in [0, 1, 7, 49] {
        (g1[at], g2[at]) = (G1Affine::identity(), G2Affine::identity());
    }
    for scalars in [vec![Fr::ONE; 50], scalars(50, rng)] {
        check_g1(&g1, &scalars);
        check_g2(&g2, &scalars);
    }
}

#[test]
fn equal_and_opposite_points_add_up() {
    let rng = &mut StdRng::seed_from_u64(2);
    let few: Vec<G1Affine> = points(3, rng);
    let few2: Vec<G2Affine> = points(3, rng);
    for count in [2, 20, 300] {
        let pick: Vec<usize> = (0..count).map(|_| rng.gen_range(0..3)).collect();
        let sign: Vec<bool> = (0..count).map(|_| rng.r#gen()).collect();
        let g1: Vec<G1Affine> = pick.iter().zip(&sign).map(|(i, s)| if *s { few[*i] } else { -few[*i] }).collect();
        let g2: Vec<G2Affine> = pick.iter().zip(&sign).map(|(i, s)| if *s { few2[*i] } else { -few2[*i] }).collect();
        for scalars in [vec![Fr::ONE; count], vec![-Fr::ONE; count], scalars(count, rng)] {
            check_g1(&g1, &scalars);
            check_g2(&g2, &scalars);
        }
    }
}

#[test]
fn words_that_are_no_points_do_not_panic() {
    let rng = &mut StdRng::seed_from_u64(3);
    let word = |rng: &mut StdRng| -> [u64; 4] { std::array::from_fn(|_| rng.r#gen()) };
    let g1: Vec<G1Point> = (0..200).map(|_| G1Point { x: word(rng), y: word(rng) }).chain([G1Point { x: [0; 4], y: [0; 4] }; 50]).collect();
    let g2: Vec<G2Point> = (0..200).map(|_| G2Point { x: [word(rng), word(rng)], y: [word(rng), word(rng)] }).collect();
    let scalars = scalars(250, rng);
    let _ = sum_g1(&g1, &scalars);
    let _ = sum_g2(&g2, &scalars[..200]);
}
