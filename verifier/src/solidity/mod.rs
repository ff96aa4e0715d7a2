//! Verifiers in Solidity: contracts that check proofs on a chain with Ethereum's virtual machine, and calls of them.
//!
//! [`policy_contract`] is for one policy, whose inputs are folded into a constant as in [`PreparedPolicy`](crate::PreparedPolicy): a call pays for the
//! seven inputs that change. [`circuit_contract`] is for every policy of a circuit and pays for all. A contract says that the pairing
//! equation holds for the numbers it was given; that they are the right numbers, its caller must know.
//!
//! Both are one template, `template.sol`. Tests compile it and run it with right and wrong proofs (docs/INTEROP.md).

mod calldata;
mod contract;
mod word;

pub use calldata::{Call, FUNCTION, SELECTOR, arguments};
pub use contract::{circuit_contract, policy_contract};
pub use word::Word;

use serde::Serialize;

/// A contract and a call for one proof, as files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// `PolicyVerifier.sol`.
    pub contract: String,
    /// `calldata.json`.
    pub calldata: String,
}

impl Files {
    /// Writes both.
    pub(crate) fn new(contract: String, call: &Call) -> Self {
        Self { contract, calldata: json(call) }
    }

    /// The files by their names.
    pub fn named(&self) -> [(&'static str, &str); 2] {
        [("PolicyVerifier.sol", &self.contract), ("calldata.json", &self.calldata)]
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("texts and lists are JSON")
}

#[cfg(test)]
mod tests;
