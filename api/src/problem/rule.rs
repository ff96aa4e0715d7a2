//! The rules of the API itself: status, stable code, message and what to do. Rules of the chain are `TxError`s.

/// Writes the enum and its texts from one list, so that no rule is without status, code or hint.
macro_rules! rules {
    ($( $(#[$doc:meta])* $name:ident $({ $( $(#[$fdoc:meta])* $field:ident: $type:ty ),+ $(,)? })? = $status:literal, $code:literal, $message:literal, $hint:literal; )+) => {
        /// Why the API refuses a request.
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        pub enum Rule {
            $( $(#[$doc])* #[error($message)] $name $({ $( $(#[$fdoc])* $field: $type ),+ })?, )+
        }

        impl Rule {
            /// The stable name: the end of the problem's type.
            pub fn code(&self) -> &'static str {
                match self { $( Self::$name $({ $( $field: _ ),+ })? => $code, )+ }
            }

            /// HTTP status.
            pub fn status(&self) -> u16 {
                match self { $( Self::$name $({ $( $field: _ ),+ })? => $status, )+ }
            }

            /// What to do about it.
            pub fn hint(&self) -> &'static str {
                match self { $( Self::$name $({ $( $field: _ ),+ })? => $hint, )+ }
            }

            /// All rules as (code, status, message with its fields' names in braces, hint).
            pub const ALL: &'static [(&'static str, u16, &'static str, &'static str)] = &[ $( ($code, $status, $message, $hint) ),+ ];
        }
    };
}

rules! {
    // whoever asks
    /// No key where one is needed.
    KeyMissing = 401, "key-missing", "this resource needs an API key", "send `Authorization: Bearer <key>`; an operator makes keys with `probityd keys add`";
    /// A key that this node does not know.
    KeyUnknown = 401, "key-unknown", "the API key is not known to this node", "check the key, or ask the operator for a new one";
    /// The wrong role.
    RoleForbidden {
        /// The key's role.
        role: &'static str,
        /// The roles that may.
        allowed: String,
    } = 403, "role-forbidden", "a key of role {role} may not do this; allowed: {allowed}", "use a key of an allowed role";
    /// A lender's key, but the lender's signing key is gone from the configuration.
    LenderNotHere = 403, "lender-not-here", "the lender that this key is bound to is not configured at this node", "ask the operator to run `probityd lenders add`";
    /// Somebody else's request.
    NotYourRequest = 403, "not-your-request", "the proof request belongs to another lender", "use the key of the lender that made the request";

    // the shape of what is sent
    /// No such path.
    NotFound = 404, "not-found", "there is nothing at this address", "see /v1/openapi.json for what there is";
    /// A known path with another method.
    MethodNotAllowed = 405, "method-not-allowed", "this address does not answer that method", "see /v1/openapi.json for its methods";
    /// A body that is not what the endpoint reads.
    BodyMalformed {
        /// Where and why.
        reason: String,
    } = 400, "body-malformed", "the body does not parse: {reason}", "see /v1/openapi.json for the expected form";
    /// A body beyond the limit.
    BodyTooLarge {
        /// Bytes allowed.
        limit: usize,
    } = 413, "body-too-large", "the body is longer than {limit} bytes", "send less";
    /// A body of another media type.
    MediaType {
        /// What is expected.
        expected: &'static str,
    } = 415, "media-type", "the body's media type is not {expected}", "set the Content-Type header";
    /// A query string that does not parse.
    QueryMalformed {
        /// Why.
        reason: String,
    } = 400, "query-malformed", "the query does not parse: {reason}", "see /v1/openapi.json for the parameters";
    /// A path parameter that does not parse.
    PathMalformed {
        /// Why.
        reason: String,
    } = 400, "path-malformed", "the address does not parse: {reason}", "digests and addresses are 64 hexadecimal digits, heights are numbers";
    /// A cursor that no page gave.
    CursorMalformed = 400, "cursor-malformed", "the cursor is not one that this list gave", "start without a cursor and follow `next`";
    /// A page size out of range.
    PageLimit {
        /// Most items of a page.
        most: u32,
    } = 400, "page-limit", "a page has 1 to {most} items", "ask for fewer items and follow `next`";
    /// Not a usable idempotency key.
    IdempotencyKeyMalformed = 400, "idempotency-key-malformed", "Idempotency-Key has 1 to 64 letters, digits, hyphens or underscores", "use a random UUID";
    /// The key came with another body before.
    IdempotencyKeyReused = 422, "idempotency-key-reused", "this Idempotency-Key was used with another body", "use a new key for a new request";
    /// The first request with this key is not done.
    IdempotencyInProgress = 409, "idempotency-in-progress", "a request with this Idempotency-Key is still running", "wait and send it again";
    /// Took too long.
    Timeout {
        /// The limit.
        seconds: u64,
    } = 408, "timeout", "the request took longer than {seconds} seconds", "send the body faster, or ask for less";
    /// Too much at once.
    Overloaded = 503, "overloaded", "the node is busy", "try again in a few seconds";
    /// Something broke here.
    Internal = 500, "internal", "the node failed to answer", "try again; the operator finds the cause in the log under the answer's Request-Id";
    /// No state yet, or closing.
    NotReady {
        /// Why.
        reason: &'static str,
    } = 503, "not-ready", "the node is not ready: {reason}", "try again in a few seconds";

    // the chain's history
    /// No such entry in the state.
    EntryUnknown {
        /// What was asked for.
        what: &'static str,
        /// At which height.
        height: u64,
    } = 404, "entry-unknown", "the state of height {height} has no such {what}", "check the name; with ?prove=1 the answer proves the absence";
    /// No such block.
    BlockUnknown {
        /// The height.
        height: u64,
    } = 404, "block-unknown", "there is no block of height {height} at this node", "heights run from the base to the tip in /v1/chain";
    /// No such transaction.
    TransactionUnknown = 404, "transaction-unknown", "the transaction is neither included nor waiting", "check its id, or send it again";
    /// A state that is no longer, or not yet, kept.
    HeightUnavailable {
        /// The height.
        height: u64,
    } = 404, "height-unavailable", "this node has no state of height {height}", "ask for a height between base and tip in /v1/chain";
    /// The mempool is full.
    MempoolFull = 503, "mempool-full", "the node holds as many waiting transactions as it may", "raise the fee or try again later";
    /// A nonce that was used, or lies too far ahead.
    NonceWindow {
        /// The account's next nonce.
        next: u64,
        /// First nonce too far ahead.
        end: u64,
        /// The nonce given.
        found: u64,
    } = 409, "nonce-window", "the account's next nonce is {next}; {found} is not in {next}..{end}", "fetch the account's nonce and sign again";
    /// Another transaction waits with the same nonce.
    NonceWaiting {
        /// Least fee that replaces it.
        least: u64,
    } = 409, "nonce-waiting", "another transaction waits with this nonce: only a fee of at least {least} replaces it", "wait for it, or raise the fee";
    /// The account cannot pay for all that waits.
    WaitingFeesNotCovered {
        /// What it has.
        balance: u64,
        /// What the fees add up to.
        fees: u64,
    } = 422, "waiting-fees-not-covered", "the balance of {balance} does not cover the fees of {fees} of all transactions that wait", "fund the account, or wait until some are included";

    // faucet and shards
    /// No faucet.
    NoFaucet = 404, "no-faucet", "this node gives no money away", "a faucet exists on development chains, at nodes that hold its key";
    /// More than the faucet gives at once.
    FaucetAmount {
        /// The most.
        most: u64,
    } = 422, "faucet-amount", "the faucet gives 1 to {most} at once", "ask for less";
    /// A shard that is not what the leaf file says.
    ShardRefused {
        /// Why.
        reason: String,
    } = 422, "shard-refused", "the shard is refused: {reason}", "send the shards of the very leaf file whose digest is in the address";
    /// No such shard.
    ShardUnknown = 404, "shard-unknown", "this node does not hold that part of the leaf file", "ask another node, or the identity authority";

    /// No such parameters, or no such piece.
    ParametersUnknown = 404, "parameters-unknown", "this node does not give out that part of a circuit's parameters", "ask another node, or install them from files with `probity params install`";

    // a lender's request
    /// No such policy.
    PolicyNotYours = 422, "policy-not-yours", "the policy belongs to another lender: only its owner may ask with it", "use one of your own policies";
    /// The policy needs a number that is missing.
    AttributeMissing {
        /// Its name.
        name: String,
    } = 422, "attribute-missing", "the policy takes {name:?} from the request and it is not given", "add it to `attributes`";
    /// The policy takes no such attribute.
    AttributeUnknown {
        /// Its name.
        name: String,
    } = 422, "attribute-unknown", "the policy takes no attribute {name:?} from the request", "leave it out; names are those of the policy's request attributes";
    /// Not a number within range, or not a known category.
    AttributeValue {
        /// Its name.
        name: String,
        /// What is expected.
        expected: String,
    } = 422, "attribute-value", "the value of {name:?} must be {expected}", "correct the value";
    /// No anchor yet.
    NoAnchor = 409, "no-anchor", "the chain has no anchor yet", "wait for the first anchor";
    /// A life that the anchor's grace does not allow.
    ExpiryRange {
        /// The least seconds: in less no record gets into a block.
        least: u64,
        /// The most seconds.
        most: u64,
    } = 422, "expiry-range", "a request against this anchor lives {least} to {most} seconds", "ask for another life, or name a newer anchor";
    /// A person named for a policy that does not show one.
    ApplicantNotShown = 422, "applicant-not-shown", "the policy does not show who the applicant is", "leave `applicant_person` out";
    /// A request that does not agree with itself.
    RequestRefused {
        /// Why.
        reason: String,
    } = 422, "request-refused", "the proof request is refused: {reason}", "correct the request";
    /// Too many requests wait for answers.
    TooManyRequests {
        /// The most.
        most: usize,
    } = 429, "too-many-open-requests", "the lender has {most} requests that wait for an answer", "wait until some are answered or expire";

    // a wallet's response, in the order of the checks
    /// No canonical response.
    ResponseMalformed {
        /// Why.
        reason: String,
    } = 400, "response-malformed", "the response does not parse: {reason}", "send `state` and `vp_token` as the wallet made them";
    /// The proof's bytes.
    ProofEncoding {
        /// Why.
        reason: String,
    } = 422, "proof-encoding", "the proof is not in its canonical encoding: {reason}", "send the proof as the prover made it";
    /// No such request.
    RequestUnknown = 404, "request-unknown", "there is no such proof request at this node", "check the link; requests that ended are deleted";
    /// The state names another request.
    StateMismatch = 422, "state-mismatch", "the response's state is that of another request", "send the response to the address in its request";
    /// Nothing would be left for the record.
    RequestEndsTooSoon {
        /// Until the end.
        left_ms: u64,
        /// For a record to get into a block.
        needed_ms: u64,
    } = 410, "request-ends-too-soon", "the request ends in {left_ms} ms, and its record may need {needed_ms} ms to get into a block", "ask the lender for a new request";
    /// A request that is answered.
    RequestAnswered = 409, "request-answered", "the request was answered before: an answer counts once", "nothing is left to do; a new application needs a new request";
    /// Too many refused answers.
    TooManyAttempts {
        /// The most.
        most: u32,
    } = 429, "too-many-attempts", "{most} answers to this request were refused", "ask the lender for a new request";
    /// The one-time key did not sign.
    ConsentInvalid {
        /// Why.
        reason: String,
    } = 422, "consent-invalid", "the consent does not hold: {reason}", "answer with the wallet that fetched the request";
    /// Another circuit than the policy's.
    CircuitNotOfPolicy {
        /// The policy's.
        expected: String,
        /// The given one.
        found: String,
    } = 422, "circuit-not-of-policy", "the policy's circuit is {expected}, not {found}", "prove with the policy's circuit";
    /// The chain has another key.
    VerifyingKeyUnknown {
        /// The circuit.
        circuit: String,
    } = 422, "verifying-key-unknown", "the verifying key named for {circuit} is not the one that the chain has", "use the key in /v1/circuits";
    /// The opening is not that of the answer.
    AnswerMismatch {
        /// Why.
        reason: String,
    } = 422, "answer-mismatch", "the opening is refused: {reason}", "send the opening that belongs to this proof and request";
    /// Another person than the applicant.
    PersonMismatch {
        /// Why.
        reason: &'static str,
    } = 422, "person-mismatch", "the proof is another person's: {reason}", "the applicant must prove with their own wallet";
    /// The anchor's content.
    AnchorMismatch = 422, "anchor-mismatch", "the public inputs are not those of the anchor of this height", "take roots and month from /v1/anchors";
    /// A policy that does not hold its own rules.
    PolicyMalformed {
        /// Why.
        reason: String,
    } = 422, "policy-malformed", "the policy is refused: {reason}", "correct the policy";
}
