//! Counting publications, and bringing a new identity tree to the chain.

use super::DirArg;
use crate::args::{Global, SenderArgs};
use crate::chain::Follower;
use crate::client::Client;
use crate::command::proved;
use crate::error::CliError;
use crate::files;
use crate::output::{self, Output};
use crate::progress::Progress;
use crate::send::Sent;
use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_credit::month::Month;
use probity_issuer::authority::{Authority, PreparedUpdate, Published};
use probity_ledger::delivery::{Delivery, MembershipList};
use probity_ledger::state_key;
use probity_ledger::state_value::{AnchorEntry, AnchorState, IdentityState, Institution, Publication, SlotState};
use probity_ledger::transaction::{Payload, Slot};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct Covered {
    slot: Slot,
    month: Month,
    sequence: u32,
    added: usize,
    removed: usize,
    members: usize,
}

pub(super) fn cover(dir: &DirArg, lists: &[PathBuf], global: &Global, output: &Output) -> Result<(), CliError> {
    let (mut authority, client) = (dir.open()?, global.client()?);
    let follower = proved::at_tip(&client, Some(authority.chain_id()))?;
    settle(&mut authority, newest_root(&follower)?)?;
    let mut covered = vec![];
    for path in lists {
        let list = MembershipList::decode(&files::read(path, MembershipList::BYTES_MAX as u64)?)?;
        let report = authority.cover(&list, &published(&follower, &list)?)?;
        let (slot, month, sequence) = (list.terms.slot, list.terms.month, list.terms.sequence);
        covered.push(Covered { slot, month, sequence, added: report.added, removed: report.removed, members: report.members });
    }
    output.result(&covered, || {
        let row = |c: &Covered| {
            [
                c.slot.to_string(),
                c.month.to_string(),
                c.sequence.to_string(),
                c.added.to_string(),
                c.removed.to_string(),
                c.members.to_string(),
            ]
        };
        let table = output::table(["slot", "month", "number", "new", "gone", "customers"], covered.iter().map(row));
        format!("{table}\nCounted; `probity authority publish` brings it to the chain.")
    });
    Ok(())
}

/// The publication that the list is about, as the chain has it.
fn published(follower: &Follower<'_>, list: &MembershipList) -> Result<Published, CliError> {
    let terms = &list.terms;
    let what = || format!("publication of slot {} for {} with number {}", terms.slot, terms.month, terms.sequence);
    let todo = "the institution publishes first, and gives the list of its newest publication";
    let state: SlotState = proved::entry(follower, &state_key::slot(terms.slot), what, todo)?;
    let same = |p: &Publication| (p.month, p.sequence) == (terms.month, terms.sequence);
    let publication = state.publications().find(|p| same(p)).cloned();
    let publication = publication.ok_or_else(|| CliError::NotOnChain { what: what(), todo })?;
    let owner = || format!("institution {}", state.institution);
    let institution: Institution = proved::entry(follower, &state_key::institution(&state.institution), owner, todo)?;
    Ok(Published { slot: terms.slot, domain: state.domain, institution: institution.public_key, publication })
}

fn newest_root(follower: &Follower<'_>) -> Result<FieldBytes, CliError> {
    let todo = "ask a node that is up to date";
    let state: IdentityState = proved::entry(follower, &state_key::identities(), || "identity tree".into(), todo)?;
    Ok(state.newest().root)
}

/// Learns from the chain what became of an update that was on its way; true if it is still undecided.
fn settle(authority: &mut Authority, newest: FieldBytes) -> Result<bool, CliError> {
    let Some(update) = authority.outstanding() else { return Ok(false) };
    if update.payload.root == newest {
        authority.confirm(newest)?;
    } else if update.payload.previous_root == newest {
        return Ok(true);
    } else {
        // the chain has moved on from the root it replaces: no block can include it any more
        authority.abandon()?;
    }
    Ok(false)
}

#[derive(Serialize)]
struct Announced {
    sequence: u64,
    root: FieldBytes,
    leaf_file: Digest,
    shards: u32,
    positions_used: u32,
    rotations: u32,
    covers: usize,
    sent: Sent,
}

pub(super) fn publish(dir: &DirArg, sender: &SenderArgs, global: &Global, output: &Output) -> Result<(), CliError> {
    let (mut authority, sender, client) = (dir.open()?, sender.sender()?, global.client()?);
    let follower = proved::at_tip(&client, Some(authority.chain_id()))?;
    let newest = newest_root(&follower)?;
    let undecided = settle(&mut authority, newest)?;
    let progress = Progress::new(output);
    let mut on_progress = |p: probity_issuer::Progress| progress.at(p.stage, p.done, p.total.unwrap_or(0));
    let update = match authority.outstanding().filter(|_| undecided) {
        Some(update) => update,
        None if authority.waiting_rotations() == 0 => authority.update(newest, &mut on_progress)?,
        None if rotations_may_show(&follower)? => authority.update_with_rotations(newest, &mut on_progress)?,
        None => {
            output.note("New keys wait for the first anchor of next month; everything else is published now.");
            authority.update(newest, &mut on_progress)?
        }
    };
    if let Err(failed) = upload(&client, &authority, &update, &progress) {
        if !undecided {
            // nothing was sent: the next try may cover more
            authority.abandon()?;
        }
        return Err(failed);
    }
    drop(progress);
    let sent = match sender.send(&client, Payload::UpdateIdentities(update.payload.clone())) {
        Err(refused @ CliError::Transaction { .. }) => {
            authority.abandon()?;
            return Err(refused);
        }
        sent => sent?,
    };
    authority.confirm(update.payload.root)?;
    let p = &update.payload;
    let shown = Announced {
        sequence: update.sequence,
        root: p.root,
        leaf_file: p.leaf_file,
        shards: p.shards,
        positions_used: p.positions_used,
        rotations: p.rotations,
        covers: p.covers.len(),
        sent,
    };
    output.result(&shown, || {
        format!(
            "leaf file {}: {} positions in {} shards, {} publications covered, {} keys rotated\nroot         {}\nat height    {}\n\
             The next anchor shows it.",
            shown.sequence, shown.positions_used, shown.shards, shown.covers, shown.rotations, shown.root, shown.sent.height
        )
    });
    Ok(())
}

/// Whether the next anchor is the first of its month, which alone may show rotated keys.
fn rotations_may_show(follower: &Follower<'_>) -> Result<bool, CliError> {
    let now = follower.header().map(|h| Month::of_unix_ms(h.time_unix_ms));
    let Some(newest) = follower.entry::<AnchorState>(&state_key::anchors())?.and_then(|a| a.newest) else { return Ok(true) };
    let entry: Option<AnchorEntry> = follower.entry(&state_key::anchor(newest))?;
    Ok(entry.zip(now).is_some_and(|(entry, now)| entry.anchor.month < now))
}

/// The leaf file goes out before the chain shows its root.
fn upload(client: &Client, authority: &Authority, update: &PreparedUpdate, progress: &Progress) -> Result<(), CliError> {
    let base = format!("/v1/shards/{}", update.payload.leaf_file);
    client.put_bytes(&base, &authority.leaf_file(update.sequence)?.encode())?;
    for index in 0..update.payload.shards {
        progress.at("uploading shards", index.into(), update.payload.shards.into());
        client.put_bytes(&format!("{base}/{index}"), &authority.shard(update.sequence, index)?.encode())?;
    }
    Ok(())
}

#[derive(Serialize)]
struct ShardsShown<'a> {
    sequence: u64,
    leaf_file: Digest,
    shards: usize,
    folder: Option<&'a Path>,
    uploaded: bool,
}

pub(super) fn shards(dir: &DirArg, out: Option<&Path>, uploads: bool, global: &Global, output: &Output) -> Result<(), CliError> {
    let authority = dir.open()?;
    let sequence = authority.newest_leaf_file();
    let sequence = sequence.ok_or_else(|| CliError::Usage("no leaf file is on the chain yet: run `probity authority publish`".into()))?;
    let contents = authority.leaf_file(sequence)?;
    let client = if uploads { Some(global.client()?) } else { None };
    let base = format!("/v1/shards/{}", contents.digest());
    let progress = Progress::new(output);
    let give = |name: &str, path: &str, bytes: &[u8]| -> Result<(), CliError> {
        if let Some(out) = out {
            files::write(&out.join(name), bytes)?;
        }
        client.as_ref().map_or(Ok(()), |c| c.put_bytes(path, bytes).map_err(CliError::from))
    };
    give("contents.bin", &base, &contents.encode())?;
    for (done, index) in (0..contents.shards.len()).zip(0u32..) {
        progress.at("giving out shards", done as u64, contents.shards.len() as u64);
        give(&format!("shard-{index:05}.bin"), &format!("{base}/{index}"), &authority.shard(sequence, index)?.encode())?;
    }
    drop(progress);
    let shown = ShardsShown { sequence, leaf_file: contents.digest(), shards: contents.shards.len(), folder: out, uploaded: uploads };
    output.result(&shown, || format!("leaf file {sequence}, {} shards, digest {}", shown.shards, shown.leaf_file));
    Ok(())
}
