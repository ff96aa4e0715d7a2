//! Looking at a request before answering: who asks, for what, what the answer says and to whom.

use crate::book::{AGE_FLOOR_MS, Book, Provenance};
use crate::contents::{KnownIdentity, Wallet};
use crate::points::PointsTable;
use crate::refusal::Refusal;
use crate::select::Choice;
use probity_credit::commitment::Anchor;
use probity_credit::domain::Domain;
use probity_credit::field::FieldBytes;
use probity_credit::month::Month;
use probity_credit::nullifier::ScopeKind;
use probity_credit::policy::CompiledPolicy;
use probity_credit::schema::Schema;
use probity_credit::statement::{Evaluation, StatementError, Verdict, Witness, evaluate};
use probity_ledger::address::Address;
use probity_ledger::delivery::RegistrySnapshot;
use probity_ledger::genesis::ChainKind;
use probity_ledger::request::{RequestObject, SignedRequest};
use probity_ledger::state_value::Lender;
use probity_ledger::transaction::Slot;
use probity_params::Kind;
use probity_prover::CannotProve;
use serde::Serialize;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// Who asks.
#[derive(Debug, Clone, Serialize)]
pub struct Asker {
    /// Its name on chain.
    pub name: String,
    /// Its address.
    pub address: Address,
    /// How name and key were checked.
    pub checked: Provenance,
    /// Height at which the chain said so.
    pub as_of_height: u64,
}

/// A file that the proof would use.
#[derive(Debug, Clone, Serialize)]
pub struct UsedFileLine {
    /// The institution's name.
    pub institution: String,
    /// Its domain.
    pub domain: Domain,
    /// Month of the file.
    pub month: Month,
    /// What its weight is, per cent.
    pub weight: String,
}

/// What somebody learns from the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reveal {
    /// Who.
    pub to: String,
    /// What.
    pub what: String,
}

/// All that a person should see before saying yes.
#[derive(Debug, Clone, Serialize)]
pub struct Preview {
    /// Who asks.
    pub asker: Asker,
    /// What for, in the lender's words.
    pub purpose: String,
    /// The policy's name.
    pub policy_name: String,
    /// Where the answer goes.
    pub response_uri: String,
    /// When the request ends, milliseconds since 1970.
    pub expires_unix_ms: u64,
    /// The points table with the person's own points.
    pub table: PointsTable,
    /// What the answer would say.
    pub verdict: Verdict,
    /// Names of the reasons, if declined.
    pub reasons: Vec<String>,
    /// The files that count.
    pub files: Vec<UsedFileLine>,
    /// Who learns what.
    pub reveals: Vec<Reveal>,
    /// Answers that this lender got in this window.
    pub answers_so_far: usize,
    /// The person's limit.
    pub answers_limit: u8,
}

/// A request that may be answered, with the witness for it.
pub struct Review {
    /// What to show.
    pub preview: Preview,
    pub(crate) signed: SignedRequest,
    pub(crate) compiled: CompiledPolicy,
    pub(crate) witness: Witness,
}

impl Review {
    /// The request.
    pub fn request(&self) -> &RequestObject {
        &self.signed.request
    }

    /// The policy as the circuit sees it.
    pub fn compiled(&self) -> &CompiledPolicy {
        &self.compiled
    }
}

/// What the checks before the witness found.
struct Admitted<'a> {
    lender: &'a Lender,
    schema: &'a Schema,
    compiled: CompiledPolicy,
}

impl Wallet {
    /// Checks a request against what the chain says, chooses files, and computes what the answer would say. Nothing leaves the wallet.
    ///
    /// # Errors
    /// [`Refusal`], the first rule broken.
    pub fn review(&self, signed: SignedRequest, now_unix_ms: u64) -> Result<Review, Refusal> {
        let request = &signed.request;
        let admitted = self.admit(&signed, now_unix_ms)?;
        let (identity, snapshot) = self.anchor_data(request)?;
        let registration = self.registration().ok_or(Refusal::NotRegistered)?;
        let position = registration.terms.position;
        let choice = Choice {
            policy: &request.policy,
            compiled: &admitted.compiled,
            anchor: &request.anchor,
            counts: &identity.opening.counts,
            position,
            snapshot,
            openings: &self.contents.openings,
            request: &request.attributes(),
        };
        let files = choice.files()?;
        let evaluation = evaluate(&admitted.compiled, request.anchor.month, &files, &request.attributes())
            .map_err(|e| CannotProve::Statement(StatementError::Evaluation(e)))?;
        let witness = Witness {
            secret: self.secret(),
            position,
            identity: identity.opening.clone(),
            identity_path: identity.path.clone(),
            files,
            request: request.attributes(),
            verdict: evaluation.verdict,
            salt: FieldBytes::ZERO,
        };
        let preview = self.preview(&signed, &admitted, &witness, &evaluation);
        Ok(Review { preview, compiled: admitted.compiled, witness, signed })
    }

    /// Whether the own leaf of this identity tree is here.
    pub fn has_leaf(&self, identity_root: &FieldBytes) -> bool {
        self.contents.identities.iter().any(|i| i.root == *identity_root)
    }

    /// Whether own identity leaf and registry snapshot of this anchor are here.
    pub fn has_anchor(&self, anchor: &Anchor) -> bool {
        self.has_leaf(&anchor.identity_root) && self.contents.snapshots.iter().any(|s| s.anchor == *anchor)
    }

    /// The answer given to this very request before, to be sent again.
    pub fn previous_answer(&self, request: &RequestObject) -> Option<&probity_ledger::request::ResponseObject> {
        self.contents.answers.iter().find(|a| a.request.request == *request).map(|a| &a.response)
    }

    /// Who asks, whether it may, and whether it is in time.
    fn admit(&self, signed: &SignedRequest, now_unix_ms: u64) -> Result<Admitted<'_>, Refusal> {
        let request = &signed.request;
        let book = self.book().ok_or(Refusal::NoBook)?;
        if request.chain_id != book.terms.chain_id {
            return Err(Refusal::OtherChain { expected: book.terms.chain_id, found: request.chain_id });
        }
        let ahead = book.time_unix_ms.saturating_sub(now_unix_ms);
        if ahead > AGE_FLOOR_MS {
            return Err(Refusal::ClockBehind { minutes: ahead.div_ceil(MINUTE_MS) });
        }
        check_age(book, now_unix_ms)?;
        let lender = book.lender(&request.client_id).ok_or(Refusal::UnknownLender { lender: request.client_id })?;
        signed.verify(&lender.public_key)?;
        // where this machine's clock was set back, the lender's word on the time is left
        check_age(book, request.issued_unix_ms)?;
        if request.policy.scope != lender.kind.scope() {
            return Err(Refusal::OtherScope);
        }
        let expected = book.window_months(lender, request.policy.scope).map_or(0, std::num::NonZeroU16::get);
        let found = request.window_months.get();
        if expected != found {
            return Err(Refusal::OtherWindow { expected, found });
        }
        if request.expires_unix_ms <= now_unix_ms {
            return Err(Refusal::Expired { seconds_ago: (now_unix_ms - request.expires_unix_ms) / 1_000 });
        }
        let life = request.expires_unix_ms - request.issued_unix_ms;
        if life > book.terms.grace_ms {
            return Err(Refusal::LivesTooLong { hours: life / HOUR_MS, grace_hours: book.terms.grace_ms / HOUR_MS });
        }
        let height = request.anchor.height;
        let anchor = book.anchor(height).ok_or(Refusal::UnknownAnchor { height })?;
        if anchor.anchor != request.anchor {
            return Err(Refusal::OtherAnchor { height });
        }
        let replaced_for = anchor.replaced_unix_ms.map_or(0, |at| now_unix_ms.saturating_sub(at));
        if replaced_for > book.terms.grace_ms {
            return Err(Refusal::AnchorOutOfGrace { hours: replaced_for / HOUR_MS });
        }
        // a policy that is not on the chain is a question that nobody else can see: it would let a lender probe with cards of its own making
        let policy = request.policy.id();
        match book.policy(&policy) {
            Some(known) if !known.is_active_at(height) => return Err(Refusal::PolicyNotActive { policy }),
            Some(_) => {}
            None => return Err(Refusal::UnknownPolicy { policy }),
        }
        let schema = book.schema(&request.policy.schema).ok_or(Refusal::UnknownSchema { schema: request.policy.schema })?;
        let compiled = request.policy.compile(schema)?;
        let [credential] = &request.dcql_query.credentials;
        let circuit = book.circuit(request.policy.circuit).ok_or(Refusal::OtherKey)?;
        if circuit.entry.verifying_key_id != credential.meta.verifying_key_id {
            return Err(Refusal::OtherKey);
        }
        if circuit.kind == Kind::Development && book.terms.kind != ChainKind::Development {
            return Err(Refusal::DevelopmentKey { circuit: circuit.entry.id });
        }
        // the answer can be recorded in the next block at the earliest
        circuit.entry.check_accepted(book.height.saturating_add(1)).map_err(Refusal::Circuit)?;
        self.check_probing(request, lender)?;
        Ok(Admitted { lender, schema, compiled })
    }

    fn check_probing(&self, request: &RequestObject, lender: &Lender) -> Result<(), Refusal> {
        if let Some(answer) = self.contents.answers.iter().find(|a| a.request.request == *request) {
            return Err(Refusal::AlreadyAnswered { context: answer.context });
        }
        let answers = self.answers_so_far(request);
        let limit = self.answers_per_window();
        if answers >= limit.into() {
            return Err(Refusal::LimitReached { lender: lender.name.to_string(), answers, limit });
        }
        Ok(())
    }

    /// Answers to this lender since the request's window began.
    fn answers_so_far(&self, request: &RequestObject) -> usize {
        let into_window = request.anchor.month.0 % request.window_months;
        self.log().answers(&request.client_id, Month(request.anchor.month.0 - into_window))
    }

    /// Own leaf and registry snapshot of the request's anchor.
    fn anchor_data(&self, request: &RequestObject) -> Result<(&KnownIdentity, &RegistrySnapshot), Refusal> {
        let height = request.anchor.height;
        let identity = self.contents.identities.iter().find(|i| i.root == request.anchor.identity_root);
        let snapshot = self.contents.snapshots.iter().find(|s| s.anchor == request.anchor);
        Ok((identity.ok_or(Refusal::NoShard { height })?, snapshot.ok_or(Refusal::NoSnapshot { height })?))
    }

    fn preview(&self, signed: &SignedRequest, admitted: &Admitted<'_>, witness: &Witness, evaluation: &Evaluation) -> Preview {
        let request = &signed.request;
        let book = self.book().expect("admitted by the book");
        let verdict = evaluation.verdict;
        let files = witness.files.iter().zip(&evaluation.weights).map(|(f, w)| UsedFileLine {
            institution: Slot::new(f.slot).map_or_else(|_| f.slot.to_string(), |s| book.institution_name(s)),
            domain: f.domain,
            month: f.month,
            weight: crate::words::per_cent((*w).into()),
        });
        Preview {
            asker: Asker {
                name: admitted.lender.name.to_string(),
                address: request.client_id,
                checked: book.provenance,
                as_of_height: book.height,
            },
            purpose: request.purpose.clone(),
            policy_name: request.policy.name.clone(),
            response_uri: request.response_uri.clone(),
            expires_unix_ms: request.expires_unix_ms,
            table: PointsTable::with_own(&request.policy, admitted.schema, &request.attributes(), evaluation),
            verdict,
            reasons: reason_names(request, &verdict),
            files: files.collect(),
            reveals: reveals(request, &admitted.lender.name.to_string(), &verdict),
            answers_so_far: self.answers_so_far(request),
            answers_limit: self.answers_per_window(),
        }
    }
}

/// Whether the book was young enough at a time.
fn check_age(book: &Book, at_unix_ms: u64) -> Result<(), Refusal> {
    let (age, most) = (at_unix_ms.saturating_sub(book.time_unix_ms), book.age_max_ms());
    if age > most {
        return Err(Refusal::StaleBook { minutes: age.div_ceil(MINUTE_MS), most: most / MINUTE_MS });
    }
    Ok(())
}

/// The attributes behind a decline, by name.
pub(crate) fn reason_names(request: &RequestObject, verdict: &Verdict) -> Vec<String> {
    let index = verdict.reasons.iter().filter_map(|r| usize::from(*r).checked_sub(1));
    index.map(|i| request.policy.attribute(i).map_or_else(|| format!("attribute {i}"), |a| a.name.clone())).collect()
}

/// Who learns what from an answer to `request`.
fn reveals(request: &RequestObject, lender: &str, verdict: &Verdict) -> Vec<Reveal> {
    let mut lines = vec![];
    let mut add = |to: &str, what: String| lines.push(Reveal { to: to.to_owned(), what });
    add(lender, format!("that you {} its cut-off", if verdict.approved { "reach" } else { "do not reach" }));
    if !verdict.approved {
        let names = reason_names(request, verdict).join(", ");
        add(lender, format!("the attributes that cost you most, in this order: {names}; not your values or points"));
    }
    if request.policy.show_person {
        add(lender, "a digest of your legal identity, with which it checks that applicant and prover are one person".to_owned());
    }
    let months = request.window_months;
    match request.policy.scope {
        ScopeKind::Lender => add(lender, format!("whether you got a grant from it in this window of {months} months")),
        ScopeKind::Consortium => add(
            "every lender of the consortium",
            format!("a number that stands for you in this window of {months} months; if the loan is granted, that this number has one"),
        ),
    }
    add(
        "everybody who reads the chain",
        "that somebody was granted or not granted under this policy, and when; neither outcome nor reasons".to_owned(),
    );
    add("your institutions and the identity authority", "nothing".to_owned());
    lines
}
