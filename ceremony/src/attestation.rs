//! A contributor's signed word about their contribution, for the web page or the post in which they stand by it.

use probity_credit::digest::Digest;
use probity_credit::hash::label::sha256::ATTESTATION;
use probity_ledger::encoding::hex_array;
use probity_ledger::keys::{PublicKey, SecretKey, Signature};
use serde::{Deserialize, Serialize};

use crate::transcript::{Origin, Transcript};

/// Why an attestation is not given, or not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttestationError {
    /// There is no such contribution.
    #[error("the transcript has no contribution {number}")]
    NoSuch {
        /// Counted from 1.
        number: usize,
    },
    /// Nobody made a beacon's contribution.
    #[error("contribution {number} is a beacon's: there is nobody to attest it")]
    Beacon {
        /// Counted from 1.
        number: usize,
    },
    /// Another key signed the contribution.
    #[error("contribution {number} was signed by {signer}: only that key attests it")]
    OtherSigner {
        /// Counted from 1.
        number: usize,
        /// Who signed it.
        signer: PublicKey,
    },
    /// The attestation names another contribution.
    #[error("the attestation is about another contribution than number {number} of this transcript")]
    OtherContribution {
        /// Counted from 1.
        number: usize,
    },
    /// The signature is not the signer's over this text.
    #[error("the attestation's signature does not fit: its text was changed")]
    Signature,
}

/// "This contribution is mine, and I kept nothing of its factor."
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// The circuit.
    pub circuit: String,
    /// Number of the contribution, counted from 1.
    pub number: usize,
    /// Blake2b-512 of the contribution.
    #[serde(with = "hex_array")]
    pub contribution: [u8; 64],
    /// What is attested, in words.
    pub statement: String,
    /// Whose word it is.
    pub signer: PublicKey,
    /// Over everything else.
    pub signature: Signature,
}

impl Attestation {
    /// Signs the word of whoever made contribution `number`. `statement` is what they want to say about how.
    ///
    /// # Errors
    /// [`AttestationError`].
    pub fn sign(transcript: &Transcript, number: usize, statement: &str, secret: &SecretKey) -> Result<Self, AttestationError> {
        let entry = number.checked_sub(1).and_then(|i| transcript.entries.get(i)).ok_or(AttestationError::NoSuch { number })?;
        let mut attestation = Self {
            circuit: transcript.circuit.clone(),
            number,
            contribution: entry.contribution,
            statement: statement.to_owned(),
            signer: secret.public(),
            signature: Signature([0; 64]),
        };
        attestation.signature = secret.sign(&attestation.digest());
        attestation.check(transcript)?;
        Ok(attestation)
    }

    /// Checks that it is about this transcript and from whoever it can be from. A contribution that was taken in from another program is
    /// attested by any key: the transcript does not know its maker's.
    ///
    /// # Errors
    /// [`AttestationError`].
    pub fn check(&self, transcript: &Transcript) -> Result<(), AttestationError> {
        let number = self.number;
        let entry = number.checked_sub(1).and_then(|i| transcript.entries.get(i)).ok_or(AttestationError::NoSuch { number })?;
        if self.contribution != entry.contribution || self.circuit != transcript.circuit {
            return Err(AttestationError::OtherContribution { number });
        }
        match entry.origin {
            Origin::Beacon => return Err(AttestationError::Beacon { number }),
            Origin::Probity { .. } if self.signer != entry.signer => {
                return Err(AttestationError::OtherSigner { number, signer: entry.signer });
            }
            _ => {}
        }
        self.signer.verify(&self.digest(), &self.signature).map_err(|_| AttestationError::Signature)
    }

    fn digest(&self) -> Digest {
        let Self { circuit, number, contribution, statement, signer, signature: _ } = self;
        Digest::of_value(ATTESTATION, &(circuit, *number as u64, contribution, statement, signer))
    }
}
