//! Field elements as canonical decimals.

use ark_ff::{BigInteger256, PrimeField};

/// Digits of the largest element; both fields of the curve have as many.
const DIGITS_MAX: usize = 77;

/// Why a text is no element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Empty, too long, or with another character than a digit.
    #[error("is not a decimal number of 1 to {DIGITS_MAX} digits")]
    NotDecimal,
    /// A second way to write a number.
    #[error("begins with a zero: write the number without it")]
    LeadingZero,
    /// It would alias a smaller number.
    #[error("is not below the field's modulus: write the canonical representative")]
    NotCanonical,
}

/// The element that a text stands for.
pub(super) fn parse<P: PrimeField<BigInt = BigInteger256>>(text: &str) -> Result<P, NumberError> {
    let digits = text.as_bytes();
    if digits.is_empty() || digits.len() > DIGITS_MAX || !digits.iter().all(u8::is_ascii_digit) {
        return Err(NumberError::NotDecimal);
    }
    if digits[0] == b'0' && digits.len() > 1 {
        return Err(NumberError::LeadingZero);
    }
    let mut limbs = [0u64; 4];
    for digit in digits {
        let mut carry = u128::from(digit - b'0');
        for limb in &mut limbs {
            let product = u128::from(*limb) * 10 + carry;
            (*limb, carry) = (product as u64, product >> 64);
        }
        // 10^77 is below 2^256: nothing is carried out of the last limb
    }
    P::from_bigint(BigInteger256::new(limbs)).ok_or(NumberError::NotCanonical)
}

/// The one text of an element.
pub(super) fn write<P: PrimeField>(x: P) -> String {
    x.into_bigint().to_string()
}
