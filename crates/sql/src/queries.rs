//! One batch after the other through all plans.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{DataType, SchemaRef};
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use headgate_model::{Answers, BatchQueries};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::fault::{SqlFault, reason};
use crate::session::Session;

/// What one query may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes, rows that it has to see twice included.
    pub memory: usize,
    /// From the last row of a batch to its answer.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 64 << 20, time: Duration::from_secs(10) }
    }
}

pub struct Queries {
    schema: SchemaRef,
    limits: Limits,
    queries: Vec<Query>,
}

struct Query {
    session: Arc<Session>,
    open: Open,
}

/// Where a query stands with the open batch.
enum Open {
    /// No row yet.
    No,
    /// Reads as rows come.
    Live {
        scans: Vec<mpsc::Sender<RecordBatch>>,
        answer: JoinHandle<Result<f64, String>>,
    },
    /// Rows wait for the end.
    Kept {
        rows: Vec<RecordBatch>,
        bytes: usize,
    },
    Failed(String),
}

impl Queries {
    /// Plans each statement, or says why not, with its index.
    pub async fn plan(
        statements: &[&str],
        tables: &[String],
        schema: SchemaRef,
        limits: Limits,
    ) -> Result<Self, (usize, SqlFault)> {
        let mut queries = Vec::with_capacity(statements.len());
        for (index, sql) in statements.iter().enumerate() {
            let session = Session::plan(sql, tables, Arc::clone(&schema), limits.memory)
                .await
                .map_err(|fault| (index, fault))?;
            queries.push(Query { session: Arc::new(session), open: Open::No });
        }
        Ok(Self { schema, limits, queries })
    }

    fn fit(&self, rows: &RecordBatch) -> Option<RecordBatch> {
        let columns = rows.columns().get(..self.schema.fields().len())?.to_vec();
        RecordBatch::try_new(Arc::clone(&self.schema), columns).ok()
    }
}

impl BatchQueries for Queries {
    fn take<'a>(
        &'a mut self,
        rows: &'a RecordBatch,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            let rows = self.fit(rows);
            let limit = self.limits.memory;
            for query in &mut self.queries {
                match &rows {
                    Some(rows) => query.take(rows, limit).await,
                    None => query.open = Open::Failed("rows are not the contract's".into()),
                }
            }
        })
    }

    fn finish(&mut self) -> Pin<Box<dyn Future<Output = Answers> + Send + '_>> {
        Box::pin(async move {
            let mut answers = Vec::with_capacity(self.queries.len());
            for query in &mut self.queries {
                answers.push(query.finish(self.limits.time).await);
            }
            answers
        })
    }

    fn reset(&mut self) {
        for query in &mut self.queries {
            if let Open::Live { answer, .. } = std::mem::replace(&mut query.open, Open::No) {
                answer.abort();
            }
        }
    }
}

impl Query {
    async fn take(&mut self, rows: &RecordBatch, limit: usize) {
        if matches!(self.open, Open::No) {
            self.open = self.begin().await;
        }
        match &mut self.open {
            Open::Live { scans, .. } => {
                for scan in scans {
                    // A plan that has its answer, or has failed, reads no further.
                    let _ = scan.send(rows.clone()).await;
                }
            }
            Open::Kept { rows: kept, bytes } => {
                *bytes += rows.get_array_memory_size();
                if *bytes > limit {
                    let text = format!("it needs all rows at once, and they exceed {limit} bytes");
                    self.open = Open::Failed(text);
                } else {
                    kept.push(rows.clone());
                }
            }
            Open::Failed(_) | Open::No => {}
        }
    }

    async fn begin(&self) -> Open {
        let keep = || Open::Kept { rows: Vec::new(), bytes: 0 };
        match self.session.start().await {
            Ok(Some(stream)) => {
                let scans = self.session.feed.scans();
                if scans.is_empty() {
                    return keep();
                }
                Open::Live { scans, answer: tokio::spawn(answer(stream)) }
            }
            Ok(None) => keep(),
            Err(error) => Open::Failed(reason(&error)),
        }
    }

    async fn finish(&mut self, time: Duration) -> Result<f64, String> {
        let open = match std::mem::replace(&mut self.open, Open::No) {
            Open::No => self.begin().await,
            open => open,
        };
        let running = match open {
            Open::Live { scans, answer } => {
                drop(scans);
                answer
            }
            Open::Kept { rows, .. } => {
                self.session.feed.keep(rows);
                let session = Arc::clone(&self.session);
                tokio::spawn(async move {
                    let stream = session.run().await.map_err(|error| reason(&error))?;
                    answer(stream).await
                })
            }
            Open::Failed(reason) => return Err(reason),
            Open::No => return Err("it was not begun".into()),
        };
        let abort = running.abort_handle();
        let measured = match tokio::time::timeout(time, running).await {
            Ok(Ok(measured)) => measured,
            Ok(Err(_)) => Err("it broke off".into()),
            Err(_) => {
                abort.abort();
                Err(format!("it took longer than {} s", time.as_secs_f64()))
            }
        };
        self.session.feed.keep(Vec::new());
        measured
    }
}

/// The one value of a query.
async fn answer(mut stream: SendableRecordBatchStream) -> Result<f64, String> {
    let mut found: Option<f64> = None;
    while let Some(rows) = stream.next().await {
        let rows = rows.map_err(|error| reason(&error))?;
        if rows.num_rows() == 0 {
            continue;
        }
        if rows.num_rows() > 1 || found.is_some() {
            return Err("it answers more than one row".into());
        }
        let value = cast(rows.column(0), &DataType::Float64).map_err(|error| error.to_string())?;
        let value = value.as_primitive::<Float64Type>();
        if value.is_null(0) {
            return Err("it answers NULL".into());
        }
        found = Some(value.value(0));
    }
    found.ok_or_else(|| "it answers no row".into())
}

#[cfg(test)]
#[path = "queries_tests.rs"]
mod tests;
