//! `probity params fetch`: the proving keys of a chain from any node, piece by piece.
//!
//! A node is believed nothing: the chain's state, proved, names the transcript's digest, the transcript the key's. What was fetched before a
//! break stays, and is checked as a whole in the end.

use super::install::{Installed, with_transcript};
use crate::args::Global;
use crate::client::{Client, ClientError};
use crate::command::proved::at_tip;
use crate::error::CliError;
use crate::files;
use crate::output::{self, Output};
use crate::progress::Progress;
use probity_ceremony::Transcript;
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_ledger::state_key;
use probity_ledger::state_value::CircuitState;
use probity_params::KeyId;
use probity_params::cache::KeyCache;
use probity_prover::Prover;
use probity_prover::rows::Rows;
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// Longest key file that is fetched.
const KEY_BYTES_MAX: u64 = 1 << 30;
/// Bytes of a piece: fewer would be too many questions.
const CHUNK_BYTES: std::ops::RangeInclusive<u64> = 64 << 10..=16 << 20;

/// `probity params fetch`.
#[derive(Debug, clap::Args)]
pub struct FetchArgs {
    /// The chain that you trust, from elsewhere than the node: 64 hexadecimal digits.
    #[arg(long, value_name = "CHAIN_ID")]
    chain: Digest,
    /// Only these circuits.
    #[arg(long = "circuit", value_name = "ID")]
    circuits: Vec<CircuitId>,
    /// Show what would be fetched, and how large it is.
    #[arg(long)]
    dry_run: bool,
}

/// `GET /v1/parameters`, an item.
#[derive(Deserialize)]
struct Offer {
    circuit: String,
    key_bytes: u64,
    chunk_bytes: u64,
}

#[derive(Serialize)]
struct Fetched {
    circuit: CircuitId,
    state: &'static str,
    key_bytes: Option<u64>,
    installed: Option<Installed>,
}

pub(super) fn run(args: &FetchArgs, global: &Global, output: &Output) -> Result<(), CliError> {
    let client = global.client_without_key()?;
    let follower = at_tip(&client, Some(args.chain))?;
    let cache = KeyCache::from_environment()?;
    let offers: Vec<Offer> = client.get("/v1/parameters")?;
    let mut all = vec![];
    for id in CircuitId::ALL.into_iter().filter(|id| args.circuits.is_empty() || args.circuits.contains(id)) {
        let circuit: Option<CircuitState> = follower.entry(&state_key::circuit(id))?;
        let said = |state| Fetched { circuit: id, state, key_bytes: None, installed: None };
        all.push(match circuit {
            None => said("not of this chain"),
            Some(CircuitState { transcript: None, .. }) => said("a development key: `probity params setup` makes it on this machine"),
            Some(circuit) if Prover::ceremony(id, &cache, KeyId(circuit.verifying_key_id)).is_ok() => said("installed already"),
            Some(circuit) => {
                let offer = offers.iter().find(|offer| offer.circuit == id.name()).ok_or_else(|| CliError::NotOnChain {
                    what: format!("parameters of {id} at this node"),
                    todo: "ask another node, or install them from files with `probity params install`",
                })?;
                output.note(&format!("{id}: {:.1} MB", offer.key_bytes as f64 / 1e6));
                let installed = if args.dry_run { None } else { Some(fetch(&client, &circuit, offer, &cache, output)?) };
                let state = if args.dry_run { "to be fetched" } else { "installed" };
                Fetched { circuit: id, state, key_bytes: Some(offer.key_bytes), installed }
            }
        });
    }
    output.result(&all, || {
        let row = |f: &Fetched| {
            let size = f.key_bytes.map_or_else(String::new, |bytes| format!("{:.1} MB", bytes as f64 / 1e6));
            [f.circuit.to_string(), size, f.state.to_owned()]
        };
        let installed = all.iter().filter_map(|f| f.installed.as_ref()).map(Installed::text);
        let table = output::table(["circuit", "size", ""], all.iter().map(row));
        std::iter::once(table).chain(installed).collect::<Vec<_>>().join("\n\n")
    });
    Ok(())
}

fn fetch(client: &Client, circuit: &CircuitState, offer: &Offer, cache: &KeyCache, output: &Output) -> Result<Installed, CliError> {
    let (id, expected) = (circuit.id, circuit.transcript.unwrap_or_default());
    let json = client.get_bytes(&format!("/v1/parameters/{id}/transcript"))?;
    let found = Transcript::from_json(&json)?.file_digest();
    if found != expected {
        return Err(CliError::Verdict(format!(
            "the node's transcript of {id} is {found}, the chain names {expected}: ask another node, or install the key from files"
        )));
    }
    cache.make_folder()?;
    let folder = cache.folder().join("fetched");
    let (transcript, zkey) = (folder.join(format!("{id}.{expected}.transcript.json")), folder.join(format!("{id}.{expected}.zkey")));
    files::write(&transcript, &json)?;
    pieces(client, id, offer, &zkey, output)?;
    let rows = Rows::of(id)?;
    let installed = with_transcript(&rows, &transcript, &zkey);
    if matches!(installed, Ok(_) | Err(CliError::Ceremony(_))) {
        // installed, or not what it should be: either way nothing to go on from
        for file in [&transcript, &zkey] {
            let _ = std::fs::remove_file(file);
        }
    }
    let installed = installed?;
    Prover::ceremony(id, cache, KeyId(circuit.verifying_key_id))?;
    Ok(installed)
}

/// Fetches what a file lacks.
fn pieces(client: &Client, id: CircuitId, offer: &Offer, path: &Path, output: &Output) -> Result<(), CliError> {
    let Offer { key_bytes, chunk_bytes, .. } = *offer;
    if key_bytes > KEY_BYTES_MAX || !CHUNK_BYTES.contains(&chunk_bytes) {
        return Err(CliError::Verdict(format!(
            "the node offers a key of {key_bytes} bytes in pieces of {chunk_bytes}, which no node does: ask another"
        )));
    }
    let failed = |source| files::FileError::Io { action: "writing", path: path.to_owned(), source };
    let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
    let busy = || CliError::Usage(format!("{} is being fetched by another process: wait until it is done", path.display()));
    file.try_lock().map_err(|_| busy())?;
    let there = file.metadata().map_err(failed)?.len();
    if there == key_bytes {
        return Ok(());
    }
    // whole pieces only: a broken one is fetched again
    let mut done = there.min(key_bytes) / chunk_bytes * chunk_bytes;
    file.set_len(done).map_err(failed)?;
    let progress = Progress::new(output);
    while done < key_bytes {
        progress.at(&format!("{id}: fetching"), done, key_bytes);
        let piece = client.get_bytes(&format!("/v1/parameters/{id}/key/{}", done / chunk_bytes))?;
        let expected = chunk_bytes.min(key_bytes - done);
        if piece.len() as u64 != expected {
            let reason = format!("a piece of {} bytes instead of {expected}", piece.len());
            return Err(ClientError::Answer { address: client.base().to_owned(), reason }.into());
        }
        file.write_all(&piece).map_err(failed)?;
        done += expected;
    }
    Ok(file.sync_all().map_err(failed)?)
}
