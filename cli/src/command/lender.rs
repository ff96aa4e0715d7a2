//! `probity lender`: asking an applicant for a proof through a node that holds the lender's key, with an API key in PROBITY_API_KEY.

use crate::args::Global;
use crate::command::authority::legal_id_text;
use crate::error::CliError;
use crate::files;
use crate::output::{self, Output};
use clap::Subcommand;
use probity_credit::digest::Digest;
use probity_credit::field::FieldBytes;
use probity_issuer::LegalId;
use probity_ledger::delivery::Applicant;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// What to do as a lender.
#[derive(Debug, Subcommand)]
pub enum LenderCommand {
    /// Ask for a proof; prints the address to give to the applicant.
    Request {
        /// Policy id.
        #[arg(long)]
        policy: Digest,
        /// A request attribute, `name=number` or `name=category`; once for each that the policy takes.
        #[arg(long = "attribute", value_name = "NAME=VALUE")]
        attributes: Vec<String>,
        /// What for, in words that the applicant reads.
        #[arg(long)]
        purpose: String,
        /// How long the request lives, seconds.
        #[arg(long, value_name = "SECONDS")]
        expires_in: Option<u64>,
        /// Height of the anchor; the newest unless given.
        #[arg(long, value_name = "HEIGHT")]
        anchor: Option<u64>,
        /// Who the applicant is: the digest that `probity lender applicant` gives.
        #[arg(long, value_name = "DIGEST")]
        applicant: Option<FieldBytes>,
        /// Also write the signed request to this file, for an applicant without a network.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Compare what an applicant brought (`probity wallet export-applicant`) with their papers; prints the digest for --applicant.
    Applicant {
        /// The applicant's file.
        file: PathBuf,
        /// The legal identity as the papers say it and the authority writes it, or - to read it from stdin.
        #[arg(long, value_name = "TEXT")]
        legal_id: String,
    },
    /// Read the verdict: every check in its order, the reasons, the record on the chain. Exit code 0 means approved.
    Verdict {
        /// Id of the request.
        id: String,
        /// Wait for the final verdict, seconds, at most 30.
        #[arg(long, value_name = "SECONDS", default_value_t = 0)]
        wait: u64,
    },
}

pub(super) fn run(command: LenderCommand, global: &Global, output: &Output) -> Result<(), CliError> {
    match command {
        LenderCommand::Request { policy, attributes, purpose, expires_in, anchor, applicant, out } => {
            let attributes = attributes.iter().map(|a| attribute(a)).collect::<Result<Map<String, Value>, CliError>>()?;
            let mut body = json!({ "policy": policy, "attributes": attributes, "purpose": purpose });
            let optional = [
                ("expires_in_seconds", expires_in.map(Value::from)),
                ("anchor_height", anchor.map(Value::from)),
                ("applicant_person", applicant.map(|a| a.to_string().into())),
            ];
            for (name, value) in optional {
                if let Some(value) = value {
                    body[name] = value;
                }
            }
            let created: Value = global.client()?.post("/v1/requests", &body)?;
            if let Some(out) = out {
                files::write_json(&out, &created["request"])?;
            }
            output.result(&created, || {
                let text = |name: &str| created[name].as_str().unwrap_or_default().to_owned();
                let expires = output::time(created["expires_unix_ms"].as_u64().unwrap_or_default());
                format!("request  {}\nends     {expires}\ngive the applicant this address:\n{}", text("id"), text("request_uri"))
            });
            Ok(())
        }
        LenderCommand::Applicant { file, legal_id } => {
            let applicant: Applicant = files::read_json(&file, "what an applicant brings")?;
            let text = legal_id_text(&legal_id)?;
            if !applicant.is_of(LegalId::new(&text)?.as_str()) {
                return Err(CliError::Verdict("the file is not of this legal identity: compare its spelling with the authority's".into()));
            }
            output.result(&json!({ "person": applicant.person }), || applicant.person.to_string());
            Ok(())
        }
        LenderCommand::Verdict { id, wait } => {
            if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
                return Err(CliError::Usage("a request's id has letters, digits, hyphens and underscores only".into()));
            }
            let verdict: Value = global.client()?.get(&format!("/v1/requests/{id}/verdict?wait_seconds={}", wait.min(30)))?;
            output.result(&verdict, || verdict_text(&verdict));
            match verdict["status"].as_str() {
                Some("approved") => Ok(()),
                other => Err(CliError::Verdict(format!("the verdict is: {}", other.unwrap_or("unknown")))),
            }
        }
    }
}

/// `name=value`: a number where it reads as one, else a category.
fn attribute(text: &str) -> Result<(String, Value), CliError> {
    let (name, value) = text.split_once('=').ok_or_else(|| CliError::Usage(format!("{text:?}: an attribute is written name=value")))?;
    let value = value.parse::<i64>().map_or_else(|_| Value::from(value), Value::from);
    Ok((name.to_owned(), value))
}

fn verdict_text(verdict: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let empty = vec![];
    let checks = verdict["checks"].as_array().unwrap_or(&empty);
    let row = |c: &Value| {
        let detail = [text(&c["detail"]), text(&c["hint"])].iter().filter(|t| !t.is_empty()).cloned().collect::<Vec<_>>().join(" — ");
        [text(&c["name"]), text(&c["status"]), detail]
    };
    let mut lines = output::table(["check", "result", "detail"], checks.iter().map(row));
    lines += &format!("\nverdict: {}", text(&verdict["status"]));
    let reasons = verdict["decision"]["reasons"].as_array().unwrap_or(&empty);
    if !reasons.is_empty() {
        lines += &format!("\nreasons: {}", reasons.iter().map(|r| text(&r["name"])).collect::<Vec<_>>().join(", "));
    }
    if let Some(height) = verdict["record"]["height"].as_u64() {
        lines += &format!("\nrecorded at height {height}, record {}", text(&verdict["record"]["context"]));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_numbers_or_categories() {
        assert_eq!(attribute("amount=5000").unwrap(), ("amount".into(), json!(5000)));
        assert_eq!(attribute("purpose=radio/television").unwrap(), ("purpose".into(), json!("radio/television")));
        assert_eq!(attribute("rest=-3").unwrap().1, json!(-3));
        assert_eq!(attribute("amount").unwrap_err().exit_code(), 2);
    }

    #[test]
    fn a_verdict_names_checks_and_reasons() {
        let verdict = json!({
            "status": "declined",
            "checks": [{ "name": "pairing", "status": "passed", "detail": "", "hint": null }],
            "decision": { "approved": false, "reasons": [{ "index": 3, "name": "duration" }] },
            "record": { "height": 9, "context": "ab" }
        });
        let text = verdict_text(&verdict);
        assert!(text.contains("pairing") && text.contains("reasons: duration") && text.contains("height 9"), "{text}");
    }
}
