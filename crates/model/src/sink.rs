//! The seam that batches leave through: tables with one commit point.

use std::future::Future;
use std::time::Duration;

use arrow_array::RecordBatch;

use crate::{BoxFault, Ledger, Positions};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TableRole {
    Output,
    Rejects,
    DeadLetters,
    /// Where interventions send batches: one of the user's sinks, by its number.
    Sink(u16),
}

impl TableRole {
    /// Without sinks, of which there may be any number.
    pub const ALL: [Self; 3] = [Self::Output, Self::Rejects, Self::DeadLetters];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Rejects => "rejects",
            Self::DeadLetters => "dead_letters",
            Self::Sink(_) => "sinks",
        }
    }
}

/// What the output's log says of this query, at its tip.
#[derive(Clone, Debug, Default)]
pub struct SinkImage {
    /// Absent before the query's first commit.
    pub incarnation: Option<String>,
    /// Consumer group of all workers of this query and output; absent like the incarnation.
    pub group: Option<String>,
    pub positions: Positions,
    /// Version of the output.
    pub version: i64,
    /// An intervention blocked the query, and nobody has released it.
    pub blocked: Option<BlockNote>,
}

/// A block that stands in the output's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockNote {
    pub version: i64,
    pub reason: String,
}

/// What refused a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// Every cut that holds the rows will be refused again, until contract or policy change.
    Policy,
    /// Stops every worker and every restart until it is released.
    Intervention,
}

/// What a batch commits beside the rows written since the last commit.
#[derive(Clone, Debug)]
pub struct BatchCommit {
    pub ledger: Ledger,
    /// The rows written are dropped and no position moves; only the verdict is committed.
    pub blocked: Option<Block>,
    /// Where all partitions of the query must stand: the batch was judged by what they hold. `None`:
    /// only its own partitions count.
    pub stands_on: Option<Positions>,
}

/// Rows that a batch added to a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableTotal {
    pub role: TableRole,
    pub address: String,
    pub rows: u64,
    /// Absent while the payment is still owed.
    pub version: Option<i64>,
}

#[derive(Clone, Debug)]
pub enum CommitOutcome {
    Committed {
        version: i64,
        side_tables: Vec<TableTotal>,
    },
    /// Another worker moved a position first: nothing was committed, the rows written are dropped.
    Fenced {
        image: SinkImage,
        same_group: bool,
    },
    /// An intervention blocked the query before: nothing was committed, the rows are dropped.
    Blocked(BlockNote),
}

/// Rows of one table as those of another.
pub type ConvertRows<'a> = dyn Fn(RecordBatch) -> Result<RecordBatch, BoxFault> + Send + Sync + 'a;

pub trait LakeSink: Send + 'static {
    /// Opens or creates all tables, pays what is owed, and reads the output to its tip.
    fn open(&mut self) -> impl Future<Output = Result<SinkImage, BoxFault>> + Send;

    /// The query's first commit: its incarnation and where every partition starts. Another
    /// worker's first commit, if it came earlier, is taken over.
    fn initialize(
        &mut self,
        starts: Positions,
    ) -> impl Future<Output = Result<SinkImage, BoxFault>> + Send;

    /// Reads the output to its tip, and pays what is still owed to side tables.
    fn refresh(&mut self) -> impl Future<Output = Result<SinkImage, BoxFault>> + Send;

    /// Adds rows to the open batch; nothing is visible yet.
    fn write(
        &mut self,
        table: TableRole,
        rows: RecordBatch,
    ) -> impl Future<Output = Result<(), BoxFault>> + Send;

    /// Bytes that the open files hold in memory.
    fn buffered_bytes(&self) -> u64;

    /// Ends the files of the open batch, so that all that is left to do is small. Optional: a commit
    /// does it as well.
    fn close_files(&mut self) -> impl Future<Output = Result<(), BoxFault>> + Send;

    /// Moves the output's rows of the open batch to another table, as `convert` makes them fit.
    /// Fails as a write does: then the batch has to be discarded.
    fn reroute(
        &mut self,
        to: TableRole,
        convert: &ConvertRows<'_>,
    ) -> impl Future<Output = Result<(), BoxFault>> + Send;

    /// Ends the open batch: all of it is committed, or none.
    fn commit(
        &mut self,
        batch: BatchCommit,
    ) -> impl Future<Output = Result<CommitOutcome, BoxFault>> + Send;

    /// Drops the open batch.
    fn discard(&mut self) -> impl Future<Output = ()> + Send;

    /// How long a store that does not answer is tried again before a call fails.
    fn patience(&self) -> Duration;

    /// Waits for what runs apart from batches; nothing follows.
    fn close(&mut self) -> impl Future<Output = ()> + Send;
}
