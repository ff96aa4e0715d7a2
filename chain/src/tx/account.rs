//! The account's part of every transaction: right chain, in time, right key, next nonce, fee paid first.

use super::{BlockContext, ExecError};
use crate::state::{StateError, View};
use probity_ledger::address::Address;
use probity_ledger::error::TxError;
use probity_ledger::genesis::Genesis;
use probity_ledger::state_key;
use probity_ledger::state_value::Account;
use probity_ledger::transaction::Transaction;

/// An account; one that nobody wrote yet is empty.
pub(crate) fn load(view: &View<'_>, address: &Address) -> Result<Account, ExecError> {
    Ok(view.get(&state_key::account(address))?.unwrap_or_default())
}

/// Checks that hold for a transaction wherever its nonce stands: chain, time limit, key, fee.
///
/// # Errors
/// The first rule broken.
pub fn check_standing(
    account: &Account,
    transaction: &Transaction,
    genesis: &Genesis,
    chain_id: &probity_credit::digest::Digest,
    height: u64,
) -> Result<(), TxError> {
    let body = &transaction.body;
    if body.chain_id != *chain_id {
        return Err(TxError::WrongChain { expected: *chain_id, found: body.chain_id });
    }
    if let Some(valid_until_height) = body.valid_until_height.filter(|&last| last < height) {
        return Err(TxError::Expired { valid_until_height, height });
    }
    if !account.is_key(&body.sender, &body.key) {
        return Err(TxError::KeyNotCurrent { account: body.sender });
    }
    let minimum = genesis.fees.minimum(transaction);
    if body.fee < minimum {
        return Err(TxError::FeeTooLow { minimum, offered: body.fee });
    }
    Ok(())
}

/// Whether the account could pay for the transaction before the block, whatever its nonce: what costs more than a look-up waits for it.
pub(crate) fn can_pay(view: &View<'_>, transaction: &Transaction, ctx: &BlockContext<'_>) -> Result<bool, StateError> {
    let body = &transaction.body;
    let account: Account = view.get(&state_key::account(&body.sender))?.unwrap_or_default();
    Ok(account.balance >= body.fee && check_standing(&account, transaction, ctx.genesis, &ctx.chain_id, ctx.height).is_ok())
}

/// Checks the account and takes the fee: a transaction that fails here is in no block.
///
/// # Errors
/// The first rule broken; then nothing is changed.
pub fn pay(view: &mut View<'_>, transaction: &Transaction, ctx: &BlockContext<'_>) -> Result<(), ExecError> {
    let body = &transaction.body;
    let mut account = load(view, &body.sender)?;
    check_standing(&account, transaction, ctx.genesis, &ctx.chain_id, ctx.height)?;
    if body.nonce != account.nonce {
        return Err(TxError::WrongNonce { expected: account.nonce, found: body.nonce }.into());
    }
    account.balance = account.balance.checked_sub(body.fee).ok_or(TxError::FeeNotCovered { balance: account.balance, fee: body.fee })?;
    account.nonce += 1; // a counter from 0 does not reach 2^64
    view.put(state_key::account(&body.sender), &account);
    credit(view, &ctx.proposer, body.fee)
}

/// Adds to a balance.
pub(crate) fn credit(view: &mut View<'_>, to: &Address, amount: u64) -> Result<(), ExecError> {
    let mut account = load(view, to)?;
    account.balance = account.balance.checked_add(amount).ok_or(TxError::BalanceOverflow { account: *to })?;
    view.put(state_key::account(to), &account);
    Ok(())
}
