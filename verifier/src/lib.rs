//! Proof bytes, public inputs, single, prepared and batch verification, light client, audit bundle.
