use headgate::inspect;
use headgate_delta::{SideReport, VerifyReport};
use napi::bindgen_prelude::{BigInt, Buffer};
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
    pub gaps: BigInt,
    pub lost: BigInt,
    pub open_debts: f64,
    pub breaks: Vec<String>,
    pub side_tables: Vec<NativeSideReport>,
}

#[napi(object)]
pub struct NativeVerified {
    pub report: Option<NativeVerifyReport>,
    pub failure: Option<NativeFailure>,
}

#[napi(object)]
pub struct NativeTotals {
    pub rows: Option<BigInt>,
    pub version: Option<BigInt>,
    pub failure: Option<NativeFailure>,
}

#[napi(object)]
pub struct NativePreview {
    pub ipc: Option<Buffer>,
    pub rows_json: Option<String>,
    pub failure: Option<NativeFailure>,
}

/// Reads the ledgers of an output table and of its side tables.
#[napi]
pub async fn verify_table(path: String) -> NativeVerified {
    match inspect::verify(&path).await {
        Ok(report) => NativeVerified { report: Some(report.into()), failure: None },
        Err(failure) => NativeVerified { report: None, failure: Some((*failure).into()) },
    }
}

/// Rows and version of a table, by the statistics of its files.
#[napi]
pub async fn table_totals(path: String) -> NativeTotals {
    match inspect::table_size(&path).await {
        Ok(size) => NativeTotals {
            rows: Some(size.rows.into()),
            version: Some(size.version.into()),
            failure: None,
        },
        Err(failure) => {
            NativeTotals { rows: None, version: None, failure: Some((*failure).into()) }
        }
    }
}

/// The newest rows as an Arrow IPC stream, and as a JSON array.
#[napi]
pub async fn preview_table(path: String, limit: u32) -> NativePreview {
    match inspect::preview(&path, limit as usize).await {
        Ok(preview) => NativePreview {
            ipc: Some(preview.ipc.into()),
            rows_json: Some(preview.json),
            failure: None,
        },
        Err(failure) => {
            NativePreview { ipc: None, rows_json: None, failure: Some((*failure).into()) }
        }
    }
}

impl From<VerifyReport> for NativeVerifyReport {
    fn from(report: VerifyReport) -> Self {
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
            gaps,
            lost,
            open_debts,
            breaks,
            side_tables,
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
            gaps: gaps.into(),
            lost: lost.into(),
            open_debts: open_debts as f64,
            breaks,
            side_tables: side_tables.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<SideReport> for NativeSideReport {
    fn from(side: SideReport) -> Self {
        let SideReport { role, address, rows, paid_to } = side;
        Self { role, path: address, rows: rows.into(), paid_to: paid_to.into() }
    }
}
