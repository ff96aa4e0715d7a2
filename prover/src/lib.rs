//! Checks a witness natively, then proves it.
