//! The command line of Probity: wallet, institution, authority, lender and auditor.
//!
//! What was typed ([`args`]) becomes a [`command`], which reads files ([`files`]), asks a node ([`client`], or its answers from a
//! file: [`recording`]), checks what the node says ([`chain`]), and writes a result ([`output`]): text for people, JSON for programs. [`main`] maps how it ended to an exit code.
//!
//! A passphrase or key never comes from the command line, and nothing personal is written anywhere but where the user asked for it.

pub mod args;
pub mod chain;
pub mod client;
pub mod command;
pub mod error;
pub mod files;
pub mod output;
pub mod passphrase;
pub mod progress;
pub mod recording;
pub mod send;

pub use error::CliError;

use args::Args;
use clap::Parser;
use output::Output;
use std::process::ExitCode;

/// Runs what was typed: 0 when it worked, 1 when it was refused or did not verify, 2 when the command line makes no sense.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // to whom it belongs: help to stdout, mistakes to stderr
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let output = Output::new(args.global.json);
    match command::run(args, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.failure(&error);
            ExitCode::from(error.exit_code())
        }
    }
}
