//! Moving money.

use crate::address::Address;
use crate::error::TxError;
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// Moves `amount` from the sender to `to`.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// Who receives.
    pub to: Address,
    /// How much, in the smallest unit.
    pub amount: u64,
}

impl Transfer {
    pub(super) fn check_structure(&self) -> Result<(), TxError> {
        if self.amount == 0 { Err(TxError::ZeroAmount) } else { Ok(()) }
    }
}
