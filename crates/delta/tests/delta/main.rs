//! The sink against real logs: in temporary folders, and in a store that fails as told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod lake;
mod tables;
mod world;

mod audit;
mod audit_rows;
mod blocks;
mod checkpoints;
mod clean_up;
mod commits;
mod debts;
mod evolution;
mod faults;
mod files;
mod foreign;
mod ledgers;
mod maintenance;
mod model;
mod observers;
mod opening;
mod operators;
mod preview;
mod races;
mod refusals;
mod stale_heads;
mod statistics;
mod types;
