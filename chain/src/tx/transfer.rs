//! `transfer`: moves money.

use super::Execution;
use super::account::{credit, load};
use crate::state::View;
use probity_ledger::address::Address;
use probity_ledger::error::TxError;
use probity_ledger::receipt::Event;
use probity_ledger::state_key;
use probity_ledger::transaction::Transfer;

pub(super) fn execute(view: &mut View<'_>, sender: &Address, p: &Transfer) -> Execution {
    let mut from = load(view, sender)?;
    let balance = from.balance;
    from.balance = balance.checked_sub(p.amount).ok_or(TxError::InsufficientBalance { balance, needed: p.amount })?;
    view.put(state_key::account(sender), &from);
    credit(view, &p.to, p.amount)?;
    Ok(vec![Event::Transferred { from: *sender, to: p.to, amount: p.amount }])
}
