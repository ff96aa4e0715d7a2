//! What one holds, and the consent log, for people.

use crate::command::wallet::own_shard;
use crate::output::{self, Output};
use probity_wallet::Wallet;
use probity_wallet::holdings::{FileLine, Holdings, Standing};
use probity_wallet::log::{Disclosure, Entry, Event};

pub(super) fn holdings(wallet: &Wallet, output: &Output) {
    let holdings = wallet.holdings();
    output.result(&holdings, || text(&holdings, own_shard(wallet)));
}

fn text(h: &Holdings, shard: Option<u32>) -> String {
    let mut text = match (&h.chain, h.position) {
        (_, None) => "This wallet is not registered yet: `probity wallet enrol`.\n".to_owned(),
        (chain, Some(position)) => format!(
            "Chain \"{}\", position {position}, shard {}\n",
            chain.as_deref().unwrap_or("unknown"),
            shard.map_or_else(|| "-".to_owned(), |s| s.to_string())
        ),
    };
    text += &match h.ready_at_anchor {
        Some(height) => format!("Ready to answer requests for anchor {height}.\n"),
        None => "No anchor collected yet: `probity wallet collect`.\n".to_owned(),
    };
    if h.contradictions > 0 {
        text += &format!("{} pairs of receipts contradict each other: an institution signed two different things.\n", h.contradictions);
    }
    if !h.counts.is_empty() {
        let row = |c: &probity_wallet::holdings::CountLine| [c.domain.to_string(), c.counted.to_string(), c.held.to_string()];
        text += &output::table(["kind of institution", "have a file of yours", "you hold"], h.counts.iter().map(row));
        text.push('\n');
    }
    for file in &h.files {
        text += &file_text(file);
    }
    text
}

fn file_text(file: &FileLine) -> String {
    let standing = match file.standing {
        Standing::Live => "counts now",
        Standing::Replaced => "replaced by a newer one",
        Standing::NotYet => "not in an anchor yet",
        Standing::Unknown => "no anchor collected yet",
    };
    let correction = if file.sequence > 0 { format!(", correction {}", file.sequence) } else { String::new() };
    let head = format!("\n{} ({}), {}{correction}: {standing}; schema {}\n", file.institution, file.domain, file.month, file.schema);
    head + &output::table(["what it says", "value"], file.features.iter().map(|f| [f.name.clone(), f.value.clone()])) + "\n"
}

pub(super) fn log(wallet: &Wallet, output: &Output) {
    let entries = wallet.log().entries();
    output.result(&entries, || output::table(["time", "what happened"], entries.iter().map(line)));
}

fn line(entry: &Entry) -> [String; 2] {
    let what = match &entry.event {
        Event::Created => "wallet made".to_owned(),
        Event::Registered { position } => format!("registered at position {position}"),
        Event::FileCollected { slot, domain, month, sequence } => format!("file of slot {slot} ({domain}), {month}, number {sequence}"),
        Event::Consented(d) => disclosure(d),
        Event::Sent { context } => format!("answer delivered, record {context}"),
        Event::Refused { reason, .. } => format!("a request was refused: {reason}"),
        Event::OpeningExported { context } => format!("you wrote the opening of record {context} to a file"),
        Event::ApplicantExported => "you wrote to a file what recognises you by your papers".to_owned(),
    };
    [output::time(entry.time_unix_ms), what]
}

fn disclosure(d: &Disclosure) -> String {
    let verdict =
        if d.approved { "that you reach its cut-off".to_owned() } else { format!("that you do not, because of {}", d.reasons.join(", ")) };
    let person = if d.person_shown { ", and who you are" } else { "" };
    format!(
        "you agreed to tell {} {verdict}{person}; policy \"{}\", for: {}; record {}",
        d.lender_name, d.policy_name, d.purpose, d.context
    )
}
