//! Who approved a decision, and whether that is enough. Signatures were checked with the structure.

use super::{BlockContext, ExecError};
use crate::state::View;
use probity_ledger::certificate::ValidatorSet;
use probity_ledger::error::TxError;
use probity_ledger::genesis::BLOCKS_AHEAD_MAX;
use probity_ledger::state_key;
use probity_ledger::transaction::Approval;

/// For what lets somebody or something in, or changes what everybody counts on.
pub(super) fn check_two_thirds(view: &View<'_>, approvals: &[Approval], until: u64, ctx: &BlockContext<'_>) -> Result<(), ExecError> {
    let (validators, approved) = approved(view, approvals, until, ctx)?;
    if !validators.is_quorum(approved) {
        return Err(TxError::NotEnoughApproval { approved, total: validators.total_power() }.into());
    }
    Ok(())
}

/// For what averts harm: as many as suffice to keep any block from being decided.
pub(super) fn check_third(view: &View<'_>, approvals: &[Approval], until: u64, ctx: &BlockContext<'_>) -> Result<(), ExecError> {
    let (validators, approved) = approved(view, approvals, until, ctx)?;
    if !validators.exceeds_third(approved) {
        return Err(TxError::NotEnoughToStop { approved, total: validators.total_power() }.into());
    }
    Ok(())
}

/// The validators, and the power of those among them who approved in time.
fn approved(view: &View<'_>, approvals: &[Approval], until: u64, ctx: &BlockContext<'_>) -> Result<(ValidatorSet, u64), ExecError> {
    if until < ctx.height {
        return Err(TxError::ApprovalExpired { approved_until_height: until, height: ctx.height }.into());
    }
    let most = ctx.height.saturating_add(BLOCKS_AHEAD_MAX);
    if until > most {
        return Err(TxError::ApprovalTooLong { approved_until_height: until, most }.into());
    }
    let validators: ValidatorSet = view.expect(&state_key::validators(), "validator set")?;
    let mut approved = 0;
    for approval in approvals {
        let known = validators.get(&approval.validator).ok_or(TxError::ApprovalByStranger { validator: approval.validator })?;
        approved += known.power; // each once, so at most the total, which fits
    }
    Ok((validators, approved))
}
