//! Looking at a lender's request, and answering it.

use crate::args::Global;
use crate::client::Client;
use crate::command::now_unix_ms;
use crate::command::wallet::{WalletArg, collect, preview};
use crate::error::CliError;
use crate::files;
use crate::output::Output;
use crate::progress::Progress;
use clap::Args;
use probity_ledger::request::{REQUEST_BYTES_MAX, RequestObject, ResponseObject, SignedRequest};
use probity_params::KeyId;
use probity_params::cache::KeyCache;
use probity_prover::{ChainKey, Control, Prover, Stage};
use probity_wallet::{Consent, Refusal, Review, Wallet};
use serde_json::json;
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Which request, and with which wallet.
#[derive(Debug, Args)]
pub struct RequestArgs {
    #[command(flatten)]
    wallet: WalletArg,
    /// The lender's address, its openid4vp:// link, or a file.
    request: String,
    /// Use no network: the request is a file, and the wallet holds the anchor's shard, registry and the chain's book.
    #[arg(long)]
    offline: bool,
    /// Fetch your shard of the request's anchor now if it is not here: the node sees, while you apply, which 4,096 positions yours is
    /// among. `probity wallet collect` at another time avoids that.
    #[arg(long, conflicts_with = "offline")]
    collect: bool,
}

/// Asked before a shard is fetched at a lender's request.
const FETCH_NOW: &str = "The wallet has not collected the anchor that the lender named. Fetching it now shows the node, at the time of your \
application, which 4,096 positions yours is among. Fetch now?";

/// How the yes is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// At the prompt.
    Ask,
    /// Already: by an argument.
    Agreed,
    /// Before: the same answer again.
    Again,
}

pub(super) fn review(args: &RequestArgs, global: &Global, output: &Output) -> Result<(), CliError> {
    let (_, review) = prepared(args, How::Agreed, global)?;
    output.result(&review.preview, || preview::text(&review.preview));
    Ok(())
}

pub(super) fn answer(args: &RequestArgs, how: How, out: Option<&Path>, global: &Global, output: &Output) -> Result<(), CliError> {
    if args.offline && out.is_none() {
        return Err(CliError::Usage("with --offline, say with --out where to write the answer".into()));
    }
    if how == How::Again {
        let signed = load(args, global)?;
        let mut wallet = args.wallet.open()?;
        let response = wallet.previous_answer(&signed.request).cloned();
        let response = response.ok_or_else(|| CliError::Usage("this request was not answered before: leave --resend out".into()))?;
        return deliver(&mut wallet, &signed.request, &response, args, out, global, output);
    }
    if how == How::Ask && !std::io::stdin().is_terminal() {
        return Err(CliError::Usage("nobody is there to say yes: show `probity wallet review`, then use --yes".into()));
    }
    let (mut wallet, review) = prepared(args, how, global)?;
    output.note(&preview::text(&review.preview));
    if how == How::Ask && !asked("Send this answer?")? {
        return Err(CliError::Declined);
    }
    let prover = prover(&wallet, review.request(), output)?;
    output.note("Proving on this machine...");
    let request = review.request().clone();
    let policy = request.policy.clone();
    let consent = Consent::given(now_unix_ms());
    let bar = Progress::at_once(output);
    let at = |stage: Stage| bar.at(in_plain_words(stage), stage as u64, Stage::ALL.len() as u64);
    let control = Control { progress: Some(&at), ..Control::default() };
    let proved = wallet.respond(review, consent, |d| prover.prove_with(&d.compiled, &d.schema, &d.public, &d.witness, &control));
    drop(bar);
    let response = proved.inspect_err(|refusal| {
        if let Refusal::CannotProve(why) = refusal {
            let why = why.explain(&policy);
            output.note(&format!("{} {}", why.what, why.todo));
        }
    })?;
    deliver(&mut wallet, &request, &response, args, out, global, output)
}

/// What the person who waits is told; at most as wide as the bar's column of words.
fn in_plain_words(stage: Stage) -> &'static str {
    match stage {
        Stage::Statement => "Going through your records",
        Stage::Assignment => "Filling in the equations",
        Stage::Rows => "Working the equations out",
        Stage::Sums => "Making the proof",
        Stage::Verification => "Checking the finished proof",
    }
}

/// The open wallet and the request, checked against what is newest on the chain, or offline against what the wallet knows.
fn prepared(args: &RequestArgs, how: How, global: &Global) -> Result<(Wallet, Review), CliError> {
    let signed = load(args, global)?;
    let mut wallet = args.wallet.open()?;
    if !args.offline {
        let client = global.client_without_key()?;
        collect::refresh(&mut wallet, None, &client)?;
        fetch_anchor(&mut wallet, &signed.request, args.collect, how, &client)?;
    }
    let (lender, now) = (signed.request.client_id, now_unix_ms());
    match wallet.review(signed, now) {
        Ok(review) => Ok((wallet, review)),
        Err(refusal) => {
            wallet.note_refused(lender, &refusal, now);
            wallet.save()?;
            Err(refusal.into())
        }
    }
}

/// The request's anchor, if the wallet has not collected it yet: the registry, which tells nothing, and the shard only with a yes to
/// what fetching it shows. Without one, the review says that it is missing.
fn fetch_anchor(wallet: &mut Wallet, request: &RequestObject, agreed: bool, how: How, client: &Client) -> Result<(), CliError> {
    let entry = wallet.book().and_then(|b| b.anchor(request.anchor.height)).cloned();
    match entry.filter(|e| e.anchor == request.anchor) {
        Some(entry) if !wallet.has_anchor(&request.anchor) => {
            collect::registry(wallet, &entry, client)?;
            if collect::lacks_leaf(wallet, &entry) && (agreed || how == How::Ask && asked(FETCH_NOW)?) {
                collect::leaf(wallet, &entry, client)?;
            }
            Ok(wallet.save()?)
        }
        // the review says what is wrong with the anchor
        _ => Ok(()),
    }
}

fn load(args: &RequestArgs, global: &Global) -> Result<SignedRequest, CliError> {
    let text = args.request.as_str();
    let address = if text.starts_with("openid4vp://") { request_uri(text)? } else { text.to_owned() };
    if !address.starts_with("http://") && !address.starts_with("https://") {
        return Ok(SignedRequest::from_json(&files::read(Path::new(text), REQUEST_BYTES_MAX as u64)?)?);
    }
    if args.offline {
        return Err(CliError::Usage("with --offline, the request must be a file".into()));
    }
    Ok(SignedRequest::from_json(&global.client_without_key()?.get_address(&address)?)?)
}

/// `request_uri` of an openid4vp link.
fn request_uri(link: &str) -> Result<String, CliError> {
    let bad = || CliError::Usage("the link has no readable request_uri: ask the lender for the address itself".into());
    let query = link.split_once('?').ok_or_else(bad)?.1;
    let value = query.split('&').find_map(|pair| pair.strip_prefix("request_uri=")).ok_or_else(bad)?;
    percent_decoded(value).ok_or_else(bad)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = vec![];
    while let Some(byte) = bytes.next() {
        out.push(if byte == b'%' {
            let digits = [bytes.next()?, bytes.next()?];
            u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
        } else {
            byte
        });
    }
    String::from_utf8(out).ok()
}

fn asked(question: &str) -> Result<bool, CliError> {
    let mut stderr = std::io::stderr().lock();
    let _ = write!(stderr, "\n{question} Type yes to agree: ");
    let _ = stderr.flush();
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|e| CliError::Usage(format!("reading your answer: {e}")))?;
    Ok(line.trim() == "yes")
}

fn prover(wallet: &Wallet, request: &RequestObject, output: &Output) -> Result<Prover, CliError> {
    let id = request.policy.circuit;
    // the review has found it accepted, and fit for this chain
    let known = wallet.book().ok_or(Refusal::NoBook)?.circuit(id).ok_or(Refusal::OtherKey)?;
    let key = ChainKey { kind: known.kind, constraints: known.entry.constraints, id: KeyId(known.entry.verifying_key_id) };
    let cache = KeyCache::from_environment()?;
    let progress = Progress::new(output);
    Ok(Prover::of_chain(id, &key, &cache, &|stage, done, total| {
        progress.at(&stage.to_string(), done as u64, total as u64);
    })?)
}

fn deliver(
    wallet: &mut Wallet,
    request: &RequestObject,
    response: &ResponseObject,
    args: &RequestArgs,
    out: Option<&Path>,
    global: &Global,
    output: &Output,
) -> Result<(), CliError> {
    let context = request.context(&response.presentation().consent_key).digest();
    if let Some(out) = out {
        files::write_json(out, response)?;
    }
    let sent = if args.offline {
        None
    } else {
        let answer = global.client_without_key()?.post_address(&request.response_uri, response).map_err(CliError::NotDelivered)?;
        wallet.note_sent(context, now_unix_ms());
        wallet.save()?;
        Some(answer)
    };
    let file: Option<PathBuf> = out.map(Path::to_owned);
    let bytes = serde_json::to_vec(response).expect("a response is plain data").len();
    let value = json!({ "context": context, "sent": sent.is_some(), "answer": sent, "file": file, "bytes": bytes });
    output.result(&value, || {
        let how = match (&sent, &file) {
            (Some(_), _) => "The lender's node has checked and accepted the answer.".to_owned(),
            (None, Some(file)) => format!("The answer is in {}: bring it to {}.", file.display(), request.response_uri),
            (None, None) => String::new(),
        };
        format!("{how}\nrecord {context}")
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_give_their_request() {
        let link = "openid4vp://?client_id=ab&request_uri=http%3A%2F%2F127.0.0.1%3A8645%2Fv1%2Frequests%2Fx-_1";
        assert_eq!(request_uri(link).unwrap(), "http://127.0.0.1:8645/v1/requests/x-_1");
        for bad in ["openid4vp://", "openid4vp://?request_uri=%4", "openid4vp://?a=b", "openid4vp://?request_uri=%ff"] {
            assert_eq!(request_uri(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
    }
}
