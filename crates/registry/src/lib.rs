//! A client of the Confluent Schema Registry API, which other registries speak too.
//!
//! | module | holds |
//! |---|---|
//! | [`RegistryOptions`] | what a user writes, and the [`RegistryConfig`] it means |
//! | [`SchemaRegistry`] | schemas by id and by subject, with all that they refer to |
//! | [`RegistryFault`] | what can go wrong, and who has to act |
//!
//! Schemas are kept by their ids, whose meaning never changes. One call is one try at each of the
//! addresses; trying again is up to the caller.

mod answer;
mod client;
mod config;
mod fault;
mod options;
mod references;
mod registry;

#[cfg(test)]
mod registry_tests;

pub use config::RegistryConfig;
pub use fault::RegistryFault;
pub use options::RegistryOptions;
pub use registry::{SchemaRegistry, SubjectSchema};
