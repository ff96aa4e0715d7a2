//! `probityd init-network`: several validators on one machine, for trying things out and for tests.

use std::net::{Ipv4Addr, SocketAddr};

use probity_chain::engine::{EngineConfig, peer_id};
use probity_ledger::genesis::ChainKind;
use probity_ledger::keys::SecretKey;

use super::init::{Beginning, ChainArgs, add_faucet, begin, engine, genesis};
use super::{CommandError, HomeArg};
use crate::config::{ApiConfig, Config};
use crate::files;
use crate::home::Home;

/// Most validators on one machine.
const NODES_MAX: u16 = 32;

/// `probityd init-network`.
#[derive(Debug, clap::Args)]
pub(super) struct NetworkArgs {
    /// Number of validators.
    nodes: u16,
    #[command(flatten)]
    home: HomeArg,
    #[command(flatten)]
    chain: ChainArgs,
    /// First port of the engines; node i has port + i.
    #[arg(long, default_value_t = 26_656)]
    base_port: u16,
    /// First port of the APIs; node i has port + i.
    #[arg(long, default_value_t = 8_645)]
    api_port: u16,
}

pub(super) fn run(args: &NetworkArgs) -> Result<(), CommandError> {
    let count = usize::from(args.nodes);
    let free = |port: u16| port > 0 && u16::MAX - port >= args.nodes;
    if !(1..=NODES_MAX).contains(&args.nodes) || !free(args.base_port) || !free(args.api_port) {
        return Err(CommandError::Range { what: "the number of nodes, with a port for each,", least: 1, most: NODES_MAX.into() });
    }
    let beginning = Beginning {
        validators: (0..count).map(|_| SecretKey::generate()).collect(),
        authority: SecretKey::generate(),
        faucet: Some(SecretKey::generate()),
    };
    let genesis = genesis(&args.chain, ChainKind::Development, &beginning)?;
    let networks: Vec<SecretKey> = (0..count).map(|_| SecretKey::generate()).collect();
    let listen = |i: usize| format!("/ip4/127.0.0.1/tcp/{}", args.base_port + i as u16);
    let folder = args.home.get();
    for (i, (validator, network)) in beginning.validators.iter().zip(&networks).enumerate() {
        let home = Home::new(folder.path().join(format!("node{i}")));
        let api = SocketAddr::from((Ipv4Addr::LOCALHOST, args.api_port + i as u16));
        let peers = (0..count).filter(|p| *p != i).map(|p| format!("{}/p2p/{}", listen(p), peer_id(&networks[p]))).collect();
        let mut config = Config {
            api: ApiConfig { listen: api, public_url: format!("http://{api}") },
            engine: EngineConfig { moniker: format!("node{i}"), listen: listen(i), peers, ..engine(&args.chain) },
            ..Config::default()
        };
        begin(&home, &genesis, &mut config, validator, network)?;
        if i == 0 {
            // one node holds the keys that the chain has once
            files::create_key(&home.keys().join("authority.key"), &beginning.authority)?;
            if let Some(faucet) = &beginning.faucet {
                add_faucet(&home, &mut config, faucet)?;
            }
            files::replace(&home.config(), config.to_toml().as_bytes())?;
        }
        println!("probityd start --home {}", home.path().display());
    }
    Ok(())
}
