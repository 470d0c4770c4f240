//! `memory.max`: one budget for the process, shared by the queries that run.

use std::sync::atomic::{AtomicU64, Ordering};

static MAX: AtomicU64 = AtomicU64::new(0);
static QUERIES: AtomicU64 = AtomicU64::new(0);

/// A query's part of the process's budget, while it runs.
#[derive(Debug)]
pub struct Share {
    bytes: u64,
}

impl Share {
    /// The largest `max` of all queries is the budget of the process. A query gets an equal part of
    /// it, counted with the queries that run when it starts.
    pub fn take(max: u64) -> Self {
        let total = MAX.fetch_max(max, Ordering::AcqRel).max(max);
        let queries = QUERIES.fetch_add(1, Ordering::AcqRel) + 1;
        Self { bytes: total / queries }
    }

    /// librdkafka's queue and chunks on their way: some tens of milliseconds of reading. librdkafka
    /// needs as much again to manage small messages.
    pub fn fetch_bytes(&self) -> u64 {
        (self.bytes / 8).clamp(4 << 20, 64 << 20)
    }

    /// Open row groups, encoded; larger ones compress and scan better.
    pub fn writer_bytes(&self) -> u64 {
        (self.bytes / 4).clamp(4 << 20, 256 << 20)
    }

    /// Keys that uniqueness rules keep for a batch.
    pub fn state_bytes(&self) -> usize {
        (self.bytes / 4).max(4 << 20) as usize
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        QUERIES.fetch_sub(1, Ordering::AcqRel);
    }
}
