//! Answers each message of the consensus library with the help of the application.

use crate::engine::EngineError;
use crate::engine::application::{AppError, Application, Candidate, Origin, Undecided, Verdict};
use crate::engine::codec::{CERTIFICATE_BYTES, Wire, plain_certificate};
use crate::engine::config::EngineConfig;
use crate::engine::context::{BlockHash, BlockHeight, EngineContext, Members, ValidatorId};
use crate::engine::parts::{Assembled, Assembler, Part, PartHeader, content_digest, split};
use crate::engine::signing::NodeSigner;
use arc_malachitebft_app_channel::app::consensus::{MisbehaviorEvidence, VoteExtensionError};
use arc_malachitebft_app_channel::app::engine::host::{HeightParams, Next, SyncedValueOutcome};
use arc_malachitebft_app_channel::app::streaming::{StreamContent, StreamId, StreamMessage};
use arc_malachitebft_app_channel::app::types::core::{CommitCertificate, Round, Validity};
use arc_malachitebft_app_channel::app::types::sync::RawDecidedValue;
use arc_malachitebft_app_channel::app::types::{LocallyProposedValue, ProposedValue};
use arc_malachitebft_app_channel::{AppMsg, NetworkMsg, Reply};
use bytes::Bytes;
use probity_credit::digest::Digest;
use probity_ledger::certificate::Equivocation;
use rand::RngCore;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tracing::{debug, info, warn};

type Value = ProposedValue<EngineContext>;

/// Finished blocks of the height after the current one, kept until it starts.
const MAX_EARLY: usize = 2;

/// A finished height whose successor waits for something to do.
struct Waiting {
    since: Instant,
    reply: Reply<Next<EngineContext>>,
}

/// The state between two messages.
pub(crate) struct Driver<A> {
    app: Arc<A>,
    signer: Option<NodeSigner>,
    network: mpsc::Sender<NetworkMsg<EngineContext>>,
    config: EngineConfig,
    /// The validators of the height after the tip, once read.
    members: Option<(u64, Members)>,
    /// The height and round consensus is in.
    position: (u64, u32),
    assembler: Assembler,
    early: Vec<Assembled>,
    /// What was said of blocks of the current height, by their hash and content.
    judged: BTreeMap<(Digest, Digest), Option<Validity>>,
    /// The height whose stored blocks were given to consensus after the start.
    recovered: Option<u64>,
    waiting: Option<Waiting>,
    /// Distinguishes the streams of this process from those before it.
    stream_prefix: [u8; 8],
    streams: u64,
}

impl<A: Application> Driver<A> {
    pub(crate) fn new(
        config: &EngineConfig,
        signer: Option<NodeSigner>,
        app: Arc<A>,
        network: mpsc::Sender<NetworkMsg<EngineContext>>,
    ) -> Self {
        let mut stream_prefix = [0; 8];
        rand::rngs::OsRng.fill_bytes(&mut stream_prefix);
        Self {
            assembler: Assembler::new(app.chain_id(), config.block_bytes_max),
            app,
            signer,
            network,
            config: config.clone(),
            members: None,
            position: (0, 0),
            early: Vec::new(),
            judged: BTreeMap::new(),
            recovered: None,
            waiting: None,
            stream_prefix,
            streams: 0,
        }
    }

    /// Calls the application where blocking is allowed.
    async fn call<T: Send + 'static>(&self, call: impl FnOnce(&A) -> Result<T, AppError> + Send + 'static) -> Result<T, EngineError> {
        let app = Arc::clone(&self.app);
        let result = tokio::task::spawn_blocking(move || call(&app)).await;
        Ok(result.map_err(|_| EngineError::Panicked)??)
    }

    /// Answers one message. A reply whose receiver is gone is not an error: the library is stopping.
    pub(crate) async fn handle(&mut self, message: AppMsg<EngineContext>) -> Result<(), EngineError> {
        match message {
            AppMsg::ConsensusReady { reply } => {
                let height = self.app.tip() + 1;
                info!(height, "consensus starts");
                let params = self.params(height).await?;
                let _ = reply.send((BlockHeight(height), params));
            }
            AppMsg::StartedRound { height, round, reply_value, .. } => {
                self.position = (height.0, round.as_u32().unwrap_or(0));
                let values = self.known_values(height.0).await?;
                let _ = reply_value.send(values);
            }
            AppMsg::GetValue { height, round, timeout, reply } => self.propose(height, round, timeout, reply).await?,
            AppMsg::ExtendVote { reply, .. } => {
                let _ = reply.send(None);
            }
            AppMsg::VerifyVoteExtensions { extensions, reply, .. } => {
                let verdicts = extensions.into_iter().map(|(a, ())| (a, Err(VoteExtensionError::InvalidVoteExtension))).collect();
                let _ = reply.send(verdicts);
            }
            AppMsg::RestreamProposal { height, round, valid_round, value_id, .. } => {
                self.restream(height.0, round, valid_round, value_id.0).await?;
            }
            AppMsg::GetHistoryMinHeight { reply } => {
                let _ = reply.send(BlockHeight(self.app.base().max(1)));
            }
            AppMsg::ReceivedProposalPart { from, part, reply, .. } => {
                let value = match part.content {
                    StreamContent::Data(part) => self.receive(&from.to_string(), part).await?,
                    StreamContent::Fin => None,
                };
                let _ = reply.send(value);
            }
            AppMsg::Decided { certificate, reply, .. } => {
                self.commit(&certificate).await?;
                let _ = reply.send(());
            }
            AppMsg::Finalized { evidence, reply, .. } => {
                self.note(&evidence).await?;
                self.waiting = Some(Waiting { since: Instant::now(), reply });
                self.stop_waiting_if_due().await?;
            }
            AppMsg::GetDecidedValues { range, reply } => {
                let values = self.decided(range).await?;
                let _ = reply.send(values);
            }
            AppMsg::ProcessSyncedValue { height, round, proposer, value_bytes, reply } => {
                let outcome = self.synced(height, round, proposer, value_bytes).await?;
                let _ = reply.send(outcome);
            }
        }
        Ok(())
    }

    async fn members(&mut self, height: u64) -> Result<Members, EngineError> {
        if let Some((h, members)) = &self.members
            && *h == height
        {
            return Ok(members.clone());
        }
        let set = self.call(move |app| app.validators(height)).await?;
        let members = Members::new(set);
        self.members = Some((height, members.clone()));
        Ok(members)
    }

    async fn params(&mut self, height: u64) -> Result<HeightParams<EngineContext>, EngineError> {
        let target = Duration::from_millis(self.config.block_time_ms);
        Ok(HeightParams::new(self.members(height).await?, self.config.linear_timeouts(), Some(target)))
    }

    /// The blocks of a height that consensus may not know of: those stored before a restart, and those that came early.
    async fn known_values(&mut self, height: u64) -> Result<Vec<Value>, EngineError> {
        let mut values = Vec::new();
        if self.recovered.is_none() {
            self.recovered = Some(height);
            let stored = self.call(move |app| app.undecided(height)).await?;
            values.extend(stored.into_iter().map(|u| Value {
                height: BlockHeight(height),
                round: Round::new(u.round),
                valid_round: u.valid_round.map_or(Round::Nil, Round::new),
                proposer: ValidatorId(u.proposer),
                value: BlockHash(u.hash),
                validity: Validity::Valid,
            }));
        }
        let (now, later) = std::mem::take(&mut self.early).into_iter().partition(|a| a.header.height <= height);
        self.early = later;
        for block in now {
            if block.header.height == height {
                values.extend(self.judge(block).await?);
            }
        }
        Ok(values)
    }

    async fn propose(
        &mut self,
        height: BlockHeight,
        round: Round,
        budget: Duration,
        reply: Reply<LocallyProposedValue<EngineContext>>,
    ) -> Result<(), EngineError> {
        let number = round.as_u32().ok_or(EngineError::Stopped)?;
        let block = self.call(move |app| app.propose(height.0, number, budget)).await?;
        if block.bytes.is_empty() || block.bytes.len() > self.config.block_bytes_max as usize {
            return Err(EngineError::Contract { rule: "a proposed block has 1 to block_bytes_max bytes" });
        }
        let _ = reply.send(LocallyProposedValue::new(height, round, BlockHash(block.hash)));
        self.stream(height.0, number, None, block.hash, &block.bytes).await;
        Ok(())
    }

    async fn restream(&mut self, height: u64, round: Round, valid_round: Round, hash: Digest) -> Result<(), EngineError> {
        let Some(number) = round.as_u32() else { return Ok(()) };
        let stored: Vec<Undecided> = self.call(move |app| app.undecided(height)).await?;
        match stored.into_iter().find(|u| u.hash == hash) {
            Some(u) => self.stream(height, number, valid_round.as_u32(), hash, &u.bytes).await,
            None => debug!(height, round = number, %hash, "a block to be sent again is not stored any more"),
        }
        Ok(())
    }

    /// Sends a block in parts.
    async fn stream(&mut self, height: u64, round: u32, valid_round: Option<u32>, block_hash: Digest, bytes: &[u8]) {
        let Some(signer) = &self.signer else { return };
        let length = u32::try_from(bytes.len()).expect("the block limit is checked");
        let sender = signer.key.public();
        let header = PartHeader { height, round, valid_round, sender, block_hash, content: content_digest(bytes), length };
        let parts = split(&signer.key, &signer.chain_id, header, bytes);
        self.streams += 1;
        let stream_id = StreamId::new(Bytes::from([self.stream_prefix, self.streams.to_be_bytes()].concat()));
        for (sequence, part) in (0u64..).zip(parts) {
            let message = StreamMessage::new(stream_id.clone(), sequence, StreamContent::Data(part));
            if self.network.send(NetworkMsg::PublishProposalPart(message)).await.is_err() {
                return; // stopping
            }
        }
    }

    async fn receive(&mut self, from: &str, part: Part) -> Result<Option<Value>, EngineError> {
        let current = self.app.tip() + 1;
        let members = self.members(current).await?;
        let round = if self.position.0 == current { self.position.1 } else { 0 };
        let block = match self.assembler.accept(part, (current, round), members.set()) {
            Ok(block) => block,
            Err(reason) => {
                debug!(from, %reason, "block part dropped");
                None
            }
        };
        let Some(block) = block else { return Ok(None) };
        if block.header.height > current {
            if self.early.len() < MAX_EARLY {
                self.early.push(block);
            }
            return Ok(None);
        }
        let value = self.judge(block).await?;
        self.start_next().await?; // somebody proposes already
        Ok(value)
    }

    /// Asks the application about a complete block, once per block. Nothing is said of a hash which the bytes do not have: else a
    /// validator could discredit another's block.
    async fn judge(&mut self, block: Assembled) -> Result<Option<Value>, EngineError> {
        let PartHeader { height, round, valid_round, block_hash, content, .. } = block.header;
        let members = self.members(height).await?;
        let proposer = members.set().proposer(height, round).public_key;
        let known = self.judged.get(&(block_hash, content)).copied();
        let validity = match known {
            Some(validity) => validity,
            None => {
                let candidate = Candidate { height, round, valid_round, proposer, origin: Origin::Proposed, bytes: block.bytes };
                let verdict = self.call(move |app| app.validate(&candidate)).await?;
                let lasts = !matches!(verdict, Verdict::Untimely { .. });
                let validity = match verdict {
                    Verdict::Valid(hash) if hash == block_hash => Some(Validity::Valid),
                    Verdict::Invalid { hash, reason } | Verdict::Untimely { hash, reason } if hash == block_hash => {
                        warn!(height, round, %hash, reason, "a proposed block is invalid");
                        Some(Validity::Invalid)
                    }
                    Verdict::Valid(hash) | Verdict::Invalid { hash, .. } | Verdict::Untimely { hash, .. } => {
                        warn!(height, round, claimed = %block_hash, found = %hash, "a block was announced under a wrong hash");
                        None
                    }
                    Verdict::Malformed { reason } => {
                        warn!(height, round, claimed = %block_hash, reason, "a proposed block is malformed");
                        None
                    }
                };
                if lasts {
                    self.judged.insert((block_hash, content), validity);
                }
                validity
            }
        };
        Ok(validity.map(|validity| Value {
            height: BlockHeight(height),
            round: Round::new(round),
            valid_round: valid_round.map_or(Round::Nil, Round::new),
            proposer: ValidatorId(proposer),
            value: BlockHash(block_hash),
            validity,
        }))
    }

    async fn commit(&mut self, certificate: &CommitCertificate<EngineContext>) -> Result<(), EngineError> {
        let certificate = plain_certificate(certificate).map_err(|_| EngineError::Contract { rule: "a decision has a round" })?;
        let height = certificate.height;
        info!(height, round = certificate.round, hash = %certificate.block_hash, signatures = certificate.signatures.len(), "decided");
        self.call(move |app| app.commit(certificate)).await?;
        if self.app.tip() != height {
            return Err(EngineError::Contract { rule: "after commit the tip is the committed height" });
        }
        self.judged.clear();
        self.assembler.prune(height + 1);
        Ok(())
    }

    async fn note(&self, evidence: &MisbehaviorEvidence<EngineContext>) -> Result<(), EngineError> {
        let votes = evidence.votes.iter().flat_map(|(_, pairs)| pairs);
        let votes = votes.filter_map(|(a, b)| Some(Equivocation::Votes(a.plain().ok()?, b.plain().ok()?)));
        let proposals = evidence.proposals.iter().flat_map(|(_, pairs)| pairs);
        let proposals = proposals.filter_map(|(a, b)| Some(Equivocation::Proposals(a.plain().ok()?, b.plain().ok()?)));
        let found: Vec<_> = votes.chain(proposals).collect();
        if found.is_empty() { Ok(()) } else { self.call(move |app| app.misbehaviour(found)).await }
    }

    /// Whether the next height waits for something to do.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Starts the next height if a block is wanted or the heartbeat is due.
    pub(crate) async fn stop_waiting_if_due(&mut self) -> Result<(), EngineError> {
        let Some(waiting) = &self.waiting else { return Ok(()) };
        // the time a block takes counts too
        let heartbeat = Duration::from_millis(self.config.heartbeat_ms.saturating_sub(self.config.block_time_ms));
        if waiting.since.elapsed() >= heartbeat || !self.early.is_empty() || self.app.wants_block() {
            self.start_next().await?;
        }
        Ok(())
    }

    async fn start_next(&mut self) -> Result<(), EngineError> {
        if let Some(waiting) = self.waiting.take() {
            let height = self.app.tip() + 1;
            let params = self.params(height).await?;
            let _ = waiting.reply.send(Next::Start(BlockHeight(height), params));
        }
        Ok(())
    }

    /// Decided blocks for a peer that catches up, within the batch and the response limits.
    async fn decided(&self, range: RangeInclusive<BlockHeight>) -> Result<Vec<RawDecidedValue<EngineContext>>, EngineError> {
        let first = range.start().0.max(self.app.base());
        let last = range.end().0.min(self.app.tip());
        let (mut values, mut total) = (Vec::new(), 0);
        if first != range.start().0 {
            return Ok(values); // a response begins where the request does
        }
        for height in (first..=last).take(self.config.sync.batch_blocks) {
            let Some((bytes, certificate)) = self.call(move |app| app.decided(height)).await? else { break };
            total += (bytes.len() + CERTIFICATE_BYTES) as u64;
            if !values.is_empty() && total > self.config.sync.response_bytes_max {
                break;
            }
            let Ok(certificate) = Wire::from_plain(certificate) else {
                return Err(EngineError::Contract { rule: "stored certificates are those that were committed" });
            };
            values.push(RawDecidedValue::new(bytes.into(), certificate));
        }
        Ok(values)
    }

    /// A block from a peer, with a certificate that was checked already.
    async fn synced(
        &mut self,
        height: BlockHeight,
        round: Round,
        proposer: ValidatorId,
        bytes: Bytes,
    ) -> Result<SyncedValueOutcome<EngineContext>, EngineError> {
        let Some(number) = round.as_u32() else { return Ok(SyncedValueOutcome::PeerFault) };
        if height.0 != self.app.tip() + 1 {
            return Ok(SyncedValueOutcome::LocalTransientError);
        }
        if bytes.is_empty() || bytes.len() > self.config.block_bytes_max as usize {
            return Ok(SyncedValueOutcome::PeerFault);
        }
        let (valid_round, origin) = (None, Origin::Decided);
        let candidate = Candidate { height: height.0, round: number, valid_round, proposer: proposer.0, origin, bytes: bytes.into() };
        let (hash, validity) = match self.call(move |app| app.validate(&candidate)).await? {
            Verdict::Valid(hash) => (hash, Validity::Valid),
            Verdict::Invalid { hash, reason } | Verdict::Untimely { hash, reason } => {
                warn!(height = height.0, %hash, reason, "a synced block is invalid: if its hash is certified, this node runs other rules");
                (hash, Validity::Invalid)
            }
            Verdict::Malformed { reason } => {
                debug!(height = height.0, reason, "a peer sent bytes that are no block");
                return Ok(SyncedValueOutcome::PeerFault);
            }
        };
        let value = BlockHash(hash);
        Ok(SyncedValueOutcome::Verdict(Value { height, round, valid_round: Round::Nil, proposer, value, validity }))
    }
}
