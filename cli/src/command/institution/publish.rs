//! A publication's commitment goes to the chain, its membership list to the authority.

use super::PublicationArgs;
use crate::args::{Global, SenderArgs};
use crate::command::proved;
use crate::error::CliError;
use crate::files;
use crate::output::Output;
use crate::send::Sent;
use probity_issuer::institution::PublicationFacts;
use probity_ledger::delivery::Delivery;
use probity_ledger::state_key;
use probity_ledger::state_value::{Publication, SlotState};
use probity_ledger::transaction::Payload;
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Published<'a> {
    publication: &'a PublicationFacts,
    list: &'a Path,
    /// None if it was on the chain before.
    sent: Option<Sent>,
}

pub(super) fn run(args: &PublicationArgs, sender: &SenderArgs, list: &Path, global: &Global, output: &Output) -> Result<(), CliError> {
    let (publication, client, key) = (args.find()?, global.client()?, files::read_key(&sender.key)?);
    let facts = publication.facts();
    let follower = proved::at_tip(&client, Some(facts.chain_id))?;
    let state: Option<SlotState> = follower.entry(&state_key::slot(facts.slot))?;
    let same = |p: &Publication| (p.month, p.sequence, p.root) == (facts.month, facts.sequence, facts.root);
    let there = state.is_some_and(|s| s.publications().any(same));
    // the list first: after a failure the same command finishes
    files::write(list, &publication.membership(&key)?.encode())?;
    let sent = match there {
        true => None,
        false => Some(sender.sender()?.send(&client, Payload::PublishCommitment(publication.commitment(&key)?))?),
    };
    let shown = Published { publication: facts, list, sent };
    output.result(&shown, || {
        let height = shown.sent.as_ref().map_or_else(|| "before".to_owned(), |s| format!("at height {}", s.height));
        let next = match facts.membership {
            Some(_) => "It goes live once the identity authority has counted its customers.",
            None => "It goes live with the next anchor.",
        };
        format!(
            "slot {} for {}, number {}: {} files, on the chain {height}\nThe list for the identity authority is in {}. {next}",
            facts.slot,
            facts.month,
            facts.sequence,
            facts.files,
            list.display()
        )
    });
    Ok(())
}
