//! Square roots in the base field and its quadratic extension, which are most of what decoding a point of G1 costs.
//!
//! Both come from the power (p - 3)/4, p being 3 modulo 4, and are squared before they are given out. The library takes one power more in
//! the extension, to ask whether a square root exists before it takes one, and an inversion.

use ark_bn254::{Fq, Fq2};
use ark_ff::{AdditiveGroup, Field, MontFp, PrimeField};

const HALF: Fq = MontFp!("10944121435919637611123202872628637544348155578648911831344518947322613104292");

/// A square root of `x`.
pub(crate) fn root(x: Fq) -> Option<Fq> {
    let root = power(x) * x;
    (root.square() == x).then_some(root)
}

/// A square root of `x = a + b i`, i² being -1 ("Square root computation over even extension fields", eprint 2012/685, the complex method).
///
/// With n² = a² + b² and d = (a + n)/2, a root is s + b/(2 s) i for s² = d. If d is no square, then d' = (a - n)/2 is one, because
/// d d' = -b²/4; and the s that the power of d gives has s² = -d, so that (b/2)/s is the root of d'.
pub(crate) fn root_of_pair(x: Fq2) -> Option<Fq2> {
    if x.c1 == Fq::ZERO {
        return x.sqrt();
    }
    let norm = root(x.c0.square() + x.c1.square())?;
    let d = (x.c0 + norm) * HALF;
    // power * s is 1 if d is a square, and -1 if not: nothing need be inverted
    let power = power(d);
    let (s, quotient) = (power * d, x.c1 * HALF * power);
    let root = if s.square() == d { Fq2::new(s, quotient) } else { Fq2::new(-quotient, s) };
    (root.square() == x).then_some(root)
}

/// x to the (p - 3)/4, four bits at a time.
fn power(x: Fq) -> Fq {
    let mut powers = [Fq::ONE; 16];
    for i in 1..powers.len() {
        powers[i] = powers[i - 1] * x;
    }
    // p is 3 modulo 4: without its last two bits it is the exponent, and begins with two bits that are zero
    let nibbles = (0..63).rev().map(|i| bits(4 * i + 2));
    nibbles.fold(Fq::ONE, |mut power, nibble| {
        for _ in 0..4 {
            power.square_in_place();
        }
        power * powers[nibble]
    })
}

/// Four bits of p.
fn bits(from: usize) -> usize {
    let (word, shift) = (from / 64, from % 64);
    let [low, high] = [word, word + 1].map(|i| Fq::MODULUS.0.get(i).copied().unwrap_or(0));
    (((u128::from(low) | u128::from(high) << 64) >> shift) & 15) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::UniformRand;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn roots_are_the_librarys() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut found = [0; 2];
        for _ in 0..500 {
            let x = Fq::rand(&mut rng);
            let (ours, theirs) = (root(x), x.sqrt());
            assert!(ours == theirs || ours == theirs.map(|y| -y));
            found[0] += usize::from(ours.is_some());
            let x = Fq2::rand(&mut rng);
            let (ours, theirs) = (root_of_pair(x), x.sqrt());
            assert!(ours == theirs || ours == theirs.map(|y| -y));
            found[1] += usize::from(ours.is_some());
            assert!(root_of_pair(x.square()).is_some_and(|y| y == x || y == -x));
        }
        assert!(found.iter().all(|n| (200..300).contains(n)), "half of all elements are squares: {found:?}");
    }

    #[test]
    fn roots_of_special_pairs() {
        assert_eq!(HALF.double(), Fq::ONE);
        assert_eq!(root(Fq::ZERO), Some(Fq::ZERO));
        assert_eq!(root(-Fq::ONE), None, "-1 is no square");
        for x in [0i64, 1, -1, 2, -2, 3, -3, 4, -4] {
            for y in [0i64, 1, -1, 2, -5] {
                let square = Fq2::new(x.into(), y.into()).square();
                assert_eq!(root_of_pair(square).map(|root| root.square()), Some(square), "{x} + {y} i");
            }
        }
    }
}
