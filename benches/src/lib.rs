//! Measures the product and writes the report of `make bench`.
