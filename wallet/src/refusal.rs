//! Why the wallet does not answer a request: one variant a rule.

use crate::select::SelectError;
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::policy::PolicyError;
use probity_ledger::address::Address;
use probity_ledger::error::TxError;
use probity_ledger::request::RequestError;
use probity_prover::CannotProve;

/// Why a request is not answered.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The wallet knows no chain.
    #[error("the wallet does not know the chain yet: run `probity wallet collect --node URL`, or import the chain's book first")]
    NoBook,
    /// No registration.
    #[error("the wallet is not registered yet: send its enrolment to the identity authority and import what comes back")]
    NotRegistered,
    /// The request is for another chain.
    #[error("the request is for chain {found}, this wallet belongs to {expected}: do not answer it")]
    OtherChain {
        /// The wallet's chain.
        expected: Digest,
        /// The request's.
        found: Digest,
    },
    /// Since then a circuit may have been stopped, a key rotated or the anchor replaced.
    #[error(
        "what the wallet knows of the chain is {minutes} minutes old, more than the {most} allowed: run `probity wallet collect --node URL` \
         or import a newer book; if it stays so, the node is behind or hides newer blocks, or a clock is wrong, this machine's or the \
         lender's: ask another node"
    )]
    StaleBook {
        /// Age of the newest block that the wallet knows, now or when the lender signed the request.
        minutes: u64,
        /// Greatest age allowed.
        most: u64,
    },
    /// By such a clock every book is young, and every request in time.
    #[error(
        "the newest block that the wallet knows is {minutes} minutes ahead of this machine's clock: the clock is behind; set it to the right \
         time, then try again"
    )]
    ClockBehind {
        /// How far ahead.
        minutes: u64,
    },
    /// Nobody was admitted under this address.
    #[error("no lender is admitted to the chain under {lender}: whoever asks is nobody the chain knows; do not answer")]
    UnknownLender {
        /// The address.
        lender: Address,
    },
    /// Malformed, or not signed by the policy's owner.
    #[error("the request is refused: {0}")]
    Request(#[from] RequestError),
    /// The scope's window is not the one on chain.
    #[error("the request claims a window of {found} months, the chain says {expected}: the lender may not choose its scope")]
    OtherWindow {
        /// On chain.
        expected: u16,
        /// In the request.
        found: u16,
    },
    /// Another scope than the lender's kind must use.
    #[error(
        "the policy's nullifiers are in a scope that this lender may not use: they could link you where they should not; do not answer"
    )]
    OtherScope,
    /// It has ended.
    #[error("the request expired {seconds_ago} seconds ago: ask the lender for a new one")]
    Expired {
        /// How long ago.
        seconds_ago: u64,
    },
    /// It lives longer than anchors count.
    #[error("the request lives for {hours} hours, longer than an anchor's grace of {grace_hours}: the lender must ask for less")]
    LivesTooLong {
        /// Its life.
        hours: u64,
        /// The grace.
        grace_hours: u64,
    },
    /// Not an anchor that is known.
    #[error("the wallet knows no anchor at height {height}: collect from a node, or import the chain's book of that height")]
    UnknownAnchor {
        /// Its height.
        height: u64,
    },
    /// Not the chain's anchor.
    #[error("the request's anchor at height {height} has other roots or another month than the chain's: do not answer it")]
    OtherAnchor {
        /// Its height.
        height: u64,
    },
    /// Replaced too long ago.
    #[error("the request's anchor was replaced {hours} hours ago and no longer counts: ask the lender for a request with a newer one")]
    AnchorOutOfGrace {
        /// Hours since the replacement.
        hours: u64,
    },
    /// The policy is not active at the anchor.
    #[error("the policy {policy} is not active at the request's anchor: it was registered later or retired before")]
    PolicyNotActive {
        /// Policy id.
        policy: Digest,
    },
    /// The schema is not known.
    #[error("the wallet does not know the schema {schema} of the policy: collect from a node")]
    UnknownSchema {
        /// Schema id.
        schema: Digest,
    },
    /// The policy breaks a rule.
    #[error("the policy is one that the chain refuses: {0}")]
    Policy(#[from] PolicyError),
    /// The circuit is not the chain's, or its key is not.
    #[error("the request names a circuit or key that the chain does not have: do not answer it")]
    OtherKey,
    /// Anybody can forge proofs for the key.
    #[error("the chain's key of {circuit} is a development key, which only a development chain may have: do not answer")]
    DevelopmentKey {
        /// The circuit.
        circuit: CircuitId,
    },
    /// Validators stopped or retired the circuit, or it is not accepted yet.
    #[error("the chain does not accept the circuit that the request needs: {0}")]
    Circuit(TxError),
    /// Answered already.
    #[error("this request was answered already: send the same answer again with --resend")]
    AlreadyAnswered {
        /// Context of the answer.
        context: Digest,
    },
    /// A policy that nobody else can see.
    #[error("policy {policy} is not on the chain as far as the wallet knows: collect from a node; if it still is not there, do not answer")]
    UnknownPolicy {
        /// Its id.
        policy: Digest,
    },
    /// Enough answers to this lender.
    #[error(
        "{lender} got {answers} answers in this window and your limit is {limit}: each further one tells it more about you than it asks. \
         Raise the limit with `probity wallet limit` if you mean to"
    )]
    LimitReached {
        /// The lender's name.
        lender: String,
        /// Answers so far.
        answers: usize,
        /// The limit.
        limit: u8,
    },
    /// The identity path for the anchor is not here.
    #[error(
        "the wallet has no identity record for the anchor at height {height}: run `probity wallet collect`, best at another time than \
         just before answering, or import the shard; --collect fetches it now, and the node then sees one of 4,096 positions while you apply"
    )]
    NoShard {
        /// Height of the anchor.
        height: u64,
    },
    /// The registry snapshot for the anchor is not here.
    #[error("the wallet has no registry snapshot of the anchor at height {height}: collect it")]
    NoSnapshot {
        /// Height of the anchor.
        height: u64,
    },
    /// The files do not suffice.
    #[error(transparent)]
    Files(#[from] SelectError),
    /// There can be no proof.
    #[error("no proof can be made: {0}")]
    CannotProve(#[from] CannotProve),
    /// The answer could not be kept, so it is not given out.
    #[error("the answer could not be written into the wallet, so it is not sent: {0}")]
    Wallet(#[from] crate::contents::WalletError),
}
