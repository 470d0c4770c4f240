use headgate::inspect;
use napi::bindgen_prelude::{BigInt, Buffer};
use napi_derive::napi;

use crate::failure::NativeFailure;

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
