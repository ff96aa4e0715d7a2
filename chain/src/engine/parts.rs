//! Blocks in parts: cut and signed by the sender, each part checked before any of it is kept.
//!
//! Every part carries the stream's whole header and a signature over header, index and data, so that parts may arrive in any
//! order, through any peer. What may be held is bounded by the sender's right to send (the round's proposer; from round
//! [`LAST_RESORT_ROUND`] on any validator, as then everybody repeats the block they locked), by the size the header names, by the
//! number of unfinished streams in all and per sender, and by the number of different blocks per round and sender.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::codec::encode;
use probity_credit::digest::Digest;
use probity_credit::hash::label::sha256::PROPOSAL_PART;
use probity_ledger::certificate::ValidatorSet;
use probity_ledger::keys::{PublicKey, SecretKey, Signature};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a block in one part.
pub(crate) const PART_BYTES: usize = 64 * 1024;
/// The round from which the consensus library lets any validator repeat a block.
pub(crate) const LAST_RESORT_ROUND: u32 = 10;
/// How far ahead of our own a stream's round may be: as far as the library looks.
const ROUNDS_AHEAD: u32 = arc_malachitebft_app_channel::app::consensus::MAX_FUTURE_ROUND_LOOKAHEAD;
/// Unfinished streams held at once.
const MAX_OPEN: usize = 16;
/// Unfinished streams held of one sender.
const MAX_OPEN_PER_SENDER: usize = 2;
/// Different blocks taken of one sender for one height and round: an honest one has one, two show the fraud.
const MAX_BLOCKS_PER_SENDER: usize = 2;

/// What a stream of parts is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub(crate) struct PartHeader {
    pub(crate) height: u64,
    pub(crate) round: u32,
    pub(crate) valid_round: Option<u32>,
    pub(crate) sender: PublicKey,
    pub(crate) block_hash: Digest,
    /// Digest of the block's bytes.
    pub(crate) content: Digest,
    /// Number of the block's bytes.
    pub(crate) length: u32,
}

impl PartHeader {
    pub(crate) fn part_count(&self) -> u32 {
        self.length.div_ceil(PART_BYTES as u32)
    }

    fn data_length(&self, index: u32) -> usize {
        (self.length as usize).saturating_sub(index as usize * PART_BYTES).min(PART_BYTES)
    }
}

/// A piece of a block.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Part {
    pub(crate) header: PartHeader,
    pub(crate) index: u32,
    pub(crate) data: Vec<u8>,
    pub(crate) signature: Signature,
}

fn sign_digest(chain_id: &Digest, header: &PartHeader, index: u32, data: &[u8]) -> Digest {
    Digest::of(PROPOSAL_PART, &[&chain_id.0, &encode(header), &index.to_le_bytes(), data])
}

pub(crate) fn content_digest(bytes: &[u8]) -> Digest {
    Digest::of(PROPOSAL_PART, &[bytes])
}

/// Cuts a block into signed parts. `header.length` and `header.content` are those of `bytes`.
pub(crate) fn split(key: &SecretKey, chain_id: &Digest, header: PartHeader, bytes: &[u8]) -> Vec<Part> {
    (0u32..)
        .zip(bytes.chunks(PART_BYTES))
        .map(|(index, data)| {
            let signature = key.sign(&sign_digest(chain_id, &header, index, data));
            Part { header, index, data: data.to_vec(), signature }
        })
        .collect()
}

/// Why a part is dropped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PartError {
    #[error("height {height} is not {current} or the one after")]
    WrongHeight { height: u64, current: u64 },
    #[error("round {round} is too far from ours, {current}")]
    WrongRound { round: u32, current: u32 },
    #[error("the valid round must be an earlier one")]
    ValidRoundNotEarlier,
    #[error("a block of {length} bytes is empty or above the limit of {limit}")]
    BadLength { length: u32, limit: u32 },
    #[error("part {index} of {count} has {found} bytes instead of {expected}")]
    BadPart { index: u32, count: u32, found: usize, expected: usize },
    #[error("{sender} may not send the block of round {round}")]
    NotProposer { sender: PublicKey, round: u32 },
    #[error("the part is not signed by {sender}")]
    BadSignature { sender: PublicKey },
    #[error("too many unfinished blocks are on their way")]
    TooManyStreams,
    #[error("more than {MAX_BLOCKS_PER_SENDER} blocks of one sender for one round")]
    TooManyBlocks,
    #[error("the bytes of {sender} are not the ones it signed for")]
    BadContent { sender: PublicKey },
}

/// A complete block as its sender sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assembled {
    pub(crate) header: PartHeader,
    pub(crate) bytes: Vec<u8>,
}

struct Open {
    parts: Vec<Option<Vec<u8>>>,
    missing: usize,
}

/// Puts parts together.
pub(crate) struct Assembler {
    chain_id: Digest,
    max_block_bytes: u32,
    open: BTreeMap<PartHeader, Open>,
    /// Height, round and sender to the blocks completed.
    done: BTreeMap<(u64, u32, PublicKey), BTreeSet<(Digest, Digest)>>,
}

impl Assembler {
    pub(crate) fn new(chain_id: Digest, max_block_bytes: u32) -> Self {
        Self { chain_id, max_block_bytes, open: BTreeMap::new(), done: BTreeMap::new() }
    }

    /// Forgets heights below `height`.
    pub(crate) fn prune(&mut self, height: u64) {
        self.open.retain(|h, _| h.height >= height);
        self.done.retain(|(h, ..), _| *h >= height);
    }

    /// Takes a part in; gives the block if this was the last one missing.
    ///
    /// `current` is the height after the tip, decided by `validators`. A part for the height after it is checked against the same
    /// validators: if they are about to change, the block comes again by sync or in the next round.
    pub(crate) fn accept(&mut self, part: Part, current: (u64, u32), validators: &ValidatorSet) -> Result<Option<Assembled>, PartError> {
        let Part { header, index, data, signature } = part;
        self.check_header(&header, current, validators)?;
        let (count, expected) = (header.part_count(), header.data_length(index));
        if index >= count || data.len() != expected {
            return Err(PartError::BadPart { index, count, found: data.len(), expected });
        }
        let block = (header.block_hash, header.content);
        let slot = (header.height, header.round, header.sender);
        let done = self.done.get(&slot);
        if done.is_some_and(|d| d.contains(&block)) {
            return Ok(None);
        }
        if done.is_some_and(|d| d.len() >= MAX_BLOCKS_PER_SENDER) {
            return Err(PartError::TooManyBlocks);
        }
        let already = self.open.get(&header).is_some_and(|o| o.parts[index as usize].is_some());
        if already {
            return Ok(None);
        }
        let digest = sign_digest(&self.chain_id, &header, index, &data);
        header.sender.verify(&digest, &signature).map_err(|_| PartError::BadSignature { sender: header.sender })?;

        if !self.open.contains_key(&header) {
            self.make_room(&header)?;
            self.open.insert(header, Open { parts: vec![None; count as usize], missing: count as usize });
        }
        let open = self.open.get_mut(&header).expect("opened above");
        open.parts[index as usize] = Some(data);
        open.missing -= 1;
        if open.missing > 0 {
            return Ok(None);
        }
        let open = self.open.remove(&header).expect("opened above");
        let bytes: Vec<u8> = open.parts.into_iter().flatten().flatten().collect();
        if content_digest(&bytes) != header.content {
            return Err(PartError::BadContent { sender: header.sender });
        }
        self.done.entry(slot).or_default().insert(block);
        Ok(Some(Assembled { header, bytes }))
    }

    fn check_header(&self, header: &PartHeader, current: (u64, u32), validators: &ValidatorSet) -> Result<(), PartError> {
        let (height, round) = current;
        if header.height != height && header.height != height.saturating_add(1) {
            return Err(PartError::WrongHeight { height: header.height, current: height });
        }
        let from = if header.height == height { round } else { 0 };
        // an earlier round's block may still be decided
        if header.round > from.saturating_add(ROUNDS_AHEAD) {
            return Err(PartError::WrongRound { round: header.round, current: from });
        }
        if header.valid_round.is_some_and(|v| v >= header.round) {
            return Err(PartError::ValidRoundNotEarlier);
        }
        if header.length == 0 || header.length > self.max_block_bytes {
            return Err(PartError::BadLength { length: header.length, limit: self.max_block_bytes });
        }
        let may_send = validators.proposer(header.height, header.round).public_key == header.sender
            || (header.round >= LAST_RESORT_ROUND && validators.get(&header.sender).is_some());
        if may_send { Ok(()) } else { Err(PartError::NotProposer { sender: header.sender, round: header.round }) }
    }

    /// Makes room for one more stream, dropping the one of the lowest height and round if that is lower.
    fn make_room(&mut self, header: &PartHeader) -> Result<(), PartError> {
        let rank = |h: &PartHeader| (h.height, h.round);
        let of_sender = self.open.keys().filter(|h| h.sender == header.sender);
        let lowest = if of_sender.clone().count() >= MAX_OPEN_PER_SENDER {
            of_sender.min_by_key(|h| rank(h)).copied()
        } else if self.open.len() >= MAX_OPEN {
            self.open.keys().min_by_key(|h| rank(h)).copied()
        } else {
            return Ok(());
        };
        match lowest {
            Some(l) if rank(&l) < rank(header) => {
                self.open.remove(&l);
                Ok(())
            }
            _ => Err(PartError::TooManyStreams),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use probity_ledger::certificate::Validator;

    fn chain() -> Digest {
        Digest::of("test chain", &[])
    }

    struct Fixture {
        keys: Vec<SecretKey>,
        validators: ValidatorSet,
        assembler: Assembler,
    }

    fn fixture() -> Fixture {
        let keys: Vec<_> = (0..4).map(|_| SecretKey::generate()).collect();
        let validators = ValidatorSet::new(keys.iter().map(|k| Validator { public_key: k.public(), power: 1 }).collect()).unwrap();
        Fixture { keys, validators, assembler: Assembler::new(chain(), 1 << 20) }
    }

    impl Fixture {
        fn proposer(&self, height: u64, round: u32) -> &SecretKey {
            let key = self.validators.proposer(height, round).public_key;
            self.keys.iter().find(|k| k.public() == key).unwrap()
        }

        fn parts_by(&self, key: &SecretKey, height: u64, round: u32, bytes: &[u8]) -> Vec<Part> {
            let content = content_digest(bytes);
            let block_hash = Digest::of("block", &[bytes]);
            let length = bytes.len() as u32;
            let header = PartHeader { height, round, valid_round: None, sender: key.public(), block_hash, content, length };
            split(key, &chain(), header, bytes)
        }

        fn parts(&self, height: u64, round: u32, bytes: &[u8]) -> Vec<Part> {
            self.parts_by(self.proposer(height, round), height, round, bytes)
        }

        fn accept(&mut self, part: &Part) -> Result<Option<Assembled>, PartError> {
            self.assembler.accept(part.clone(), (5, 0), &self.validators)
        }
    }

    #[test]
    fn parts_in_any_order_give_the_block_once() {
        let mut f = fixture();
        let bytes: Vec<u8> = (0..3 * PART_BYTES + 17).map(|i| i as u8).collect();
        let parts = f.parts(5, 0, &bytes);
        assert_eq!(parts.len(), 4);
        for part in [&parts[3], &parts[1], &parts[1], &parts[0]] {
            assert_eq!(f.accept(part), Ok(None));
        }
        assert_eq!(f.accept(&parts[2]).unwrap().unwrap().bytes, bytes);
        for part in &parts {
            assert_eq!(f.accept(part), Ok(None), "sent again");
        }
        let next = f.parts(6, 0, b"the block after");
        assert!(f.accept(&next[0]).unwrap().is_some(), "one height early");
        f.assembler.prune(7);
        assert!(f.assembler.open.is_empty() && f.assembler.done.is_empty());
    }

    #[test]
    fn named_mutations_are_refused() {
        let mut f = fixture();
        let part = f.parts(5, 0, b"block").remove(0);
        let sender = part.header.sender;
        let mutated = |change: fn(&mut Part)| {
            let mut p = part.clone();
            change(&mut p);
            p
        };
        let cases = [
            (mutated(|p| p.data[0] ^= 1), PartError::BadSignature { sender }),
            (mutated(|p| p.header.block_hash.0[0] ^= 1), PartError::BadSignature { sender }),
            (mutated(|p| p.index = 1), PartError::BadPart { index: 1, count: 1, found: 5, expected: 0 }),
            (mutated(|p| p.data.push(0)), PartError::BadPart { index: 0, count: 1, found: 6, expected: 5 }),
            (mutated(|p| p.header.length = 0), PartError::BadLength { length: 0, limit: 1 << 20 }),
            (mutated(|p| p.header.length = 1 + (1 << 20)), PartError::BadLength { length: 1 + (1 << 20), limit: 1 << 20 }),
            (mutated(|p| p.header.height = 4), PartError::WrongHeight { height: 4, current: 5 }),
            (mutated(|p| p.header.height = 7), PartError::WrongHeight { height: 7, current: 5 }),
            (mutated(|p| p.header.round = u32::MAX), PartError::WrongRound { round: u32::MAX, current: 0 }),
            (mutated(|p| p.header.valid_round = Some(0)), PartError::ValidRoundNotEarlier),
        ];
        for (p, error) in cases {
            assert_eq!(f.accept(&p), Err(error));
        }
        assert!(f.assembler.open.is_empty(), "nothing of a refused part is kept");

        let outsider = f.keys.iter().find(|k| k.public() != sender).unwrap();
        let usurped = f.parts_by(outsider, 5, 0, b"block").remove(0);
        let sender = usurped.header.sender;
        assert_eq!(f.accept(&usurped), Err(PartError::NotProposer { sender, round: 0 }));
        let key = SecretKey::generate();
        let stranger = f.parts_by(&key, 5, LAST_RESORT_ROUND, b"block").remove(0);
        assert_eq!(f.accept(&stranger), Err(PartError::NotProposer { sender: key.public(), round: LAST_RESORT_ROUND }));
    }

    #[test]
    fn any_validator_may_repeat_a_block_in_a_late_round() {
        let mut f = fixture();
        let proposer = f.proposer(5, LAST_RESORT_ROUND).public();
        let other = f.keys.iter().find(|k| k.public() != proposer).unwrap();
        let part = f.parts_by(other, 5, LAST_RESORT_ROUND, b"block").remove(0);
        assert!(f.accept(&part).unwrap().is_some());
    }

    #[test]
    fn a_lying_header_and_floods_are_bounded() {
        let mut f = fixture();
        let key = f.proposer(5, 0);
        let header = PartHeader { content: Digest::default(), ..f.parts(5, 0, b"block")[0].header };
        let lie = split(key, &chain(), header, b"block").remove(0);
        assert_eq!(f.accept(&lie), Err(PartError::BadContent { sender: header.sender }));

        let block = |n: u8| vec![n; PART_BYTES + 1];
        for n in 0..20 {
            let first = f.parts(5, 0, &block(n)).remove(0);
            let expected = if n < 2 { Ok(None) } else { Err(PartError::TooManyStreams) };
            assert_eq!(f.accept(&first), expected);
        }
        assert_eq!(f.assembler.open.len(), MAX_OPEN_PER_SENDER);
        for n in 0..2 {
            let last = f.parts(5, 0, &block(n)).remove(1);
            assert!(f.accept(&last).unwrap().is_some());
        }
        let third = f.parts(5, 0, &block(3)).remove(0);
        assert_eq!(f.accept(&third), Err(PartError::TooManyBlocks));
    }
}
