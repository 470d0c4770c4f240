use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;

/// Why a statement cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum SqlFault {
    #[error("{0}")]
    Unplannable(String),
    #[error("it is not one SELECT, but {0}")]
    NotASelect(&'static str),
    #[error("it selects {0} columns, not one")]
    Columns(usize),
    #[error("its column is {0}, no number and no boolean")]
    NoNumber(String),
    #[error("it has {0}")]
    NotRowByRow(String),
    #[error(transparent)]
    Column(#[from] Misfit),
}

/// A column that what is selected cannot fill.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: expected {expected}, got {actual}")]
pub struct Misfit {
    pub column: String,
    pub expected: String,
    pub actual: String,
}

impl SqlFault {
    /// A plan is made of names and types: what is wrong with one may be told.
    pub(crate) fn unplannable(error: &DataFusionError) -> Self {
        let text = error.strip_backtrace();
        Self::Unplannable(text.lines().next().unwrap_or_default().to_owned())
    }
}

/// What stopped a running query. Its own words may hold values of rows.
pub(crate) fn reason(error: &DataFusionError) -> String {
    let text = match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => "it needs more memory than queries have",
        DataFusionError::ArrowError(error, _) => match error.as_ref() {
            ArrowError::DivideByZero => "it divides by zero",
            ArrowError::CastError(_) | ArrowError::ParseError(_) => {
                "it casts a value that does not fit"
            }
            ArrowError::ArithmeticOverflow(_) => "a number grows beyond its type",
            _ => "a computation failed",
        },
        _ => "it failed while running",
    };
    text.to_owned()
}
