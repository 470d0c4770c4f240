use std::collections::HashMap;

use headgate::ledgers::{self, LedgerBatch, LedgerPage, LedgerRelease, LedgerReport};
use napi_derive::napi;

use crate::failure::NativeFailure;
use crate::query::NativeGap;
use crate::values::{NativeBatch, NativeColumn};

#[napi(object)]
pub struct NativeLedgers {
    pub page: Option<NativeLedgerPage>,
    pub failure: Option<NativeFailure>,
}

#[napi(object)]
pub struct NativeLedgerPage {
    /// Of the table: its URL.
    pub address: String,
    pub entries: Vec<NativeLedgerEntry>,
    /// The version to read next.
    pub next: f64,
    /// Nothing is left to read now.
    pub is_end: bool,
}

/// One of them is there.
#[napi(object)]
pub struct NativeLedgerEntry {
    /// Columns of the table from here on.
    pub columns: Option<Vec<NativeColumn>>,
    pub batch: Option<NativeLedgerBatch>,
    pub release: Option<NativeLedgerRelease>,
    /// Cleaned up before it was read.
    pub gap: Option<NativeGap>,
}

#[napi(object)]
pub struct NativeLedgerBatch {
    pub query: String,
    pub incarnation: String,
    pub batch: NativeBatch,
    /// Addresses of the side tables that the batch owed rows, by role or name of the sink.
    pub side_tables: HashMap<String, String>,
}

#[napi(object)]
pub struct NativeLedgerRelease {
    pub query: String,
    pub version: f64,
    pub timestamp: String,
    pub reason: Option<String>,
    /// The version that had blocked.
    pub released: Option<f64>,
}

/// The log of an output from version `from` on, at most `limit` versions.
#[napi]
pub async fn read_ledgers(table: String, from: f64, limit: u32) -> NativeLedgers {
    match ledgers::read(&table, from as i64, limit as usize).await {
        Ok(page) => NativeLedgers { page: Some(page.into()), failure: None },
        Err(failure) => NativeLedgers { page: None, failure: Some((*failure).into()) },
    }
}

impl From<LedgerPage> for NativeLedgerPage {
    fn from(LedgerPage { address, events, next, is_end }: LedgerPage) -> Self {
        let entries = events.into_iter().map(Into::into).collect();
        Self { address, entries, next: next as f64, is_end }
    }
}

impl From<LedgerReport> for NativeLedgerEntry {
    fn from(report: LedgerReport) -> Self {
        let nothing = Self { columns: None, batch: None, release: None, gap: None };
        match report {
            LedgerReport::Schema(columns) => {
                Self { columns: Some(columns.into_iter().map(Into::into).collect()), ..nothing }
            }
            LedgerReport::Batch(batch) => Self { batch: Some((*batch).into()), ..nothing },
            LedgerReport::Release(release) => Self { release: Some(release.into()), ..nothing },
            LedgerReport::Gap { from, to } => {
                Self { gap: Some(NativeGap { from: from as f64, to: to as f64 }), ..nothing }
            }
        }
    }
}

impl From<LedgerBatch> for NativeLedgerBatch {
    fn from(LedgerBatch { query, incarnation, batch, side_tables }: LedgerBatch) -> Self {
        let side_tables = side_tables.into_iter().collect();
        Self { query, incarnation, batch: batch.into(), side_tables }
    }
}

impl From<LedgerRelease> for NativeLedgerRelease {
    fn from(release: LedgerRelease) -> Self {
        let LedgerRelease { query, version, timestamp, reason, released } = release;
        let released = released.map(|version| version as f64);
        Self { query, version: version as f64, timestamp, reason, released }
    }
}
