//! The subject's side: encrypted store, openings, consent, local proofs.
