//! The loop: records in, a verdict, one commit. Generic over the seams of `headgate-model`, so that
//! it builds and is tested without Kafka and Delta.
//!
//! Two tasks share the work of DESIGN.md §4, so that reading and decoding of batch N+1 overlaps
//! writing of batch N:
//!
//! | task | steps | module |
//! |---|---|---|
//! | intake | poll, decode, transform, check, cut at the trigger | [`mod@intake`] |
//! | outlet | write, decide, commit, observe | [`mod@outlet`] |
//!
//! [`Query`] prepares both and runs them; [`Layout`] says which columns each table gets.

mod account;
mod assemble;
mod columns;
mod config;
mod fault;
mod intake;
mod layout;
mod lookups;
mod outlet;
mod policy;
mod process;
mod query;
mod rebalance;
mod recall;
mod rejects_contract;
mod reroute;
mod schema_change;
mod schemas;
mod shadow;
mod stop;
mod transform;
mod trigger;
mod verdict;
mod work;

pub use config::{BatchLimits, EngineConfig};
pub use fault::EngineFault;
pub use layout::{DecodedAs, Layout, LayoutOptions};
pub use policy::{Policy, RejectsTo};
pub use query::{Query, QueryParts};
pub use rejects_contract::RejectsContract;
pub use schema_change::{SchemaChange, SchemaName};
pub use schemas::WriterSchemas;
pub use shadow::Shadow;
pub use stop::{StopMode, StopSignal, StopSwitch};
pub use trigger::Trigger;
