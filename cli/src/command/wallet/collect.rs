//! Fetching what is public from a node, and checking it.

use crate::args::Global;
use crate::chain;
use crate::client::Client;
use crate::command::wallet::{import, own_shard};
use crate::error::CliError;
use crate::files;
use crate::output::Output;
use crate::recording::{Recorder, Source};
use probity_credit::digest::Digest;
use probity_ledger::delivery::{Delivery, IdentityShard, RegistrySnapshot};
use probity_ledger::state_value::AnchorEntry;
use probity_wallet::Wallet;
use probity_wallet::book::Book;
use probity_wallet::collect::{CollectError, Collected};
use serde_json::json;
use std::path::Path;

/// Proves the book from what a node answers, or answered when a file was made, and takes it in.
pub(super) fn refresh(wallet: &mut Wallet, trusted: Option<Digest>, source: &dyn Source) -> Result<Collected, CliError> {
    let book = chain::book(source, trusted.or(wallet.chain_id()))?;
    wallet.accept_book(book).map_err(|reason| from(source, reason))
}

/// Fetches the registry of an anchor that the book has, the same for everybody, and takes it in.
pub(super) fn registry(wallet: &mut Wallet, entry: &AnchorEntry, client: &Client) -> Result<Collected, CliError> {
    wallet.accept_snapshot(snapshot(client, entry)?).map_err(|reason| from(client, reason))
}

/// Whether the wallet lacks its leaf of an anchor: fetching it shows one of 4,096 positions.
pub(super) fn lacks_leaf(wallet: &Wallet, entry: &AnchorEntry) -> bool {
    own_shard(wallet).is_some() && !wallet.has_leaf(&entry.anchor.identity_root)
}

/// Fetches the shard of an anchor that the book has, if the own leaf is not here, and takes the leaf in.
pub(super) fn leaf(wallet: &mut Wallet, entry: &AnchorEntry, client: &Client) -> Result<Option<Collected>, CliError> {
    let Some(index) = own_shard(wallet).filter(|_| lacks_leaf(wallet, entry)) else { return Ok(None) };
    if index >= entry.shards {
        return Err(from(client, CollectError::EmptyLeaf));
    }
    wallet.accept_shard(&shard(client, entry, index)?).map(Some).map_err(|reason| from(client, reason))
}

fn from(source: &dyn Source, reason: CollectError) -> CliError {
    CliError::Collect { file: source.name().to_owned(), reason }
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
        let newest = newest(&book)?;
        done.push(registry(&mut wallet, &newest, &client)?);
        done.extend(leaf(&mut wallet, &newest, &client)?);
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
    let recorder = Recorder::new(&client);
    let book = chain::book(&recorder, None)?;
    files::write_json(&out.join("book.json"), &recorder.finish())?;
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
