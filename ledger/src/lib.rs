//! Plain data of the chain: transactions, headers, certificates, state proofs, requests.
