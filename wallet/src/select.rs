//! Which files a proof uses: all that a complete policy asks for, else those that serve the person best.

use probity_credit::commitment::Anchor;
use probity_credit::domain::Domain;
use probity_credit::identity::Counts;
use probity_credit::policy::{CompiledPolicy, Policy, REQUEST_SLOTS};
use probity_credit::statement::{AGE_BITS, UsedFile, evaluate};
use probity_ledger::delivery::{DeliveryError, FileOpening, RegistrySnapshot};
use probity_ledger::transaction::Slot;

/// Up to this many files every choice is tried; above, files are added one by one while that helps.
const EXHAUSTIVE_MAX: usize = 14;

/// Why no files can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// A file that the identity leaf counts is not here.
    #[error("{}", missing_words(*.domain, *.counted, *.held, .outdated, .other_schema))]
    MissingFile {
        /// The domain.
        domain: Domain,
        /// Files the identity leaf counts.
        counted: u8,
        /// Files of it that the wallet can use.
        held: usize,
        /// Slots of which the wallet only has the opening of another publication.
        outdated: Vec<Slot>,
        /// Slots whose file is under another schema.
        other_schema: Vec<Slot>,
    },
    /// More files than are counted.
    #[error(
        "the wallet holds {held} files of domain {domain} in this anchor, the identity leaf counts {counted}: collect the anchor's shard anew"
    )]
    MoreThanCounted {
        /// The domain.
        domain: Domain,
        /// Files the identity leaf counts.
        counted: u8,
        /// Files held.
        held: usize,
    },
    /// More files than the circuit takes.
    #[error("the lender wants all of your {needed} files, but its policy's circuit takes {limit}: ask it for a policy with a larger one")]
    TooManyFiles {
        /// Files needed.
        needed: usize,
        /// Files the circuit takes.
        limit: usize,
    },
    /// The snapshot is malformed.
    #[error(transparent)]
    Snapshot(#[from] DeliveryError),
}

fn missing_words(domain: Domain, counted: u8, held: usize, outdated: &[Slot], other_schema: &[Slot]) -> String {
    let mut text =
        format!("the lender wants every file of domain {domain}: your identity record counts {counted}, the wallet can use {held} of them");
    let list = |slots: &[Slot]| slots.iter().map(Slot::to_string).collect::<Vec<_>>().join(", ");
    if !outdated.is_empty() {
        text += &format!("; of slot {} it has another publication than the anchor's: collect that month's opening", list(outdated));
    }
    if !other_schema.is_empty() {
        text += &format!(
            "; the file of slot {} is under another schema than the policy's: the lender must ask with that one",
            list(other_schema)
        );
    }
    if outdated.is_empty() && other_schema.is_empty() {
        text += ": collect the missing opening from the institution; leaving one out is what this rule prevents";
    }
    text
}

/// What there is to choose from.
pub(crate) struct Choice<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) compiled: &'a CompiledPolicy,
    pub(crate) anchor: &'a Anchor,
    pub(crate) counts: &'a Counts,
    pub(crate) position: u32,
    pub(crate) snapshot: &'a RegistrySnapshot,
    pub(crate) openings: &'a [FileOpening],
    pub(crate) request: &'a [i64; REQUEST_SLOTS],
}

impl Choice<'_> {
    /// The files to use, by rising slot.
    pub(crate) fn files(&self) -> Result<Vec<UsedFile>, SelectError> {
        let candidates = self.candidates()?;
        let limit = self.compiled.circuit.files();
        if !self.policy.complete {
            return Ok(self.best(candidates, limit));
        }
        for domain in Domain::ALL.into_iter().filter(|d| self.compiled.complete[d.index()]) {
            let held = candidates.iter().filter(|f| f.domain == domain).count();
            let counted = self.counts.get(domain);
            if held < counted.into() {
                return Err(self.missing(domain, counted, held));
            }
            if held > counted.into() {
                return Err(SelectError::MoreThanCounted { domain, counted, held });
            }
        }
        if candidates.len() > limit {
            return Err(SelectError::TooManyFiles { needed: candidates.len(), limit });
        }
        Ok(candidates)
    }

    /// Files of weighted domains that the anchor's registry has under the policy's schema.
    fn candidates(&self) -> Result<Vec<UsedFile>, SelectError> {
        let tree = self.snapshot.tree()?;
        let mut files = vec![];
        for live in &self.snapshot.slots {
            if self.compiled.weights[live.domain.index()] == 0 || live.schema != self.policy.schema {
                continue;
            }
            let opening = self.openings.iter().find(|o| {
                let t = o.terms();
                t.position == self.position
                    && (t.slot, t.domain, t.month, t.schema, t.root) == (live.slot, live.domain, live.month, live.schema, live.root)
            });
            let Some(opening) = opening else { continue };
            let registry_path = tree.path(live.slot.number().into()).map_err(DeliveryError::from)?;
            files.push(UsedFile {
                slot: live.slot.number(),
                domain: live.domain,
                month: live.month,
                file: opening.file.clone(),
                path: opening.path.clone(),
                registry_path,
            });
        }
        Ok(files)
    }

    fn missing(&self, domain: Domain, counted: u8, held: usize) -> SelectError {
        let live = || self.snapshot.slots.iter().filter(|s| s.domain == domain);
        let mine = |slot: Slot| self.openings.iter().filter(move |o| o.terms().slot == slot);
        let outdated = live().filter(|s| mine(s.slot).count() > 0 && mine(s.slot).all(|o| o.terms().root != s.root));
        let other_schema = live().filter(|s| s.schema != self.policy.schema && mine(s.slot).any(|o| o.terms().root == s.root));
        SelectError::MissingFile {
            domain,
            counted,
            held,
            outdated: outdated.map(|s| s.slot).collect(),
            other_schema: other_schema.map(|s| s.slot).collect(),
        }
    }

    /// The choice of least loss; among equals the one with the fewest files, then the lowest slots.
    fn best(&self, mut candidates: Vec<UsedFile>, limit: usize) -> Vec<UsedFile> {
        candidates.retain(|f| self.anchor.month.0.checked_sub(f.month.0).is_some_and(|age| age >> AGE_BITS == 0));
        let chosen = if candidates.len() <= EXHAUSTIVE_MAX { self.exhaustive(&candidates, limit) } else { self.greedy(&candidates, limit) };
        chosen.into_iter().map(|k| candidates[k].clone()).collect()
    }

    /// Loss, then number of files.
    fn cost(&self, candidates: &[UsedFile], chosen: &[usize]) -> (u32, usize) {
        let files: Vec<UsedFile> = chosen.iter().map(|&k| candidates[k].clone()).collect();
        let loss = evaluate(self.compiled, self.anchor.month, &files, self.request).map_or(u32::MAX, |e| e.total_loss);
        (loss, chosen.len())
    }

    fn exhaustive(&self, candidates: &[UsedFile], limit: usize) -> Vec<usize> {
        let sets = (0u32..1 << candidates.len()).filter(|set| set.count_ones() as usize <= limit);
        let chosen = |set: u32| (0..candidates.len()).filter(|k| set >> k & 1 == 1).collect::<Vec<_>>();
        sets.map(chosen).min_by_key(|c| self.cost(candidates, c)).unwrap_or_default()
    }

    fn greedy(&self, candidates: &[UsedFile], limit: usize) -> Vec<usize> {
        let mut chosen: Vec<usize> = vec![];
        while chosen.len() < limit {
            let with = |k: usize| {
                let mut next = chosen.clone();
                next.insert(next.partition_point(|&c| c < k), k);
                next
            };
            let next = (0..candidates.len()).filter(|k| !chosen.contains(k)).map(with).min_by_key(|c| self.cost(candidates, c));
            match next {
                Some(next) if self.cost(candidates, &next).0 < self.cost(candidates, &chosen).0 => chosen = next,
                _ => break,
            }
        }
        chosen
    }
}
