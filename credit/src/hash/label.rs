//! Every domain tag: one label per use, all here.

/// Poseidon tags: the ASCII label as a big-endian integer in the capacity element.
pub mod poseidon {
    /// `C = H(identity; sk)`.
    pub const IDENTITY: &str = "identity";
    /// `H(identity-leaf; C, person, counts, blinding)`.
    pub const IDENTITY_LEAF: &str = "identity-leaf";
    /// `H(file; f0..f3, records_digest, blinding)`.
    pub const FILE: &str = "file";
    /// `H(node; c0..c7)`.
    pub const NODE: &str = "node";
    /// `H(root; domain, month, schema, root)`.
    pub const ROOT: &str = "root";
    /// `H(scope; owner, window)`.
    pub const SCOPE: &str = "scope";
    /// `H(nullifier; sk, scope)`.
    pub const NULLIFIER: &str = "nullifier";
    /// `H(answer; verdict, person, r0..r3, salt)`.
    pub const ANSWER: &str = "answer";
    /// All tags, for the test that they differ.
    pub const ALL: [&str; 8] = [IDENTITY, IDENTITY_LEAF, FILE, NODE, ROOT, SCOPE, NULLIFIER, ANSWER];
}

/// SHA-256 labels.
pub mod sha256 {
    /// `person`: legal identity and salt.
    pub const PERSON: &str = "probity/person/v1";
    /// Digest of an institution's raw records of one person.
    pub const RECORDS: &str = "probity/records/v1";
    /// Schema id.
    pub const SCHEMA: &str = "probity/schema/v1";
    /// Policy id.
    pub const POLICY: &str = "probity/policy/v1";
    /// Context of a proof.
    pub const CONTEXT: &str = "probity/context/v1";
    /// Account address of a public key.
    pub const ADDRESS: &str = "probity/address/v1";
    /// Owner of a scope.
    pub const SCOPE_OWNER: &str = "probity/scope-owner/v1";
    /// Chain id of a genesis.
    pub const CHAIN: &str = "probity/chain/v1";
    /// Transaction signing bytes and id.
    pub const TRANSACTION: &str = "probity/transaction/v1";
    /// Merkle nodes of transactions in a block.
    pub const TRANSACTIONS_ROOT: &str = "probity/transactions-root/v1";
    /// Block header, the block's hash.
    pub const HEADER: &str = "probity/header/v1";
    /// Validator set.
    pub const VALIDATORS: &str = "probity/validators/v1";
    /// Key of a state entry.
    pub const STATE_KEY: &str = "probity/state-key/v1";
    /// Receipts of a block.
    pub const RECEIPTS: &str = "probity/receipts/v1";
    /// Consensus vote.
    pub const VOTE: &str = "probity/vote/v1";
    /// Consensus proposal.
    pub const PROPOSAL: &str = "probity/proposal/v1";
    /// Proof that a peer's network identity is run by a validator.
    pub const VALIDATOR_PROOF: &str = "probity/validator-proof/v1";
    /// First part of a block stream.
    pub const PROPOSAL_PART: &str = "probity/proposal-part/v1";
    /// Request object of a lender.
    pub const REQUEST: &str = "probity/request/v1";
    /// Inclusion receipt of an institution.
    pub const RECEIPT: &str = "probity/inclusion-receipt/v1";
    /// Registration of a person, signed by the identity authority.
    pub const REGISTRATION: &str = "probity/registration/v1";
    /// Keyed digest of a legal identity in an authority's or an institution's files.
    pub const LEGAL_IDENTITY: &str = "probity/legal-identity/v1";
    /// Entry of the identity authority's journal.
    pub const JOURNAL: &str = "probity/authority-journal/v1";
    /// Membership changes of a publication.
    pub const MEMBERSHIP: &str = "probity/membership/v1";
    /// Leaf file of the identity authority.
    pub const LEAF_FILE: &str = "probity/leaf-file/v1";
    /// One shard of a leaf file.
    pub const LEAF_SHARD: &str = "probity/leaf-shard/v1";
    /// Constraint digest of a circuit.
    pub const CIRCUIT: &str = "probity/circuit/v1";
    /// Verifying-key digest.
    pub const VERIFYING_KEY: &str = "probity/verifying-key/v1";
    /// Proving-key digest.
    pub const PROVING_KEY: &str = "probity/proving-key/v1";
    /// Entry of a ceremony's transcript, and its head.
    pub const CEREMONY: &str = "probity/ceremony/v1";
    /// Statement of a ceremony's contributor.
    pub const ATTESTATION: &str = "probity/ceremony-attestation/v1";
    /// API key at rest.
    pub const API_KEY: &str = "probity/api-key/v1";
    /// Expansion of a tree's seed to pseudo-random empty siblings.
    pub const EMPTY_SIBLING: &str = "probity/empty-sibling/v1";
    /// Blinding of a file from a publication's seed.
    pub const FILE_BLINDING: &str = "probity/file-blinding/v1";
    /// Wallet consent log chain.
    pub const CONSENT: &str = "probity/consent/v1";
    /// Validators' approval of an admission.
    pub const ADMISSION: &str = "probity/admission/v1";
    /// Validators' approval of a decision about a circuit.
    pub const CIRCUIT_DECISION: &str = "probity/circuit-decision/v1";
    /// Proof that the owner of an account holds the key it rotates to.
    pub const KEY_POSSESSION: &str = "probity/key-possession/v1";
    /// Address to which a response goes.
    pub const RESPONSE_URI: &str = "probity/response-uri/v1";
    /// Response of a wallet, signed by the one-time consent key.
    pub const RESPONSE: &str = "probity/response/v1";
    /// Idempotency key of an API request.
    pub const IDEMPOTENCY: &str = "probity/idempotency/v1";
}

#[cfg(test)]
mod tests {
    #[test]
    fn tags_differ() {
        let mut all = super::poseidon::ALL.to_vec();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), super::poseidon::ALL.len());
    }
}
