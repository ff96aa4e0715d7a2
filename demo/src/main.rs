//! `probity-demo`: the main job on real data; exits 0 only if all of it happened.

use clap::Parser;
use probity_demo::story;
use std::path::PathBuf;
use std::process::ExitCode;

/// Plays Probity's main job on the German credit data, with the binaries built beside this one.
#[derive(Debug, Parser)]
#[command(name = "probity-demo")]
struct Args {
    /// Leave the node running at the end, and say what to open.
    #[arg(long)]
    keep: bool,
    /// Folder for everything that is made; a new temporary one unless given.
    #[arg(long)]
    folder: Option<PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let ended = if args.keep { story::play_and_keep(args.folder) } else { story::play(args.folder) };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nThe demo stopped: {error}");
            ExitCode::FAILURE
        }
    }
}
