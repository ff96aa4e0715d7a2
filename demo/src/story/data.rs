//! Institutions commit, the authority counts, everybody gets their openings.

use super::World;
use super::chain::Members;
use super::people::{Cast, wallet};
use crate::german::{HOLDERS, Holder, write_customers, write_records};
use crate::node::get;
use crate::tools::{Result, ToolError, ensure, io, number, text};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

/// Everything up to wallets that hold what they need.
pub(super) fn publish(world: &mut World, home: &Path, members: &Members, cast: &Cast) -> Result<()> {
    let (tools, folder, people) = (world.tools.clone(), world.folder.clone(), world.people.clone());
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (authority, authority_key) = (path("authority"), home.join("keys/authority.key").to_string_lossy().into_owned());
    let api_key = tools.probityd(&["keys", "add", "--home", &home.to_string_lossy(), "--role", "authority"])?;

    world.report.step("the identity authority registers the three and gives everybody a position", |report| {
        tools.probity(&["authority", "init", "--dir", &authority, "--key", &authority_key])?;
        for person in cast.all() {
            let id = person.legal_id();
            let (enrolment, registration) = (path(&format!("enrolment-{id}.json")), path(&format!("registration-{id}.json")));
            let who = ["--legal-id", &id, "--enrolment", &enrolment, "--out", &registration];
            tools.probity(&[&["authority", "register", "--dir", &authority, "--key", &authority_key], &who[..]].concat())?;
        }
        let (customers, roster) = (path("customers.csv"), path("roster.csv"));
        write_customers(&people, Path::new(&customers))?;
        let listed =
            tools.probity(&["authority", "roster", "--dir", &authority, "--customers", &customers, "--out", &roster, "--reserve"])?;
        let count = number(&listed, "/listed")?;
        ensure(count == people.len() as u64, || format!("{count} of {} are listed", people.len()))?;
        report.saw("authority", "legal identities of all three's customers", size(&customers)?);
        Ok::<_, ToolError>(((), format!("{count} positions")))
    })?;

    let month = text(&get(&format!("{}/v1/anchors/latest", tools.node_url()))?, "/value/anchor/month")?;
    let schema = text(&get(&format!("{}/v1/schemas", tools.node_url()))?, "/items/0/id")?;
    world.report.step("each institution reads its CSV, builds its tree and commits", |report| {
        for (holder, member) in HOLDERS.iter().zip(&members.institutions) {
            let (records, mapping, dir) =
                (path(&format!("{}.csv", holder.key)), path(&format!("{}-mapping.toml", holder.key)), path(holder.key));
            write_records(holder, &people, Path::new(&records))?;
            std::fs::write(&mapping, mapping_for(holder)).map_err(io(mapping.clone()))?;
            let key = tools.probity(&["keys", "show", &member.key_file])?;
            tools.probity(&["institution", "init", "--dir", &dir, "--address", &text(&key, "/address")?])?;
            let what = ["--records", &records, "--mapping", &mapping, "--roster", &path("roster.csv"), "--schema", &schema];
            let when = ["--domain", holder.domain, "--month", &month];
            tools.probity(&[&["institution", "ingest", "--dir", &dir], &what[..], &when].concat())?;
            let list = path(&format!("{}-members.bin", holder.key));
            let out = ["--domain", holder.domain, "--key", &member.key_file, "--list", &list];
            tools.probity(&[&["institution", "publish", "--dir", &dir], &out[..]].concat())?;
            report.saw(holder.name, &format!("its own {} of 13 columns", holder.columns.len()), size(&records)?);
            report.saw("authority", &format!("{}'s membership list: positions and leaf hashes", holder.name), size(&list)?);
        }
        Ok::<_, ToolError>(((), format!("{} x {} files in slots {}", HOLDERS.len(), people.len(), slots(members))))
    })?;

    let keyed = tools.with("PROBITY_API_KEY", api_key);
    world.report.step("the authority counts them and publishes the identity tree; the next anchor shows all", |_| {
        let lists: Vec<String> = HOLDERS.iter().map(|h| path(&format!("{}-members.bin", h.key))).collect();
        let lists: Vec<&str> = lists.iter().map(String::as_str).collect();
        keyed.probity(&[&["authority", "cover", "--dir", &authority], &lists[..]].concat())?;
        let published = keyed.probity(&["authority", "publish", "--dir", &authority, "--key", &authority_key])?;
        let root = text(&published, "/root")?;
        let anchor = wait_for_anchor(keyed.node_url(), &root)?;
        Ok::<_, ToolError>(((), format!("identity root {}... in the anchor of height {anchor}", &root[..16])))
    })?;
    hand_out(world, members, cast)
}

/// Customers get openings with receipts; the leaver keeps the bank's out of the wallet.
fn hand_out(world: &mut World, members: &Members, cast: &Cast) -> Result<()> {
    let (tools, folder) = (world.tools.clone(), world.folder.clone());
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let chain = text(&get(&format!("{}/v1/chain", tools.node_url()))?, "/chain_id")?;
    world.report.step("institutions hand out openings; wallets check and keep them", |report| {
        for person in cast.all() {
            let (id, file) = (person.legal_id(), path(&wallet(person)));
            // the chain that the person trusts comes from elsewhere than the node: here, from the registration's paper
            tools.probity(&["wallet", "collect", "--wallet", &file, "--chain", &chain])?;
            tools.probity(&["wallet", "import", "--wallet", &file, &path(&format!("registration-{id}.json"))])?;
            tools.probity(&["wallet", "collect", "--wallet", &file])?;
            let mut import = vec!["wallet".to_owned(), "import".into(), "--wallet".into(), file.clone()];
            for (holder, member) in HOLDERS.iter().zip(&members.institutions) {
                let opening = path(&format!("opening-{id}-{}.json", holder.key));
                let which = ["--domain", holder.domain, "--key", &member.key_file, "--legal-id", &id];
                let to = ["--roster", &path("roster.csv"), "--out", &opening];
                tools.probity(&[&["institution", "handout", "--dir", &path(holder.key)], &which[..], &to].concat())?;
                let left_out = id == cast.leaver.legal_id() && holder.key == "bank";
                if !left_out {
                    import.push(opening.clone());
                }
                if id == cast.approved.legal_id() {
                    report.saw("applicant", &format!("opening from {}", holder.name), size(&opening)?);
                }
            }
            tools.probity(&import.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        Ok::<_, ToolError>(((), format!("{} keeps the bank's opening out of the wallet", cast.leaver.legal_id())))
    })?;
    println!("\n{}\n", tools.probity_text(&["wallet", "show", "--wallet", &path(&wallet(&cast.approved))])?);
    Ok(())
}

fn size(path: &str) -> Result<u64> {
    Ok(std::fs::metadata(path).map_err(io(path))?.len())
}

fn slots(members: &Members) -> String {
    members.institutions.iter().map(|m| m.slot.to_string()).collect::<Vec<_>>().join(", ")
}

/// Numbers are read as they are, everything else is a category's name.
fn mapping_for(holder: &Holder) -> String {
    const NUMBERS: [&str; 2] = ["age_in_years", "installment_rate_in_percentage_of_disposable_income"];
    let mut toml = String::from("key = \"customer\"\n");
    for column in holder.columns {
        let read = if NUMBERS.contains(column) { "integer" } else { "category" };
        toml += &format!("\n[[features]]\nfeature = \"{column}\"\ncolumn = \"{column}\"\nread = \"{read}\"\n");
    }
    toml
}

/// Height of the anchor that shows the identity root.
fn wait_for_anchor(url: &str, root: &str) -> Result<u64> {
    let begun = Instant::now();
    loop {
        let newest = get(&format!("{url}/v1/anchors/latest"))?;
        if newest.pointer("/value/anchor/identity_root").and_then(Value::as_str) == Some(root) {
            return number(&newest, "/value/anchor/height");
        }
        ensure(begun.elapsed() < Duration::from_secs(60), || format!("no anchor shows identity root {root} after a minute"))?;
        std::thread::sleep(Duration::from_millis(200));
    }
}
