//! The API's description, OpenAPI 3.1. The committed `openapi.json` is its snapshot.

use serde::Serialize;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};

use crate::lenders::check::Check;

/// A refusal (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// `/problems/<code>`: one for each rule, explained there.
    pub r#type: String,
    /// The rule in two words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// The rule's stable code.
    pub code: String,
    /// What was found.
    pub detail: String,
    /// What to do.
    pub hint: String,
    /// For a rule of the chain: its values.
    pub error: Option<serde_json::Value>,
    /// For a response to a proof request: the checks.
    pub checks: Option<Vec<Check>>,
    /// For an entry that is not there: the proof of its absence.
    pub proof: Option<serde_json::Value>,
}

struct Keys;

impl Modify for Keys {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key: `probityd keys add`")).build();
        openapi.components.get_or_insert_default().add_security_scheme("key", SecurityScheme::Http(scheme));
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Probity",
        description = "Prove that you are creditworthy without showing your records. Digests, addresses, keys and field elements are hexadecimal; proofs and nonces base64url. All refusals are problems (RFC 9457)."
    ),
    tags(
        (name = "lenders", description = "Ask for proofs and read verdicts"),
        (name = "wallets", description = "Fetch what is asked, and answer"),
        (name = "institutions", description = "Act on the chain"),
        (name = "authority", description = "Give out the identity tree"),
        (name = "audit", description = "Read and re-verify everything"),
        (name = "node", description = "Run the node")
    ),
    paths(
        crate::lenders::create::create,
        crate::lenders::fetch::fetch,
        crate::lenders::respond::respond,
        crate::lenders::verdict::verdict,
        crate::institutions::transactions::send,
        crate::institutions::transactions::receipt,
        crate::institutions::faucet::give,
        crate::institutions::shards::put_contents,
        crate::institutions::shards::put_shard,
        crate::institutions::shards::get_contents,
        crate::institutions::shards::get_shard,
        crate::institutions::parameters::list,
        crate::institutions::parameters::transcript,
        crate::institutions::parameters::chunk,
        crate::audit::chain::chain,
        crate::audit::chain::genesis,
        crate::audit::circuits::list,
        crate::audit::circuits::verifying_key,
        crate::audit::blocks::list,
        crate::audit::blocks::block,
        crate::audit::blocks::headers,
        crate::audit::records::list,
        crate::audit::records::record,
        crate::audit::commitments::list,
        crate::audit::commitments::registry,
        crate::audit::lists::policies,
        crate::audit::lists::policy,
        crate::audit::lists::schemas,
        crate::audit::lists::schema,
        crate::audit::lists::anchors,
        crate::audit::lists::anchor,
        crate::audit::lists::registry_at,
        crate::audit::members::institutions,
        crate::audit::members::institution,
        crate::audit::members::lenders,
        crate::audit::members::lender,
        crate::audit::members::account,
        crate::audit::members::validators,
        crate::audit::members::identities,
        crate::audit::members::nullifier,
        crate::audit::entry::state,
        crate::audit::verify::verify,
        crate::node::healthz,
        crate::node::readyz,
        crate::node::metrics,
        crate::node::openapi,
        crate::node::problems,
        crate::node::problem,
    ),
    modifiers(&Keys)
)]
struct Document;

/// The document.
pub fn document_json() -> String {
    let mut text = Document::openapi().to_pretty_json().expect("the document has text keys only");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_snapshot_is_the_document() {
        // at run time: checkouts that share a build directory share what was compiled, too
        let path = &format!("{}/openapi.json", std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs the tests"));
        let now = document_json();
        if std::env::var_os("PROBITY_BLESS").is_some() {
            std::fs::write(path, &now).unwrap();
            return;
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        let different: Vec<String> = kept
            .lines()
            .zip(now.lines())
            .enumerate()
            .filter(|(_, (a, b))| a != b)
            .take(10)
            .map(|(i, (a, b))| format!("line {}:\n- {a}\n+ {b}", i + 1))
            .collect();
        assert!(
            kept == now,
            "api/openapi.json is not the API's description any more. If the change is meant, approve it in a commit of its own with\n\
             PROBITY_BLESS=1 cargo test --release -p probity-api openapi\n{}\n({} lines kept, {} now)",
            different.join("\n"),
            kept.lines().count(),
            now.lines().count()
        );
    }

    #[test]
    fn every_route_is_described() {
        let document = Document::openapi();
        let described: Vec<&String> = document.paths.paths.keys().collect();
        let router = include_str!("router.rs");
        let routes: std::collections::BTreeSet<&str> = router
            .lines()
            .filter_map(|l| l.trim().split_once(".route(\""))
            .filter_map(|(_, l)| l.split_once('"'))
            .map(|(r, _)| r)
            .collect();
        assert!(routes.len() > 30);
        for route in &routes {
            assert!(described.iter().any(|d| d == route), "{route} has no description");
        }
        assert_eq!(routes.len(), described.len());
        assert!(document_json().contains("\"openapi\": \"3.1.0\""));
    }
}
