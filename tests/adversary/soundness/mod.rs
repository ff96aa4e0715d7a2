//! The soundness campaign: lies about everything that a witness holds, and what refuses them. `docs/SOUNDNESS.md` reports it.

mod anatomy;
mod committed;
mod cover;
mod cover_hash;
mod cover_ranges;
mod cover_rows;
mod extract;
mod jacobian;
mod kinds;
mod lies;
mod nullifiers;
mod single;
mod stable;
mod subjects;
mod system;
mod timing;
