//! What the log of an output tells of its queries, as the outside sees it.

use std::collections::BTreeMap;

use headgate_delta::LedgerEvent;
use headgate_model::{CommittedBatch, TableRole};

use crate::inspect::{address, failure};
use crate::report::{BatchReport, Datasets, timestamp};
use crate::{Column, Dataset, Failure};

#[derive(Clone, Debug)]
pub struct LedgerPage {
    /// Of the table.
    pub address: String,
    pub events: Vec<LedgerReport>,
    /// The version to read next.
    pub next: i64,
    /// It was not there yet.
    pub is_end: bool,
}

#[derive(Clone, Debug)]
pub enum LedgerReport {
    /// Columns of the table from here on.
    Schema(Vec<Column>),
    Batch(Box<LedgerBatch>),
    Release(LedgerRelease),
    Gap {
        from: i64,
        to: i64,
    },
}

#[derive(Clone, Debug)]
pub struct LedgerBatch {
    pub query: String,
    pub incarnation: String,
    pub batch: BatchReport,
    /// Addresses of the tables that the batch owed rows, by role, or by the name of a sink.
    pub side_tables: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub struct LedgerRelease {
    pub query: String,
    pub version: i64,
    pub timestamp: String,
    pub reason: Option<String>,
    pub released: Option<i64>,
}

/// At most `limit` versions of the log of `path` from `from` on.
pub async fn read(path: &str, from: i64, limit: usize) -> Result<LedgerPage, Box<Failure>> {
    let read = headgate_delta::read_ledgers(&address(path)?, from, limit).await;
    let headgate_delta::LedgerPage { address, events, next, is_end } = read.map_err(failure)?;
    let events = events.into_iter().map(|event| report(event, &address)).collect();
    Ok(LedgerPage { address, events, next, is_end })
}

fn report(event: LedgerEvent, output: &str) -> LedgerReport {
    match event {
        LedgerEvent::Schema(schema) => {
            LedgerReport::Schema(Dataset::new(output.to_owned(), &schema).columns)
        }
        LedgerEvent::Batch { query, incarnation, batch } => {
            let side_tables = side_tables(&batch);
            let rejects = side_tables.get(TableRole::Rejects.as_str()).cloned();
            let (output, sinks) = (output.to_owned(), side_tables.clone());
            let batch = Datasets { output, rejects, sinks }.batch(*batch);
            LedgerReport::Batch(Box::new(LedgerBatch { query, incarnation, batch, side_tables }))
        }
        LedgerEvent::Release { query, version, committed_at_us, reason, released } => {
            let timestamp = timestamp(committed_at_us);
            LedgerReport::Release(LedgerRelease { query, version, timestamp, reason, released })
        }
        LedgerEvent::Gap { from, to } => LedgerReport::Gap { from, to },
    }
}

/// The log has no names of sinks; a batch owes one at most, where an intervention sent its rows.
fn side_tables(batch: &CommittedBatch) -> BTreeMap<String, String> {
    let named = batch.side_tables.iter().map(|table| {
        let name = match (table.role, &batch.ledger.rerouted_to) {
            (TableRole::Sink(_), Some(name)) => name,
            (role, _) => role.as_str(),
        };
        (name.to_owned(), table.address.clone())
    });
    named.collect()
}
