//! What intake hands to outlet, and what comes back.

use std::time::Duration;

use arrow_array::RecordBatch;
use headgate_model::{
    Counts, HeldRecords, Lag, PartitionLedger, Phases, Positions, SinkImage, TableRole, Verdict,
};
use tokio::sync::oneshot;
use tokio::time::Instant;

pub(crate) enum Work {
    /// Rows of the open batch.
    Rows {
        epoch: u64,
        tables: Vec<(TableRole, RecordBatch)>,
    },
    Cut(Box<Cut>),
    /// A trigger without records.
    Idle {
        elapsed: Duration,
        lag: Lag,
        fetch_queue: u64,
        held: Option<HeldRecords>,
    },
    /// Answered once everything before is committed, or dropped.
    Settled {
        reply: oneshot::Sender<()>,
    },
    /// Reads the output to its tip, after everything before.
    Refresh {
        reply: oneshot::Sender<SinkImage>,
    },
    /// The open batch and everything of older epochs is void.
    Restart {
        epoch: u64,
    },
}

/// The end of a batch: everything but the decision.
pub(crate) struct Cut {
    pub epoch: u64,
    pub partitions: Vec<PartitionLedger>,
    pub counts: Counts,
    pub verdict: Verdict,
    pub shadow: Option<Verdict>,
    /// What rules over more than the batch know of the output.
    pub stands_on: Option<Positions>,
    pub phases: Phases,
    pub lag: Lag,
    pub fetch_queue: u64,
    pub held: Option<HeldRecords>,
    pub chunk_bytes: u64,
    pub opened_at: Instant,
    /// Since the trigger before.
    pub elapsed: Duration,
}

pub(crate) enum Feedback {
    Committed { positions: Positions },
    Fenced { epoch: u64, same_group: bool },
}
