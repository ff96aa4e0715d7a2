//! An institution: records in, a publication out.
//!
//! [`Mapping`] says which column is which feature; a [`Roster`] from the authority says where each customer lies; [`ingest`] reads the
//! CSV once, in bounded memory, and leaves a [`Publication`] on disk, whole or not at all. From it come the commitment for the chain, the
//! membership list for the authority, and signed openings for customers.

mod date;
mod error;
mod home;
mod ingest;
mod mapping;
mod metered;
mod publication;
mod roster;
mod row;
mod seeds;
mod value;

pub use error::{IngestError, RowError, RowProblem};
pub use home::Home;
pub use ingest::{IngestOptions, IngestReport, UnknownCustomers, ingest};
pub use mapping::{FeatureMapping, Mapping, MappingError, Reading};
pub use publication::{Publication, PublicationError, PublicationFacts, publications};
pub use roster::{Roster, RosterError};

#[cfg(test)]
mod tests;
