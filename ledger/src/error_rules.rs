//! What all rules have in common: how their list becomes an enum, and which of them let a block hold the transaction.

use super::TxError;

/// Writes the enum and its texts from one list, so that no rule is without code or hint.
macro_rules! rules {
    ($( $(#[$doc:meta])* $name:ident $({ $( $(#[$fdoc:meta])* $field:ident: $type:ty ),+ $(,)? })? = $code:literal, $message:literal, $hint:literal; )+) => {
        /// Why a transaction is refused, or was included as failed.
        ///
        /// Receipts hold it in the canonical encoding: variants are only ever added at the end.
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
        #[serde(tag = "rule")]
        pub enum TxError {
            $( $(#[$doc])* #[error($message)] #[serde(rename = $code)] $name $({ $( $(#[$fdoc])* $field: $type ),+ })?, )+
        }

        impl TxError {
            /// The rule's stable name, as in JSON and in the API's problem types.
            pub fn code(&self) -> &'static str {
                match self { $( Self::$name $({ $( $field: _ ),+ })? => $code, )+ }
            }

            /// What to do about it.
            pub fn hint(&self) -> &'static str {
                match self { $( Self::$name $({ $( $field: _ ),+ })? => $hint, )+ }
            }

            /// All codes, in the order of the encoding.
            pub const CODES: &'static [&'static str] = &[ $( $code ),+ ];
        }
    };
}

impl TxError {
    /// Whether a block may include the transaction as failed: it names an account that can pay and its next nonce.
    pub fn is_includable(&self) -> bool {
        !matches!(
            self,
            Self::TooLarge { .. }
                | Self::BadSignature
                | Self::WeakKey { .. }
                | Self::ZeroAmount
                | Self::DomainList
                | Self::ApprovalList { .. }
                | Self::BadApproval { .. }
                | Self::WindowMonths { .. }
                | Self::BadPossession
                | Self::CoverList { .. }
                | Self::TooManyFiles { .. }
                | Self::SchemaRefused { .. }
                | Self::WrongChain { .. }
                | Self::KeyNotCurrent { .. }
                | Self::WrongNonce { .. }
                | Self::FeeTooLow { .. }
                | Self::FeeNotCovered { .. }
                | Self::Expired { .. }
        )
    }
}
