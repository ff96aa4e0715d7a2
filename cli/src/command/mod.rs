//! The commands: one folder or file for each first word.

pub mod audit;
pub mod authority;
pub mod ceremony;
pub mod circuit;
pub mod institution;
pub mod keys;
pub mod lender;
pub mod params;
pub mod policy;
mod proved;
pub mod tx;
pub mod verify;
pub mod wallet;

use crate::args::Args;
use crate::error::CliError;
use crate::output::Output;
use clap::Subcommand;

/// What to do. A new audience adds its module above, one variant here and one arm in [`run`].
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Your own data: collect it, look at it, answer lenders.
    #[command(subcommand)]
    Wallet(wallet::WalletCommand),
    /// Institutions: records in, commitments and openings out.
    #[command(subcommand)]
    Institution(institution::InstitutionCommand),
    /// The identity authority: people, positions, identity tree.
    #[command(subcommand)]
    Authority(authority::AuthorityCommand),
    /// Scorecards and policies.
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Ask an applicant for a proof, and read the verdict.
    #[command(subcommand)]
    Lender(lender::LenderCommand),
    /// Check what the chain recorded.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Check an audit bundle with no network.
    Verify(verify::VerifyArgs),
    /// Proving and verifying keys of the circuits.
    #[command(subcommand)]
    Params(params::ParamsCommand),
    /// Parameters that nobody has to trust: run a ceremony, take part, verify one.
    #[command(subcommand)]
    Ceremony(ceremony::CeremonyCommand),
    /// Signing keys of accounts.
    #[command(subcommand, alias = "key")]
    Keys(keys::KeysCommand),
    /// Transactions: money, admissions, schemas, policies.
    #[command(subcommand)]
    Tx(tx::TxCommand),
}

/// Does what was typed.
///
/// # Errors
/// [`CliError`].
pub fn run(args: Args, output: &Output) -> Result<(), CliError> {
    let global = args.global;
    match args.command {
        Command::Wallet(command) => wallet::run(command, &global, output),
        Command::Institution(command) => institution::run(command, &global, output),
        Command::Authority(command) => authority::run(command, &global, output),
        Command::Policy(command) => policy::run(command, output),
        Command::Lender(command) => lender::run(command, &global, output),
        Command::Audit(command) => audit::run(command, &global, output),
        Command::Verify(args) => verify::run(&args, output),
        Command::Params(command) => params::run(command, &global, output),
        Command::Ceremony(command) => ceremony::run(command, output),
        Command::Keys(command) => keys::run(command, output),
        Command::Tx(command) => tx::run(command, &global, output),
    }
}

/// The time, milliseconds since 1970.
pub fn now_unix_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}
