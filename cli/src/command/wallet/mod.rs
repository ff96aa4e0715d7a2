//! `probity wallet`: the person's own data, and answers to lenders.

mod answer;
mod collect;
mod export;
mod import;
mod preview;
mod show;

use crate::args::Global;
use crate::command::now_unix_ms;
use crate::error::CliError;
use crate::files;
use crate::output::Output;
use crate::passphrase;
use clap::{Args, Subcommand};
use probity_credit::digest::Digest;
use probity_ledger::delivery::IdentityShard;
use probity_wallet::Wallet;
use serde_json::json;
use std::path::PathBuf;

/// Which wallet.
#[derive(Debug, Clone, Args)]
pub struct WalletArg {
    /// The wallet's file; ~/.local/share/probity/wallet.age unless given.
    #[arg(long, value_name = "FILE", env = "PROBITY_WALLET")]
    pub wallet: Option<PathBuf>,
}

impl WalletArg {
    /// Where the wallet's file is.
    ///
    /// # Errors
    /// [`CliError::Usage`] where no home folder is known.
    pub fn path(&self) -> Result<PathBuf, CliError> {
        let variable = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let folder = || variable("XDG_DATA_HOME").or_else(|| variable("HOME").map(|home| home.join(".local/share")));
        self.wallet
            .clone()
            .or_else(|| folder().map(|f| f.join("probity/wallet.age")))
            .ok_or_else(|| CliError::Usage("say where the wallet is with --wallet".into()))
    }

    fn open(&self) -> Result<Wallet, CliError> {
        let path = self.path()?;
        if !path.exists() {
            return Err(probity_wallet::WalletError::from(probity_wallet::vault::VaultError::Missing { path }).into());
        }
        Ok(Wallet::open(&path, passphrase::existing()?)?)
    }
}

/// What to do with the wallet.
#[derive(Debug, Subcommand)]
pub enum WalletCommand {
    /// Make a wallet with a new secret, encrypted under a passphrase.
    New {
        /// Which wallet.
        #[command(flatten)]
        wallet: WalletArg,
    },
    /// Write what the identity authority needs to register you: a commitment and a key to seal letters to. No secret is in it.
    Enrol {
        /// Which wallet.
        #[command(flatten)]
        wallet: WalletArg,
        /// The file to bring to the authority.
        #[arg(long, value_name = "FILE", default_value = "enrolment.json")]
        out: PathBuf,
    },
    /// Take in files: registration, openings, registry snapshots, shards, the chain's book. Folders are read whole.
    Import {
        /// Which wallet.
        #[command(flatten)]
        wallet: WalletArg,
        /// Files and folders.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Trust this chain (64 hexadecimal digits); needed only before the first registration.
        #[arg(long, value_name = "CHAIN_ID")]
        chain: Option<Digest>,
    },
    /// Fetch what is public from a node, checked here: who is on the chain, the anchors, your shard. Do it when things are published,
    /// not when a lender asks.
    Collect {
        /// Which wallet.
        #[command(flatten)]
        wallet: WalletArg,
        /// Trust this chain (64 hexadecimal digits); needed only before the first registration.
        #[arg(long, value_name = "CHAIN_ID")]
        chain: Option<Digest>,
    },
    /// Fetch the same into files, with all proofs, for a wallet on a machine without a network.
    Fetch {
        /// Number of the shard, as `probity wallet show` says.
        #[arg(long)]
        shard: Option<u32>,
        /// The folder.
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
    /// Show what you hold, in plain words.
    Show {
        /// Which wallet.
        #[command(flatten)]
        wallet: WalletArg,
    },
    /// Look at a lender's request: who asks, for what, your points, what an answer reveals. Nothing is sent.
    Review {
        /// Which request.
        #[command(flatten)]
        request: answer::RequestArgs,
    },
    /// Answer a lender's request: look at it, say yes, prove, send.
    Answer {
        /// Which request.
        #[command(flatten)]
        request: answer::RequestArgs,
        /// Say yes without being asked: for scripts that have shown the preview.
        #[arg(long)]
        yes: bool,
        /// Write the answer to this file; with --offline it is not sent.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Send an answer again that did not arrive.
        #[arg(long)]
        resend: bool,
    },
    /// Choose how many answers one lender gets in one window.
    Limit {
        /// Which wallet.
        #[command(flatten)]
        wallet: WalletArg,
        /// Answers.
        answers: u8,
    },
    /// Show the consent log: what was told to whom, and when.
    Log {
        /// Which wallet.
        #[command(flatten)]
        wallet: WalletArg,
    },
    /// Write the opening of an answer for an auditor (`probity verify --opening`). Whoever has it can show others what you answered.
    ExportOpening {
        /// Which wallet.
        #[command(flatten)]
        wallet: WalletArg,
        /// The record, as `probity wallet log` names it.
        record: Digest,
        /// The file.
        #[arg(long, value_name = "FILE", default_value = "opening.json")]
        out: PathBuf,
    },
    /// Write what lets a lender recognise you by your papers (`probity lender applicant`). It links you in all your later answers that
    /// show a person.
    ExportApplicant {
        /// Which wallet.
        #[command(flatten)]
        wallet: WalletArg,
        /// The file.
        #[arg(long, value_name = "FILE", default_value = "applicant.json")]
        out: PathBuf,
    },
}

pub(super) fn run(command: WalletCommand, global: &Global, output: &Output) -> Result<(), CliError> {
    match command {
        WalletCommand::New { wallet } => new(&wallet, output),
        WalletCommand::Enrol { wallet, out } => {
            let enrolment = wallet.open()?.enrolment();
            files::write_json(&out, &enrolment)?;
            output.result(&enrolment, || {
                format!("{} is written: bring it to the identity authority, with your papers. It holds no secret.", out.display())
            });
            Ok(())
        }
        WalletCommand::Import { wallet, files, chain } => import::run(wallet.open()?, &files, chain, output),
        WalletCommand::Collect { wallet, chain } => collect::run(wallet.open()?, chain, global, output),
        WalletCommand::Fetch { shard, out } => collect::fetch(shard, &out, global, output),
        WalletCommand::Show { wallet } => {
            show::holdings(&wallet.open()?, output);
            Ok(())
        }
        WalletCommand::Review { request } => answer::review(&request, global, output),
        WalletCommand::Answer { request, yes, out, resend } => {
            let how = if resend {
                answer::How::Again
            } else if yes {
                answer::How::Agreed
            } else {
                answer::How::Ask
            };
            answer::answer(&request, how, out.as_deref(), global, output)
        }
        WalletCommand::Limit { wallet, answers } => {
            let mut wallet = wallet.open()?;
            wallet.set_answers_per_window(answers);
            wallet.save()?;
            output.result(&json!({ "answers_per_window": answers }), || format!("each lender gets at most {answers} answers a window"));
            Ok(())
        }
        WalletCommand::Log { wallet } => {
            show::log(&wallet.open()?, output);
            Ok(())
        }
        WalletCommand::ExportOpening { wallet, record, out } => export::opening(wallet.open()?, &record, &out, output),
        WalletCommand::ExportApplicant { wallet, out } => export::applicant(wallet.open()?, &out, output),
    }
}

fn new(wallet: &WalletArg, output: &Output) -> Result<(), CliError> {
    let path = wallet.path()?;
    if path.exists() {
        return Err(probity_wallet::WalletError::from(probity_wallet::vault::VaultError::Exists { path }).into());
    }
    let wallet = Wallet::create(&path, passphrase::new()?, now_unix_ms())?;
    let enrolment = wallet.enrolment();
    output.result(&json!({ "wallet": path, "enrolment": enrolment }), || {
        format!(
            "{} is made. Keep a copy of the file and remember the passphrase: nobody can restore either.\n\
             Next: `probity wallet enrol`, and bring the file to the identity authority.",
            path.display()
        )
    });
    Ok(())
}

/// The shard of the wallet's position, if it is registered.
fn own_shard(wallet: &Wallet) -> Option<u32> {
    wallet.registration().map(|r| IdentityShard::index_of(r.terms.position))
}
