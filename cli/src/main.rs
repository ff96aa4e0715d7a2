//! The command line, `probity`.

use std::process::ExitCode;

fn main() -> ExitCode {
    probity_cli::main()
}
