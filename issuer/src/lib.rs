//! Institutions and the identity authority: CSV in, commitments, openings and receipts out.
