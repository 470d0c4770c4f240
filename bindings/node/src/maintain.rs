use headgate::maintain;
use napi::bindgen_prelude::BigInt;
use napi_derive::napi;

use crate::failure::NativeFailure;

#[napi(object)]
pub struct NativeOptimized {
    pub version: Option<BigInt>,
    pub files_removed: BigInt,
    pub files_added: BigInt,
    pub bytes_removed: BigInt,
    pub bytes_added: BigInt,
    pub conflicts: BigInt,
}

#[napi(object)]
pub struct NativeCheckpointed {
    pub version: BigInt,
    pub deleted: BigInt,
}

#[napi(object)]
pub struct NativeOptimize {
    pub optimized: Option<NativeOptimized>,
    pub failure: Option<NativeFailure>,
}

#[napi(object)]
pub struct NativeVacuum {
    pub files: Option<Vec<String>>,
    pub failure: Option<NativeFailure>,
}

#[napi(object)]
pub struct NativeCheckpoint {
    pub checkpointed: Option<NativeCheckpointed>,
    pub failure: Option<NativeFailure>,
}

/// Makes small files larger.
#[napi]
pub async fn optimize_table(
    path: String,
    z_order: Vec<String>,
    target_file_size: Option<String>,
) -> NativeOptimize {
    match maintain::optimize(&path, z_order, target_file_size.as_deref()).await {
        Ok(done) => {
            let optimized = NativeOptimized {
                version: done.version.map(Into::into),
                files_removed: done.files_removed.into(),
                files_added: done.files_added.into(),
                bytes_removed: done.bytes_removed.into(),
                bytes_added: done.bytes_added.into(),
                conflicts: done.conflicts.into(),
            };
            NativeOptimize { optimized: Some(optimized), failure: None }
        }
        Err(failure) => NativeOptimize { optimized: None, failure: Some((*failure).into()) },
    }
}

/// Deletes files that nothing refers to.
#[napi]
pub async fn vacuum_table(path: String, retention: Option<String>, dry_run: bool) -> NativeVacuum {
    match maintain::vacuum(&path, retention.as_deref(), dry_run).await {
        Ok(done) => NativeVacuum { files: Some(done.files), failure: None },
        Err(failure) => NativeVacuum { files: None, failure: Some((*failure).into()) },
    }
}

/// Writes a log checkpoint, and deletes what it makes dispensable.
#[napi]
pub async fn checkpoint_table(path: String) -> NativeCheckpoint {
    match maintain::checkpoint(&path).await {
        Ok(done) => {
            let checkpointed = NativeCheckpointed {
                version: done.version.into(),
                deleted: (done.deleted as u64).into(),
            };
            NativeCheckpoint { checkpointed: Some(checkpointed), failure: None }
        }
        Err(failure) => NativeCheckpoint { checkpointed: None, failure: Some((*failure).into()) },
    }
}
