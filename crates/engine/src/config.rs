use std::time::Duration;

use headgate_model::Budget;

use crate::{Layout, Policy, Trigger};

/// A resolved query; no default and no check is left to the engine.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    pub query: String,
    pub policy: Policy,
    pub trigger: Trigger,
    pub limits: BatchLimits,
    pub layout: Layout,
    /// Partitions come from the configuration, not from a consumer group: a fence means that
    /// somebody else was given the same ones.
    pub fixed_assignment: bool,
}

#[derive(Clone, Debug)]
pub struct BatchLimits {
    pub max_rows: u64,
    /// Of payloads, keys and headers.
    pub max_bytes: u64,
    /// `maxOffsetsPerTrigger`.
    pub max_offsets: Option<u64>,
    /// `minOffsetsPerTrigger`: a tick with fewer records waits, for `max_trigger_delay` at most.
    pub min_offsets: Option<u64>,
    pub max_trigger_delay: Duration,
    /// Bytes that the rules may keep for a batch (keys of unique columns) before it ends early.
    pub state: Budget,
}
