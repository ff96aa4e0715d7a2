//! Records verified responses on the chain and notes what the chain said.
//!
//! One task works through the requests that are `recording`: it sends a transaction, waits for it, and sends another when the first can
//! no longer be included. A record is keyed on its context, so a transaction sent twice records once.

use std::time::Duration;

use probity_ledger::error::TxError;
use probity_ledger::receipt::Outcome;
use probity_ledger::request::Presentation;
use probity_ledger::transaction::{Payload, TxId, Verdict};
use std::collections::BTreeMap;
use tokio::sync::{Notify, watch};

use super::store::{Answered, Final, RequestName, Stored};
use crate::app::{App, Shared};
use crate::problem::Problem;

/// How often to look again although nothing happened.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Wakes the task, and those who wait for what it finds out.
#[derive(Debug, Default)]
pub struct Recorder {
    work: Notify,
    news: Notify,
}

/// The last height at which what was sent in this run of the node may be included.
type Sent = BTreeMap<RequestName, u64>;

impl Recorder {
    /// There is something to record.
    pub fn wake(&self) {
        self.work.notify_one();
        self.news.notify_waiters();
    }

    /// Done when any request makes progress after this call.
    pub fn news(&self) -> impl Future<Output = ()> + Send + '_ {
        let mut notified = Box::pin(self.news.notified());
        // from now on, not from the first poll on
        notified.as_mut().enable();
        notified
    }
}

/// Runs until `stop` turns true.
pub async fn run(app: Shared, mut stop: watch::Receiver<bool>) {
    let mut tip = app.node.follow();
    let mut sent = Sent::new();
    loop {
        let taken = std::mem::take(&mut sent);
        let round = app.blocking(move |app| {
            let mut sent = taken;
            work(app, &mut sent)?;
            Ok(sent)
        });
        // a failure is logged where it is made; the round is repeated, and what was sent is found on the chain
        sent = round.await.unwrap_or_default();
        tokio::select! {
            _ = stop.wait_for(|s| *s) => return,
            _ = tip.changed(), if !sent.is_empty() => {}
            () = app.recorder.work.notified() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}

fn work(app: &App, sent: &mut Sent) -> Result<(), Problem> {
    let names = app.requests.recording()?;
    sent.retain(|name, _| names.contains(name));
    for name in names {
        if let Some(stored) = app.requests.find(name)?
            && let Some(answered) = &stored.answered
        {
            step(app, name, &stored, answered, sent)?;
        }
    }
    Ok(())
}

fn step(app: &App, name: RequestName, stored: &Stored, answered: &Answered, sent: &mut Sent) -> Result<(), Problem> {
    if let Some(last) = said(app, answered)? {
        let applied = matches!(last, Final::Applied { .. });
        app.requests.progress(name, |a| a.r#final = Some(last))?;
        sent.remove(&name);
        app.recorder.news.notify_waiters();
        tracing::info!(request = name.short(), applied, "the chain has judged a record");
        return Ok(());
    }
    if sent.get(&name).is_some_and(|until| app.node.status().height <= *until) {
        return Ok(());
    }
    // not sent, or it can no longer be included
    let Some(lender) = app.lenders.get(&stored.lender()) else {
        tracing::error!(request = name.short(), "a verified response waits, but its lender is no longer configured at this node");
        return Ok(());
    };
    let payload = Payload::RecordProof(answered.presentation.record(&stored.request.request, verdict(&answered.presentation)));
    match lender.account.send(&app.node, app.chain_id, payload) {
        Ok((transaction, until)) => {
            app.requests.progress(name, |a| (a.transaction, a.trouble) = (Some(transaction), None))?;
            sent.insert(name, until);
        }
        Err(problem) => {
            tracing::warn!(request = name.short(), code = problem.code(), "a record could not be sent; it will be tried again");
            let trouble = format!("{}: {}", problem.detail(), problem.hint());
            if answered.trouble.as_ref() != Some(&trouble) {
                app.requests.progress(name, |a| a.trouble = Some(trouble))?;
            }
        }
    }
    Ok(())
}

/// Approved is granted.
pub(super) fn verdict(presentation: &Presentation) -> Verdict {
    if presentation.opening.verdict.approved { Verdict::Granted } else { Verdict::NotGranted }
}

/// What the chain said of the record, by this transaction or another.
fn said(app: &App, answered: &Answered) -> Result<Option<Final>, Problem> {
    if let Some(record) = app.newest().record(&answered.context)? {
        return Ok(Some(Final::Applied { height: record.height, time_unix_ms: record.time_unix_ms }));
    }
    match &answered.transaction {
        Some(id) => failure(app, id),
        None => Ok(None),
    }
}

fn failure(app: &App, id: &TxId) -> Result<Option<Final>, Problem> {
    let Some(included) = app.node.transaction(id).map_err(Problem::internal)? else { return Ok(None) };
    match included.receipt.outcome {
        Outcome::Failed { error } if !matches!(error, TxError::RecordExists { .. }) => {
            let header = app.node.header(included.height).map_err(Problem::internal)?;
            let time_unix_ms = header.map_or(0, |(header, _)| header.time_unix_ms);
            Ok(Some(Final::Failed { height: included.height, time_unix_ms, error }))
        }
        // applied: then the record is in the state, and is found there
        Outcome::Failed { .. } | Outcome::Applied => Ok(None),
    }
}
