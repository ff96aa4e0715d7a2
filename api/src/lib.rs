//! The HTTP API of a node and its binary, probityd.
