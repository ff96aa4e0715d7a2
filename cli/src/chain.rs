//! What a node says about the chain, now or in a file that was brought from one, checked: headers against the validators from the genesis on, entries against state roots.

use crate::error::CliError;
use crate::recording::{Source, get};
use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::circuit_id::CircuitId;
use probity_credit::digest::Digest;
use probity_ledger::address::Address;
use probity_ledger::block::Header;
use probity_ledger::certificate::{Certificate, ValidatorSet};
use probity_ledger::genesis::{ChainKind, Fees, Genesis};
use probity_ledger::state_key::{self, StateKey};
use probity_ledger::state_proof::StateProof;
use probity_ledger::state_value::{Account, AnchorEntry, AnchorState, CircuitState, Institution, Lender, PolicyEntry, SchemaEntry};
use probity_verifier::{LightClient, LightError, SignedHeader};
use probity_wallet::book::{Book, ChainTerms, KnownCircuit, KnownPolicy, Provenance};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Items of lists that are fetched at most.
const ITEMS_MAX: usize = 5_000;
/// Anchors remembered: the newest, and those that may still count.
const ANCHORS_MAX: usize = 16;

/// A page of a list.
#[derive(Deserialize)]
pub struct Page<T> {
    /// Its items.
    pub items: Vec<T>,
    /// Where the next begins.
    pub next: Option<String>,
}

/// `GET /v1/chain`, as far as it is used.
#[derive(Debug, Clone, Deserialize)]
pub struct ChainView {
    /// The chain.
    pub chain_id: Digest,
    /// For play or for real.
    pub kind: ChainKind,
    /// The newest block.
    pub tip: Option<Tip>,
    /// Least fees.
    pub fees: Fees,
}

/// The newest block.
#[derive(Debug, Clone, Deserialize)]
pub struct Tip {
    /// Its height.
    pub height: u64,
}

impl ChainView {
    /// Asks a node.
    ///
    /// # Errors
    /// [`CliError::Client`].
    pub fn fetch(source: &dyn Source) -> Result<Self, CliError> {
        Ok(get(source, "/v1/chain")?)
    }

    /// Height of the newest block; 0 before the first.
    pub fn height(&self) -> u64 {
        self.tip.as_ref().map_or(0, |t| t.height)
    }
}

/// A circuit in `GET /v1/circuits`, as far as it is used.
#[derive(Debug, Clone, Deserialize)]
pub struct CircuitView {
    /// The circuit.
    pub id: CircuitId,
    /// The number of the next decision about it.
    pub sequence: u64,
}

impl CircuitView {
    /// Asks a node about one circuit; none if the chain never had it.
    ///
    /// # Errors
    /// [`CliError::Client`].
    pub fn fetch(source: &dyn Source, id: CircuitId) -> Result<Option<Self>, CliError> {
        #[derive(Deserialize)]
        struct Circuits {
            items: Vec<CircuitView>,
        }
        let circuits: Circuits = get(source, "/v1/circuits")?;
        Ok(circuits.items.into_iter().find(|c| c.id == id))
    }
}

/// All items of a list, up to a limit.
///
/// # Errors
/// [`CliError::Client`].
pub fn list<T: DeserializeOwned>(source: &dyn Source, path: &str) -> Result<Vec<T>, CliError> {
    let mut items = vec![];
    let mut cursor: Option<String> = None;
    let join = if path.contains('?') { '&' } else { '?' };
    loop {
        let from = cursor.map(|c| format!("&cursor={c}")).unwrap_or_default();
        let page: Page<T> = get(source, &format!("{path}{join}limit=200{from}"))?;
        items.extend(page.items);
        match page.next {
            Some(next) if items.len() < ITEMS_MAX && next.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b)) => {
                cursor = Some(next);
            }
            _ => return Ok(items),
        }
    }
}

#[derive(Deserialize)]
struct HeaderLine {
    header: Header,
    certificate: Certificate,
}

#[derive(Deserialize)]
struct RawEntry {
    proof: Option<StateProof>,
}

/// Follows the chain from its genesis, and proves entries of its state.
pub struct Follower<'a> {
    source: &'a dyn Source,
    genesis: Genesis,
    light: LightClient,
    /// The headers followed, ascending.
    path: Vec<SignedHeader>,
}

impl<'a> Follower<'a> {
    /// Fetches the genesis; `trusted` is the chain id known from elsewhere, if any.
    ///
    /// # Errors
    /// [`CliError::OtherChain`], [`CliError::Genesis`], [`CliError::Client`].
    pub fn new(source: &'a dyn Source, trusted: Option<Digest>) -> Result<Self, CliError> {
        let bytes = source.answer("/v1/chain/genesis")?;
        let genesis = Genesis::from_json(&bytes)?;
        let found = genesis.chain_id();
        if let Some(expected) = trusted.filter(|t| *t != found) {
            return Err(CliError::OtherChain { expected: expected.to_string(), found: found.to_string() });
        }
        let light = LightClient::new(&genesis);
        Ok(Self { source, genesis, light, path: vec![] })
    }

    /// The genesis.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The headers followed so far, ascending.
    pub fn path(&self) -> &[SignedHeader] {
        &self.path
    }

    /// The last header followed.
    pub fn header(&self) -> Option<&Header> {
        self.path.last().map(|s| &s.header)
    }

    /// Follows to a height: in one step while the validators stay the same, else header by header.
    ///
    /// # Errors
    /// [`CliError::Light`], [`CliError::Client`].
    pub fn follow(&mut self, height: u64) -> Result<(), CliError> {
        if self.light.height() == height {
            return Ok(());
        }
        let target = self.signed(height)?;
        match self.light.advance(&target) {
            Ok(_) => {
                self.path.push(target);
                return Ok(());
            }
            Err(LightError::Certificate { .. } | LightError::NextValidators { .. }) => {}
            Err(other) => return Err(other.into()),
        }
        while self.light.height() < height {
            let mut next = self.signed(self.light.height() + 1)?;
            let changes = next.header.next_validators_hash != self.light.validators().hash();
            if changes {
                next.next_validators = Some(self.validators(next.header.height)?);
            }
            self.light.advance(&next)?;
            if changes || next.header.height == height {
                self.path.push(next);
            }
        }
        Ok(())
    }

    fn signed(&self, height: u64) -> Result<SignedHeader, CliError> {
        let page: Page<HeaderLine> = get(self.source, &format!("/v1/headers?from={height}&limit=1"))?;
        let line = page.items.into_iter().next().filter(|l| l.header.height == height);
        let line = line.ok_or_else(|| CliError::NotOnChain { what: format!("block {height}"), todo: "ask a node that is up to date" })?;
        Ok(SignedHeader { header: line.header, certificate: line.certificate, next_validators: None })
    }

    /// The next height's validators: compared with the header's hash by the light client.
    fn validators(&self, height: u64) -> Result<ValidatorSet, CliError> {
        #[derive(Deserialize)]
        struct Entry {
            value: ValidatorSet,
        }
        let entry: Entry = get(self.source, &format!("/v1/validators?height={height}"))?;
        Ok(entry.value)
    }

    /// The proof of an entry, or of its absence, in the state of the last header followed; checked.
    ///
    /// # Errors
    /// [`CliError::StateProof`], [`CliError::Client`].
    pub fn proof(&self, key: &StateKey) -> Result<StateProof, CliError> {
        let header = self.header().ok_or_else(no_block)?;
        let raw: RawEntry = get(self.source, &format!("/v1/state/{}?height={}&prove=1", key.0, header.height))?;
        let proof = raw.proof.ok_or_else(|| CliError::NotOnChain {
            what: "proof of its state".into(),
            todo: "ask a node that keeps the state of this height",
        })?;
        proof.verify(&header.state_root, key)?;
        Ok(proof)
    }

    /// An entry of the state of the last header followed; none if it is proved absent.
    ///
    /// # Errors
    /// As [`Follower::proof`].
    pub fn entry<T: BorshDeserialize + BorshSerialize>(&self, key: &StateKey) -> Result<Option<T>, CliError> {
        let header = self.header().ok_or_else(no_block)?;
        Ok(self.proof(key)?.verify_value(&header.state_root, key)?)
    }
}

/// A chain without a block proves nothing.
pub(crate) fn no_block() -> CliError {
    CliError::NotOnChain { what: "block yet".into(), todo: "wait for the first one" }
}

/// What of a list's items is needed to prove them.
#[derive(Deserialize)]
struct Addressed {
    address: Address,
}

#[derive(Deserialize)]
struct Identified {
    id: Digest,
}

/// Fetches the book of the newest block, each entry proved. It holds all lenders and policies, so that the node does not learn from
/// the question which of them the person deals with.
///
/// # Errors
/// [`CliError`].
pub fn book(source: &dyn Source, trusted: Option<Digest>) -> Result<Book, CliError> {
    let mut follower = Follower::new(source, trusted)?;
    follower.follow(ChainView::fetch(source)?.height().max(1))?;
    let header = follower.header().ok_or_else(no_block)?.clone();
    let terms = ChainTerms::of(follower.genesis());
    let authority: Option<Account> = follower.entry(&state_key::account(&terms.authority))?;
    let authority_key = authority.and_then(|a| a.rotated_key).unwrap_or(follower.genesis().identity_authority);

    let mut institutions: Vec<Institution> = vec![];
    for Addressed { address } in list(source, "/v1/institutions")? {
        institutions.extend(follower.entry(&state_key::institution(&address))?);
    }
    let mut circuits = vec![];
    for id in CircuitId::ALL {
        if let Some(entry) = follower.entry::<CircuitState>(&state_key::circuit(id))? {
            circuits.push(KnownCircuit::of(entry, follower.genesis())?);
        }
    }
    let mut schemas = vec![];
    for Identified { id } in list(source, "/v1/schemas")? {
        schemas.extend(follower.entry::<SchemaEntry>(&state_key::schema(&id))?.map(|e| e.schema));
    }
    let mut lenders: Vec<Lender> = vec![];
    for Addressed { address } in list(source, "/v1/lenders")? {
        lenders.extend(follower.entry(&state_key::lender(&address))?);
    }
    let mut policies = vec![];
    for Identified { id } in list(source, "/v1/policies")? {
        policies.extend(follower.entry::<PolicyEntry>(&state_key::policy(&id))?.map(|e| KnownPolicy::of(&e)));
    }
    let anchors = anchors(&follower, terms.grace_ms, header.time_unix_ms)?;
    Ok(Book {
        terms,
        provenance: Provenance::Proved,
        height: header.height,
        time_unix_ms: header.time_unix_ms,
        authority_key,
        institutions,
        lenders,
        circuits,
        schemas,
        policies,
        anchors,
    })
}

/// The newest anchor and those before it that are in grace.
fn anchors(follower: &Follower<'_>, grace_ms: u64, now: u64) -> Result<Vec<AnchorEntry>, CliError> {
    let mut next = follower.entry::<AnchorState>(&state_key::anchors())?.and_then(|a| a.newest);
    let mut anchors = vec![];
    while let Some(height) = next.filter(|_| anchors.len() < ANCHORS_MAX) {
        let Some(anchor) = follower.entry::<AnchorEntry>(&state_key::anchor(height))? else { break };
        if anchor.replaced_unix_ms.is_some_and(|at| now.saturating_sub(at) > grace_ms) {
            break;
        }
        next = anchor.previous;
        anchors.push(anchor);
    }
    Ok(anchors)
}
