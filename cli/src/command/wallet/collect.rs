//! Fetching what is public from a node, and checking it.

use crate::args::Global;
use crate::chain;
use crate::client::Client;
use crate::command::wallet::{import, own_shard};
use crate::error::CliError;
use crate::files;
use crate::output::Output;
use probity_credit::digest::Digest;
use probity_ledger::delivery::{Delivery, IdentityShard, RegistrySnapshot};
use probity_ledger::state_value::AnchorEntry;
use probity_wallet::Wallet;
use probity_wallet::book::Book;
use probity_wallet::collect::{CollectError, Collected};
use serde_json::json;
use std::path::Path;

/// Fetches the book and takes it in.
pub(super) fn refresh(wallet: &mut Wallet, trusted: Option<Digest>, client: &Client) -> Result<Collected, CliError> {
    let known = wallet.registration().map(|r| r.terms.chain_id).or_else(|| wallet.book().map(|b| b.terms.chain_id));
    let book = chain::book(client, trusted.or(known))?;
    wallet.accept_book(book).map_err(|reason| from(client, reason))
}

/// Fetches snapshot and shard of an anchor that the book has, and takes them in.
pub(super) fn anchor(wallet: &mut Wallet, entry: &AnchorEntry, client: &Client) -> Result<Vec<Collected>, CliError> {
    let mut done = vec![wallet.accept_snapshot(snapshot(client, entry)?).map_err(|reason| from(client, reason))?];
    if let Some(index) = own_shard(wallet) {
        if index < entry.shards {
            done.push(wallet.accept_shard(&shard(client, entry, index)?).map_err(|reason| from(client, reason))?);
        } else {
            return Err(from(client, CollectError::EmptyLeaf));
        }
    }
    Ok(done)
}

fn from(client: &Client, reason: CollectError) -> CliError {
    CliError::Collect { file: client.base().to_owned(), reason }
}

fn snapshot(client: &Client, entry: &AnchorEntry) -> Result<RegistrySnapshot, CliError> {
    let bytes = client.get_bytes(&format!("/v1/anchors/{}/registry", entry.anchor.height))?;
    Ok(RegistrySnapshot::from_json(&bytes)?)
}

fn shard(client: &Client, entry: &AnchorEntry, index: u32) -> Result<IdentityShard, CliError> {
    let bytes = client.get_bytes(&format!("/v1/shards/{}/{index}", entry.leaf_file))?;
    Ok(IdentityShard::decode(&bytes)?)
}

fn newest(book: &Book) -> Result<AnchorEntry, CliError> {
    let anchor = book.newest_anchor().cloned();
    anchor.ok_or_else(|| CliError::NotOnChain { what: "anchor yet".into(), todo: "wait for the first one" })
}

pub(super) fn run(mut wallet: Wallet, trusted: Option<Digest>, global: &Global, output: &Output) -> Result<(), CliError> {
    let client = global.client_without_key()?;
    let mut done = vec![refresh(&mut wallet, trusted, &client)?];
    let book = wallet.book().expect("it was just taken in").clone();
    wallet.save()?;
    if book.newest_anchor().is_some() {
        done.extend(anchor(&mut wallet, &newest(&book)?, &client)?);
        wallet.save()?;
    }
    let lines: Vec<String> = done.iter().map(import::words).collect();
    output.result(&json!({ "chain_id": book.terms.chain_id, "collected": lines }), || {
        format!("chain \"{}\", {}\n{}", book.terms.name, book.terms.chain_id, lines.join("\n"))
    });
    Ok(())
}

pub(super) fn fetch(index: Option<u32>, out: &Path, global: &Global, output: &Output) -> Result<(), CliError> {
    let client = global.client_without_key()?;
    let book = chain::book(&client, None)?;
    files::write_json(&out.join("book.json"), &book)?;
    let mut written = vec!["book.json".to_owned()];
    if let Ok(entry) = newest(&book) {
        let height = entry.anchor.height;
        let name = format!("registry-{height}.json");
        files::write_json(&out.join(&name), &snapshot(&client, &entry)?)?;
        written.push(name);
        if let Some(index) = index {
            let name = format!("shard-{height}-{index}.bin");
            files::write(&out.join(&name), &shard(&client, &entry, index)?.encode())?;
            written.push(name);
        }
    }
    output.result(&json!({ "chain_id": book.terms.chain_id, "files": written }), || {
        format!(
            "chain {}\n{} in {}\nTake them to the other machine: `probity wallet import {}`",
            book.terms.chain_id,
            written.join(", "),
            out.display(),
            out.display()
        )
    });
    Ok(())
}
