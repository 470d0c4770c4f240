//! The loop over sources and lakes in memory, in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod dead_letters;
mod failures;
mod fences;
mod functions;
mod interventions;
mod json_schema;
mod limits;
mod memory;
mod policies;
mod rate;
mod rejects_contract;
mod restart;
mod rig;
mod schema_changes;
mod schemas;
mod schemas_at_random;
mod scopes;
mod stopping;
mod t7_rebalance;
mod table_columns;
mod transforms;
mod triggers;
mod verdicts;
mod workers;
