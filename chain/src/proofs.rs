//! What the chain asks of a proof verifier.

use probity_credit::digest::Digest;
use probity_credit::policy::Policy;
use probity_credit::schema::Schema;
use probity_credit::statement::PublicInputs;
use probity_ledger::state_value::CircuitState;
use probity_ledger::transaction::ProofBytes;
use probity_verifier::Claim;

/// A proof with everything that it must hold for. The chain rebuilt all of it but proof, nullifier and answer.
#[derive(Debug, Clone)]
pub struct ProofItem {
    /// Policy id: names a prepared policy.
    pub policy_id: Digest,
    /// The policy, registered and so valid for `schema`.
    pub policy: Policy,
    /// Its circuit as the state has it, with the key that the proof must hold for.
    pub circuit: CircuitState,
    /// Its schema.
    pub schema: Schema,
    /// The public inputs that change from proof to proof.
    pub inputs: PublicInputs,
    /// The proof, not decoded yet.
    pub proof: ProofBytes,
}

/// Checks proofs, as one batch if it can.
pub trait ProofVerifier: Send + Sync + 'static {
    /// For each item, whether its bytes are a canonical proof that holds. Must give the same answer on every node, and for an item
    /// whatever the others are.
    fn verify_batch(&self, items: &[ProofItem]) -> Vec<bool>;
}

impl ProofVerifier for probity_verifier::Verifier {
    fn verify_batch(&self, items: &[ProofItem]) -> Vec<bool> {
        let claims: Vec<Option<Claim>> = items
            .iter()
            .map(|item| {
                // a policy or circuit that doesn't prepare has no proofs; registration and adoption let neither in
                let policy = self.policy(&item.circuit, &item.policy, &item.schema).ok()?;
                Some(Claim { policy, changing: item.inputs.changing(), proof: item.proof.clone() })
            })
            .collect();
        let known: Vec<Claim> = claims.iter().flatten().cloned().collect();
        let mut results = probity_verifier::verify_batch(&known).into_iter();
        claims.iter().map(|claim| claim.is_some() && results.next().is_some_and(|r| r.is_ok())).collect()
    }
}
