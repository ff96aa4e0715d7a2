//! Answering, with the person's consent: proof, one-time key, and the log before anything is sent.

use crate::contents::{Answer, Wallet};
use crate::log::{Disclosure, Event};
use crate::refusal::Refusal;
use crate::review::{Review, reason_names};
use crate::secret::SecretBytes;
use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::file::random_element;
use probity_credit::nullifier::nullifier;
use probity_credit::policy::CompiledPolicy;
use probity_credit::statement::{PublicInputs, Witness};
use probity_ledger::address::Address;
use probity_ledger::keys::SecretKey;
use probity_ledger::request::{Presentation, RequestObject, ResponseObject, VpToken};
use probity_ledger::transaction::{PROOF_BYTES, ProofBytes};
use probity_prover::CannotProve;
use rand::rngs::OsRng;

/// A person's yes to one review; made where the person says it, and nowhere else.
#[derive(Debug, Clone, Copy)]
pub struct Consent {
    given_unix_ms: u64,
}

impl Consent {
    /// The person has seen the preview and said yes.
    pub fn given(now_unix_ms: u64) -> Self {
        Self { given_unix_ms: now_unix_ms }
    }
}

/// A statement ready to be proved.
pub struct Draft {
    /// The policy as the circuit sees it.
    pub compiled: CompiledPolicy,
    /// The policy's schema id.
    pub schema: Digest,
    /// All public inputs that change from proof to proof.
    pub public: PublicInputs,
    /// What only the wallet knows.
    pub witness: Witness,
    consent_key: SecretKey,
}

impl Draft {
    fn new(review: &Review) -> Self {
        let request = review.request();
        let consent_key = SecretKey::generate();
        let mut witness = review.witness.clone();
        witness.salt = random_element(&mut OsRng).into();
        let scope = request.scope().element();
        let public = PublicInputs {
            identity_root: request.anchor.identity_root,
            registry_root: request.anchor.registry_root,
            month: request.anchor.month,
            scope: scope.into(),
            nullifier: nullifier(&witness.secret, scope),
            context: FieldBytes::from(request.context(&consent_key.public()).element()),
            answer: witness.opening(&review.compiled).answer(),
        };
        Self { compiled: review.compiled.clone(), schema: request.policy.schema, public, witness, consent_key }
    }

    fn seal(&self, request: &RequestObject, proof: [u8; PROOF_BYTES]) -> ResponseObject {
        let (nullifier, answer) = (self.public.nullifier, self.public.answer);
        let consent_key = self.consent_key.public();
        let consent = self.consent_key.sign(&Presentation::consent_digest(&request.context(&consent_key), &nullifier, &answer));
        let opening = self.witness.opening(&self.compiled);
        let presentation = Presentation { proof: ProofBytes(proof), nullifier, answer, opening, consent_key, consent };
        ResponseObject { state: request.state.clone(), vp_token: VpToken { eligibility: [presentation] } }
    }
}

impl Wallet {
    /// Proves with `prove` (`probity_prover::Prover::prove`), signs with a new one-time key, and writes the answer into log and file
    /// before handing it out: an answer that could be sent always counts against the limit.
    ///
    /// # Errors
    /// [`Refusal::CannotProve`], [`Refusal::Wallet`], or any rule that the wallet's state has come to break since the review.
    pub fn respond(
        &mut self,
        review: Review,
        consent: Consent,
        prove: impl FnOnce(&Draft) -> Result<[u8; PROOF_BYTES], CannotProve>,
    ) -> Result<ResponseObject, Refusal> {
        let now = consent.given_unix_ms;
        // limits and times may have been reached since the preview
        self.review(review.signed.clone(), now)?;
        let draft = Draft::new(&review);
        let response = draft.seal(review.request(), prove(&draft)?);
        let request = review.request();
        let context = request.context(&draft.consent_key.public()).digest();
        let disclosure = Disclosure {
            lender: request.client_id,
            lender_name: review.preview.asker.name.clone(),
            policy: request.policy.id(),
            policy_name: request.policy.name.clone(),
            purpose: request.purpose.clone(),
            anchor_height: request.anchor.height,
            scope: request.scope(),
            context,
            approved: draft.witness.verdict.approved,
            reasons: reason_names(request, &draft.witness.verdict),
            person_shown: request.policy.show_person,
        };
        self.note(now, Event::Consented(disclosure));
        let consent_key = SecretBytes::of_key(&draft.consent_key);
        self.contents.answers.push(Answer { context, request: review.signed, response: response.clone(), consent_key });
        self.save()?;
        Ok(response)
    }

    /// Notes that an answer was delivered.
    pub fn note_sent(&mut self, context: Digest, now_unix_ms: u64) {
        self.note(now_unix_ms, Event::Sent { context });
    }

    /// Notes that a request was refused.
    pub fn note_refused(&mut self, lender: Address, reason: &Refusal, now_unix_ms: u64) {
        self.note(now_unix_ms, Event::Refused { lender, reason: reason.to_string() });
    }

    /// The one-time key of an answer, with which a release of records can be consented to.
    pub fn consent_key(&self, context: &Digest) -> Option<SecretKey> {
        self.contents.answers.iter().find(|a| a.context == *context).map(|a| a.consent_key.key())
    }
}
