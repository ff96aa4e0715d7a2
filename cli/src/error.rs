//! How a command can fail: in whose words, and with which exit code.

use crate::client::ClientError;
use crate::files::FileError;
use probity_ceremony::attestation::AttestationError;
use probity_ceremony::{CeremonyError, TranscriptError};
use probity_issuer::authority::AuthorityError;
use probity_issuer::institution::{IngestError, MappingError, PublicationError, RosterError};
use probity_issuer::{LegalIdError, StoreError};
use probity_ledger::delivery::DeliveryError;
use probity_ledger::error::TxError;
use probity_ledger::genesis::GenesisError;
use probity_ledger::keys::KeyError;
use probity_ledger::request::RequestError;
use probity_ledger::state_proof::StateProofError;
use probity_ledger::transaction::TxId;
use probity_params::cache::CacheError;
use probity_prover::LoadError;
use probity_scorecard::ImportError;
use probity_verifier::LightError;
use probity_verifier::RegistryError;
use probity_verifier::audit::{BundleError, Refused};
use probity_wallet::book::WrongKey;
use probity_wallet::collect::CollectError;
use probity_wallet::{Refusal, WalletError};

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The arguments contradict each other or lack something.
    #[error("{0}")]
    Usage(String),
    /// The node, or the way to it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// No passphrase.
    #[error("no passphrase: {0}; type it, or name a file that holds it in PROBITY_PASSPHRASE_FILE")]
    Passphrase(String),
    /// The wallet.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// Something that the wallet does not take in.
    #[error("{file}: {reason}")]
    Collect {
        /// Where it came from.
        file: String,
        /// Why not.
        reason: CollectError,
    },
    /// The wallet does not answer.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// The person said no.
    #[error("nothing was sent: you said no")]
    Declined,
    /// A delivery.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// A request or response.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A proving key.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The key cache.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// A ceremony.
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    /// A ceremony's transcript.
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
    /// A contributor's word.
    #[error(transparent)]
    Attestation(#[from] AttestationError),
    /// A genesis.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The node names another chain than its genesis, or than is trusted.
    #[error("the node is of chain {found}, expected {expected}: it is another chain's, or it lies")]
    OtherChain {
        /// Expected.
        expected: String,
        /// Found.
        found: String,
    },
    /// Headers.
    #[error("the node's headers are refused: {0}")]
    Light(#[from] LightError),
    /// A state proof.
    #[error("the node's state proof is refused: {0}")]
    StateProof(#[from] StateProofError),
    /// A circuit's key on the chain.
    #[error(transparent)]
    Circuit(#[from] WrongKey),
    /// A verifying key.
    #[error(transparent)]
    VerifyingKey(#[from] RegistryError),
    /// Something is not on the chain.
    #[error("the chain has no {what}: {todo}")]
    NotOnChain {
        /// What.
        what: String,
        /// What to do.
        todo: &'static str,
    },
    /// A node that showed a block does not know it any more.
    #[error("the node's newest block is {found} now, and it showed block {known} before: it hides blocks that it has; ask another node")]
    HidesBlocks {
        /// Height of the block that it showed.
        known: u64,
        /// Height of what it now says is the newest.
        found: u64,
    },
    /// The chain refused a transaction.
    #[error("the chain refused transaction {id} at height {height}: {reason}")]
    Transaction {
        /// Its id.
        id: TxId,
        /// Height of its block.
        height: u64,
        /// The rule.
        reason: Box<TxError>,
    },
    /// A transaction waits longer than we do.
    #[error("transaction {id} is not in a block yet: look again with `probity tx status {id}`")]
    NotIncluded {
        /// Its id.
        id: TxId,
    },
    /// The identity authority.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// Records.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// A mapping.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// A roster.
    #[error(transparent)]
    Roster(#[from] RosterError),
    /// A publication.
    #[error(transparent)]
    Publication(#[from] PublicationError),
    /// An institution's directory.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A legal identity.
    #[error(transparent)]
    LegalId(#[from] LegalIdError),
    /// A scorecard.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A record does not stand.
    #[error("the record does not verify: {0}")]
    Audit(#[from] Box<Refused>),
    /// The lender's verdict is not an approval.
    #[error("{0}")]
    Verdict(String),
    /// A request on its way to a yes or no.
    #[error("the answer was kept in the wallet but not delivered: {0}; send it again with --resend")]
    NotDelivered(ClientError),
}

impl CliError {
    /// 2 when the command line makes no sense, else 1.
    pub fn exit_code(&self) -> u8 {
        if matches!(self, Self::Usage(_)) { 2 } else { 1 }
    }

    /// The rule's stable name, where another side gave one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Client(e) | Self::NotDelivered(e) => e.code(),
            Self::Transaction { reason, .. } => Some(reason.code()),
            _ => None,
        }
    }

    /// What to do, where another side said so apart from the message.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Client(e) | Self::NotDelivered(e) => e.hint().map(str::to_owned),
            Self::Transaction { reason, .. } => Some(reason.hint().to_string()),
            _ => None,
        }
    }
}
