//! Secrets and points drawn from a seed exactly as snarkjs draws them, so that its contributions and ours verify each other.
//!
//! The source is ChaCha20 with the seed as key. snarkjs reads the seed's words most significant byte first, takes 64-bit numbers as two
//! words, high one first, and rejects what is not below the modulus.

use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine, g1, g2};
use ark_ec::AffineRepr;
use ark_ec::short_weierstrass::SWCurveConfig;
use ark_ff::{AdditiveGroup, BigInt, BigInteger, Field, Fp256, MontBackend, MontConfig, PrimeField};
use blake2::Blake2b512;
use rand::RngCore;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize;

/// A Blake2b digest, as ceremonies of circom's tools use it.
pub(crate) fn blake2b(parts: &[&[u8]]) -> [u8; 64] {
    let mut hasher = Blake2b512::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The stream of one seed. Overwritten when dropped: whoever has its state can draw the same.
pub(crate) struct Draw(Box<ChaCha20Rng>);

impl Drop for Draw {
    fn drop(&mut self) {
        *self.0 = ChaCha20Rng::from_seed([0; 32]);
        std::hint::black_box(&self.0);
    }
}

impl Draw {
    /// From the first 32 bytes of a hash.
    pub(crate) fn from_hash(hash: &[u8]) -> Self {
        let mut key = [0; 32];
        for (word, bytes) in key.as_chunks_mut::<4>().0.iter_mut().zip(hash.as_chunks::<4>().0) {
            *word = *bytes;
            word.reverse();
        }
        let draw = Self(Box::new(ChaCha20Rng::from_seed(key)));
        key.zeroize();
        draw
    }

    /// From a beacon: its bytes, hashed two to the power of `exponent` times.
    pub(crate) fn from_beacon(beacon: &[u8], exponent: u8) -> Self {
        let mut hash: [u8; 32] = Sha256::digest(beacon).into();
        for _ in 1..1u64 << exponent {
            hash = Sha256::digest(hash).into();
        }
        Self::from_hash(&hash)
    }

    /// The number drawn is taken for the Montgomery form.
    fn element<C: MontConfig<4>>(&mut self) -> Fp256<MontBackend<C, 4>> {
        loop {
            let mut words = [0; 4];
            for word in &mut words {
                *word = u64::from(self.0.next_u32()) << 32 | u64::from(self.0.next_u32());
            }
            words[3] &= u64::MAX >> (256 - C::MODULUS.num_bits());
            if BigInt(words) < C::MODULUS {
                return Fp256::new_unchecked(BigInt(words));
            }
        }
    }

    /// A secret.
    pub(crate) fn scalar(&mut self) -> Fr {
        self.element()
    }

    fn flag(&mut self) -> bool {
        self.0.next_u32() & 1 == 1
    }

    /// A point of G1 whose logarithm nobody knows.
    pub(crate) fn g1(&mut self) -> G1Affine {
        loop {
            let x: Fq = self.element();
            let large = self.flag();
            if let Some(y) = (x.square() * x + g1::Config::COEFF_B).sqrt() {
                return G1Affine::new_unchecked(x, if large == is_large(&y) { y } else { -y });
            }
        }
    }

    /// The same in G2.
    pub(crate) fn g2(&mut self) -> G2Affine {
        loop {
            let x = Fq2::new(self.element(), self.element());
            let large = self.flag();
            if let Some(y) = (x.square() * x + g2::Config::COEFF_B).sqrt() {
                let negative = if y.c1 == Fq::ZERO { is_large(&y.c0) } else { is_large(&y.c1) };
                return G2Affine::new_unchecked(x, if large == negative { y } else { -y }).mul_by_cofactor();
            }
        }
    }
}

/// Whether an element is above half the modulus: what circom's tools call negative.
fn is_large(y: &Fq) -> bool {
    y.into_bigint() > Fq::MODULUS_MINUS_ONE_DIV_TWO
}
