//! Every rule that can refuse a transaction: what it says, a stable code and what to do.

use crate::address::Address;
use crate::keys::PublicKey;
use crate::transaction::Slot;
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::month::Month;
use serde::{Deserialize, Serialize};

#[macro_use]
#[path = "error_rules.rs"]
mod rules;

rules! {
    // structure: needs nothing but the bytes
    /// Longer than any transaction may be.
    TooLarge {
        /// Bytes it has.
        bytes: u64,
        /// Bytes allowed.
        limit: u64,
    } = "transaction-too-large", "the transaction has {bytes} bytes, more than the limit of {limit}", "shorten names and lists";
    /// The signature is not by the key in the body.
    BadSignature = "bad-signature", "the signature does not fit the transaction and its key", "sign the digest of the canonical body with the key that the body names";
    /// A key for which anybody can sign, or none.
    WeakKey {
        /// The key.
        key: PublicKey,
    } = "weak-key", "{key} is not a usable Ed25519 public key", "generate a new key";
    /// Nothing to move.
    ZeroAmount = "zero-amount", "a transfer of 0 moves nothing", "give an amount above 0";
    /// Domains empty, unsorted or twice the same.
    DomainList = "domain-list", "an institution has at least one domain, each once, in ascending order", "sort the domains and remove duplicates";
    /// Approvals too many, unsorted or twice the same.
    ApprovalList {
        /// Approvals allowed.
        limit: u64,
    } = "approval-list", "there are at most {limit} approvals, each validator once, in ascending order of their keys", "sort the approvals by validator and remove duplicates";
    /// An approval whose signature does not hold.
    BadApproval {
        /// Who is said to have signed.
        validator: PublicKey,
    } = "bad-approval", "the approval of {validator} is not a signature over this decision on this chain", "ask the validator to sign this very decision";
    /// Window of a scope out of range.
    WindowMonths {
        /// Months given.
        months: u16,
        /// Months allowed.
        limit: u16,
    } = "window-months", "a window of {months} months is not in 1..={limit}", "choose a window of 1 to 120 whole months";
    /// The new key did not sign.
    BadPossession = "bad-possession", "the new key did not sign for this account and chain", "sign the possession digest with the new key";
    /// Covers too many, unsorted or twice the same.
    CoverList {
        /// Covers allowed.
        limit: u64,
    } = "cover-list", "there are at most {limit} covered publications, each slot once, in ascending order", "sort the covers by slot and remove duplicates";
    /// More files than a tree has places.
    TooManyFiles {
        /// Files said.
        files: u32,
        /// Places.
        limit: u64,
    } = "too-many-files", "{files} files do not fit a tree of {limit} positions", "count the files again";
    /// A schema breaks its own rules.
    SchemaRefused {
        /// Which.
        reason: String,
    } = "schema-refused", "the schema is refused: {reason}", "correct the schema";
    /// Somebody else's policy.
    NotPolicyOwner {
        /// Whose it is.
        owner: Address,
    } = "not-policy-owner", "the policy belongs to {owner}, not to the sender", "send from the owner's account";

    // account: such a transaction is not included at all
    /// Signed for another chain.
    WrongChain {
        /// This chain.
        expected: Digest,
        /// The transaction's chain.
        found: Digest,
    } = "wrong-chain", "the transaction is for chain {found}, this is {expected}", "sign again with this chain's id";
    /// Not the account's current key.
    KeyNotCurrent {
        /// The account.
        account: Address,
    } = "key-not-current", "the key is not the current one of account {account}", "sign with the account's current key; a new account's address is that of its key";
    /// Not the next transaction of the account.
    WrongNonce {
        /// The next one.
        expected: u64,
        /// The transaction's.
        found: u64,
    } = "wrong-nonce", "the account's next nonce is {expected}, not {found}", "fetch the account's nonce and sign again";
    /// Offers less than the chain asks.
    FeeTooLow {
        /// Least fee for this transaction.
        minimum: u64,
        /// Fee offered.
        offered: u64,
    } = "fee-too-low", "the fee of {offered} is below the minimum of {minimum} for this transaction", "raise the fee";
    /// Cannot pay the fee.
    FeeNotCovered {
        /// What the account has.
        balance: u64,
        /// What the fee is.
        fee: u64,
    } = "fee-not-covered", "the balance of {balance} does not cover the fee of {fee}", "fund the account first";
    /// Too late.
    Expired {
        /// Last height allowed.
        valid_until_height: u64,
        /// The block's height.
        height: u64,
    } = "transaction-expired", "the transaction was valid until height {valid_until_height}, the block has height {height}", "sign again with a later limit";

    // transfer
    /// Cannot pay the amount after the fee.
    InsufficientBalance {
        /// What is left after the fee.
        balance: u64,
        /// What the transfer needs.
        needed: u64,
    } = "insufficient-balance", "the balance of {balance} left after the fee does not cover {needed}", "send less or fund the account first";
    /// The receiver's balance would not fit 64 bits.
    BalanceOverflow {
        /// The receiver.
        account: Address,
    } = "balance-overflow", "the balance of {account} would exceed 64 bits", "send less";

    // admission
    /// The approvals are too old.
    ApprovalExpired {
        /// Last height.
        approved_until_height: u64,
        /// The block's height.
        height: u64,
    } = "approval-expired", "the approvals counted until height {approved_until_height}, the block has height {height}", "collect new approvals with a later limit";
    /// Approved by somebody without a vote.
    ApprovalByStranger {
        /// Who signed.
        validator: PublicKey,
    } = "approval-by-stranger", "{validator} is not a validator", "leave this approval out";
    /// Not more than two thirds.
    NotEnoughApproval {
        /// Power that approved.
        approved: u64,
        /// Power of all.
        total: u64,
    } = "not-enough-approval", "approved by {approved} of {total} voting power, which is not more than two thirds", "collect more approvals";
    /// Already an institution.
    InstitutionExists {
        /// Its address.
        institution: Address,
    } = "institution-exists", "{institution} is an institution already", "nothing is left to do";
    /// Already a lender.
    LenderExists {
        /// Its address.
        lender: Address,
    } = "lender-exists", "{lender} is a lender already", "nothing is left to do";
    /// No registry slot is left.
    RegistryFull {
        /// Slots needed.
        needed: u64,
        /// Slots free.
        free: u64,
    } = "registry-full", "{needed} registry slots are needed and {free} are free", "register fewer domains";

    // rotation of an account's key
    /// Nothing changes.
    KeyUnchanged = "key-unchanged", "the new key is the current one", "generate a new key";

    // identities
    /// Not the identity authority.
    NotAuthority {
        /// Who is.
        authority: Address,
    } = "not-identity-authority", "only the identity authority, {authority}, updates identities", "send from the authority's account";
    /// Built from an older tree.
    StaleIdentityRoot {
        /// The newest root.
        expected: FieldBytes,
        /// The root the update was made from.
        found: FieldBytes,
    } = "stale-identity-root", "the newest identity root is {expected}, the update was made from {found}", "apply the changes to the newest tree";
    /// Positions were taken back.
    PositionsFell {
        /// Positions used before.
        before: u32,
        /// Positions used after.
        after: u32,
    } = "positions-fell", "positions are never reused: {before} were given out, the update says {after}", "keep every position ever given out";
    /// A rotation in the middle of a month.
    RotationNotYet {
        /// Month of the last anchor.
        month: Month,
    } = "rotation-not-yet", "keys are rotated in the first anchor of a month only, and {month} has one", "revoke now and rotate at the first anchor of next month";
    /// Nothing waits there.
    CoverUnknown {
        /// Slot.
        slot: Slot,
    } = "cover-unknown", "no publication of slot {slot} waits to be covered", "leave this cover out";
    /// Another publication waits there.
    CoverMismatch {
        /// Slot.
        slot: Slot,
        /// Month of the waiting one.
        month: Month,
        /// Its sequence number.
        sequence: u32,
    } = "cover-mismatch", "the publication of slot {slot} that waits is {month} number {sequence}", "count the changes of the publication that waits";

    // publications
    /// Not an institution.
    NotAnInstitution {
        /// The sender.
        sender: Address,
    } = "not-an-institution", "{sender} is not an admitted institution", "register the institution first";
    /// Somebody else's slot, or nobody's.
    SlotNotOwned {
        /// Slot.
        slot: Slot,
    } = "slot-not-owned", "slot {slot} is not one of the sender's", "use the slot that the registration gave";
    /// No such schema.
    SchemaUnknown {
        /// Schema id.
        schema: Digest,
    } = "schema-unknown", "schema {schema} is not registered", "register the schema first";
    /// Files of a month that has not begun.
    MonthInFuture {
        /// Month of the publication.
        month: Month,
        /// Month of the block.
        now: Month,
    } = "month-in-future", "the publication is for {month}, the chain is in {now}", "publish a month when it has begun";
    /// Older than what is published.
    MonthTooOld {
        /// Month of the publication.
        month: Month,
        /// Newest month published.
        newest: Month,
    } = "month-too-old", "the publication is for {month}, {newest} is published already", "correct the newest month instead";
    /// Not the next number.
    WrongSequence {
        /// The next number.
        expected: u32,
        /// The publication's number.
        found: u32,
    } = "wrong-sequence", "the next publication of this slot and month has number {expected}, not {found}", "a month begins with 0 and each correction adds 1";
    /// First files of a slot without a list of who has them.
    MembershipMissing {
        /// Slot.
        slot: Slot,
    } = "membership-missing", "slot {slot} shows files for the first time without a list of membership changes", "publish the digest of the membership changes";

    // schemas and policies
    /// Already there.
    SchemaExists {
        /// Schema id.
        schema: Digest,
    } = "schema-exists", "schema {schema} is registered already", "nothing is left to do";
    /// Somebody else's name.
    SchemaNameTaken {
        /// Who registered it.
        owner: Address,
    } = "schema-name-taken", "a schema of this name belongs to {owner}", "choose another name";
    /// Not a lender.
    NotALender {
        /// The sender.
        sender: Address,
    } = "not-a-lender", "{sender} is not an admitted lender", "register the lender first";
    /// Already there.
    PolicyExists {
        /// Policy id.
        policy: Digest,
    } = "policy-exists", "policy {policy} is registered already", "nothing is left to do";
    /// A policy breaks its own rules.
    PolicyRefused {
        /// Which.
        reason: String,
    } = "policy-refused", "the policy is refused: {reason}", "correct the policy";
    /// The chain has no key for the circuit.
    CircuitUnknown {
        /// The circuit.
        circuit: CircuitId,
    } = "circuit-unknown", "this chain has no circuit {circuit}", "use one of the chain's circuits: /v1/circuits lists them";
    /// Not the scope that the lender must use.
    ScopeNotAllowed = "scope-not-allowed", "members of the consortium use the consortium's scope, other lenders their own", "set the policy's scope accordingly";
    /// No such policy.
    PolicyUnknown {
        /// Policy id.
        policy: Digest,
    } = "policy-unknown", "policy {policy} is not registered", "register the policy first";
    /// Ended before.
    PolicyRetired {
        /// Policy id.
        policy: Digest,
        /// Height it ended at.
        height: u64,
    } = "policy-retired", "policy {policy} was retired at height {height}", "use a policy that is active";

    // records
    /// The request is over.
    RequestExpired {
        /// End of the request.
        expires_unix_ms: u64,
        /// Time of the block.
        now_unix_ms: u64,
    } = "request-expired", "the request ended at {expires_unix_ms}, the block's time is {now_unix_ms}", "ask for a new proof";
    /// The request would outlive the grace.
    RequestTooLong {
        /// End of the request.
        expires_unix_ms: u64,
        /// Latest end allowed.
        limit_unix_ms: u64,
    } = "request-too-long", "the request ends at {expires_unix_ms}, later than {limit_unix_ms}, when its anchor's grace may end", "let requests live no longer than the grace of anchors";
    /// No such anchor.
    AnchorUnknown {
        /// Height named.
        height: u64,
    } = "anchor-unknown", "no anchor was written at height {height}", "ask for a proof against the newest anchor";
    /// Replaced too long ago.
    AnchorOutOfGrace {
        /// Height of the anchor.
        height: u64,
        /// When another took its place, milliseconds since 1970.
        replaced_unix_ms: u64,
        /// Time of the block.
        now_unix_ms: u64,
    } = "anchor-out-of-grace", "the anchor of height {height} was replaced at {replaced_unix_ms} and the grace is over at {now_unix_ms}", "ask for a proof against the newest anchor";
    /// Registered after the anchor.
    PolicyNotActive {
        /// Policy id.
        policy: Digest,
        /// Height it is active from.
        active_from: u64,
        /// Height of the anchor.
        anchor_height: u64,
    } = "policy-not-active", "policy {policy} is active from height {active_from}, after the anchor of height {anchor_height}", "ask for a proof against a later anchor";
    /// This request has its record.
    RecordExists {
        /// Context digest.
        context: Digest,
    } = "record-exists", "the request with context {context} is recorded already", "a request is answered once: nothing is left to do";
    /// The person was granted credit in this scope before.
    NullifierSpent {
        /// Context of the record that spent it.
        record: Digest,
    } = "nullifier-spent", "the nullifier was spent in this scope and window by record {record}", "the same person was granted credit before: grant nothing more in this window";
    /// The pairing equation does not hold, or the bytes are no canonical proof.
    ProofInvalid = "proof-invalid", "the proof does not hold for these public inputs", "check that the proof answers this very request; ask for a new one";
    /// A schema that does not grow from its former version.
    SchemaNotGrown {
        /// Which rule.
        reason: String,
    } = "schema-not-grown", "the schema does not follow from its former version: {reason}", "add features in free slots only and raise the version";
    /// Nothing is said of members while others are not counted yet.
    MembershipWaits {
        /// Slot.
        slot: Slot,
    } = "membership-waits", "a publication of slot {slot} waits for its members to be counted, so the next one must name its members, too", "publish with the digest of the membership list, or after the authority has counted what waits";
    /// More or fewer files than counted, and no list says whose.
    MembershipChanged {
        /// Slot.
        slot: Slot,
        /// Files counted.
        counted: u32,
        /// Files published.
        files: u32,
    } = "membership-changed", "slot {slot} has {counted} files counted and publishes {files} without a list of membership changes", "publish the digest of the membership list";
    /// The authority has to count before more is published.
    WaitingFull {
        /// Slot.
        slot: Slot,
        /// How many wait.
        limit: u64,
    } = "waiting-full", "{limit} publications of slot {slot} wait for the identity authority", "give the authority the list of the newest one and publish after its next update";
    /// The circuit has a key.
    CircuitExists {
        /// The circuit.
        circuit: CircuitId,
        /// Its key.
        verifying_key_id: Digest,
    } = "circuit-exists", "{circuit} has the key {verifying_key_id}, and a circuit has one key at a time", "retire the circuit, and adopt it again in a later block than its last; a stop would be for good, and take a new ceremony";
    /// The key or its origin breaks a rule.
    CircuitRefused {
        /// The circuit.
        circuit: CircuitId,
        /// Which rule.
        reason: String,
    } = "circuit-refused", "{circuit} is not adopted: {reason}", "adopt it with a key that its ceremony's transcript ends with";
    /// Too little time for everybody to prepare.
    CircuitTooSoon {
        /// Height given.
        given: u64,
        /// Least height allowed.
        least: u64,
    } = "circuit-too-soon", "a circuit begins or ends at height {least} or later if that is decided now, not at {given}", "have a later height approved, and leave time for the approvals";
    /// Not the next decision about this circuit: another one was made meanwhile, or this one before.
    WrongDecision {
        /// The circuit.
        circuit: CircuitId,
        /// The next number.
        expected: u64,
        /// The decision's.
        found: u64,
    } = "wrong-decision", "the next decision about {circuit} has number {expected}, not {found}", "look at /v1/circuits, and have a decision with that number approved if it is still wanted";
    /// Not more than one third.
    NotEnoughToStop {
        /// Power that approved.
        approved: u64,
        /// Power of all.
        total: u64,
    } = "not-enough-to-stop", "approved by {approved} of {total} voting power, which is not more than one third", "collect more approvals";
    /// Adopted, but not accepted yet.
    CircuitNotActiveYet {
        /// The circuit.
        circuit: CircuitId,
        /// First height at which it is accepted.
        active_from: u64,
        /// The height at which it was to be used.
        height: u64,
    } = "circuit-not-active-yet", "{circuit} is accepted from height {active_from} on, not at {height}", "wait until it is accepted, or use another circuit";
    /// Not accepted any more.
    CircuitRetired {
        /// The circuit.
        circuit: CircuitId,
        /// Last height at which it is accepted.
        last_height: u64,
    } = "circuit-retired", "{circuit} was retired: it is accepted until height {last_height}", "use another circuit";
    /// Stopped by validators.
    CircuitStopped {
        /// The circuit.
        circuit: CircuitId,
        /// Height of the block that stopped it.
        stopped_height: u64,
    } = "circuit-stopped", "validators stopped {circuit} at height {stopped_height}", "use another circuit; proofs of this one do not count";
    /// Validators stopped the key, whatever key the circuit has had since.
    KeyStopped {
        /// The circuit it is for.
        circuit: CircuitId,
        /// The key.
        verifying_key_id: Digest,
        /// Height of the block that stopped it.
        stopped_height: u64,
    } = "key-stopped", "validators stopped the key {verifying_key_id} of {circuit} at height {stopped_height}, and a stopped key is never adopted again", "adopt the circuit with a key of a new ceremony";
    /// So late that nobody can mean it, and a circuit would be taken until then.
    CircuitTooLate {
        /// Height given.
        given: u64,
        /// Greatest height allowed.
        most: u64,
    } = "circuit-too-late", "a circuit begins or ends at height {most} or earlier if that is decided now, not at {given}", "have an earlier height approved";
    /// Approvals that would count for as good as ever.
    ApprovalTooLong {
        /// Last height.
        approved_until_height: u64,
        /// Greatest height allowed.
        most: u64,
    } = "approval-too-long", "the approvals count until height {approved_until_height}, and {most} is the last that they may name now", "collect new approvals with an earlier limit";
    /// A stop names the key that it stops, and the circuit has another.
    CircuitHasOtherKey {
        /// The circuit.
        circuit: CircuitId,
        /// Its key.
        expected: Digest,
        /// The decision's.
        found: Digest,
    } = "circuit-has-other-key", "{circuit} has the key {expected}, not {found}", "look at /v1/circuits: if that key is to be stopped, have a decision with its id approved";
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
