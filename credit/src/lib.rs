//! The nouns of Probity: hashes, identities, files, policies and the native statement.
