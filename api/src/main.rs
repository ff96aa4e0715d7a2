//! `probityd`: a node of a Probity chain with its HTTP API.

use std::process::ExitCode;

use clap::Parser;
use probity_api::command::{self, Args};

fn main() -> ExitCode {
    match command::run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("probityd: {error}");
            ExitCode::FAILURE
        }
    }
}
