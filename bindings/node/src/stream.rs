use std::path::Path;

use headgate::stream_plan::{self, Misfit, StreamPlan};
use napi_derive::napi;

use crate::failure::NativeIssue;
use crate::values::NativeColumn;

#[napi(object)]
pub struct NativeStreamPlan {
    /// Of the stream.
    pub columns: Vec<NativeColumn>,
    /// Of the contract; none without one.
    pub wanted: Vec<NativeColumn>,
    pub misfits: Vec<NativeMisfit>,
    pub issues: Vec<NativeIssue>,
}

/// A column of the contract that the stream cannot fill.
#[napi(object)]
pub struct NativeMisfit {
    pub column: String,
    pub expected: String,
    pub actual: String,
}

/// The columns that `input` of a node has after its `transforms`, and those of its `contract` that
/// they cannot fill. Nothing is started and nothing connected to.
#[napi(catch_unwind)]
pub fn plan_stream(config_json: String, base_dir: String) -> NativeStreamPlan {
    match stream_plan::plan(&config_json, Path::new(&base_dir)) {
        Ok(StreamPlan { columns, wanted, misfits }) => NativeStreamPlan {
            columns: columns.into_iter().map(Into::into).collect(),
            wanted: wanted.into_iter().map(Into::into).collect(),
            misfits: misfits.into_iter().map(Into::into).collect(),
            issues: Vec::new(),
        },
        Err(issues) => NativeStreamPlan {
            columns: Vec::new(),
            wanted: Vec::new(),
            misfits: Vec::new(),
            issues: issues.into_iter().map(Into::into).collect(),
        },
    }
}

impl From<Misfit> for NativeMisfit {
    fn from(Misfit { column, expected, actual }: Misfit) -> Self {
        Self { column, expected, actual }
    }
}
