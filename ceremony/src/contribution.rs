//! Contributions as snarkjs writes them into a key, and the rules that chain them.
//!
//! The proof that a contributor knew the factor is that of Bowe, Gabizon and Miers ("Scalable multi-party computation for zk-SNARK
//! parameters in the random beacon model", <https://eprint.iacr.org/2017/1050>): a pair of G1 with the factor as ratio, and a pair of G2
//! with the same ratio whose first point is the hash of all that came before.

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use zeroize::Zeroizing;

use crate::accumulator::same_ratio;
use crate::container::Cursor;
use crate::draw::{Draw, blake2b};
use crate::points::{Point, encode};

/// Longest name of a contributor, in units of UTF-16: snarkjs cuts what is longer when it writes a key.
pub const NAME_UNITS_MAX: usize = 64;

/// How often a beacon is hashed: two to this power. Fewer would let whoever publishes it try values; more, who verifies wait for hours.
pub const BEACON_EXPONENTS: std::ops::RangeInclusive<u8> = 10..=32;

/// Longest beacon, bytes.
pub const BEACON_BYTES_MAX: usize = 255;

/// The public value of a random beacon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beacon {
    /// What was published.
    pub value: Vec<u8>,
    /// It is hashed two to the power of this many times.
    pub exponent: u8,
}

/// A change of delta by a factor, with the proof that its author knew the factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// delta afterwards, in G1.
    pub(crate) delta_after: G1Affine,
    /// A random point.
    pub(crate) curve: G1Affine,
    /// The same times the factor.
    pub(crate) curve_times: G1Affine,
    /// The hash of all that came before, as a point of G2, times the factor.
    pub(crate) twist_times: G2Affine,
    /// Hash of circuit, earlier contributions and the pair in G1.
    pub(crate) transcript: [u8; 64],
    /// Who it was, in their own words.
    pub(crate) name: String,
    /// The factor's origin, if it is public.
    pub(crate) beacon: Option<Beacon>,
}

/// Why a contribution is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContributionError {
    /// Its hash is not that of circuit and earlier contributions.
    #[error("does not follow from the contributions before it")]
    Transcript,
    /// The pairs in G1 and G2 have different ratios.
    #[error("does not prove that its author knew the factor: its points in G1 and G2 have different ratios")]
    Ratio,
    /// delta was multiplied by another factor.
    #[error("changes delta by another factor than the one it proves")]
    Step,
    /// The beacon gives another factor.
    #[error("is not what its beacon's value gives")]
    Beacon,
}

/// What a factor does to a key.
pub(crate) struct Factor(pub(crate) Zeroizing<Fr>);

impl Contribution {
    /// Multiplies delta by a factor that is drawn from `draw`, the way snarkjs does.
    pub(crate) fn draw(draw: &mut Draw, before: &History, name: String, beacon: Option<Beacon>) -> (Self, Factor) {
        let factor = Zeroizing::new(draw.scalar());
        let curve = draw.g1();
        let curve_times = (curve * *factor).into_affine();
        let transcript = before.transcript(&curve, &curve_times);
        let twist_times = (Draw::from_hash(&transcript).g2() * *factor).into_affine();
        let delta_after = (before.delta * *factor).into_affine();
        (Self { delta_after, curve, curve_times, twist_times, transcript, name, beacon }, Factor(factor))
    }

    /// What hashes take of it.
    fn hashed(&self) -> Vec<u8> {
        let points = [self.delta_after.hashed(), self.curve.hashed(), self.curve_times.hashed(), self.twist_times.hashed()];
        [&points.concat(), &self.transcript[..]].concat()
    }

    /// The hash that its author publishes, that snarkjs shows as "contribution hash".
    pub fn hash(&self) -> [u8; 64] {
        blake2b(&[&self.hashed()])
    }

    /// Who it was, in their own words.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The beacon that gave the factor, if one did.
    pub fn beacon(&self) -> Option<&Beacon> {
        self.beacon.as_ref()
    }

    /// The points and the hash as a file holds them, then kind and parameters.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = encode(&[self.delta_after, self.curve, self.curve_times]);
        out.extend(encode(&[self.twist_times]));
        out.extend(self.transcript);
        let mut parameters = vec![];
        if !self.name.is_empty() {
            parameters.extend([1, length(self.name.as_bytes())]);
            parameters.extend(self.name.as_bytes());
        }
        if let Some(Beacon { value, exponent }) = &self.beacon {
            parameters.extend([2, *exponent, 3, length(value)]);
            parameters.extend(value);
        }
        out.extend(u32::from(self.beacon.is_some()).to_le_bytes());
        out.extend((parameters.len() as u32).to_le_bytes());
        out.extend(parameters);
        out
    }

    /// Reads what [`Self::encode`] and snarkjs write; none for anything else, identities among the points included.
    pub(crate) fn decode(cursor: &mut Cursor<'_>) -> Option<Self> {
        let mut g1 = || G1Affine::decode(cursor.take(G1Affine::BYTES)?).filter(|point| !point.is_zero());
        let [delta_after, curve, curve_times] = [g1()?, g1()?, g1()?];
        let twist_times = G2Affine::decode(cursor.take(G2Affine::BYTES)?).filter(|point| !point.is_zero())?;
        let transcript = cursor.array()?;
        let is_beacon = match cursor.u32()? {
            0 => false,
            1 => true,
            _ => return None,
        };
        let bytes = cursor.u32()?;
        let mut parameters = Cursor(cursor.take(bytes as usize)?);
        let (mut name, mut exponent, mut value, mut last) = (String::new(), None, None, 0);
        while let Some([kind]) = parameters.array() {
            if kind <= last {
                return None;
            }
            last = kind;
            let [number] = parameters.array()?;
            match kind {
                1 => name = String::from_utf8(parameters.take(number.into())?.to_vec()).ok()?,
                2 => exponent = Some(number),
                3 => value = Some(parameters.take(number.into())?.to_vec()),
                _ => return None,
            }
        }
        let beacon = match (is_beacon, exponent, value) {
            (false, None, None) => None,
            (true, Some(exponent), Some(value)) if BEACON_EXPONENTS.contains(&exponent) && !value.is_empty() => {
                Some(Beacon { value, exponent })
            }
            _ => return None,
        };
        (!name.chars().any(char::is_control)).then_some(Self { delta_after, curve, curve_times, twist_times, transcript, name, beacon })
    }
}

fn length(bytes: &[u8]) -> u8 {
    u8::try_from(bytes.len()).expect("checked where it came from")
}

/// All that came before a contribution: what the next one's hash takes, and delta.
#[derive(Clone)]
pub(crate) struct History {
    hashed: Vec<u8>,
    pub(crate) delta: G1Affine,
}

impl History {
    /// Nothing but the circuit.
    pub(crate) fn begin(circuit_hash: &[u8; 64]) -> Self {
        Self { hashed: circuit_hash.to_vec(), delta: G1Affine::generator() }
    }

    fn transcript(&self, curve: &G1Affine, curve_times: &G1Affine) -> [u8; 64] {
        blake2b(&[&self.hashed, &curve.hashed(), &curve_times.hashed()])
    }

    /// Checks that a contribution follows, its beacon included, and goes on. Cost: four pairings, two scalar products, the beacon's hashes.
    ///
    /// # Errors
    /// [`ContributionError`].
    pub(crate) fn follow(&mut self, next: &Contribution) -> Result<(), ContributionError> {
        if self.transcript(&next.curve, &next.curve_times) != next.transcript {
            return Err(ContributionError::Transcript);
        }
        let twist = [Draw::from_hash(&next.transcript).g2(), next.twist_times];
        if !same_ratio([next.curve, next.curve_times], twist) {
            return Err(ContributionError::Ratio);
        }
        if !same_ratio([self.delta, next.delta_after], twist) {
            return Err(ContributionError::Step);
        }
        if let Some(beacon) = &next.beacon {
            let mut draw = Draw::from_beacon(&beacon.value, beacon.exponent);
            let (expected, _) = Contribution::draw(&mut draw, self, next.name.clone(), Some(beacon.clone()));
            if expected != *next {
                return Err(ContributionError::Beacon);
            }
        }
        self.append(next);
        Ok(())
    }

    /// Goes on without a check.
    pub(crate) fn append(&mut self, next: &Contribution) {
        self.hashed.extend(next.hashed());
        self.delta = next.delta_after;
    }
}
