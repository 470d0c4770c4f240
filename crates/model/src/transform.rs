//! The seam to whatever makes other rows of decoded ones.

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::pin::Pin;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};

use crate::{Blame, Fault, FaultContext, Retry};

/// The answer of a transform that may have to wait for it.
pub type Applied<'a> =
    Pin<Box<dyn Future<Output = Result<Transformed, TransformFault>> + Send + 'a>>;

/// Makes of each row another one or none, whatever rows are beside it.
pub trait Transform: Send + Sync {
    /// Schema of [`Transformed::rows`]: every column nullable.
    fn schema(&self) -> &SchemaRef;

    /// Fails only where the rows as a whole cannot be made; what a single row makes fail is a value.
    /// What is computed between two waits may take long.
    fn apply<'a>(&'a self, rows: &'a RecordBatch) -> Applied<'a>;
}

/// Rows that were neither taken over nor failed were left out on purpose.
#[derive(Clone, Debug)]
pub struct Transformed {
    pub rows: RecordBatch,
    /// For each row the one it was made of, ascending.
    pub origins: Vec<u32>,
    /// Ascending.
    pub failed: Vec<FailedRow>,
}

impl Transformed {
    /// All of `rows` as they are.
    pub fn untouched(rows: RecordBatch) -> Self {
        let origins = (0..rows.num_rows() as u32).collect();
        Self { rows, origins, failed: Vec::new() }
    }

    /// What became of the same rows in the end, where `next` was made of those of `self`.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        let origin = |row: u32| self.origins[row as usize];
        let late = next.failed.into_iter();
        let late = late.map(|FailedRow { row, reason }| FailedRow { row: origin(row), reason });
        let mut failed = self.failed;
        failed.extend(late);
        failed.sort_by_key(|failure| failure.row);
        let origins = next.origins.into_iter().map(origin).collect();
        Self { rows: next.rows, origins, failed }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedRow {
    pub row: u32,
    /// Never a value of the row.
    pub reason: String,
}

#[derive(Debug)]
pub enum TransformFault {
    /// Rows that no columns can hold.
    Rows(ArrowError),
    Function(FunctionFault),
}

impl From<ArrowError> for TransformFault {
    fn from(error: ArrowError) -> Self {
        Self::Rows(error)
    }
}

impl From<FunctionFault> for TransformFault {
    fn from(fault: FunctionFault) -> Self {
        Self::Function(fault)
    }
}

/// Why a function of the outside made no rows of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionFault {
    pub function: String,
    /// Its place among the transforms.
    pub step: usize,
    /// Never a value of a row.
    pub reason: String,
    /// It might answer in time when it is asked again.
    pub is_late: bool,
}

impl Display for FunctionFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { function, step, reason, .. } = self;
        write!(f, "the function {function} of transforms[{step}] made no rows: {reason}")
    }
}

impl Error for FunctionFault {}

impl Fault for FunctionFault {
    fn code(&self) -> &'static str {
        if self.is_late { "TRANSFORM_FUNCTION_LATE" } else { "TRANSFORM_FUNCTION_FAILED" }
    }

    fn blame(&self) -> Blame {
        Blame::User
    }

    fn retry(&self) -> Retry {
        if self.is_late { Retry::Later } else { Retry::Never }
    }

    fn context(&self) -> FaultContext {
        let details = if self.is_late {
            "nothing of the open batch was committed; make the function faster, or raise transformTimeoutMs"
        } else {
            "nothing of the open batch was committed; mend the function: for a row that it cannot take it answers an Error, for one to leave out null"
        };
        FaultContext {
            operation: "transform",
            component: "transforms",
            field: Some(format!("transforms.{}.function", self.step)),
            expected: Some("an array with an object, null or an Error for each row".to_owned()),
            actual: Some(self.reason.clone()),
            details: Some(details.to_owned()),
        }
    }
}
