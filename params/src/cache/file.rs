//! The file of a proving key: a line that a person can read, a header, the points in the library's uncompressed form.
//!
//! | part | content |
//! |---|---|
//! | mark | `probity proving key, development\n` or `probity proving key, ceremony\n` |
//! | header length | 4 bytes, little-endian |
//! | header | canonical encoding of [`Header`]: version, verifying key, lengths of the queries, digest of the body |
//! | body | beta and delta in G1, then the queries A, B in G1, B in G2, H, L |

use ark_bn254::{Bn254, G1Affine, G2Affine};
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_groth16::{ProvingKey, VerifyingKey};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::codec::{self, CodecError};
use probity_credit::digest::Digest;
use probity_credit::hash::label::sha256;
use rayon::prelude::*;
use std::io::{self, Read};
use std::path::Path;

use super::Wanted;
use crate::gate::KeyError;
use crate::key_id::{KeyId, Kind};
use crate::verifying::{FILE_BYTES_MAX, VerifyingKeyFile};

/// The format's version: 1, since the first release.
pub(super) const VERSION: u16 = 1;

const G1_UNCOMPRESSED: usize = 64;
const G2_UNCOMPRESSED: usize = 128;
const HEADER_BYTES_MAX: usize = FILE_BYTES_MAX + 256;
/// More than the largest circuit's key by a factor of ten.
const FILE_LEN_MAX: u64 = 512 << 20;

/// Why a file is not one that this program wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The first line is not the mark of such a key.
    #[error("it does not begin with the mark of a proving key of this kind")]
    Magic,
    /// It ends before its header does.
    #[error("it is cut off within its header")]
    Truncated,
    /// The header does not decode.
    #[error("its header is refused: {0}")]
    Header(#[from] CodecError),
    /// Written by another version of the program.
    #[error("its format is version {found}, this program reads version {VERSION}")]
    Version {
        /// The version found.
        found: u16,
    },
    /// The header speaks of another circuit, kind or constraints.
    #[error("it is the key of another circuit than its name says")]
    OtherCircuit,
    /// The body is longer or shorter than the header says.
    #[error("its body has {found} bytes instead of {expected}")]
    Length {
        /// Bytes the header speaks of.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// The queries' lengths contradict each other.
    #[error("its queries' lengths contradict each other")]
    Queries,
    /// The digest does not match.
    #[error("its digest does not match its content")]
    Digest,
    /// A point does not decode or is not on the curve.
    #[error("a point in its body is not on the curve")]
    Point,
    /// delta in G1 would not blind a proof.
    #[error("its delta would not blind a proof")]
    Delta,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct Header {
    version: u16,
    verifying_key: VerifyingKeyFile,
    /// Lengths of A, B in G1, B in G2, H, L.
    queries: [u32; 5],
    /// Over everything above and the body.
    digest: Digest,
}

impl Header {
    fn digest_with(&self, body: &[u8]) -> Digest {
        let above = codec::encode(&(self.version, &self.verifying_key, self.queries));
        Digest::of(sha256::PROVING_KEY, &[b"file", &above, body])
    }

    fn body_len(&self) -> u64 {
        let [a, b1, b2, h, l] = self.queries.map(u64::from);
        (2 + a + b1 + h + l) * G1_UNCOMPRESSED as u64 + b2 * G2_UNCOMPRESSED as u64
    }
}

fn mark(kind: Kind) -> String {
    format!("probity proving key, {kind}\n")
}

/// Everything before the body, encoded.
pub(super) struct EncodedHeader {
    pub(super) bytes: Vec<u8>,
    pub(super) verifying_key: KeyId,
    pub(super) body_digest: Digest,
}

/// Header and body of a key's file.
pub(super) fn encode(
    circuit: &str,
    kind: Kind,
    constraints: &Digest,
    key: &ProvingKey<Bn254>,
) -> Result<(EncodedHeader, Vec<u8>), KeyError> {
    let mut body = Vec::new();
    let mut put = |points: &[G1Affine]| points.iter().for_each(|point| put_point(&mut body, point));
    put(&[key.beta_g1, key.delta_g1]);
    put(&key.a_query);
    put(&key.b_g1_query);
    key.b_g2_query.iter().for_each(|point| put_point(&mut body, point));
    [&key.h_query, &key.l_query].into_iter().flatten().for_each(|point| put_point(&mut body, point));
    let lens = [key.a_query.len(), key.b_g1_query.len(), key.b_g2_query.len(), key.h_query.len(), key.l_query.len()];
    let mut header = Header {
        version: VERSION,
        verifying_key: VerifyingKeyFile::new(circuit, kind, *constraints, &key.vk)?,
        queries: lens.map(|len| u32::try_from(len).expect("the field has at most 2^28 roots of unity")),
        digest: Digest::default(),
    };
    header.digest = header.digest_with(&body);
    let encoded = codec::encode(&header);
    let mut bytes = mark(kind).into_bytes();
    bytes.extend_from_slice(&u32::try_from(encoded.len()).expect("a header has at most 200 kB").to_le_bytes());
    bytes.extend_from_slice(&encoded);
    Ok((EncodedHeader { bytes, verifying_key: header.verifying_key.id(), body_digest: header.digest }, body))
}

fn put_point(body: &mut Vec<u8>, point: &impl CanonicalSerialize) {
    point.serialize_uncompressed(body).expect("writing to memory does not fail");
}

/// Reads a file that is not absurdly long.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    let len = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(len.min(FILE_LEN_MAX)).unwrap_or(0));
    // one byte more than allowed: such a file fails the length check
    file.take(FILE_LEN_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file taken apart, its digest not yet checked.
pub(super) struct Parts<'a> {
    pub(super) verifying_key: VerifyingKeyFile,
    header: Header,
    body: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Checks mark, header and lengths, and that it is the wanted circuit's.
    pub(super) fn split(bytes: &'a [u8], wanted: &Wanted<'_>) -> Result<Self, FileError> {
        let rest = bytes.strip_prefix(mark(wanted.kind).as_bytes()).ok_or(FileError::Magic)?;
        let (len, rest) = rest.split_first_chunk::<4>().ok_or(FileError::Truncated)?;
        let len = u32::from_le_bytes(*len) as usize;
        let (encoded, body) = rest.split_at_checked(len).ok_or(FileError::Truncated)?;
        let header: Header = codec::decode("key header", encoded, HEADER_BYTES_MAX)?;
        if header.version != VERSION {
            return Err(FileError::Version { found: header.version });
        }
        let vk = &header.verifying_key;
        if vk.circuit != wanted.circuit || vk.kind != wanted.kind || vk.constraints != *wanted.constraints {
            return Err(FileError::OtherCircuit);
        }
        let (expected, found) = (header.body_len(), body.len() as u64);
        if expected != found {
            return Err(FileError::Length { expected, found });
        }
        let [a, b1, b2, h, l] = header.queries.map(|len| len as usize);
        // the library indexes the queries by each other's lengths
        if a != b1 || a != b2 || l + wanted.inputs + 1 != a || h == 0 {
            return Err(FileError::Queries);
        }
        Ok(Self { verifying_key: vk.clone(), header, body })
    }

    /// Checks the digest and reads the points, on all cores.
    pub(super) fn proving_key(self, vk: VerifyingKey<Bn254>) -> Result<(ProvingKey<Bn254>, Digest), FileError> {
        let (digest, points) = rayon::join(|| self.header.digest_with(self.body), || self.points());
        if digest != self.header.digest {
            return Err(FileError::Digest);
        }
        let Points { beta_g1, delta_g1, a_query, b_g1_query, b_g2_query, h_query, l_query } = points?;
        Ok((ProvingKey { vk, beta_g1, delta_g1, a_query, b_g1_query, b_g2_query, h_query, l_query }, digest))
    }

    fn points(&self) -> Result<Points, FileError> {
        let mut rest = self.body;
        let mut cut = |len: usize| {
            let (taken, after) = rest.split_at(len);
            rest = after;
            taken
        };
        let [a, b1, b2, h, l] = self.header.queries.map(|len| len as usize);
        let [secrets, a, b1] = [2, a, b1].map(|len| cut(len * G1_UNCOMPRESSED));
        let b2 = cut(b2 * G2_UNCOMPRESSED);
        let [h, l] = [h, l].map(|len| cut(len * G1_UNCOMPRESSED));
        let secrets: Vec<G1Affine> = read_points(secrets, G1_UNCOMPRESSED)?;
        Ok(Points {
            beta_g1: secrets[0],
            delta_g1: secrets[1],
            a_query: read_points(a, G1_UNCOMPRESSED)?,
            b_g1_query: read_points(b1, G1_UNCOMPRESSED)?,
            b_g2_query: read_points(b2, G2_UNCOMPRESSED)?,
            h_query: read_points(h, G1_UNCOMPRESSED)?,
            l_query: read_points(l, G1_UNCOMPRESSED)?,
        })
    }
}

struct Points {
    beta_g1: G1Affine,
    delta_g1: G1Affine,
    a_query: Vec<G1Affine>,
    b_g1_query: Vec<G1Affine>,
    b_g2_query: Vec<G2Affine>,
    h_query: Vec<G1Affine>,
    l_query: Vec<G1Affine>,
}

/// Points of the curve; whether they are in the subgroup and the right ones is not checked, see the cache's documentation.
fn read_points<C: SWCurveConfig>(bytes: &[u8], size: usize) -> Result<Vec<Affine<C>>, FileError> {
    #[expect(clippy::disallowed_methods, reason = "a file of our own, for which the cache's documentation shows that this is enough")]
    let read = |chunk| {
        let point = Affine::<C>::deserialize_uncompressed_unchecked(chunk).map_err(|_| FileError::Point)?;
        if point.is_on_curve() { Ok(point) } else { Err(FileError::Point) }
    };
    bytes.par_chunks_exact(size).with_min_len(256).map(read).collect()
}
