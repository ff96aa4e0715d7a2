//! What the state holds, one type a prefix of [`crate::state_key`].

use crate::address::Address;
use crate::encoding::base64url_option;
use crate::error::TxError;
use crate::genesis::{Genesis, GenesisCircuit};
use crate::keys::PublicKey;
use crate::name::Name;
use crate::transaction::{LenderKind, ProofBytes, Slot, TxId, Verdict};
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::circuit_id::CircuitId;
use probity_credit::codec::{self, CodecError};
use probity_credit::commitment::Anchor;
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::field::FieldBytes;
use probity_credit::month::Month;
use probity_credit::policy::Policy;
use probity_credit::schema::Schema;
use serde::{Deserialize, Serialize};

/// Longest value.
pub const VALUE_BYTES_MAX: usize = 128 * 1024;

/// Decodes a value of the state.
///
/// # Errors
/// [`CodecError`].
pub fn decode<T: BorshDeserialize + BorshSerialize>(bytes: &[u8]) -> Result<T, CodecError> {
    codec::decode("a state value", bytes, VALUE_BYTES_MAX)
}

/// Money, order and key of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Account {
    /// Balance in the smallest unit.
    pub balance: u64,
    /// Transactions included so far: the nonce of the next.
    pub nonce: u64,
    /// The current key, once rotated; none: the key whose digest is the address.
    pub rotated_key: Option<PublicKey>,
}

impl Account {
    /// Whether `key` acts for this account, which has `address`.
    pub fn is_key(&self, address: &Address, key: &PublicKey) -> bool {
        match &self.rotated_key {
            Some(current) => current == key,
            None => Address::of(key) == *address,
        }
    }
}

/// An admitted institution.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Institution {
    /// Name.
    pub name: Name,
    /// Address.
    pub address: Address,
    /// Current key: signs inclusion receipts and membership lists.
    pub public_key: PublicKey,
    /// Domains with their slots.
    pub slots: Vec<DomainSlot>,
    /// Height of its admission.
    pub admitted_height: u64,
}

/// A domain of an institution and its slot.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct DomainSlot {
    /// Domain.
    pub domain: Domain,
    /// Slot.
    pub slot: Slot,
}

/// An admitted lender.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Lender {
    /// Name.
    pub name: Name,
    /// Address, the owner in its policies.
    pub address: Address,
    /// Current key: signs requests.
    pub public_key: PublicKey,
    /// Length of its own scope's window, months.
    pub window_months: u16,
    /// Whose scope its policies use.
    pub kind: LenderKind,
    /// Height of its admission.
    pub admitted_height: u64,
}

/// A published root.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Publication {
    /// Month of the files.
    pub month: Month,
    /// Sequence number within slot and month.
    pub sequence: u32,
    /// Schema of the files.
    pub schema: Digest,
    /// Root of the file tree.
    pub root: FieldBytes,
    /// Number of files.
    pub files: u32,
    /// Digest of the membership changes, if any.
    pub membership: Option<Digest>,
    /// Height of the transaction.
    pub height: u64,
}

/// Most publications of one slot that wait at once.
pub const WAITING_MAX: usize = 16;

/// A registry slot. A publication is first `waiting` (if its membership changes are not counted), then `staged`, then `live`.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct SlotState {
    /// Whose it is.
    pub institution: Address,
    /// For which domain.
    pub domain: Domain,
    /// In the current anchor.
    pub live: Option<Publication>,
    /// In the next anchor.
    pub staged: Option<Publication>,
    /// Until an identity update covers them, or a later one of the same slot; oldest first, at most [`WAITING_MAX`].
    pub waiting: Vec<Publication>,
}

impl SlotState {
    /// All publications, newest first.
    pub fn publications(&self) -> impl Iterator<Item = &Publication> {
        self.waiting.iter().rev().chain(&self.staged).chain(&self.live)
    }

    /// The publication that was made last.
    pub fn newest(&self) -> Option<&Publication> {
        self.publications().next()
    }

    /// The publication against which changes of membership are counted.
    pub fn counted(&self) -> Option<&Publication> {
        self.staged.as_ref().or(self.live.as_ref())
    }
}

/// The registry as a whole.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct RegistryState {
    /// Slots given out; the next one's number.
    pub slots_used: u16,
    /// Root over the live publications.
    pub root: FieldBytes,
    /// Slots with a staged publication, ascending.
    pub staged: Vec<Slot>,
}

/// One version of the identity tree.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct IdentityRoot {
    /// Root of the tree; zero before the first update.
    pub root: FieldBytes,
    /// Digest of the leaf file.
    pub leaf_file: Digest,
    /// Its shards.
    pub shards: u32,
    /// Height of the update.
    pub height: u64,
}

/// The identity tree.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct IdentityState {
    /// Who updates it.
    pub authority: Address,
    /// In the current anchor.
    pub live: IdentityRoot,
    /// In the next anchor, if it differs.
    pub pending: Option<IdentityRoot>,
    /// Positions ever given out.
    pub positions_used: u32,
}

impl IdentityState {
    /// The newest root: what the next update starts from.
    pub fn newest(&self) -> &IdentityRoot {
        self.pending.as_ref().unwrap_or(&self.live)
    }
}

/// A registered schema.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct SchemaEntry {
    /// The schema.
    pub schema: Schema,
    /// Who registered it.
    pub owner: Address,
    /// Height.
    pub height: u64,
}

/// The newest schema of a name.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct SchemaName {
    /// Who may register the next version.
    pub owner: Address,
    /// Id of the newest version.
    pub newest: Digest,
}

/// A registered policy.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct PolicyEntry {
    /// The policy.
    pub policy: Policy,
    /// Height it was registered at: it is active at anchors from then on.
    pub active_from: u64,
    /// Height it was retired at: it is active at earlier anchors only.
    pub retired_at: Option<u64>,
}

impl PolicyEntry {
    /// Whether proofs against the anchor of this height may use it.
    pub fn is_active_at(&self, anchor_height: u64) -> bool {
        self.active_from <= anchor_height && self.retired_at.is_none_or(|end| anchor_height < end)
    }
}

/// A circuit, and from when to when the chain accepts its proofs.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct CircuitState {
    /// The circuit.
    pub id: CircuitId,
    /// Digest of its constraints.
    pub constraints: Digest,
    /// Id of its verifying key.
    pub verifying_key_id: Digest,
    /// SHA-256 of the transcript of the ceremony that the key came from; none for a development key.
    pub transcript: Option<Digest>,
    /// The verifying key's file; none for the one in the genesis.
    #[serde(with = "base64url_option")]
    pub verifying_key: Option<Vec<u8>>,
    /// First height at which it is accepted.
    pub active_from_height: u64,
    /// Last height at which it is accepted, once it is retired.
    pub last_height: Option<u64>,
    /// Height of the block in which validators stopped it.
    pub stopped_height: Option<u64>,
    /// How many decisions about it were made after the genesis: the number of the next.
    pub sequence: u64,
}

impl CircuitState {
    /// A circuit of the genesis: accepted from the first block on.
    pub fn of_genesis(circuit: &GenesisCircuit) -> Self {
        Self { verifying_key: None, ..Self::adopted(circuit.clone(), 0, 0) }
    }

    /// A circuit that is accepted from a height on.
    pub fn adopted(circuit: GenesisCircuit, active_from_height: u64, sequence: u64) -> Self {
        let GenesisCircuit { id, constraints, verifying_key_id, verifying_key, transcript } = circuit;
        let verifying_key = Some(verifying_key);
        let (last_height, stopped_height) = (None, None);
        Self { id, constraints, verifying_key_id, transcript, verifying_key, active_from_height, last_height, stopped_height, sequence }
    }

    /// Whether a transaction in the block of `height` may use it.
    ///
    /// # Errors
    /// [`TxError::CircuitStopped`], [`TxError::CircuitNotActiveYet`], [`TxError::CircuitRetired`].
    pub fn check_accepted(&self, height: u64) -> Result<(), TxError> {
        let circuit = self.id;
        if let Some(stopped_height) = self.stopped_height {
            return Err(TxError::CircuitStopped { circuit, stopped_height });
        }
        if height < self.active_from_height {
            return Err(TxError::CircuitNotActiveYet { circuit, active_from: self.active_from_height, height });
        }
        match self.last_height {
            Some(last_height) if last_height < height => Err(TxError::CircuitRetired { circuit, last_height }),
            _ => Ok(()),
        }
    }

    /// Whether the block of `height` may hold a transaction that uses it: in the block that stopped it, those before the stop.
    pub fn was_accepted_in(&self, height: u64) -> bool {
        let until = |last: Option<u64>| last.is_none_or(|last| height <= last);
        self.active_from_height <= height && until(self.last_height) && until(self.stopped_height)
    }

    /// Whether it ended in a block before that of `height`: then the circuit may get another key, and no block sees two.
    pub fn is_over_before(&self, height: u64) -> bool {
        [self.last_height, self.stopped_height].into_iter().flatten().any(|end| end < height)
    }

    /// The circuit with its key's bytes, which a genesis's circuit has there.
    pub fn with_key(&self, genesis: &Genesis) -> Option<GenesisCircuit> {
        let verifying_key = self.verifying_key.clone().or_else(|| Some(genesis.circuit(self.id)?.verifying_key.clone()))?;
        let Self { id, constraints, verifying_key_id, transcript, .. } = *self;
        Some(GenesisCircuit { id, constraints, verifying_key_id, verifying_key, transcript })
    }
}

/// A verifying key that validators stopped. The entry stays when the circuit gets another key, so that the key is never adopted again
/// and whoever relies on a record finds out.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct StoppedKey {
    /// The circuit it was for.
    pub circuit: CircuitId,
    /// Height of the block in which validators stopped it.
    pub height: u64,
}

/// Which anchor is the newest.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct AnchorState {
    /// Its height; none before the first.
    pub newest: Option<u64>,
}

/// An anchor.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct AnchorEntry {
    /// Height, roots, month.
    pub anchor: Anchor,
    /// Digest of the leaf file behind the identity root.
    pub leaf_file: Digest,
    /// Its shards.
    pub shards: u32,
    /// Time of the block.
    pub time_unix_ms: u64,
    /// When another took its place, milliseconds since 1970: from then on its grace runs.
    pub replaced_unix_ms: Option<u64>,
    /// The anchor before.
    pub previous: Option<u64>,
}

/// A verified proof: all that a re-verification needs besides policy, schema and verifying key.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Record {
    /// Who asked.
    pub lender: Address,
    /// Policy id.
    pub policy: Digest,
    /// The policy's circuit.
    pub circuit: CircuitId,
    /// The anchor.
    pub anchor: Anchor,
    /// Digest of the context: the record's key.
    pub context: Digest,
    /// The request's nonce.
    #[serde(with = "crate::encoding::base64url_array")]
    pub nonce: [u8; 32],
    /// When the request expired.
    pub expires_unix_ms: u64,
    /// Digest of the response address.
    pub response_uri: Digest,
    /// The subject's one-time key.
    #[serde(with = "crate::encoding::base64url_array")]
    pub consent_key: [u8; 32],
    /// Public input `scope`.
    pub scope: FieldBytes,
    /// Public input `nullifier`.
    pub nullifier: FieldBytes,
    /// Public input `answer`.
    pub answer: FieldBytes,
    /// The proof.
    pub proof: ProofBytes,
    /// Granted or not.
    pub verdict: Verdict,
    /// Height of the block.
    pub height: u64,
    /// Time of the block.
    pub time_unix_ms: u64,
    /// The transaction.
    pub transaction: TxId,
}

/// A spent nullifier.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct NullifierEntry {
    /// Context of the record that spent it.
    pub record: Digest,
    /// Height.
    pub height: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circuit_is_accepted_from_its_first_height_to_its_last_or_its_stop() {
        let (circuit, zero) = (CircuitId::Eligibility3, Digest::default());
        let key = GenesisCircuit { id: circuit, constraints: zero, verifying_key_id: zero, verifying_key: vec![1], transcript: None };
        let always = CircuitState::of_genesis(&key);
        assert!(
            [1, 5, u64::MAX].iter().all(|h| always.check_accepted(*h).is_ok() && always.was_accepted_in(*h) && !always.is_over_before(*h))
        );
        let from = CircuitState::adopted(key, 5, 1);
        assert_eq!(from.check_accepted(4), Err(TxError::CircuitNotActiveYet { circuit, active_from: 5, height: 4 }));
        let retired = CircuitState { last_height: Some(7), ..from.clone() };
        assert_eq!(retired.check_accepted(8), Err(TxError::CircuitRetired { circuit, last_height: 7 }));
        let stopped = CircuitState { stopped_height: Some(7), ..from.clone() };
        assert_eq!(stopped.check_accepted(7), Err(TxError::CircuitStopped { circuit, stopped_height: 7 }));
        for (state, accepted, over) in [(&from, 5..=9, 10), (&retired, 5..=7, 8), (&stopped, 5..=7, 8)] {
            for height in 4..=9 {
                assert_eq!(state.was_accepted_in(height), accepted.contains(&height), "{state:?} at {height}");
                assert_eq!(state.is_over_before(height), height >= over, "{state:?} at {height}");
            }
        }
        assert!([5, 6, 7].iter().all(|h| from.check_accepted(*h).is_ok() && retired.check_accepted(*h).is_ok()));
        assert_eq!(decode::<CircuitState>(&codec::encode(&retired)).unwrap(), retired);
    }
}
