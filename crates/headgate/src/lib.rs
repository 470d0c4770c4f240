//! Headgate as a library: options as the user wrote them in, a running query out.
//!
//! ```text
//! NodeOptions ──resolve (pure)──► NodeConfig ──start (I/O)──► QueryHandle
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`options`] | the configuration's keys and types, nothing else |
//! | [`mod@resolve`] | defaults, and every rule between keys; answers with all issues at once |
//! | [`input`] | the formats that are read: one line each, and what their options mean |
//! | [`payload`] | how payloads and keys become rows: formats, writers' schemas, the registry |
//! | [`mod@start`], [`handle`] | wiring of concrete source, decoder, contract and sink |
//! | `parts`, [`contract_change`] | what a query is made of, and how it goes on under another contract |
//! | [`documents`] | where contracts are kept in object stores |
//! | [`contract_check`], [`contract_test`] | a contract by itself, and over data at rest |
//! | [`rule_calls`], [`rule_values`] | rules that are functions of the outside, and what they get |
//! | [`mod@stream_plan`] | the columns of a stream before anything starts |
//! | [`transform_function`] | transforms that are such functions; `transform_steps`: all of them, planned |
//! | [`calls`] | how functions of the outside are called, with a deadline |
//! | [`dataset`] | the output's columns as the outside sees them |
//! | [`failure`] | what any fault says to the outside |
//! | [`ledgers`] | what the log of an output tells of its queries |
//! | [`report`] | batches, verdicts and progress as the outside sees them |

pub mod calls;
pub mod contract_change;
pub mod contract_check;
pub mod contract_test;
mod contracts;
pub mod dataset;
pub mod documents;
pub mod failure;
pub mod gate;
pub mod handle;
pub mod input;
pub mod inspect;
pub mod issue;
mod json_schema;
pub mod ledgers;
pub mod maintain;
mod maintenance;
pub mod memory;
pub mod observers;
pub mod operate;
pub mod options;
mod parts;
pub mod payload;
pub mod quantity;
mod redact;
mod registry;
pub mod report;
pub mod resolve;
pub mod rule_calls;
mod rule_queries;
pub mod rule_values;
mod schema_file;
mod servers;
pub mod start;
pub mod stream_plan;
mod tables;
pub mod transform_function;
mod transform_steps;
mod transforms;
pub mod verify;

pub use calls::{FunctionOptions, Functions};
pub use contract_change::ContractChange;
pub use dataset::{Column, Dataset};
pub use failure::{Failure, FailureKind};
pub use handle::{QueryHandle, QueryState};
pub use headgate_contract::{ContractIssue, CoverageStatus, RuleCoverage};
pub use headgate_kafka::EmbeddedBroker;
pub use headgate_sources::{MemoryLog, MemoryRecord};
pub use input::SourceConfig;
pub use issue::Issue;
pub use resolve::{NodeConfig, resolve};
pub use rule_calls::RuleCall;
pub use start::{InterventionOptions, StartOptions, start};
pub use transform_function::{MadeRows, TransformCall};
