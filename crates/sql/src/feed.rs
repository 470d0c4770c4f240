//! The rows of the open batch, as a table.

use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::stream;
use tokio::sync::mpsc;

/// Rows on their way to a running plan: enough that neither waits for the other's every step.
const QUEUE: usize = 2;

/// What every scan of the table reads.
#[derive(Debug)]
pub(crate) struct Feed {
    schema: SchemaRef,
    rows: Mutex<Rows>,
}

#[derive(Debug)]
enum Rows {
    /// Scans that have begun get what comes.
    Live(Vec<mpsc::Sender<RecordBatch>>),
    /// All there are.
    Kept(Vec<RecordBatch>),
}

impl Feed {
    pub fn new(schema: SchemaRef) -> Self {
        Self { schema, rows: Mutex::new(Rows::Live(Vec::new())) }
    }

    /// Opens a batch: scans that begin from now on are of it.
    pub fn open(&self) {
        *self.lock() = Rows::Live(Vec::new());
    }

    /// The scans that have begun since. None of them sees an end while one of these is held.
    pub fn scans(&self) -> Vec<mpsc::Sender<RecordBatch>> {
        match &mut *self.lock() {
            Rows::Live(scans) => std::mem::take(scans),
            Rows::Kept(_) => Vec::new(),
        }
    }

    /// Scans that begin from now on read these.
    pub fn keep(&self, rows: Vec<RecordBatch>) {
        *self.lock() = Rows::Kept(rows);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PartitionStream for Feed {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let schema = Arc::clone(&self.schema);
        match &mut *self.lock() {
            Rows::Live(scans) => {
                let (sender, receiver) = mpsc::channel(QUEUE);
                scans.push(sender);
                let rows = stream::unfold(receiver, |mut receiver| async {
                    let rows = receiver.recv().await?;
                    Some((Ok(rows), receiver))
                });
                Box::pin(RecordBatchStreamAdapter::new(schema, rows))
            }
            Rows::Kept(rows) => {
                let rows = stream::iter(rows.clone().into_iter().map(Ok));
                Box::pin(RecordBatchStreamAdapter::new(schema, rows))
            }
        }
    }
}

/// Handed to every session as one partition.
#[derive(Debug)]
pub(crate) struct Partition(pub Arc<Feed>);

impl PartitionStream for Partition {
    fn schema(&self) -> &SchemaRef {
        self.0.schema()
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        self.0.execute(context)
    }
}
