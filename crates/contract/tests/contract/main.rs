//! The contract crate through its public API.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod binaries;
mod custom;
mod documents;
mod examples;
mod keys;
mod lasting;
mod metrics;
mod nested;
mod numbers;
mod properties;
mod servers;
mod support;
mod texts;
mod times;
mod types;
