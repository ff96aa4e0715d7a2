//! `rotate_key`: the account's address stays, its key changes, wherever the key is shown.

use super::Execution;
use super::account::load;
use crate::state::View;
use probity_ledger::error::TxError;
use probity_ledger::receipt::Event;
use probity_ledger::state_key;
use probity_ledger::state_value::{Institution, Lender};
use probity_ledger::transaction::{Body, RotateKey};

pub(super) fn execute(view: &mut View<'_>, body: &Body, p: &RotateKey) -> Execution {
    if p.new_key == body.key {
        return Err(TxError::KeyUnchanged.into());
    }
    let mut account = load(view, &body.sender)?;
    account.rotated_key = Some(p.new_key);
    view.put(state_key::account(&body.sender), &account);
    let key = state_key::institution(&body.sender);
    if let Some(institution) = view.get::<Institution>(&key)? {
        view.put(key, &Institution { public_key: p.new_key, ..institution });
    }
    let key = state_key::lender(&body.sender);
    if let Some(lender) = view.get::<Lender>(&key)? {
        view.put(key, &Lender { public_key: p.new_key, ..lender });
    }
    Ok(vec![Event::KeyRotated { account: body.sender }])
}
