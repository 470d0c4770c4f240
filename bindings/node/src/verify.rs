use std::collections::HashMap;

use headgate::verify::{self, PartitionStanding, Verification, VerifyOptions};
use headgate_delta::{RemovedRows, RowsReport, SideReport, VerifyReport};
use napi::bindgen_prelude::BigInt;
use napi_derive::napi;

use crate::failure::NativeFailure;

#[napi(object)]
pub struct NativeSideReport {
    pub role: String,
    pub path: String,
    pub rows: BigInt,
    pub paid_to: BigInt,
}

#[napi(object)]
pub struct NativeVerifyReport {
    pub table: String,
    pub version: BigInt,
    pub ok: bool,
    pub batches: f64,
    pub records: BigInt,
    pub accepted: BigInt,
    pub rejected: BigInt,
    pub dead_letters: BigInt,
    pub skipped: BigInt,
    pub rerouted: BigInt,
    pub gaps: BigInt,
    pub lost: BigInt,
    pub open_debts: f64,
    pub breaks: Vec<String>,
    pub side_tables: Vec<NativeSideReport>,
    pub rows: Option<NativeRowsReport>,
    pub partitions: Vec<NativePartitionStanding>,
}

#[napi(object)]
pub struct NativeRowsReport {
    pub compared: BigInt,
    pub older: BigInt,
    pub reread: BigInt,
    pub foreign: BigInt,
    pub removed: Vec<NativeRemovedRows>,
    pub unchecked: Vec<String>,
}

#[napi(object)]
pub struct NativeRemovedRows {
    pub table: String,
    pub rows: BigInt,
    pub by: Vec<NativeRemoval>,
}

#[napi(object)]
pub struct NativeRemoval {
    pub version: BigInt,
    pub operation: String,
}

#[napi(object)]
pub struct NativePartitionStanding {
    pub topic: String,
    pub partition: i32,
    pub query: Option<String>,
    pub next: Option<BigInt>,
    pub first: Option<BigInt>,
    pub end: Option<BigInt>,
}

#[napi(object)]
pub struct NativeVerified {
    pub report: Option<NativeVerifyReport>,
    pub failure: Option<NativeFailure>,
}

/// Reads the ledgers of an output table and of its side tables.
#[napi]
pub async fn verify_table(
    path: String,
    deep: bool,
    kafka: Option<HashMap<String, String>>,
) -> NativeVerified {
    let kafka = kafka.map(|options| options.into_iter().collect());
    match verify::verify(&path, VerifyOptions { deep, kafka }).await {
        Ok(report) => NativeVerified { report: Some(report.into()), failure: None },
        Err(failure) => NativeVerified { report: None, failure: Some((*failure).into()) },
    }
}

impl From<Verification> for NativeVerifyReport {
    fn from(Verification { report, partitions }: Verification) -> Self {
        let ok = report.ok();
        let VerifyReport {
            table,
            version,
            batches,
            records,
            accepted,
            rejected,
            dead_letters,
            skipped,
            rerouted,
            gaps,
            lost,
            open_debts,
            breaks,
            side_tables,
            rows,
            ..
        } = report;
        Self {
            table,
            version: version.into(),
            ok,
            batches: batches as f64,
            records: records.into(),
            accepted: accepted.into(),
            rejected: rejected.into(),
            dead_letters: dead_letters.into(),
            skipped: skipped.into(),
            rerouted: rerouted.into(),
            gaps: gaps.into(),
            lost: lost.into(),
            open_debts: open_debts as f64,
            breaks,
            side_tables: side_tables.into_iter().map(Into::into).collect(),
            rows: rows.map(Into::into),
            partitions: partitions.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<SideReport> for NativeSideReport {
    fn from(side: SideReport) -> Self {
        let SideReport { role, address, rows, paid_to } = side;
        Self { role, path: address, rows: rows.into(), paid_to: paid_to.into() }
    }
}

impl From<RowsReport> for NativeRowsReport {
    fn from(report: RowsReport) -> Self {
        let RowsReport { compared, older, reread, foreign, removed, unchecked } = report;
        Self {
            compared: compared.into(),
            older: older.into(),
            reread: reread.into(),
            foreign: foreign.into(),
            removed: removed.into_iter().map(Into::into).collect(),
            unchecked,
        }
    }
}

impl From<RemovedRows> for NativeRemovedRows {
    fn from(RemovedRows { table, rows, by }: RemovedRows) -> Self {
        let removal =
            |(version, operation): (i64, _)| NativeRemoval { version: version.into(), operation };
        Self { table, rows: rows.into(), by: by.into_iter().map(removal).collect() }
    }
}

impl From<PartitionStanding> for NativePartitionStanding {
    fn from(standing: PartitionStanding) -> Self {
        let PartitionStanding { topic, partition, query, next, first, end } = standing;
        Self {
            topic,
            partition,
            query,
            next: next.map(Into::into),
            first: first.map(Into::into),
            end: end.map(Into::into),
        }
    }
}
