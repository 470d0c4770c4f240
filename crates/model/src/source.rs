//! The seam that records come through.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::{BoxFault, Lag, PartitionId, Positions, RecordChunk};

/// Whether the read ever ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadMode {
    Continuous,
    /// Ending offsets are resolved at the start; once they are reached, the source is drained.
    UntilEnd,
}

/// What a source needs to begin.
#[derive(Clone, Debug, Default)]
pub struct StartRequest {
    /// Consumer group that the workers of this query and output share.
    pub group: String,
    /// Every position of the output, as of the start: a source that begins when its output does learns
    /// from the topic ids when that was.
    pub positions: Positions,
}

/// In the order of polling: an event concerns all records before it.
pub enum SourceEvent {
    Records(RecordChunk),
    /// The source holds still until `reply` is called with every position of the output, also
    /// those of others: a topic under another id shows that it was created again. Partitions
    /// missing from the answer start at their first record.
    Assigned {
        partitions: Vec<PartitionId>,
        reply: Box<dyn FnOnce(Positions) + Send>,
    },
    /// The source holds still until `done` is called, or for 30 s at most. `lost`: another worker
    /// may already own them, so that nothing of them can be committed any more.
    Revoked {
        partitions: Vec<PartitionId>,
        lost: bool,
        done: Box<dyn FnOnce() + Send>,
    },
    /// Every record up to the ending offsets was handed over, under `epoch`, of the partitions that
    /// this source holds. `elsewhere`: topic, partition and end of the others.
    Drained {
        epoch: u64,
        elsewhere: Vec<(Arc<str>, i32, i64)>,
    },
}

impl fmt::Debug for SourceEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records(chunk) => write!(f, "Records({})", chunk.len()),
            Self::Assigned { partitions, .. } => write!(f, "Assigned({partitions:?})"),
            Self::Revoked { partitions, lost, .. } => write!(f, "Revoked({partitions:?}, {lost})"),
            Self::Drained { epoch, .. } => write!(f, "Drained({epoch})"),
        }
    }
}

pub trait RecordSource: Send + 'static {
    /// Starting positions of all partitions there are, by the user's starting offsets. Asked once
    /// in the life of an output, for its first commit.
    fn starting_positions(&mut self) -> impl Future<Output = Result<Positions, BoxFault>> + Send;

    /// Connects and begins to poll.
    fn start(&mut self, request: StartRequest)
    -> impl Future<Output = Result<(), BoxFault>> + Send;

    /// The next event. Cancel safe: an event is either returned or still there.
    fn next(&mut self) -> impl Future<Output = Result<SourceEvent, BoxFault>> + Send;

    /// Resolves when a rebalance waits among the next events.
    fn rebalance(&self) -> impl Future<Output = ()> + Send;

    /// Succeeds when every partition is still the one that its records came from. Asked once a
    /// batch, before its commit.
    fn confirm(&mut self) -> impl Future<Output = Result<(), BoxFault>> + Send;

    /// Reads the partitions held again from `positions` (from the first record where absent),
    /// under `epoch`. Chunks of older epochs may still arrive.
    fn rewind(
        &mut self,
        positions: Positions,
        epoch: u64,
    ) -> impl Future<Output = Result<(), BoxFault>> + Send;

    /// Tells lag monitors; failures are logged, never fatal.
    fn committed(&mut self, positions: &Positions);

    fn lag(&self) -> Lag;

    /// Bytes that the source's own queues hold.
    fn queued_bytes(&self) -> u64;

    /// Leaves the group and frees everything.
    fn close(self) -> impl Future<Output = ()> + Send;
}
