//! A chain of one node, its members, and the lender's policy.

use super::World;
use crate::german::{CARD, CUT_OFF, HOLDERS, REQUEST};
use crate::node::{Node, free_port};
use crate::tools::{Result, ToolError, io, text};
use serde_json::Value;
use std::path::Path;

/// The lender's name.
const LENDER: &str = "Kreditkasse";

/// An admitted institution.
pub(super) struct Member {
    /// Its signing key.
    pub key_file: String,
    /// Its slot in the registry.
    pub slot: u64,
}

/// Who was admitted.
pub(super) struct Members {
    /// The institutions, in the order of [`HOLDERS`].
    pub institutions: Vec<Member>,
    /// The lender's signing key.
    pub lender_key: String,
    /// The lender's address.
    pub lender: String,
}

/// An address on this machine that is free.
pub(super) fn address() -> Result<String> {
    Ok(format!("http://127.0.0.1:{}", free_port()?))
}

/// Keys, genesis, node.
pub(super) fn start(world: &mut World, url: &str) -> Result<Node> {
    let (tools, keys, home) = (world.tools.clone(), world.path("verifying-keys"), world.path("node"));
    world.report.step("development keys of the circuit eligibility-3", |_| {
        std::fs::create_dir_all(&keys).map_err(io(keys.clone()))?;
        let made = tools.probity(&["params", "setup", "--circuit", "eligibility-3", "--out", &keys])?;
        Ok::<_, ToolError>(((), format!("verifying key {}...", &text(&made, "/0/verifying_key")?[..16])))
    })?;
    world.report.step("a development chain of one validator", |_| {
        let listen = url.trim_start_matches("http://");
        let engine = format!("/ip4/127.0.0.1/tcp/{}", free_port()?);
        let rules = ["--anchor-interval", "4", "--block-time-ms", "250", "--heartbeat-ms", "1000"];
        let begin = ["init", "--home", &home, "--dev", "--verifying-keys", &keys, "--listen", listen, "--engine-listen", &engine];
        tools.probityd(&[&begin[..], &rules, &["--lender", LENDER]].concat())?;
        let node = Node::start(&tools, Path::new(&home), url)?;
        let chain = crate::node::get(&format!("{url}/v1/chain"))?;
        Ok::<_, ToolError>((node, format!("chain {}..., {url}", &text(&chain, "/chain_id")?[..16])))
    })
}

/// The validator admits three institutions and the lender.
pub(super) fn admit(world: &mut World, home: &Path) -> Result<Members> {
    let (tools, folder) = (world.tools.clone(), world.folder.clone());
    let home = home.to_string_lossy().into_owned();
    let path = |name: String| folder.join(name).to_string_lossy().into_owned();
    let approve_and_send = |admission: &str, key: &str| -> Result<Value> {
        let approved = tools.probityd(&["approve", "--home", &home, "--admission", admission])?;
        std::fs::write(admission, approved).map_err(io(admission))?;
        tools.probity(&["tx", "send", "--key", key, admission])
    };
    world.report.step("three institutions and a lender admitted by the validators' vote", |_| {
        let mut institutions = vec![];
        for holder in HOLDERS {
            let key_file = path(format!("{}.key", holder.key));
            let key = tools.probity(&["keys", "new", &key_file])?;
            tools.probity(&["tx", "faucet", &text(&key, "/address")?])?;
            let (public_key, admission) = (text(&key, "/public_key")?, path(format!("{}-admission.json", holder.key)));
            let who = ["--name", holder.name, "--public-key", &public_key, "--domain", holder.domain, "--out", &admission];
            tools.probity(&[&["tx", "admit-institution"], &who[..]].concat())?;
            let sent = approve_and_send(&admission, &key_file)?;
            let slot = sent.pointer("/events/0/slots/0").and_then(Value::as_u64);
            let slot = slot.ok_or_else(|| ToolError::Wrong(format!("no slot in {sent}")))?;
            institutions.push(Member { key_file, slot });
        }
        let listed = tools.probityd(&["lenders", "list", "--home", &home])?;
        let mut columns = listed.lines().next().unwrap_or_default().split('\t').skip(1).map(str::to_owned);
        let (Some(lender), Some(public_key)) = (columns.next(), columns.next()) else {
            return Err(ToolError::Wrong(format!("no lender in {listed:?}")));
        };
        let lender_key = format!("{home}/keys/lender-{}.key", &lender[..16]);
        tools.probity(&["tx", "faucet", &lender])?;
        let admission = path("lender-admission.json".into());
        let who = ["--name", LENDER, "--public-key", &public_key, "--window-months", "3", "--out", &admission];
        tools.probity(&[&["tx", "admit-lender"], &who[..]].concat())?;
        approve_and_send(&admission, &lender_key)?;
        let names: Vec<&str> = HOLDERS.iter().map(|h| h.name).collect();
        Ok((Members { institutions, lender_key, lender }, format!("{}; lender {LENDER}", names.join(", "))))
    })
}

/// Schema and policy from scorecardpy's card, registered; the policy's id.
pub(super) fn policy(world: &mut World, members: &Members) -> Result<String> {
    let tools = world.tools.clone();
    let (card, schema, policy) = (world.path("card.csv"), world.path("schema.json"), world.path("policy.json"));
    let request: Vec<&str> = REQUEST.iter().flat_map(|name| ["--request", *name]).collect();
    world.report.step("scorecardpy's card imported as a policy and registered", |_| {
        std::fs::write(&card, CARD).map_err(io(card.clone()))?;
        let draft = ["policy", "draft-schema", &card, "--name", "german-credit", "--out", &schema];
        tools.probity(&[&draft[..], &request].concat())?;
        tools.probity(&["tx", "register-schema", "--key", &members.institutions[0].key_file, &schema])?;
        let cut_off = CUT_OFF.to_string();
        let import = ["policy", "import", &card, "--schema", &schema, "--name", "Consumer credit", "--owner", &members.lender];
        let terms = ["--circuit", "eligibility-3", "--cut-off", &cut_off, "--out", &policy];
        tools.probity(&[&import[..], &terms, &request].concat())?;
        let sent = tools.probity(&["tx", "register-policy", "--key", &members.lender_key, &policy])?;
        let id = text(&sent, "/events/0/policy")?;
        let outcome = format!("13 attributes, cut-off {CUT_OFF}, policy {}...", &id[..16]);
        Ok::<_, ToolError>((id, outcome))
    })
}
