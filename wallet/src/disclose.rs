//! Handing out what an answer keeps closed, or who one is: on the person's own word, and never without a line in the log.

use crate::contents::{Wallet, WalletError};
use crate::log::Event;
use probity_credit::digest::Digest;
use probity_credit::statement::Opening;
use probity_ledger::delivery::Applicant;

impl Wallet {
    /// The opening of an answer given before, as an auditor checks it against the record. Whoever has it learns outcome, reasons,
    /// request attributes and, where the policy shows it, `person`, and can prove all of that to others. None for an unknown context.
    ///
    /// # Errors
    /// [`WalletError::Vault`]: then nothing is handed out.
    pub fn export_opening(&mut self, context: &Digest, now_unix_ms: u64) -> Result<Option<Opening>, WalletError> {
        let answer = self.contents.answers.iter().find(|a| a.context == *context);
        let Some(opening) = answer.map(|a| a.response.presentation().opening.clone()) else { return Ok(None) };
        self.note(now_unix_ms, Event::OpeningExported { context: *context });
        self.save()?;
        Ok(Some(opening))
    }

    /// What a lender needs to recognise this wallet's holder by legal identity: for life, in every answer that shows `person`. None
    /// before the registration.
    ///
    /// # Errors
    /// [`WalletError::Vault`]: then nothing is handed out.
    pub fn export_applicant(&mut self, now_unix_ms: u64) -> Result<Option<Applicant>, WalletError> {
        let Some(terms) = self.registration().map(|r| &r.terms) else { return Ok(None) };
        let applicant = Applicant { person: terms.person, salt: terms.salt };
        self.note(now_unix_ms, Event::ApplicantExported);
        self.save()?;
        Ok(Some(applicant))
    }
}
