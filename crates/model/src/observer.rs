//! The seam through which others are told of batches and progress; never on the data path.

use std::time::Duration;

use crate::{Ledger, PartitionId, TableTotal};

/// A batch after its commit.
#[derive(Clone, Debug)]
pub struct CommittedBatch {
    /// Version of the output table that holds it.
    pub version: i64,
    pub ledger: Ledger,
    /// Microseconds since 1970, at the commit.
    pub committed_at_us: i64,
    /// Side tables that the batch added rows to, with the version that paid them.
    pub side_tables: Vec<TableTotal>,
}

/// Where the time of a batch went.
#[derive(Clone, Copy, Debug, Default)]
pub struct Phases {
    pub poll: Duration,
    pub decode: Duration,
    pub transform: Duration,
    pub check: Duration,
    pub write: Duration,
    pub decide: Duration,
    pub commit: Duration,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryUse {
    pub fetch_queue: u64,
    pub chunks: u64,
    pub writers: u64,
    pub commit: u64,
}

/// How far the query is behind its source.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lag {
    pub records: u64,
    /// Age of the newest record read, while there is more to read; 0 when caught up.
    pub time: Duration,
}

/// A call to the tables' store that has not been answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// `write`, `close`, `commit` or `refresh`.
    pub operation: &'static str,
    pub elapsed: Duration,
    /// How long what may mend is tried again before the query fails.
    pub budget: Duration,
}

/// Records that wait for the schemas they were written with. Those of other partitions go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRecords {
    /// Ascending.
    pub schema_ids: Vec<u32>,
    pub partitions: Vec<PartitionId>,
    /// Read and held; more may wait behind them.
    pub records: u64,
    /// Since the first of them.
    pub elapsed: Duration,
    /// Why the registry does not answer, if it does not.
    pub error: Option<String>,
}

/// One trigger's progress; idle triggers report one too, with 0 rows.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Version of the last batch committed by this run, or of the output at start.
    pub version: i64,
    pub at_us: i64,
    pub num_input_rows: u64,
    /// From the previous trigger to this one.
    pub elapsed: Duration,
    /// From the first record of the batch to its commit.
    pub busy: Duration,
    pub phases: Phases,
    pub lag: Lag,
    pub memory: MemoryUse,
    /// Absent on an idle trigger.
    pub ledger: Option<Ledger>,
    /// Only between triggers: once a second while a store keeps the query waiting.
    pub waiting: Option<Waiting>,
    /// Absent while every schema is known.
    pub held: Option<HeldRecords>,
}

impl Progress {
    /// Of a moment in which nothing was read or committed.
    pub fn idle(version: i64, at_us: i64) -> Self {
        Self {
            version,
            at_us,
            num_input_rows: 0,
            elapsed: Duration::ZERO,
            busy: Duration::ZERO,
            phases: Phases::default(),
            lag: Lag::default(),
            memory: MemoryUse::default(),
            ledger: None,
            waiting: None,
            held: None,
        }
    }
}

pub trait BatchObserver: Send + Sync + 'static {
    /// Called in commit order, and must not block.
    fn batch(&self, batch: CommittedBatch);
    fn progress(&self, progress: Progress);

    /// Of several workers, this one tells those that follow the output's log, or does so no longer.
    /// There may be several for a while, and none.
    fn leads(&self, _leads: bool) {}
}

/// Tells nobody.
pub struct Silent;

impl BatchObserver for Silent {
    fn batch(&self, _batch: CommittedBatch) {}
    fn progress(&self, _progress: Progress) {}
}
