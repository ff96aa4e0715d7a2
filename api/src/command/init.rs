//! `probityd init`: a new chain with one validator.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use probity_chain::engine::EngineConfig;
use probity_credit::digest::Digest;
use probity_ledger::address::Address;
use probity_ledger::block::PROTOCOL_VERSION;
use probity_ledger::certificate::{Validator, ValidatorSet};
use probity_ledger::genesis::{
    AnchorRules, ChainKind, Fees, Genesis, GenesisAccount, GenesisCircuit, Limits, TRANSCRIPT_BYTES_MAX, VERIFYING_KEY_BYTES_MAX,
};
use probity_ledger::keys::{PublicKey, SecretKey};
use probity_ledger::name::Name;
use probity_verifier::registry::describe;

use super::{CommandError, HomeArg};
use crate::app::now_unix_ms;
use crate::config::{Access, AccessConfig, ApiConfig, Config, FaucetConfig, KeysConfig};
use crate::files;
use crate::home::Home;

/// Money of each account at genesis.
const BALANCE: u64 = 1_000_000_000_000;
/// The most that a new faucet gives at once.
const FAUCET_AMOUNT_MAX: u64 = 100_000_000;
/// How verifying keys' files end.
const KEY_FILE_END: &str = ".vk";
/// How the file with a ceremony's transcript ends that lies beside a key's.
const TRANSCRIPT_FILE_END: &str = ".transcript.json";

/// The rules of a new chain.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ChainArgs {
    /// Folder of the verifying keys, `<circuit>.vk`; beside each that a ceremony made, its transcript, `<circuit>.transcript.json`.
    #[arg(long)]
    pub verifying_keys: PathBuf,
    /// The chain's name.
    #[arg(long, default_value = "probity-local")]
    pub chain_name: Name,
    /// An anchor is written every so many blocks.
    #[arg(long, default_value_t = 5)]
    pub anchor_interval: u64,
    /// How long a replaced anchor counts, and the longest life of a request, seconds.
    #[arg(long, default_value_t = 3_600)]
    pub grace_seconds: u64,
    /// Blocks that lie at least between the decision that a circuit begins or ends to be accepted, and its taking effect.
    #[arg(long, default_value_t = 20)]
    pub circuit_delay_blocks: u64,
    /// Window of the consortium's nullifier scope, months.
    #[arg(long, default_value = "3")]
    pub consortium_window: NonZeroU16,
    /// Least time from block to block, milliseconds.
    #[arg(long, default_value_t = 500)]
    pub block_time_ms: u64,
    /// Most time from block to block while nothing happens, milliseconds.
    #[arg(long, default_value_t = 5_000)]
    pub heartbeat_ms: u64,
}

/// `probityd init`.
#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    #[command(flatten)]
    home: HomeArg,
    /// A development chain: accepts development keys, has a faucet, shows metrics to everybody.
    #[arg(long)]
    dev: bool,
    #[command(flatten)]
    chain: ChainArgs,
    /// Where the API listens.
    #[arg(long, default_value = "127.0.0.1:8645")]
    listen: SocketAddr,
    /// How wallets reach the API; `http://<listen>` unless given.
    #[arg(long)]
    public_url: Option<String>,
    /// Where the engine listens for other nodes.
    #[arg(long, default_value = "/ip4/127.0.0.1/tcp/26656")]
    engine_listen: String,
    /// A lender to make a key for; may be given several times.
    #[arg(long)]
    lender: Vec<Name>,
}

/// Keys that a chain begins with.
pub struct Beginning {
    /// The chain's validators.
    pub validators: Vec<SecretKey>,
    /// Of the identity authority.
    pub authority: SecretKey,
    /// Of the faucet, on development chains.
    pub faucet: Option<SecretKey>,
}

pub(super) fn run(args: &InitArgs) -> Result<(), CommandError> {
    let home = args.home.get();
    let beginning =
        Beginning { validators: vec![SecretKey::generate()], authority: SecretKey::generate(), faucet: args.dev.then(SecretKey::generate) };
    let kind = if args.dev { ChainKind::Development } else { ChainKind::Production };
    let genesis = genesis(&args.chain, kind, &beginning)?;
    let mut config = Config {
        api: ApiConfig { listen: args.listen, public_url: args.public_url.clone().unwrap_or_else(|| format!("http://{}", args.listen)) },
        engine: EngineConfig { moniker: "node".into(), listen: args.engine_listen.clone(), ..engine(&args.chain) },
        ..Config::default()
    };
    begin(&home, &genesis, &mut config, &beginning.validators[0], &SecretKey::generate())?;
    files::create_key(&home.keys().join("authority.key"), &beginning.authority)?;
    if let Some(faucet) = &beginning.faucet {
        add_faucet(&home, &mut config, faucet)?;
    }
    for name in &args.lender {
        super::lenders::add(&home, &mut config, name, None)?;
    }
    files::replace(&home.config(), config.to_toml().as_bytes())?;
    println!("{} chain {} in {}", word(kind), genesis.chain_id(), home.path().display());
    println!("start it with: probityd start --home {}", home.path().display());
    Ok(())
}

pub(super) fn word(kind: ChainKind) -> &'static str {
    match kind {
        ChainKind::Development => "development",
        ChainKind::Production => "production",
    }
}

/// The engine's settings that come with the chain's.
pub(super) fn engine(args: &ChainArgs) -> EngineConfig {
    EngineConfig { block_time_ms: args.block_time_ms, heartbeat_ms: args.heartbeat_ms, home: "engine".into(), ..EngineConfig::default() }
}

pub(super) fn add_faucet(home: &Home, config: &mut Config, key: &SecretKey) -> Result<(), CommandError> {
    files::create_key(&home.keys().join("faucet.key"), key)?;
    config.faucet = Some(FaucetConfig { key: "keys/faucet.key".into(), amount_max: FAUCET_AMOUNT_MAX });
    config.access = AccessConfig { metrics: Access::Public, ..config.access };
    Ok(())
}

/// Writes a node's folder: configuration, genesis, keys.
///
/// # Errors
/// [`CommandError::HomeTaken`], or when files can't be written.
pub fn begin(home: &Home, genesis: &Genesis, config: &mut Config, validator: &SecretKey, network: &SecretKey) -> Result<(), CommandError> {
    if home.config().exists() || home.genesis().exists() {
        return Err(CommandError::HomeTaken { path: home.path().to_owned() });
    }
    files::make_folder(&home.keys())?;
    files::create_key(&home.keys().join("validator.key"), validator)?;
    files::create_key(&home.keys().join("network.key"), network)?;
    config.keys = KeysConfig { validator: Some("keys/validator.key".into()), network: "keys/network.key".into() };
    config.check()?;
    files::create(&home.genesis(), genesis.to_json().as_bytes())?;
    files::create(&home.config(), config.to_toml().as_bytes())?;
    Ok(())
}

pub(super) fn genesis(args: &ChainArgs, kind: ChainKind, beginning: &Beginning) -> Result<Genesis, CommandError> {
    let validators = beginning.validators.iter().map(|key| Validator { public_key: key.public(), power: 1 }).collect();
    let validators = ValidatorSet::new(validators).map_err(|e| GenesisErrorOf::validators(&e))?;
    let funded: Vec<PublicKey> =
        beginning.validators.iter().chain([&beginning.authority]).chain(&beginning.faucet).map(SecretKey::public).collect();
    let mut accounts: Vec<GenesisAccount> =
        funded.iter().map(|key| GenesisAccount { address: Address::of(key), balance: BALANCE }).collect();
    accounts.sort_by_key(|a| a.address);
    let genesis = Genesis {
        protocol_version: PROTOCOL_VERSION,
        chain_name: args.chain_name.clone(),
        kind,
        time_unix_ms: now_unix_ms(),
        validators,
        identity_authority: beginning.authority.public(),
        accounts,
        faucet: beginning.faucet.as_ref().map(|key| Address::of(&key.public())),
        circuits: circuits(&args.verifying_keys)?,
        circuit_delay_blocks: args.circuit_delay_blocks,
        anchors: AnchorRules { interval_blocks: args.anchor_interval, grace_ms: args.grace_seconds.saturating_mul(1_000) },
        consortium_window_months: args.consortium_window,
        fees: Fees { base: 1_000, per_byte: 1, per_proof: 5_000 },
        limits: Limits { block_bytes: 1024 * 1024, block_transactions: 2_000, block_proofs: 128, clock_drift_ms: 5_000 },
    };
    genesis.check()?;
    // the same gate as at every start: a bad or a development key is refused before a chain begins with it
    probity_verifier::Verifier::from_genesis(&genesis).map_err(crate::run::RunError::from)?;
    Ok(genesis)
}

/// Why the validators of a new chain are none.
struct GenesisErrorOf;

impl GenesisErrorOf {
    fn validators(error: &impl ToString) -> CommandError {
        probity_ledger::genesis::GenesisError::Malformed { reason: error.to_string() }.into()
    }
}

fn circuits(folder: &Path) -> Result<Vec<GenesisCircuit>, CommandError> {
    let mut circuits = Vec::new();
    for name in files::names(folder)? {
        let Some(circuit) = name.strip_suffix(KEY_FILE_END) else { continue };
        let path = folder.join(&name);
        let bytes = files::read_existing(&path, VERIFYING_KEY_BYTES_MAX)?;
        let beside = folder.join(format!("{circuit}{TRANSCRIPT_FILE_END}"));
        let transcript = files::read(&beside, TRANSCRIPT_BYTES_MAX)?.map(|bytes| Digest::of_file(&bytes));
        circuits.extend(describe(bytes, transcript).map_err(|source| CommandError::VerifyingKey { path, source })?);
    }
    circuits.sort_by_key(|c| c.id);
    if circuits.is_empty() { Err(CommandError::NoVerifyingKeys { path: folder.to_owned() }) } else { Ok(circuits) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::FileError;
    use crate::run::RunError;
    use probity_credit::statement::position;
    use probity_ledger::genesis::GenesisError;
    use probity_params::Kind;
    use probity_params::testing::Toy;
    use probity_verifier::RegistryError;

    fn begin_with(kind: Kind, transcript: Option<&[u8]>, chain: ChainKind) -> Result<Genesis, CommandError> {
        let folder = tempfile::tempdir().unwrap();
        let toy = Toy::new(position::COUNT - position::POLICY).named("eligibility-3");
        let file = match kind {
            Kind::Development => toy.verifying_key_file(),
            Kind::Ceremony => toy.ceremony_key_file(),
        };
        std::fs::write(folder.path().join("eligibility-3.vk"), file.to_bytes()).unwrap();
        if let Some(transcript) = transcript {
            std::fs::write(folder.path().join("eligibility-3.transcript.json"), transcript).unwrap();
        }
        let args = ChainArgs {
            verifying_keys: folder.path().to_owned(),
            chain_name: Name::new("test").unwrap(),
            anchor_interval: 5,
            grace_seconds: 60,
            circuit_delay_blocks: 3,
            consortium_window: NonZeroU16::MIN,
            block_time_ms: 500,
            heartbeat_ms: 5_000,
        };
        let beginning = Beginning { validators: vec![SecretKey::generate()], authority: SecretKey::generate(), faucet: None };
        genesis(&args, chain, &beginning)
    }

    #[test]
    fn a_production_chain_begins_with_keys_and_transcripts_of_ceremonies() {
        let made = begin_with(Kind::Ceremony, Some(b"abc"), ChainKind::Production).unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(made.circuits[0].transcript.unwrap().to_string(), abc);
        assert_eq!(made.circuit_delay_blocks, 3);
        let without = |kind| begin_with(kind, None, ChainKind::Production);
        for kind in [Kind::Ceremony, Kind::Development] {
            assert!(matches!(without(kind), Err(CommandError::Genesis(GenesisError::NoTranscript { .. }))), "{kind}");
        }
        let refused = |kind, transcript, chain| match begin_with(kind, transcript, chain) {
            Err(CommandError::Run(RunError::Keys(e))) => e,
            other => panic!("{kind}: {other:?}"),
        };
        let play = ChainKind::Development;
        assert!(matches!(refused(Kind::Development, Some(&b"abc"[..]), ChainKind::Production), RegistryError::Development { .. }));
        assert!(matches!(refused(Kind::Development, Some(&b"abc"[..]), play), RegistryError::TranscriptOfDevelopmentKey { .. }));
        assert!(matches!(refused(Kind::Ceremony, None, play), RegistryError::NoTranscript { .. }));
        assert_eq!(begin_with(Kind::Development, None, play).unwrap().circuits[0].transcript, None);
        let long = begin_with(Kind::Ceremony, Some(&vec![b' '; TRANSCRIPT_BYTES_MAX + 1]), ChainKind::Production);
        assert!(matches!(long, Err(CommandError::File(FileError::TooLong { .. }))));
    }
}
