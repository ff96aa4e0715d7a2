//! A proof that a contributor knew the factor, bound to who they are and to all that came before.
//!
//! Schnorr's proof for `delta_after = factor * delta_before` in G1, the challenge drawn from a merlin transcript. Unlike the pairs of
//! [`crate::contribution`] it can't be copied under another name, and needs no assumption about exponents.

use ark_bn254::{Fr, G1Affine};
use ark_ec::CurveGroup;
use ark_ff::{BigInteger, PrimeField, UniformRand};
use merlin::Transcript;
use probity_credit::digest::Digest;
use probity_ledger::encoding::hex_array;
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::points::{Point, encode};

/// The proof: a commitment and a response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, borsh::BorshSerialize)]
#[serde(deny_unknown_fields)]
pub struct Knowledge {
    /// A point of G1 as files hold it.
    #[serde(with = "hex_array")]
    commitment: [u8; 64],
    /// A number below the order of the group, least significant byte first.
    #[serde(with = "hex_array")]
    response: [u8; 32],
}

/// What is proved: the same factor for both points, under a statement.
fn claim(statement: &Digest, before: &G1Affine, after: &G1Affine) -> Transcript {
    let mut transcript = Transcript::new(b"probity ceremony, knowledge of a factor");
    transcript.append_message(b"statement", &statement.0);
    transcript.append_message(b"before", &before.hashed());
    transcript.append_message(b"after", &after.hashed());
    transcript
}

fn challenge(mut transcript: Transcript, commitment: &G1Affine) -> Fr {
    transcript.append_message(b"commitment", &commitment.hashed());
    let mut wide = [0; 64];
    transcript.challenge_bytes(b"challenge", &mut wide);
    #[expect(clippy::disallowed_methods, reason = "512 uniform bits are reduced to a uniform element; nothing is decoded")]
    Fr::from_le_bytes_mod_order(&wide)
}

impl Knowledge {
    /// Proves knowledge of `factor` under a statement that names everything else.
    pub(crate) fn prove(statement: &Digest, before: &G1Affine, after: &G1Affine, factor: &Fr) -> Self {
        let transcript = claim(statement, before, after);
        // from the factor as well as from the system: where the system's randomness is known, what the contributor typed still protects both
        let factor_bytes = Zeroizing::new(factor.into_bigint().to_bytes_le());
        let mut rng = transcript.build_rng().rekey_with_witness_bytes(b"factor", &factor_bytes).finalize(&mut OsRng);
        let nonce = Zeroizing::new(Fr::rand(&mut rng));
        let commitment = (*before * *nonce).into_affine();
        let response = *nonce + challenge(transcript, &commitment) * factor;
        let response = response.into_bigint().to_bytes_le().try_into().expect("an element has 32 bytes");
        Self { commitment: encode(&[commitment]).try_into().expect("a point has 64 bytes"), response }
    }

    /// Checks it. Cost: two scalar products.
    pub(crate) fn holds(&self, statement: &Digest, before: &G1Affine, after: &G1Affine) -> bool {
        let (words, _) = self.response.as_chunks::<8>();
        let words: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
        let response = words.try_into().ok().and_then(|words| Fr::from_bigint(ark_ff::BigInt(words)));
        let (Some(commitment), Some(response)) = (G1Affine::decode(&self.commitment), response) else { return false };
        *before * response == commitment + *after * challenge(claim(statement, before, after), &commitment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn only_the_factor_s_owner_proves_and_only_this_statement() {
        let rng = &mut StdRng::seed_from_u64(1);
        let (factor, before, statement) = (Fr::rand(rng), G1Affine::rand(rng), Digest([1; 32]));
        let after = (before * factor).into_affine();
        let proof = Knowledge::prove(&statement, &before, &after, &factor);
        assert!(proof.holds(&statement, &before, &after));
        assert!(!proof.holds(&Digest([2; 32]), &before, &after), "another statement");
        assert!(!proof.holds(&statement, &before, &G1Affine::rand(rng)), "another result");
        assert!(!Knowledge::prove(&statement, &before, &after, &Fr::rand(rng)).holds(&statement, &before, &after), "another factor");
        for i in [0, 63] {
            let mut changed = proof.clone();
            changed.commitment[i] ^= 1;
            assert!(!changed.holds(&statement, &before, &after));
        }
        let words = proof.response.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).collect::<Vec<u64>>();
        let mut second = ark_ff::BigInt::<4>(words.try_into().unwrap());
        assert!(!second.add_with_carry(&Fr::MODULUS), "twice the modulus fits into 256 bits");
        let response = second.to_bytes_le().try_into().unwrap();
        assert!(!Knowledge { response, ..proof }.holds(&statement, &before, &after), "a second encoding of the response");
    }
}
