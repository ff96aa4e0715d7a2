use super::super::has_ifma;
use super::super::modulus::{Base, MASK, Scalar};
use super::*;
use ark_ff::{AdditiveGroup, UniformRand};
use ark_std::rand::rngs::StdRng;
use ark_std::rand::{Rng, SeedableRng};

type Words = [u64; WORDS];

/// Carries, the words being at most 2^63.
fn normal(mut words: Words) -> Words {
    for i in 0..WORDS - 1 {
        words[i + 1] += words[i] >> BITS;
        words[i] &= MASK;
    }
    words
}

/// `k` times p, and a little more.
fn multiple<M: Modulus>(k: u64, more: u64) -> Words {
    let mut words = M::P.map(|word| word * k);
    words[0] += more;
    normal(words)
}

/// Whole multiples of p with their neighbours, words of ones, random numbers: below `limit` p, which is at most 8.
fn edges<M: Modulus>(limit: u64, rng: &mut StdRng) -> Vec<Words> {
    let mut edges: Vec<Words> = (0..limit).flat_map(|k| [0, 1, 2].map(|more| multiple::<M>(k, more))).collect();
    for k in 1..=limit {
        let mut words = M::P.map(|word| word * k);
        words[0] -= 1;
        edges.push(normal(words));
    }
    let top = multiple::<M>(limit, 0)[WORDS - 1];
    // the last word decides what a reduction takes off: on both sides of where it decides otherwise
    edges.extend((0..=top >> 45).filter(|t| t << 45 < top).map(|t| [0, 0, 0, 0, t << 45]));
    edges.extend((1..=top >> 45).map(|t| [MASK, MASK, MASK, MASK, (t << 45) - 1]));
    edges.push([MASK, MASK, MASK, MASK, 0]);
    edges.extend((0..20).map(|_| std::array::from_fn(|i| if i < WORDS - 1 { rng.r#gen::<u64>() & MASK } else { rng.gen_range(0..top) })));
    edges
}

/// What the words stand for, in the library's arithmetic: the Montgomery factor is 2^260.
fn value<M: Modulus>(words: Words) -> M::Field {
    let number = words.iter().rev().fold(M::Field::ZERO, |sum, word| sum * M::Field::from(1u64 << BITS) + M::Field::from(*word));
    number / M::Field::from(2u64).pow([260])
}

fn lane<M: Modulus>(x: Fp8<M>) -> Words {
    x.words.map(|vector| {
        let mut out = [0u64; 8];
        // SAFETY: the tests ask has_ifma
        unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), vector) };
        out[3]
    })
}

fn check<M: Modulus>(x: Fp8<M>, expected: M::Field, reduced: bool, what: &str) {
    let words = lane(x);
    assert!(words.iter().all(|word| *word <= MASK), "{what}: words are normal, found {words:x?}");
    assert_eq!(value::<M>(words), expected, "{what}");
    if reduced {
        let limit = multiple::<M>(2, 0);
        assert!(words.iter().rev().lt(limit.iter().rev()), "{what}: reduced, found {words:x?}");
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
unsafe fn at_the_edges<M: Modulus>() {
    let rng = &mut StdRng::seed_from_u64(1);
    let (below_2, below_4, below_6) = (edges::<M>(2, rng), edges::<M>(4, rng), edges::<M>(6, rng));
    for &a in &below_6 {
        let (x, vx) = (Fp8::<M>::constant(a), value::<M>(a));
        assert_eq!(x.zero_lanes() == u8::MAX, vx == M::Field::ZERO, "zero, {a:x?}");
        check(x.square(), vx * vx, false, "square");
        for &b in &below_4 {
            let (y, vy) = (Fp8::<M>::constant(b), value::<M>(b));
            check(x.mul(y), vx * vy, false, "product");
            check(x.add(y), vx + vy, false, "sum");
            check(x.sub(y), vx - vy, false, "difference");
            check(x.sub_reduced(y), vx - vy, true, "reduced difference");
        }
    }
    for &a in &below_4 {
        let (x, vx) = (Fp8::<M>::constant(a), value::<M>(a));
        for &b in &below_2 {
            let (y, vy) = (Fp8::<M>::constant(b), value::<M>(b));
            check(x.add_reduced(y), vx + vy, true, "reduced sum");
        }
    }
    for &a in &below_2 {
        let (x, vx) = (Fp8::<M>::constant(a), value::<M>(a));
        assert_eq!(x.elements(), [vx; 8], "export");
        check(x.negated(u8::MAX), -vx, true, "negated");
        check(Fp8::<M>::from_elements(&[vx; 8]), vx, true, "import");
        for &b in &below_2 {
            let (y, vy) = (Fp8::<M>::constant(b), value::<M>(b));
            let difference = x.sub(y);
            assert!(vx != vy || difference.perhaps_zero(), "{a:x?} and {b:x?} are equal");
            let (i, j) = (Extension(x, y), Extension(y, x));
            let (product, square) = (i.mul(j), i.square());
            check(product.0, M::Field::ZERO, true, "product in the extension, real part");
            check(product.1, vx * vx + vy * vy, true, "product in the extension, imaginary part");
            check(square.0, (vx + vy) * (vx - vy), false, "square in the extension, real part");
            check(square.1, vx * vy + vx * vy, false, "square in the extension, imaginary part");
        }
    }
}

#[test]
fn eight_lanes_are_right_at_their_edges() {
    if !has_ifma() {
        println!("this CPU has no AVX-512 IFMA: nothing to test");
        return;
    }
    // SAFETY: asked
    unsafe {
        at_the_edges::<Base>();
        at_the_edges::<Scalar>();
    }
    let rng = &mut StdRng::seed_from_u64(2);
    let elements = std::array::from_fn(|_| <Base as Modulus>::Field::rand(rng));
    assert_eq!(Fp8::<Base>::from_elements(&elements).elements(), elements);
}
