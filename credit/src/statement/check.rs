//! The native check: the twin of the constraint systems.

use super::{EvaluationError, PublicInputs, Witness, evaluate};
use crate::commitment::root_leaf;
use crate::digest::Digest;
use crate::domain::Domain;
use crate::nullifier::nullifier;
use crate::policy::CompiledPolicy;
use crate::statement::Clause;
use crate::tree::{POSITION_BITS, REGISTRY_DEPTH, SLOT_BITS, TREE_DEPTH};

/// The clause that fails, and how. One variant a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Position beyond 2^27, or a path of the wrong length.
    #[error("a position has 27 bits, a slot 9, identity and file paths 9 levels, registry paths 3: this witness is malformed")]
    Shape,
    /// The commitment is not the secret's.
    #[error("the identity leaf is for another key: use the wallet whose key the authority attested, or rotate")]
    Key,
    /// The identity leaf is not in the root.
    #[error("the identity leaf is not in the anchor's identity root: collect the newest shard for this anchor")]
    Identity,
    /// Slots must rise.
    #[error("files must be ordered by slot, each slot once (file {file})")]
    SlotOrder {
        /// Index of the file.
        file: usize,
    },
    /// The file is not what the registry commits to.
    #[error("file {file} is not in the anchor's registry under the policy's schema at this position: collect the newest opening")]
    Registry {
        /// Index of the file.
        file: usize,
    },
    /// Files and request cannot be scored.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// The claimed outcome is wrong.
    #[error("the claimed outcome is wrong: the total loss is {total_loss}, the allowance {allowance}")]
    Outcome {
        /// Sum of losses.
        total_loss: u32,
        /// Loss allowed.
        allowance: u32,
    },
    /// The claimed reasons are wrong.
    #[error("the claimed reasons are not the attributes of largest loss")]
    Reasons,
    /// The answer's opening does not fit.
    #[error("the answer is not the hash of verdict, person, request attributes and salt")]
    Answer,
    /// Not all files of a domain are used.
    #[error("the policy wants every file of domain {domain}: {used} used, {held} held")]
    Incomplete {
        /// The domain.
        domain: Domain,
        /// Files used.
        used: usize,
        /// Files the identity leaf counts.
        held: u8,
    },
    /// The nullifier is not the person's in this scope.
    #[error("the nullifier is not the one of this key and scope")]
    Nullifier,
}

impl StatementError {
    /// The clause that fails.
    pub fn clause(&self) -> Clause {
        match self {
            Self::Shape | Self::Key | Self::Identity => Clause::Identity,
            Self::SlotOrder { .. } | Self::Registry { .. } => Clause::Files,
            Self::Evaluation(EvaluationError::RequestRange { .. }) => Clause::Attributes,
            Self::Evaluation(EvaluationError::TooManyFiles { .. }) => Clause::Files,
            Self::Evaluation(_) => Clause::Weights,
            Self::Outcome { .. } | Self::Reasons | Self::Answer => Clause::Verdict,
            Self::Incomplete { .. } => Clause::Completeness,
            Self::Nullifier => Clause::Nullifier,
        }
    }
}

/// Checks the whole statement. `schema` is the policy's schema id. Cost: about `21 + 13 * files` Poseidon hashes.
///
/// # Errors
/// [`StatementError`], the first clause that fails, in the order of the document.
pub fn check(policy: &CompiledPolicy, schema: &Digest, public: &PublicInputs, witness: &Witness) -> Result<(), StatementError> {
    let in_shape = u64::from(witness.position) >> POSITION_BITS == 0
        && witness.identity_path.levels.len() == TREE_DEPTH
        && witness.files.iter().all(|f| {
            u64::from(f.slot) >> SLOT_BITS == 0 && f.path.levels.len() == TREE_DEPTH && f.registry_path.levels.len() == REGISTRY_DEPTH
        });
    if !in_shape {
        return Err(StatementError::Shape);
    }
    if witness.secret.commitment() != witness.identity.commitment {
        return Err(StatementError::Key);
    }
    if witness.identity_path.root(witness.position, witness.identity.leaf()) != public.identity_root.element() {
        return Err(StatementError::Identity);
    }
    for (file, used) in witness.files.iter().enumerate() {
        if file > 0 && witness.files[file - 1].slot >= used.slot {
            return Err(StatementError::SlotOrder { file });
        }
        let root = used.path.root(witness.position, used.file.leaf());
        let leaf = root_leaf(used.domain, used.month, schema, root);
        if used.registry_path.root(used.slot.into(), leaf) != public.registry_root.element() {
            return Err(StatementError::Registry { file });
        }
    }
    let evaluation = evaluate(policy, public.month, &witness.files, &witness.request)?;
    if witness.verdict.approved != evaluation.verdict.approved {
        return Err(StatementError::Outcome { total_loss: evaluation.total_loss, allowance: policy.allowance });
    }
    if witness.verdict.reasons != evaluation.verdict.reasons {
        return Err(StatementError::Reasons);
    }
    if witness.opening(policy).answer() != public.answer {
        return Err(StatementError::Answer);
    }
    for domain in Domain::ALL.into_iter().filter(|d| policy.complete[d.index()]) {
        let used = witness.files.iter().filter(|f| f.domain == domain).count();
        let held = witness.identity.counts.get(domain);
        if used != usize::from(held) {
            return Err(StatementError::Incomplete { domain, used, held });
        }
    }
    if nullifier(&witness.secret, public.scope.element()) != public.nullifier {
        return Err(StatementError::Nullifier);
    }
    Ok(())
}
