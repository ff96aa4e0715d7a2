//! Flows, adversaries and crashes over the whole product.
