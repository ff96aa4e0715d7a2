//! How a chain begins: its validators, keys, money, circuits and rules, whose digest is the chain id.

use crate::address::Address;
use crate::block::{BLOCK_BYTES_MAX, HEADER_BYTES_MAX, PROTOCOL_VERSION};
use crate::certificate::ValidatorSet;
use crate::encoding::base64url;
use crate::keys::PublicKey;
use crate::name::Name;
use crate::transaction::{APPROVALS_MAX, Payload, TRANSACTION_BYTES_MAX, Transaction};
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::hash::label;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU16;

/// Longest genesis document.
pub const GENESIS_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Most accounts funded at genesis.
pub const ACCOUNTS_MAX: usize = 100_000;

/// Longest verifying key.
pub const VERIFYING_KEY_BYTES_MAX: usize = 1024 * 1024;

/// Longest file with a ceremony's transcript. Only its digest is on the chain.
pub const TRANSCRIPT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How many blocks ahead a decision may reach at most: when approvals end to count, and when, after the delay, a circuit begins or ends.
pub const BLOCKS_AHEAD_MAX: u64 = 10_000_000;

/// Most blocks of a genesis's delay before a circuit begins or ends.
const DELAY_BLOCKS_MAX: u64 = 10_000_000;

/// Most blocks between two anchors.
const INTERVAL_BLOCKS_MAX: u64 = 10_000_000;

/// For play or for real.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChainKind {
    /// Accepts development parameters and may have a faucet.
    Development,
    /// Neither.
    Production,
}

/// Money at genesis.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisAccount {
    /// The account.
    pub address: Address,
    /// Its balance.
    pub balance: u64,
}

/// A circuit with the key under which a chain accepts its proofs: of the genesis, or adopted later.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisCircuit {
    /// The circuit.
    pub id: CircuitId,
    /// Digest of its constraints.
    pub constraints: Digest,
    /// Id of the verifying key: a digest over the file's content.
    pub verifying_key_id: Digest,
    /// The canonical bytes of the verifying key's file.
    #[serde(with = "base64url")]
    pub verifying_key: Vec<u8>,
    /// SHA-256 of the file with the transcript of the ceremony that the key came from; none for a development key.
    pub transcript: Option<Digest>,
}

/// When anchors are written and how long they count.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorRules {
    /// An anchor is written at every height that is a multiple of this.
    pub interval_blocks: u64,
    /// How long after its replacement an anchor counts, in block time; also the longest life of a request.
    pub grace_ms: u64,
}

/// Least fees.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fees {
    /// For any transaction.
    pub base: u64,
    /// For each encoded byte.
    pub per_byte: u64,
    /// For each proof to verify.
    pub per_proof: u64,
}

impl Fees {
    /// The least fee of a transaction; saturates.
    pub fn minimum(&self, transaction: &Transaction) -> u64 {
        let bytes = (transaction.encode().len() as u64).saturating_mul(self.per_byte);
        let proofs = if matches!(transaction.body.payload, Payload::RecordProof(_)) { self.per_proof } else { 0 };
        self.base.saturating_add(bytes).saturating_add(proofs)
    }
}

/// What a block may hold.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Encoded bytes of a block.
    pub block_bytes: u32,
    /// Transactions of a block.
    pub block_transactions: u32,
    /// Proofs to verify in a block.
    pub block_proofs: u32,
    /// How far a block's time may be ahead of a validator's clock.
    pub clock_drift_ms: u64,
}

/// The document a chain begins with.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// [`PROTOCOL_VERSION`].
    pub protocol_version: u32,
    /// Name of the chain.
    pub chain_name: Name,
    /// For play or for real.
    pub kind: ChainKind,
    /// Before the first block, milliseconds since 1970.
    pub time_unix_ms: u64,
    /// Who decides.
    pub validators: ValidatorSet,
    /// Key of the identity authority's account.
    pub identity_authority: PublicKey,
    /// Who has money, ascending by address.
    pub accounts: Vec<GenesisAccount>,
    /// The account from which a development chain's node gives money away.
    pub faucet: Option<Address>,
    /// Circuits, ascending by id.
    pub circuits: Vec<GenesisCircuit>,
    /// Blocks that lie at least between the decision that a circuit begins or ends to be accepted, and its taking effect.
    pub circuit_delay_blocks: u64,
    /// Anchors.
    pub anchors: AnchorRules,
    /// Length of the consortium scope's window, months.
    pub consortium_window_months: NonZeroU16,
    /// Least fees.
    pub fees: Fees,
    /// Limits.
    pub limits: Limits,
}

/// Why a genesis is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// Too long a document.
    #[error("the genesis has {bytes} bytes, more than the limit of {limit}")]
    TooLong {
        /// Bytes.
        bytes: usize,
        /// Limit.
        limit: usize,
    },
    /// Not a genesis document.
    #[error("the genesis does not parse: {reason}")]
    Malformed {
        /// Where and why.
        reason: String,
    },
    /// Rules of another version.
    #[error("the genesis is for protocol version {found}, this program follows version {expected}: use the matching program")]
    ProtocolVersion {
        /// Ours.
        expected: u32,
        /// The genesis's.
        found: u32,
    },
    /// No usable authority key.
    #[error("the identity authority's key is not a usable Ed25519 public key: generate a new one")]
    WeakAuthorityKey,
    /// Nobody could ever be admitted, nor a circuit be adopted.
    #[error(
        "the validators can decide nothing: it takes {needed} of them to have more than two thirds of the power, and a transaction \
         carries at most {limit} approvals; name fewer validators, or give some of them more power"
    )]
    CannotGovern {
        /// Validators needed at least.
        needed: usize,
        /// Approvals that a transaction carries.
        limit: usize,
    },
    /// Accounts unsorted, twice or too many.
    #[error("genesis accounts are at most {limit}, each once, in ascending order of their addresses")]
    AccountList {
        /// Accounts allowed.
        limit: usize,
    },
    /// More money than 64 bits hold.
    #[error("the balances at genesis add up to more than 64 bits hold: lower them")]
    SupplyOverflow,
    /// Money for nothing on a real chain.
    #[error("a faucet exists on development chains only: remove it or set the kind to development")]
    FaucetOnProduction,
    /// An empty faucet.
    #[error("the faucet account is not among the funded accounts: fund it")]
    FaucetNotFunded,
    /// Circuits empty, unsorted or twice.
    #[error("a genesis has at least one circuit, each once, in ascending order")]
    CircuitList,
    /// A verifying key that is none.
    #[error("the verifying key of {circuit} has {bytes} bytes, which is not in 1..={limit}: rebuild the genesis from the parameters")]
    VerifyingKeyLength {
        /// Circuit.
        circuit: CircuitId,
        /// Bytes.
        bytes: usize,
        /// Limit.
        limit: usize,
    },
    /// Nobody could tell where a key came from.
    #[error("{circuit} names no ceremony's transcript: on a production chain every key comes from a ceremony")]
    NoTranscript {
        /// Circuit.
        circuit: CircuitId,
    },
    /// A rule with a number that can't work.
    #[error("{rule} is {found}, it must lie between {least} and {most}")]
    Range {
        /// Name of the rule.
        rule: &'static str,
        /// Number given.
        found: u64,
        /// Least number allowed.
        least: u64,
        /// Most allowed.
        most: u64,
    },
}

impl Genesis {
    /// Parses and checks a JSON document.
    ///
    /// # Errors
    /// [`GenesisError`].
    pub fn from_json(json: &[u8]) -> Result<Self, GenesisError> {
        if json.len() > GENESIS_BYTES_MAX {
            return Err(GenesisError::TooLong { bytes: json.len(), limit: GENESIS_BYTES_MAX });
        }
        let genesis: Self = serde_json::from_slice(json).map_err(|e| GenesisError::Malformed { reason: e.to_string() })?;
        genesis.check()?;
        Ok(genesis)
    }

    /// The document as people read it.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a genesis has no map with keys that are no text")
    }

    /// The chain id.
    pub fn chain_id(&self) -> Digest {
        Digest::of_value(label::sha256::CHAIN, self)
    }

    /// The circuit with this id, if the chain has it.
    pub fn circuit(&self, id: CircuitId) -> Option<&GenesisCircuit> {
        self.circuits.iter().find(|c| c.id == id)
    }

    /// Address of the identity authority.
    pub fn authority(&self) -> Address {
        Address::of(&self.identity_authority)
    }

    /// Checks every rule that needs nothing but the document. Whether a verifying key is sound is for who loads it.
    ///
    /// # Errors
    /// [`GenesisError`], the first rule broken.
    pub fn check(&self) -> Result<(), GenesisError> {
        if self.protocol_version != PROTOCOL_VERSION {
            return Err(GenesisError::ProtocolVersion { expected: PROTOCOL_VERSION, found: self.protocol_version });
        }
        self.identity_authority.check().map_err(|_| GenesisError::WeakAuthorityKey)?;
        let needed = self.validators.quorum_size_min();
        if needed > APPROVALS_MAX {
            return Err(GenesisError::CannotGovern { needed, limit: APPROVALS_MAX });
        }
        self.check_money()?;
        if self.circuits.is_empty() || !self.circuits.is_sorted_by(|a, b| a.id < b.id) {
            return Err(GenesisError::CircuitList);
        }
        for circuit in &self.circuits {
            let bytes = circuit.verifying_key.len();
            if !(1..=VERIFYING_KEY_BYTES_MAX).contains(&bytes) {
                return Err(GenesisError::VerifyingKeyLength { circuit: circuit.id, bytes, limit: VERIFYING_KEY_BYTES_MAX });
            }
            if self.kind == ChainKind::Production && circuit.transcript.is_none() {
                return Err(GenesisError::NoTranscript { circuit: circuit.id });
            }
        }
        let least_block = (TRANSACTION_BYTES_MAX + HEADER_BYTES_MAX) as u64;
        for (rule, found, least, most) in [
            ("circuit_delay_blocks", self.circuit_delay_blocks, 1, DELAY_BLOCKS_MAX),
            ("anchors.interval_blocks", self.anchors.interval_blocks, 1, INTERVAL_BLOCKS_MAX),
            ("anchors.grace_ms", self.anchors.grace_ms, 1_000, 31 * 86_400_000),
            ("consortium_window_months", self.consortium_window_months.get().into(), 1, crate::transaction::WINDOW_MONTHS_MAX.into()),
            ("limits.block_bytes", self.limits.block_bytes.into(), least_block, BLOCK_BYTES_MAX as u64),
            ("limits.block_transactions", self.limits.block_transactions.into(), 1, 100_000),
            ("limits.block_proofs", self.limits.block_proofs.into(), 1, 10_000),
            ("limits.clock_drift_ms", self.limits.clock_drift_ms, 100, 60_000),
        ] {
            if !(least..=most).contains(&found) {
                return Err(GenesisError::Range { rule, found, least, most });
            }
        }
        Ok(())
    }

    fn check_money(&self) -> Result<(), GenesisError> {
        if self.accounts.len() > ACCOUNTS_MAX || !self.accounts.is_sorted_by(|a, b| a.address < b.address) {
            return Err(GenesisError::AccountList { limit: ACCOUNTS_MAX });
        }
        self.accounts.iter().try_fold(0u64, |sum, a| sum.checked_add(a.balance)).ok_or(GenesisError::SupplyOverflow)?;
        match &self.faucet {
            Some(_) if self.kind == ChainKind::Production => Err(GenesisError::FaucetOnProduction),
            Some(faucet) if !self.accounts.iter().any(|a| a.address == *faucet && a.balance > 0) => Err(GenesisError::FaucetNotFunded),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Validator;
    use crate::keys::SecretKey;

    fn genesis() -> Genesis {
        let key = SecretKey::generate().public();
        let zero = Digest::default();
        let circuit = |id| GenesisCircuit { id, constraints: zero, verifying_key_id: zero, verifying_key: vec![1], transcript: None };
        Genesis {
            protocol_version: PROTOCOL_VERSION,
            chain_name: Name::new("test").unwrap(),
            kind: ChainKind::Development,
            time_unix_ms: 1,
            validators: ValidatorSet::new(vec![Validator { public_key: key, power: 1 }]).unwrap(),
            identity_authority: key,
            accounts: vec![GenesisAccount { address: Address::of(&key), balance: 5 }],
            faucet: Some(Address::of(&key)),
            circuits: vec![circuit(CircuitId::Eligibility1), circuit(CircuitId::Eligibility3)],
            circuit_delay_blocks: 5,
            anchors: AnchorRules { interval_blocks: 10, grace_ms: 60_000 },
            consortium_window_months: NonZeroU16::MIN,
            fees: Fees { base: 1, per_byte: 1, per_proof: 1 },
            limits: Limits { block_bytes: 1 << 20, block_transactions: 100, block_proofs: 10, clock_drift_ms: 1_000 },
        }
    }

    #[test]
    fn the_document_reads_back_and_everything_in_it_decides_the_chain_id() {
        let genesis = genesis();
        assert_eq!(Genesis::from_json(genesis.to_json().as_bytes()).unwrap(), genesis);
        let mut other = genesis.clone();
        other.limits.clock_drift_ms += 1;
        assert_ne!(other.chain_id(), genesis.chain_id());
        let unknown = genesis.to_json().replacen('{', "{\"surprise\": 1,", 1);
        assert!(matches!(Genesis::from_json(unknown.as_bytes()), Err(GenesisError::Malformed { .. })));
        assert!(matches!(Genesis::from_json(&vec![b' '; GENESIS_BYTES_MAX + 1]), Err(GenesisError::TooLong { .. })));
    }

    /// With equal powers 383 validators are the most: more than two thirds of 384 are 257.
    #[test]
    fn validators_who_can_decide_nothing_are_refused() {
        let with_powers = |powers: &[u64]| {
            let validators = powers.iter().map(|power| Validator { public_key: SecretKey::generate().public(), power: *power }).collect();
            Genesis { validators: ValidatorSet::new(validators).unwrap(), ..genesis() }.check()
        };
        let limit = APPROVALS_MAX;
        assert_eq!(with_powers(&[1; 383]), Ok(()));
        assert_eq!(with_powers(&[1; 384]), Err(GenesisError::CannotGovern { needed: 257, limit }));
        assert_eq!(with_powers(&[1; 512]), Err(GenesisError::CannotGovern { needed: 342, limit }));
        // it is the power that counts: a few that have most of it decide for many
        let few = [vec![1_000; 3], vec![1; 509]].concat();
        assert_eq!(with_powers(&few), Ok(()));
    }

    #[test]
    fn each_rule_refuses() {
        let with = |change: &dyn Fn(&mut Genesis)| {
            let mut genesis = genesis();
            change(&mut genesis);
            genesis.check().unwrap_err()
        };
        let rich = GenesisAccount { address: Address(Digest([0xff; 32])), balance: u64::MAX };
        assert_eq!(with(&|g| g.protocol_version = 9), GenesisError::ProtocolVersion { expected: PROTOCOL_VERSION, found: 9 });
        assert_eq!(with(&|g| g.identity_authority = PublicKey([0; 32])), GenesisError::WeakAuthorityKey);
        assert_eq!(with(&|g| g.accounts.push(g.accounts[0].clone())), GenesisError::AccountList { limit: ACCOUNTS_MAX });
        assert_eq!(with(&|g| g.accounts.push(rich.clone())), GenesisError::SupplyOverflow);
        assert_eq!(with(&|g| g.kind = ChainKind::Production), GenesisError::FaucetOnProduction);
        assert_eq!(with(&|g| g.accounts.clear()), GenesisError::FaucetNotFunded);
        assert_eq!(with(&|g| g.circuits.clear()), GenesisError::CircuitList);
        assert_eq!(with(&|g| g.circuits.reverse()), GenesisError::CircuitList);
        assert!(matches!(with(&|g| g.circuits[0].verifying_key.clear()), GenesisError::VerifyingKeyLength { bytes: 0, .. }));
        let production = |g: &mut Genesis| (g.kind, g.faucet) = (ChainKind::Production, None);
        assert_eq!(with(&production), GenesisError::NoTranscript { circuit: CircuitId::Eligibility1 });
        let one = |g: &mut Genesis| {
            production(g);
            g.circuits[0].transcript = Some(Digest::default());
        };
        assert_eq!(with(&one), GenesisError::NoTranscript { circuit: CircuitId::Eligibility3 });
        type Change = fn(&mut Genesis);
        let rules: [(&str, Change); 8] = [
            ("circuit_delay_blocks", |g| g.circuit_delay_blocks = 0),
            ("circuit_delay_blocks", |g| g.circuit_delay_blocks = u64::MAX),
            ("anchors.interval_blocks", |g| g.anchors.interval_blocks = 0),
            ("anchors.grace_ms", |g| g.anchors.grace_ms = 0),
            ("consortium_window_months", |g| g.consortium_window_months = NonZeroU16::MAX),
            ("limits.block_bytes", |g| g.limits.block_bytes = TRANSACTION_BYTES_MAX as u32),
            ("limits.block_proofs", |g| g.limits.block_proofs = 0),
            ("limits.clock_drift_ms", |g| g.limits.clock_drift_ms = 0),
        ];
        for (expected, change) in rules {
            assert!(matches!(with(&change), GenesisError::Range { rule, .. } if rule == expected), "{expected}");
        }
    }
}
