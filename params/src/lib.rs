//! Groth16 parameters: set-up, identifiers, verifying-key gate, key cache.
